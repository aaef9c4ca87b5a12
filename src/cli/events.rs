//! `events`: the node's server-sent events, one line each.

use std::io::{BufRead, Read};

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::client::Client;
use super::error::Error;
use super::output::{Output, plain};

pub(crate) const EXAMPLES: &str = "\
With --json, each line is {\"event\": NAME, \"data\": the API's JSON}.

Examples:
  bouya events
  bouya events --json | jq 'select(.event == \"reorg\")'";

/// Longest line accepted, in bytes. A node's events have well under 1 KiB.
const LINE_BYTES: u64 = 1024 * 1024;

pub(crate) fn run(client: &Client, out: &mut Output) -> Result<(), Error> {
    let mut stream = client.events()?;
    let mut parser = Parser::default();
    loop {
        let mut line = Vec::new();
        stream.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).map_err(|error| client.lost(error))?;
        if line.is_empty() {
            return Err(Error::Failed(
                "the node ended the stream (is it stopping?); see: bouya status".into(),
            ));
        }
        if let Some(event) = parser.line(&String::from_utf8_lossy(&line)) {
            if out.json {
                out.raw(event.json())?;
            } else {
                out.line(event.text(OffsetDateTime::now_utc()))?;
            }
            // Flushed at once: the reader is waiting for the event.
            out.flush()?;
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    data: String,
}

/// Builds events from the lines of `text/event-stream`. Comments and unknown fields are skipped.
#[derive(Default)]
struct Parser {
    event: Event,
}

impl Parser {
    fn line(&mut self, line: &str) -> Option<Event> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.to_owned(),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

impl Event {
    fn value(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| Value::String(self.data.clone()))
    }

    fn json(&self) -> String {
        json!({ "event": self.name, "data": self.value() }).to_string()
    }

    fn text(&self, now: OffsetDateTime) -> String {
        let (hour, minute, second) = now.time().as_hms();
        let data = match self.value() {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| format!("{name}={}", bare(value)));
                fields.collect::<Vec<_>>().join(" ")
            }
            value => bare(&value),
        };
        let line = format!("{hour:02}:{minute:02}:{second:02}Z  {:<11}  {data}", self.name);
        plain(&line).replace('\n', " ")
    }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_events() {
        let mut parser = Parser::default();
        let text =
            ": hello\n\nevent: block\nid: 7\ndata: {\"height\":3,\ndata: \"hash\":\"a\\u001bb\"}\r\n\n";
        let events: Vec<_> = text.lines().filter_map(|line| parser.line(line)).collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].json(), r#"{"data":{"hash":"a\u001bb","height":3},"event":"block"}"#);
        let line = events[0].text(OffsetDateTime::UNIX_EPOCH);
        assert_eq!(line, "00:00:00Z  block        hash=a\u{fffd}b height=3");
    }
}
