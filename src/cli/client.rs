//! The HTTP client: sends requests to the node, and turns failures into messages and exit codes.

use std::fs;
use std::io::{self, BufReader, Read};
use std::time::Duration;

use bouya_core::limits::API_SNAPSHOT_TIMEOUT;
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use crate::http::views::{Page, Problem, Status};

use super::error::Error;
use super::node::{Endpoint, NodeOptions};
use super::output::note;

/// From the request to the last byte of the answer, for all requests except mining and events.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Mining a block can take any time; this only ends a request that hangs.
const MINE_TIMEOUT: Duration = Duration::from_secs(600);
/// Longest answer, in bytes. The JSON of a full block has about 15 MB.
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) struct Client {
    agent: Agent,
    endpoint: Endpoint,
}

/// The node's answer, unchanged.
pub(crate) struct Answer {
    body: String,
}

impl Answer {
    /// The JSON as the node wrote it.
    pub(crate) fn text(&self) -> &str {
        self.body.trim_end()
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.body).map_err(|error| {
            Error::Failed(format!(
                "this version cannot read the node's answer ({error}); compare bouya --version with the node's"
            ))
        })
    }
}

impl Client {
    pub(crate) fn new(options: &NodeOptions) -> Result<Self, Error> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The token goes only to the node that the user named, never to one that a proxy or a redirect names.
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(3)))
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("bouya/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), endpoint: options.endpoint()? })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, Error> {
        self.get_with(path, &[])
    }

    pub(crate) fn get_with(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, Error> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in query {
            request = request.query(*name, value);
        }
        self.answer(request.call())
    }

    /// A page of a list. The node reads only so much for one answer: it may have found nothing and name a cursor to go on from.
    pub(crate) fn page(&self, path: &str, query: &[(&'static str, String)]) -> Result<Answer, Error> {
        let mut query = query.to_vec();
        loop {
            let answer = self.get_with(path, &query)?;
            let page: Page<serde_json::Value> = answer.read()?;
            match page.next {
                Some(next) if page.items.is_empty() => {
                    query.retain(|(name, _)| *name != "from");
                    query.push(("from", next));
                }
                _ => return Ok(answer),
            }
        }
    }

    /// The node's status, which names its network and coin.
    pub(crate) fn status(&self) -> Result<Status, Error> {
        self.get("/v1/status")?.read()
    }

    /// Submits a transaction, which may take the place of one with its nonce only if `replace`. This needs no token: the signature shows
    /// who sent it.
    pub(crate) fn submit(&self, transaction: &[u8], replace: bool) -> Result<Answer, Error> {
        let path = if replace { "/v1/transactions?replace=true" } else { "/v1/transactions" };
        let request = self.agent.post(self.url(path)).content_type("application/octet-stream");
        self.answer(request.send(transaction))
    }

    /// Asks for the receipt of a transaction that the node need not have any more.
    pub(crate) fn renew(&self, transaction: &[u8], query: &[(&str, String)]) -> Result<Answer, Error> {
        let mut request = self.agent.post(self.url("/v1/receipts")).content_type("application/octet-stream");
        for (name, value) in query {
            request = request.query(*name, value);
        }
        self.answer(request.send(transaction))
    }

    /// What would become of a transaction.
    pub(crate) fn check(&self, transaction: &[u8]) -> Result<Answer, Error> {
        let request = self.agent.post(self.url("/v1/transactions/check"));
        self.answer(request.content_type("application/octet-stream").send(transaction))
    }

    /// Asks a question that has a body. It needs no token.
    pub(crate) fn ask(&self, path: &str, body: &impl serde::Serialize) -> Result<Answer, Error> {
        self.answer(self.agent.post(self.url(path)).send_json(body))
    }

    pub(crate) fn post_json(&self, path: &str, body: &impl serde::Serialize) -> Result<Answer, Error> {
        let request = self.agent.post(self.url(path)).header("Authorization", self.bearer()?.as_str());
        self.answer(request.send_json(body))
    }

    /// Makes the node mine a block. The note comes after the token was read, so that it is true.
    pub(crate) fn mine(&self) -> Result<Answer, Error> {
        let request = self.agent.post(self.url("/v1/mine")).header("Authorization", self.bearer()?.as_str());
        note("Mining one block…");
        self.answer(request.config().timeout_global(Some(MINE_TIMEOUT)).build().send_empty())
    }

    pub(crate) fn post(&self, path: &str) -> Result<Answer, Error> {
        let request = self.agent.post(self.url(path)).header("Authorization", self.bearer()?.as_str());
        self.answer(request.send_empty())
    }

    pub(crate) fn put(&self, path: &str) -> Result<Answer, Error> {
        let request = self.agent.put(self.url(path)).header("Authorization", self.bearer()?.as_str());
        self.answer(request.send_empty())
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, Error> {
        let request = self.agent.delete(self.url(path)).header("Authorization", self.bearer()?.as_str());
        self.answer(request.call())
    }

    /// Opens the stream of events, which has no end.
    pub(crate) fn events(&self) -> Result<BufReader<impl Read + use<>>, Error> {
        let request = self.agent.get(self.url("/v1/events")).header("Accept", "text/event-stream");
        let response =
            request.config().timeout_global(None).timeout_recv_response(Some(TIMEOUT)).build().call();
        let mut response = response.map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(self.refused(&mut response));
        }
        Ok(BufReader::new(response.into_body().into_reader()))
    }

    /// Opens the stream of a snapshot.
    pub(crate) fn snapshot(&self) -> Result<impl Read + use<>, Error> {
        let request =
            self.agent.get(self.url("/v1/snapshot")).header("Authorization", self.bearer()?.as_str());
        let patience = request.config().timeout_global(Some(API_SNAPSHOT_TIMEOUT + TIMEOUT)).build();
        let mut response = patience.call().map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(self.refused(&mut response));
        }
        Ok(response.into_body().into_reader())
    }

    /// The error for a node that stopped answering.
    pub(crate) fn lost(&self, error: io::Error) -> Error {
        self.unreachable(ureq::Error::Io(error))
    }

    fn url(&self, path: &str) -> String {
        // The one character that a shortened id has and a path has not.
        format!("{}{}", self.endpoint.api, path.replace('…', "%E2%80%A6"))
    }

    fn answer(&self, result: Result<Response<Body>, ureq::Error>) -> Result<Answer, Error> {
        let mut response = result.map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(self.refused(&mut response));
        }
        Ok(Answer { body: self.body(&mut response)? })
    }

    fn body(&self, response: &mut Response<Body>) -> Result<String, Error> {
        let body = response.body_mut().with_config().limit(ANSWER_BYTES).read_to_string();
        body.map_err(|error| self.unreachable(error))
    }

    fn refused(&self, response: &mut Response<Body>) -> Error {
        let status = response.status().as_u16();
        let problem = self.body(response).ok().and_then(|body| serde_json::from_str::<Problem>(&body).ok());
        let kind = problem.as_ref().map(|problem| problem.r#type.clone()).unwrap_or_default();
        let mut detail = match problem {
            Some(problem) if problem.detail.is_empty() => problem.title,
            Some(problem) => problem.detail,
            None => {
                format!("{} answered {status}, which is not a node's answer; check --api", self.endpoint.api)
            }
        };
        if matches!(status, 401 | 403)
            && let Some(file) = &self.endpoint.token_file
        {
            detail.push_str(&format!(" (the token was read from {})", file.display()));
        }
        Error::Refused { status, kind, detail }
    }

    fn unreachable(&self, error: ureq::Error) -> Error {
        let api = self.endpoint.api.clone();
        let why = match error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "connection refused".into()
            }
            ureq::Error::Io(error) => error.to_string(),
            ureq::Error::HostNotFound => "unknown host".into(),
            ureq::Error::Timeout(_) => "no answer in time".into(),
            ureq::Error::ConnectionFailed => "connection failed".into(),
            ureq::Error::BodyExceedsLimit(limit) => {
                return Error::Failed(format!(
                    "{api} answered with more than {limit} bytes; ask for less: --limit N"
                ));
            }
            error => {
                return Error::Failed(format!("{api} does not answer like a node ({error}); check --api"));
            }
        };
        Error::Unreachable { api, why }
    }

    /// The header that proves that the caller may change the node.
    fn bearer(&self) -> Result<Zeroizing<String>, Error> {
        let path = self.endpoint.token_file.as_ref().ok_or_else(|| {
            Error::Usage(
                "this command changes the node, so it needs the node's token: give --config node.toml, \
                 or --token-file DATA_DIR/api.token (env BOUYA_TOKEN_FILE)"
                    .into(),
            )
        })?;
        let shown = path.display();
        let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            Error::Usage(format!(
                "cannot read the token in {shown}: {error}; the node creates this file at its first start"
            ))
        })?;
        let token = text.trim_ascii();
        if token.len() != 64 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::Usage(format!(
                "{shown} holds no API token: one line of 64 hex digits is expected"
            )));
        }
        Ok(Zeroizing::new(format!("Bearer {token}")))
    }
}
