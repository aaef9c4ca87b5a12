//! Errors of the API: RFC 9457 problem details, all of them.

use std::fmt;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bouya_core::ledger::StateError;
use bouya_core::limits::API_BODY_BYTES;
use tracing::error;

use super::views::{self, ProblemValues};
use crate::actor::MailboxError;
use crate::miner::MineError;
use crate::net::request::CommandError;
use crate::store::StoreError;
use crate::voter::NotResumed;

mod name;
mod refused;

pub(super) use name::Name;

/// What went wrong, for people and programs.
#[derive(Debug)]
pub(super) struct Problem {
    name: Name,
    detail: String,
    /// Boxed: most problems have none, and each result has room for a problem.
    values: Box<ProblemValues>,
}

impl Problem {
    pub(super) fn new(name: Name, detail: impl ToString) -> Self {
        Self { name, detail: detail.to_string(), values: Box::default() }
    }

    /// The same with what a program needs to mend it.
    fn with(self, values: ProblemValues) -> Self {
        Self { values: Box::new(values), ..self }
    }

    /// Text that may quote the request is shortened.
    pub(super) fn bad_request(detail: impl ToString) -> Self {
        let detail = detail.to_string().chars().take(400).collect::<String>();
        Self::new(Name::BadRequest, detail)
    }

    pub(super) fn not_found(detail: impl ToString) -> Self {
        Self::new(Name::NotFound, detail)
    }

    /// It was here: this node has pruned it, or began with a snapshot.
    pub(super) fn pruned(what: impl fmt::Display, lowest: u64) -> Self {
        let detail = format!(
            "{what} is below block {lowest}, and this node has the content of blocks from there on only; ask the node of a member that keeps all (`keep = \"all\"`)"
        );
        Self::new(Name::Pruned, detail)
            .with(ProblemValues { lowest: Some(lowest), ..ProblemValues::default() })
    }

    /// The same with more to say.
    pub(super) fn and(self, more: &str) -> Self {
        Self { detail: format!("{}; {more}", self.detail), ..self }
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.name.status() == StatusCode::NOT_FOUND
    }

    /// This node's own fault, so it is logged for the operator, whoever asked.
    pub(super) fn internal(detail: impl ToString) -> Self {
        let problem = Self::new(Name::Internal, detail);
        error!(why = problem.detail, "the API could not answer");
        problem
    }

    pub(super) fn too_large() -> Self {
        let detail = format!("the body is too large, at most {} KiB are allowed", API_BODY_BYTES / 1024);
        Self::new(Name::TooLarge, detail)
    }

    pub(super) fn no_route() -> Self {
        Self::not_found("nothing is at this path; /openapi.json lists what there is")
    }

    pub(super) fn method() -> Self {
        let detail = "this path does not take that method; /openapi.json lists which it takes";
        Self::new(Name::MethodNotAllowed, detail)
    }
}

impl From<Problem> for views::Problem {
    fn from(problem: Problem) -> Self {
        let status = problem.name.status();
        Self {
            r#type: problem.name.urn().to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: problem.detail,
            values: *problem.values,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.name.status();
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
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Name::MediaType, detail),
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
        Self::new(Name::Busy, error)
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let name = match error {
            CommandError::Unknown(_) | CommandError::NotListed(_) => Name::UnknownPeer,
            CommandError::Own(_) => Name::OwnId,
            CommandError::Configured(_) => Name::Configured,
            CommandError::Full(_) => Name::Full,
        };
        Self::new(name, error)
    }
}

impl From<NotResumed> for Problem {
    fn from(error: NotResumed) -> Self {
        Self::new(Name::NotResumed, error)
    }
}

impl From<MineError> for Problem {
    fn from(error: MineError) -> Self {
        Self::new(Name::NotMined, error)
    }
}
