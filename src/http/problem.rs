//! Errors of the API: RFC 9457 problem details, all of them.

use std::fmt;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bouya_core::ledger::{ExecutionError, StateError};
use bouya_core::limits::API_BODY_BYTES;
use bouya_core::mempool::MempoolError;
use tracing::error;

use super::views;
use crate::actor::MailboxError;
use crate::miner::MineError;
use crate::net::request::CommandError;
use crate::store::StoreError;
use crate::voter::NotResumed;
use bouya_core::node::pool::Refusal;

/// What went wrong, for people and programs.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    name: &'static str,
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, name: &'static str, detail: impl ToString) -> Self {
        Self { status, name, detail: detail.to_string() }
    }

    /// Text that may quote the request is shortened.
    pub(super) fn bad_request(detail: impl ToString) -> Self {
        let detail = detail.to_string().chars().take(400).collect::<String>();
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    pub(super) fn not_found(detail: impl ToString) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// It was here: this node has pruned it, or began with a snapshot.
    pub(super) fn pruned(what: impl fmt::Display, lowest: u64) -> Self {
        let detail = format!(
            "{what} is below block {lowest}, and this node has the content of blocks from there on only; ask the node of a member that keeps all (`keep = \"all\"`)"
        );
        Self::new(StatusCode::GONE, "pruned", detail)
    }

    /// The same with more to say.
    pub(super) fn and(self, more: &str) -> Self {
        Self { detail: format!("{}; {more}", self.detail), ..self }
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// This node's own fault, so it is logged for the operator, whoever asked.
    pub(super) fn internal(detail: impl ToString) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
        error!(why = problem.detail, "the API could not answer");
        problem
    }

    pub(super) fn too_large() -> Self {
        let detail = format!("the body is too large, at most {} KiB are allowed", API_BODY_BYTES / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    pub(super) fn no_route() -> Self {
        Self::not_found("nothing is at this path; /openapi.json lists what there is")
    }

    pub(super) fn method() -> Self {
        let detail = "this path does not take that method; /openapi.json lists which it takes";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
    }
}

impl From<Problem> for views::Problem {
    fn from(problem: Problem) -> Self {
        Self {
            r#type: format!("urn:bouya:{}", problem.name),
            title: problem.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: problem.status.as_u16(),
            detail: problem.detail,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, Json(views::Problem::from(self))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A body that was not taken; `detail` is the framework's.
fn body(status: StatusCode, detail: String) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(status, "media-type", detail),
        _ => Problem::bad_request(detail),
    }
}

impl From<BytesRejection> for Problem {
    fn from(error: BytesRejection) -> Self {
        body(error.status(), error.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(error: JsonRejection) -> Self {
        body(error.status(), error.body_text())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        Self::internal(error)
    }
}

impl From<MailboxError> for Problem {
    fn from(error: MailboxError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error)
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let (status, name) = match error {
            CommandError::Unknown(_) | CommandError::NotListed(_) => (StatusCode::NOT_FOUND, "unknown-peer"),
            CommandError::Own(_) => (StatusCode::CONFLICT, "own-id"),
            CommandError::Configured(_) => (StatusCode::CONFLICT, "configured"),
            CommandError::Full(_) => (StatusCode::CONFLICT, "full"),
        };
        Self::new(status, name, error)
    }
}

impl From<NotResumed> for Problem {
    fn from(error: NotResumed) -> Self {
        Self::new(StatusCode::CONFLICT, "not-resumed", error)
    }
}

impl From<MineError> for Problem {
    fn from(error: MineError) -> Self {
        Self::new(StatusCode::CONFLICT, "not-mined", error)
    }
}

impl Problem {
    /// A transaction that was not taken; amounts in the text are written as people write them.
    pub(super) fn refused(error: Refusal, amount: impl Fn(u64) -> String) -> Self {
        let (status, name) = match &error {
            Refusal::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid-transaction"),
            Refusal::Taken { .. } => (StatusCode::CONFLICT, "nonce-taken"),
            Refusal::DiskFull => (StatusCode::SERVICE_UNAVAILABLE, "disk-full"),
            Refusal::Mempool(error) => match error {
                MempoolError::Known | MempoolError::Slot { .. } => (StatusCode::CONFLICT, "slot-taken"),
                MempoolError::Fee { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "low-fee"),
                MempoolError::Sender(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-waiting"),
                MempoolError::Full => (StatusCode::SERVICE_UNAVAILABLE, "mempool-full"),
                MempoolError::Execution(error) => match error {
                    ExecutionError::Nonce { .. } => (StatusCode::CONFLICT, "wrong-nonce"),
                    ExecutionError::Expired { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "expired"),
                    ExecutionError::Balance { .. } => {
                        (StatusCode::UNPROCESSABLE_ENTITY, "insufficient-balance")
                    }
                },
            },
        };
        let detail = match &error {
            Refusal::Mempool(MempoolError::Execution(ExecutionError::Balance { balance, cost })) => format!(
                "costs {}, the sender has {} (what waits in the mempool counted); send less or wait for coins",
                amount(*cost),
                amount(*balance)
            ),
            Refusal::Mempool(MempoolError::Execution(ExecutionError::Nonce { expected, found })) => {
                format!(
                    "nonce {found} where the sender's next is {expected}; ask for the account again and sign anew"
                )
            }
            Refusal::Mempool(MempoolError::Fee { fee, least, size }) => format!(
                "the fee is {}, this node wants at least {} for {size} bytes",
                amount(*fee),
                amount(*least)
            ),
            Refusal::Mempool(MempoolError::Slot { nonce, by, least }) => {
                format!(
                    "nonce {nonce} is taken by {by}; to replace it the fee must be at least {}",
                    amount(*least)
                )
            }
            Refusal::Taken { nonce, by, next } => format!(
                "nonce {nonce} is taken by transaction {by}, which waits; to send this one too, sign it with nonce {next}; \
                 to send it instead, pay a fee that is 10 % higher and say so: --replace {by} (in the API: ?replace=true)"
            ),
            error => error.to_string(),
        };
        Self::new(status, name, detail)
    }

    /// A transaction that is on the chain already.
    pub(super) fn confirmed(height: u64) -> Self {
        let detail = format!("this transaction is confirmed already, at height {height}");
        Self::new(StatusCode::CONFLICT, "confirmed", detail)
    }
}
