//! The explorer: its pages, styles and modules, embedded in the program; they load nothing from elsewhere.
//!
//! Every page is the same document; `app.js` reads the address and asks the API.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use bouya_core::crypto::sha256;

use super::Api;
use super::problem::Problem;

/// A file that browsers get.
#[derive(Clone, Copy)]
pub(super) struct Asset {
    pub(super) path: &'static str,
    kind: &'static str,
    content: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file below `/assets/`, with the same path as in the folder.
macro_rules! asset {
    ($name:literal, $kind:expr) => {
        Asset {
            path: concat!("/assets/", $name),
            kind: $kind,
            content: include_str!(concat!("explorer/", $name)),
        }
    };
}

const INDEX: Asset = Asset { path: "/", kind: HTML, content: include_str!("explorer/index.html") };

pub(super) const ASSETS: [Asset; 55] = [
    asset!("pictures.css", CSS),
    asset!("print.css", CSS),
    asset!("style.css", CSS),
    asset!("icon.svg", SVG),
    asset!("abi.js", SCRIPT),
    asset!("acts.js", SCRIPT),
    asset!("api.js", SCRIPT),
    asset!("app.js", SCRIPT),
    asset!("contacts.js", SCRIPT),
    asset!("csv.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("evidence.js", SCRIPT),
    asset!("file.js", SCRIPT),
    asset!("format.js", SCRIPT),
    asset!("frame.js", SCRIPT),
    asset!("live.js", SCRIPT),
    asset!("names.js", SCRIPT),
    asset!("parts.js", SCRIPT),
    asset!("picture.js", SCRIPT),
    asset!("plot.js", SCRIPT),
    asset!("said.js", SCRIPT),
    asset!("save.js", SCRIPT),
    asset!("search.js", SCRIPT),
    asset!("storage.js", SCRIPT),
    asset!("time.js", SCRIPT),
    asset!("verifier.css", CSS),
    asset!("verifier.html", HTML),
    asset!("verifier.js", SCRIPT),
    asset!("words.js", SCRIPT),
    asset!("zip.js", SCRIPT),
    asset!("pages/account.js", SCRIPT),
    asset!("pages/agreements.js", SCRIPT),
    asset!("pages/blocks.js", SCRIPT),
    asset!("pages/contacts.js", SCRIPT),
    asset!("pages/contract.js", SCRIPT),
    asset!("pages/document.js", SCRIPT),
    asset!("pages/found.js", SCRIPT),
    asset!("pages/health.js", SCRIPT),
    asset!("pages/members.js", SCRIPT),
    asset!("pages/mempool.js", SCRIPT),
    asset!("pages/motion.js", SCRIPT),
    asset!("pages/node.js", SCRIPT),
    asset!("pages/overview.js", SCRIPT),
    asset!("pages/peers.js", SCRIPT),
    asset!("pages/records.js", SCRIPT),
    asset!("pages/sets.js", SCRIPT),
    asset!("pages/transaction.js", SCRIPT),
    asset!("pages/verify.js", SCRIPT),
    asset!("pages/voters.js", SCRIPT),
    asset!("words/en-network.js", SCRIPT),
    asset!("words/en-signing.js", SCRIPT),
    asset!("words/en.js", SCRIPT),
    asset!("words/fr-network.js", SCRIPT),
    asset!("words/fr-signing.js", SCRIPT),
    asset!("words/fr.js", SCRIPT),
];

/// Addresses of pages, in addition to `/`; `app.js` has the same list.
pub(super) const PAGES: [&str; 18] = [
    "/blocks",
    "/block/{reference}",
    "/tx/{id}",
    "/account/{address}",
    "/contacts",
    "/contracts",
    "/records",
    "/agreements",
    "/agreement/{id}",
    "/document/{hash}",
    "/mempool",
    "/members",
    "/motion/{id}",
    "/node",
    "/peers",
    "/verify",
    "/voters",
    "/search",
];

pub(super) fn routes() -> Router<Api> {
    let pages = PAGES.into_iter().map(|path| Asset { path, ..INDEX });
    [INDEX].into_iter().chain(pages).chain(ASSETS).fold(Router::new(), |router, asset| {
        let tag = format!("\"{}\"", sha256(asset.content.as_bytes()));
        let path = asset.path;
        router
            .route(path, routing::get(move |headers: HeaderMap| async move { serve(&asset, tag, &headers) }))
    })
}

/// A browser caches a file, asks each time whether it is still the same, and gets it again only after an update.
fn serve(asset: &Asset, tag: String, headers: &HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let caching = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag)];
    if known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, asset.kind)], asset.content).into_response()
}

/// What is not there is said in a page to people, and in a problem to programs.
pub(super) async fn missing(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let html = |accept: &str| accept.contains("text/html");
    let person = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(html);
    if method != Method::GET || !person || uri.path().starts_with("/v1/") {
        return Problem::no_route().into_response();
    }
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, INDEX.kind)], INDEX.content).into_response()
}
