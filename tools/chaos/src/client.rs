//! Asks nodes over their public API, as any client does.

use std::time::Duration;

use bouya::http::views::{Account, Page, Peer, Problem, Status, Submitted, Transaction};
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Response;

/// An answer from this machine takes milliseconds; a frozen node's never comes.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The node said no: its problem's name (`urn:bouya:…`), and its words.
    Said { status: u16, kind: String, detail: String },
    /// It said nothing that could be understood.
    Silence(String),
}

impl Refused {
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Said { kind, .. } if kind.strip_prefix("urn:bouya:") == Some(wanted))
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Said { status: 404, .. })
    }
}

#[derive(Clone)]
pub(crate) struct Client(Agent);

impl Client {
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self(config.into())
    }

    pub(crate) fn status(&self, port: u16) -> Result<Status, Refused> {
        self.get(port, "/v1/status")
    }

    pub(crate) fn peers(&self, port: u16) -> Result<Vec<Peer>, Refused> {
        Ok(self.get::<Page<Peer>>(port, "/v1/peers?limit=100")?.items)
    }

    pub(crate) fn account(&self, port: u16, address: &str) -> Result<Account, Refused> {
        self.get(port, &format!("/v1/accounts/{address}"))
    }

    /// As of the tip: what waits in the mempool does not count.
    pub(crate) fn account_at_tip(&self, port: u16, address: &str) -> Result<Account, Refused> {
        self.get(port, &format!("/v1/accounts/{address}?confirmations=1"))
    }

    pub(crate) fn transaction(&self, port: u16, id: &str) -> Result<Transaction, Refused> {
        self.get(port, &format!("/v1/transactions/{id}"))
    }

    /// Submits a transaction's bytes; its id as the node says it.
    pub(crate) fn submit(&self, port: u16, bytes: &[u8]) -> Result<String, Refused> {
        let request = self.0.post(url(port, "/v1/transactions")).content_type("application/octet-stream");
        Ok(read::<Submitted>(request.send(bytes))?.id)
    }

    fn get<T: DeserializeOwned>(&self, port: u16, path: &str) -> Result<T, Refused> {
        read(self.0.get(url(port, path)).call())
    }
}

fn url(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}{path}")
}

fn read<T: DeserializeOwned>(answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<T, Refused> {
    let mut answer = answer.map_err(|error| Refused::Silence(error.to_string()))?;
    let silent = |error: ureq::Error| Refused::Silence(error.to_string());
    if answer.status().is_success() {
        return answer.body_mut().read_json().map_err(silent);
    }
    let status = answer.status().as_u16();
    let problem: Problem = answer.body_mut().read_json().map_err(silent)?;
    Err(Refused::Said { status, kind: problem.r#type, detail: problem.detail })
}
