//! Who may ask: the `Host` must be one of this node's names, and changing the node takes the token.
//!
//! A page of another site can make a browser send requests to loopback (DNS rebinding); the foreign `Host` gives it away.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::Api;
use super::problem::Problem;
use super::token::Token;

/// Requests that are worked on at once.
const IN_FLIGHT: usize = 64;

/// Checks every request before its handler.
#[derive(Clone)]
pub(super) struct Guard {
    hosts: Arc<[String]>,
    in_flight: Arc<Semaphore>,
}

impl Guard {
    pub(super) fn new(api: &Api) -> Self {
        Self { hosts: api.hosts.clone().into(), in_flight: Arc::new(Semaphore::new(IN_FLIGHT)) }
    }

    fn knows(&self, host: &str) -> bool {
        if self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            return true;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(bare))
            // An address cannot be rebound: who types one means this machine.
            || bare.parse::<IpAddr>().is_ok()
    }
}

pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.and_then(|host| {
        // host, host:port, [v6]:port
        let address: Option<SocketAddr> = host.parse().ok();
        address
            .map(|address| address.ip().to_string())
            .or_else(|| Some(host.parse::<Authority>().ok()?.host().to_owned()))
    });
    if !name.is_some_and(|name| guard.knows(&name)) {
        let detail =
            "the Host header names another host than this node; list it in [api] hosts if it is right";
        return Problem::new(StatusCode::FORBIDDEN, "wrong-host", detail).into_response();
    }
    // Held until the answer's body begins; a stream of events is bounded by the connections.
    let Ok(_permit) = guard.in_flight.try_acquire() else {
        let detail = "64 requests are being worked on; try again in a moment";
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).into_response();
    };
    next.run(request).await
}

/// A request with the right token.
pub(super) struct Authorized;

impl FromRequestParts<Api> for Authorized {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let refuse = |detail| Err(Problem::new(StatusCode::UNAUTHORIZED, "token", detail));
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let scheme = |(scheme, _): &(&str, &str)| scheme.eq_ignore_ascii_case("Bearer");
        match given.and_then(|value| value.split_once(' ')).filter(scheme) {
            Some((_, token)) if Token::new(token.trim()) == api.token => Ok(Self),
            Some(_) => {
                refuse("the token is not this node's; it is in data_dir/api.token on the node's machine")
            }
            None => refuse(
                "this changes the node and needs its token (Authorization: Bearer); it is in data_dir/api.token, see --token-file or --config",
            ),
        }
    }
}
