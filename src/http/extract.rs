//! Reading requests, with one form of error: it names a value that makes no sense, but does not echo it raw.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bouya_core::id::NodeId;
use bouya_core::limits::{API_PAGE, API_PAGE_USUAL, JSON_EXACT};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::views::Page;

/// A part of the path.
pub(super) struct Segment<T>(pub(super) T);

impl<S: Send + Sync, T: std::str::FromStr<Err: std::fmt::Display> + Send> FromRequestParts<S> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, _> = Path::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| Problem::bad_request("the path is not readable text"))?;
        text.parse().map(Self).map_err(Problem::bad_request)
    }
}

/// The query string.
pub(super) struct Options<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Options<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query: Result<Query<T>, _> = Query::from_request_parts(parts, state).await;
        query.map(|Query(options)| Self(options)).map_err(|error| wrong_query(&error))
    }
}

/// What is wrong with a query string. It names the value, and leaves out what the framework says around that.
fn wrong_query(error: &QueryRejection) -> Problem {
    let text = error.body_text();
    let why = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
    Problem::bad_request(format!("in the query, {why}; /openapi.json says what this path takes"))
}

/// No query at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Refuses a query string on routes that take none.
pub(super) async fn no_query(request: Request, next: Next) -> Response {
    match Query::<Nothing>::try_from_uri(request.uri()) {
        Ok(_) => next.run(request).await,
        Err(error) => wrong_query(&error).into_response(),
    }
}

/// Which part of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageOptions {
    /// The `next` cursor of the previous page.
    pub(super) from: Option<String>,
    /// The most items to return, up to 100.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<usize>,
}

/// How many confirmations something must have; more than any chain has are a mistake.
pub(super) fn confirmations(given: Option<u64>) -> Result<Option<u64>, Problem> {
    let most = JSON_EXACT.unsigned_abs();
    match given {
        Some(count) if count > most => {
            Err(Problem::bad_request(format!("confirmations {count}: at most {most} are possible")))
        }
        given => Ok(given),
    }
}

impl PageOptions {
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        match self.limit {
            None => Ok(API_PAGE_USUAL),
            Some(limit) if (1..=API_PAGE).contains(&limit) => Ok(limit),
            Some(limit) => Err(Problem::bad_request(format!("limit {limit}: 1 to {API_PAGE} are possible"))),
        }
    }

    /// The cursor, if it belongs to this list.
    pub(super) fn cursor<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some(text) = &self.from else { return Ok(None) };
        let wrong = || {
            Problem::bad_request("from is not a cursor of this list: give what the page before named as next")
        };
        read(text).map(Some).ok_or_else(wrong)
    }
}

/// One page of what belongs to ids, in their order; `view` makes the shown form of an item. The cursor is the page's last id, not a number of
/// items: what comes or goes between two pages makes the second neither skip nor repeat anything.
pub(super) fn page_by_id<S, T>(
    mut items: Vec<S>,
    options: &PageOptions,
    id: impl Fn(&S) -> &NodeId,
    view: impl FnMut(S) -> T,
) -> Result<Page<T>, Problem> {
    let (after, limit) = (options.cursor(|text| text.parse::<NodeId>().ok())?, options.limit()?);
    items.retain(|item| after.as_ref().is_none_or(|after| id(item) > after));
    items.sort_by(|a, b| id(a).cmp(id(b)));
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| id(item).to_string());
    Ok(Page { items: items.into_iter().map(view).collect(), next })
}
