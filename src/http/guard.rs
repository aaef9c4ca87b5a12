//! Who may ask: the `Host` must be one of this node's names, and changing the node needs the token.
//!
//! A page of another site can make a browser send requests to loopback. It may use its own name and point it here (DNS rebinding); then the
//! foreign `Host` shows it. Or it asks openly; then the foreign `Origin` shows it, or, where browsers send none, `Sec-Fetch-Site`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Method, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bouya_core::limits::{API_BODY_BYTES, API_BODY_TIMEOUT};
use hyper::body::Body as _;
use tokio::sync::Semaphore;

use super::Api;
use super::problem::{Name, Problem};
use super::token::Token;

/// Checks every request before its handler.
#[derive(Clone)]
pub(super) struct Guard {
    hosts: Arc<[String]>,
    origins: Arc<[String]>,
    in_flight: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

impl Guard {
    pub(super) fn new(api: &Api) -> Self {
        let (in_flight, bodies) = (api.limits.in_flight.clone(), api.limits.bodies.clone());
        let (hosts, origins) = (api.hosts.clone().into(), api.origins.clone().into());
        Self { hosts, origins, in_flight, bodies }
    }

    /// Whether a request is meant for this node: it has exactly one `Host`, and that, and the request's target if it names a host too, name
    /// this node. HTTP/1.0 knows no `Host`: a proxy's health check may lack it. No browser speaks that.
    fn meant(&self, request: &Request) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let named = match (hosts.next(), hosts.next()) {
            (Some(host), None) => {
                host.to_str().ok().and_then(authority).is_some_and(|host| self.knows(host.host()))
            }
            (None, None) => request.version() == Version::HTTP_10,
            _ => false,
        };
        named && request.uri().authority().is_none_or(|target| self.knows(target.host()))
    }

    fn knows(&self, host: &str) -> bool {
        if self.listed(host) {
            return true;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || self.listed(bare)
            // An address cannot be rebound: a user who types one means this machine.
            || bare.parse::<IpAddr>().is_ok()
    }

    fn listed(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Whether a request from a browser comes from a page of this node: the origin is the host that was asked, or a listed one (behind a proxy);
    /// or from a site that the operator has let in.
    /// Images, scripts and fetches without CORS carry no `Origin`. Then the browser's word on the site counts; only a link may lead here.
    fn own(&self, request: &Request) -> bool {
        let headers = request.headers();
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
        if headers.contains_key(header::ORIGIN) {
            return self.is_own_origin(request);
        }
        // Clients that are no browsers send none of these.
        !headers.contains_key("sec-fetch-site")
            || is("sec-fetch-site", "same-origin")
            || is("sec-fetch-site", "none")
            || (is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document") && is_page(request))
    }

    fn is_own_origin(&self, request: &Request) -> bool {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        request.headers().get_all(header::ORIGIN).iter().all(|origin| {
            let origin = origin.to_str().ok();
            if origin.is_some_and(|origin| self.origins.iter().any(|known| known == origin)) {
                return true;
            }
            let origin = origin.and_then(|origin| origin.split_once("://"));
            origin.is_some_and(|(_, origin)| {
                host.is_some_and(|host| host.eq_ignore_ascii_case(origin))
                    || authority(origin).is_some_and(|origin| self.listed(origin.host()))
            })
        })
    }
}

/// Whether a link from elsewhere may lead there: to the explorer's pages, not to data.
fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    request.method() == Method::GET && !path.starts_with("/v1/") && path != "/metrics"
}

/// Host and port, without a user name before them.
fn authority(text: &str) -> Option<Authority> {
    text.parse().ok().filter(|_| !text.contains('@'))
}

pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if !guard.meant(&request) {
        let detail =
            "the Host header names another host than this node; list it in [api] hosts if it is right";
        return Problem::new(Name::WrongHost, detail).into_response();
    }
    if !guard.own(&request) {
        let detail = "a page of another site asks; list its host in [api] hosts if it is this node's, or the site in [api] origins if it may read and submit";
        return Problem::new(Name::WrongOrigin, detail).into_response();
    }
    // If the announced length is too large, there is no need to wait for the body.
    if request.body().size_hint().lower() > API_BODY_BYTES as u64 {
        return Problem::too_large().into_response();
    }
    let request = match with_body(&guard, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    // A supervisor that gets no answer kills the node, which helps nobody when it is busy.
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    // Held until the answer's body begins: from there on, the limits on answers' bytes and on streams apply.
    let Ok(_permit) = guard.in_flight.try_acquire() else {
        return Problem::busy("64 requests are being worked on; try again in a moment").into_response();
    };
    next.run(request).await
}

/// The request with its body read. A body comes as slowly as its client likes, so it must not hold a place that others need.
async fn with_body(guard: &Guard, request: Request) -> Result<Request, Problem> {
    // Handlers of these read none.
    if matches!(*request.method(), Method::GET | Method::HEAD) || request.body().is_end_stream() {
        return Ok(request);
    }
    let busy = |_| Problem::busy("16 requests are still being sent; try again in a moment");
    let _permit = guard.bodies.try_acquire().map_err(busy)?;
    let (parts, body) = request.into_parts();
    let read = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let late = |_| {
        let detail = "the body did not come within 5 s; nothing was done, so send the request again";
        Problem::new(Name::SlowBody, detail)
    };
    let body = tokio::time::timeout(API_BODY_TIMEOUT, read).await.map_err(late)??;
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// A request with the right token.
pub(super) struct Authorized;

impl FromRequestParts<Api> for Authorized {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let refuse = |detail| Err(Problem::new(Name::Token, detail));
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let scheme = |(scheme, _): &(&str, &str)| scheme.eq_ignore_ascii_case("Bearer");
        match given.and_then(|value| value.split_once(' ')).filter(scheme) {
            Some((_, token)) if Token::new(token.trim()) == api.token => Ok(Self),
            Some(_) => {
                refuse("the token is not this node's; it is in data_dir/api.token on the node's machine")
            }
            None => refuse(
                "this is for the node's operator and needs its token (Authorization: Bearer); it is in data_dir/api.token, see --token-file or --config",
            ),
        }
    }
}
