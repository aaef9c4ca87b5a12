//! Logs: one line each, on standard error, as text or JSON. A reload changes the level.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// Changes the level of a running node.
pub struct Level(reload::Handle<Targets, Registry>);

impl Level {
    /// Sets the level; a text that is none leaves it as it is.
    pub fn set(&self, level: &str) {
        if let Ok(targets) = level.parse::<Targets>() {
            // A subscriber that is gone has nothing to log.
            let _ = self.0.reload(targets);
        }
    }
}

/// Begins logging. The first call counts: a process has one log.
pub fn start(level: &str, json: bool) -> Level {
    let targets = level.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let (filter, handle) = reload::Layer::new(targets);
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.with_ansi(colour).with_target(false).boxed()
    };
    // A second node in one process (a test) logs to the first one's log.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Level(handle)
}
