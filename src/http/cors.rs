//! Pages of other sites, as far as the operator lets them in: they may read and submit. The token's header is not among what they may send, so
//! operating the node stays out, whatever such a page holds.

use axum::http::{HeaderName, HeaderValue, Method, header};
use bouya_core::limits::API_CORS_REMEMBERED;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// None if nobody is let in: then no header of CORS is ever sent.
pub(super) fn layer(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::ETAG, header::RETRY_AFTER])
        .max_age(API_CORS_REMEMBERED);
    Some(layer)
}
