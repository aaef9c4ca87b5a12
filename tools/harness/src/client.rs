//! A client of a daemon's API.

use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Request;

use crate::Error;

/// How long to keep an idle connection. A daemon closes it after 10 s, so a request never meets the close.
const IDLE: Duration = Duration::from_secs(5);

/// A client of one port on the loopback. It keeps connections open, so use a new one after a daemon restarts.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    port: u16,
}

/// A daemon's answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client that waits at most `timeout` for each answer.
    pub fn new(port: u16, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_idle_age(IDLE)
            .timeout_global(Some(timeout))
            .build();
        Self { agent: config.into(), port }
    }

    /// The same client for another port.
    pub fn at(&self, port: u16) -> Self {
        Self { agent: self.agent.clone(), port }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Sends any request and returns any answer. A body that begins with a brace is sent as JSON, any other as bytes.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Error> {
        let silent = |why: String| Error::Silent { url: self.url(path), why };
        let kind = if body.first() == Some(&b'{') { "application/json" } else { "application/octet-stream" };
        let mut request = Request::builder().method(method).uri(self.url(path)).header("content-type", kind);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body).map_err(|error| silent(error.to_string()))?;
        let answer = self.agent.run(request).and_then(|mut answer| {
            let status = answer.status().as_u16();
            answer.body_mut().read_to_vec().map(|body| Answer { status, body })
        });
        answer.map_err(|error| silent(error.to_string()))
    }

    /// The same. Fails unless the answer's status is 2xx.
    pub fn succeed(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let answer = self.send(method, path, token, body)?;
        if answer.is_success() {
            return Ok(answer.body);
        }
        Err(Error::Answer { url: self.url(path), status: answer.status, text: answer.text() })
    }

    /// The bytes at a path.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.succeed("GET", path, None, &[])
    }

    /// The JSON at a path, decoded.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let bytes = self.bytes(path)?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Answer {
            url: self.url(path),
            status: 200,
            text: format!("{error}: {}", String::from_utf8_lossy(&bytes)),
        })
    }

    /// A value from `/metrics`. None if there is no such metric.
    pub fn metric(&self, name: &str) -> Result<Option<f64>, Error> {
        let text = String::from_utf8_lossy(&self.bytes("/metrics")?).into_owned();
        Ok(text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()))
    }
}

impl Answer {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
