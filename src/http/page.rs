//! The node's first page: embedded, and without any request to elsewhere.

use axum::http::header;
use axum::{Router, routing};

use super::Api;

const FILES: [(&str, &str, &str); 3] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("page/page.js")),
];

pub(super) fn routes() -> Router<Api> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, content)| {
        let file = ([(header::CONTENT_TYPE, kind)], content);
        router.route(path, routing::get(move || async move { file }))
    })
}
