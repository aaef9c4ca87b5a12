//! What clients need not get twice: tags of answers, and compression.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bouya_core::crypto::{Hash, sha256};
use bouya_core::limits::{API_COMPRESSED_BYTES, API_SMALL_BYTES};
use hyper::body::Body as _;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use super::problem::Problem;

/// A year, as long as caches remember.
const NEVER_CHANGES: &str = "private, max-age=31536000, immutable";

/// Compresses what is text, for clients that take it. Streams of events are sent as they come, and bytes of blocks and snapshots are hashes
/// and signatures, which do not get smaller. No answer holds a secret, so its size gives none away.
pub(super) fn compression() -> CompressionLayer<impl tower_http::compression::Predicate> {
    let worth = SizeAbove::new(API_COMPRESSED_BYTES)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("application/octet-stream"));
    CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth)
}

/// Weak, because compression makes other bytes of the same content.
pub(super) fn tag_of(id: &Hash) -> String {
    format!("W/\"{id}\"")
}

/// Names an answer by the hash of what it holds; a client may keep it for ever where its address cannot mean anything else.
pub(super) fn name(answer: &mut Response, id: &Hash, for_ever: bool) {
    let headers = answer.headers_mut();
    headers.extend(HeaderValue::try_from(tag_of(id)).map(|tag| (header::ETAG, tag)));
    if for_ever {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(NEVER_CHANGES));
    }
}

/// Gives good answers a tag, and answers 304 to whoever has that one already. Of answers that have no name yet only small ones get one: hashing a
/// large page would hold up others, and hardly any is asked for twice.
pub(super) async fn tag(request: Request, next: Next) -> Response {
    let is_get = request.method() == Method::GET;
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let answer = next.run(request).await;
    if !is_get || answer.status() != StatusCode::OK {
        return answer;
    }
    let mut answer = match tagged(answer).await {
        Ok(answer) => answer,
        Err(problem) => return problem.into_response(),
    };
    let Some(tag) = answer.headers().get(header::ETAG).cloned() else { return answer };
    if !answer.headers().contains_key(header::CACHE_CONTROL) {
        let ask_first = HeaderValue::from_static("private, no-cache");
        answer.headers_mut().insert(header::CACHE_CONTROL, ask_first);
    }
    if !known.iter().any(|known| names(known, &tag)) {
        return answer;
    }
    let (mut parts, _) = answer.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

async fn tagged(answer: Response) -> Result<Response, Problem> {
    let is_json = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let small = answer.body().size_hint().exact().is_some_and(|size| size <= API_SMALL_BYTES as u64);
    if !is_json || !small || answer.headers().contains_key(header::ETAG) {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, API_SMALL_BYTES).await.map_err(Problem::internal)?;
    let id = sha256(&bytes);
    let mut answer = Response::from_parts(parts, Body::from(bytes));
    name(&mut answer, &id, false);
    Ok(answer)
}

/// Whether a client's list of tags has this one, weak or not.
fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    known.trim() == "*" || known.split(',').any(|one| bare(one) == bare(tag))
}
