//! Asks nodes over their public API, as any client does.

use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Agent;

use super::BenchError;
use super::load::Signed;
use crate::http::views::{Outcome, Status};

/// A busy machine gets its time.
const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    pub(super) fn new(api: u16) -> Self {
        let config = Agent::config_builder().proxy(None).timeout_global(Some(TIMEOUT)).build();
        Self { agent: config.into(), base: format!("http://127.0.0.1:{api}") }
    }

    fn failed(&self, path: &str, error: &ureq::Error) -> BenchError {
        BenchError::Node(format!("{}{path} did not answer: {error}", self.base))
    }

    pub(super) fn text(&self, path: &str) -> Result<String, BenchError> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        text.map_err(|error| self.failed(path, &error))
    }

    pub(super) fn bytes(&self, path: &str) -> Result<Vec<u8>, BenchError> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        let bytes = answer.and_then(|mut answer| answer.body_mut().read_to_vec());
        bytes.map_err(|error| self.failed(path, &error))
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, BenchError> {
        let text = self.text(path)?;
        serde_json::from_str(&text)
            .map_err(|error| BenchError::system(&format!("{}{path}", self.base), error))
    }

    pub(super) fn status(&self) -> Result<Status, BenchError> {
        self.get("/v1/status")
    }

    /// A number of `/metrics`.
    pub(super) fn metric(&self, name: &str) -> Result<f64, BenchError> {
        let text = self.text("/metrics")?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.ok_or_else(|| BenchError::Node(format!("{} does not count {name}", self.base)))
    }

    /// Has the node mine a block now.
    pub(super) fn mine(&self, token: &str) -> Result<(), BenchError> {
        let path = "/v1/mine";
        let request = self.agent.post(format!("{}{path}", self.base));
        let answer = request.header("Authorization", format!("Bearer {token}")).send_empty();
        answer.map(drop).map_err(|error| self.failed(path, &error))
    }

    /// Submits a list. Which of them were not taken, and why (the problem's type).
    pub(super) fn submit(&self, batch: &[&Signed]) -> Result<Vec<(usize, String)>, BenchError> {
        let mut body = (batch.len() as u32).to_le_bytes().to_vec();
        batch.iter().for_each(|signed| body.extend_from_slice(&signed.bytes));
        let path = "/v1/transactions";
        let request =
            self.agent.post(format!("{}{path}", self.base)).content_type("application/octet-stream");
        let answer = request.send(&body[..]).and_then(|mut answer| answer.body_mut().read_to_string());
        let answer = answer.map_err(|error| self.failed(path, &error))?;
        // All taken, as a rule: then nothing need be read closely.
        if !answer.contains("\"problem\"") {
            return Ok(Vec::new());
        }
        let outcomes: Vec<Outcome> =
            serde_json::from_str(&answer).map_err(|error| BenchError::system("the node's answer", error))?;
        let refused = |(at, outcome): (usize, Outcome)| Some((at, outcome.problem?.r#type));
        Ok(outcomes.into_iter().enumerate().filter_map(refused).collect())
    }
}
