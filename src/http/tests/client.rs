//! Reading answers as they come over the wire.

use std::io::BufRead;

use serde_json::Value;

use super::super::views;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The head alone, for a body that does not end.
    pub(super) fn read_head(stream: &mut impl BufRead) -> Self {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Self { status, headers, body: Vec::new() }
    }

    pub(super) fn read(stream: &mut impl BufRead) -> Self {
        let mut answer = Self::read_head(stream);
        // What follows a body of known length may be a reset.
        match answer.find("content-length").map(|length| length.parse().unwrap()) {
            Some(length) => {
                answer.body.resize(length, 0);
                stream.read_exact(&mut answer.body).unwrap();
            }
            None => drop(stream.read_to_end(&mut answer.body).unwrap()),
        }
        answer
    }

    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name} among {:?}", self.headers))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Must be a problem of this status and name; returns its detail.
    #[track_caller]
    pub(super) fn problem(&self, status: u16, name: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: views::Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.r#type, format!("urn:bouya:{name}"));
        assert_eq!(problem.status, status);
        assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{problem:?}");
        problem.detail
    }
}
