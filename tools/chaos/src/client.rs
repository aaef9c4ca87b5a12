//! A client of the nodes' public API.

use std::time::Duration;

use bouya::http::views::{Account, Page, Peer, Problem, Status, Submitted, Transaction};
use bouya_harness::Answer;
use serde::de::DeserializeOwned;

/// Nodes on this machine answer within milliseconds. A frozen node never answers.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The node refused. Holds the problem's name (`urn:bouya:…`) and its detail.
    Said { status: u16, kind: String, detail: String },
    /// There was no answer, or none that could be read.
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
        // Port 0 is not used: each request names its node's port.
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

    /// The account at the tip, without transactions that wait in the mempool.
    pub(crate) fn account_at_tip(&self, port: u16, address: &str) -> Result<Account, Refused> {
        self.get(port, &format!("/v1/accounts/{address}?confirmations=1"))
    }

    pub(crate) fn transaction(&self, port: u16, id: &str) -> Result<Transaction, Refused> {
        self.get(port, &format!("/v1/transactions/{id}"))
    }

    /// Submits a transaction's bytes, and returns its id as the node reports it.
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
