//! Asks nodes over their public API, as any client does.

use std::time::Duration;

use bouya::http::views::{Account, Page, Peer, Problem, Status, Submitted, Transaction};
use bouya_harness::Answer;
use serde::de::DeserializeOwned;

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
pub(crate) struct Client(bouya_harness::Client);

impl Client {
    pub(crate) fn new() -> Self {
        // Nobody listens there: each question names its node's port.
        Self(bouya_harness::Client::new(0, TIMEOUT))
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
        Ok(self.ask::<Submitted>(port, "POST", "/v1/transactions", bytes)?.id)
    }

    fn get<T: DeserializeOwned>(&self, port: u16, path: &str) -> Result<T, Refused> {
        self.ask(port, "GET", path, &[])
    }

    fn ask<T: DeserializeOwned>(
        &self,
        port: u16,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<T, Refused> {
        let answer = self.0.at(port).send(method, path, None, body);
        let Answer { status, body } = answer.map_err(|error| Refused::Silence(error.to_string()))?;
        let senseless = |error: serde_json::Error| Refused::Silence(error.to_string());
        if (200..300).contains(&status) {
            return serde_json::from_slice(&body).map_err(senseless);
        }
        let problem: Problem = serde_json::from_slice(&body).map_err(senseless)?;
        Err(Refused::Said { status, kind: problem.r#type, detail: problem.detail })
    }
}
