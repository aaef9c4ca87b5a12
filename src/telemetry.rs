//! Logs: one event a line, to standard error, as text or JSON. A reload changes the level.
//!
//! What strangers and peers can write to the log is bounded here for all lines: `limit` bounds the amount, and `line` the characters.

mod limit;
mod line;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use self::limit::Limiter;
use self::line::Lines;

/// Reads a level, or a list of levels for parts. Every item must name a level: `Targets` itself takes any other word for the name of a
/// part, and then nothing else is logged.
pub fn levels(text: &str) -> Result<Targets, String> {
    let names_level = |item: &str| {
        let level = item.rsplit('=').next().unwrap_or_default();
        !level.is_empty() && level.parse::<LevelFilter>().is_ok()
    };
    let targets = text.parse::<Targets>().ok().filter(|_| text.split(',').all(names_level));
    targets.ok_or_else(|| {
        let text = text.escape_debug();
        format!("\"{text}\" is not a level (error, warn, info, debug, trace, off) or a list like \"info,bouya::net=debug\"")
    })
}

/// The log of a running node.
#[derive(Clone)]
pub struct Log {
    level: reload::Handle<Targets, Registry>,
    limiter: Arc<Limiter>,
}

impl Log {
    /// Sets the level. If the text is not a level, the level stays as it is.
    pub fn set_level(&self, level: &str) {
        if let Ok(targets) = levels(level) {
            // This fails only if the subscriber is gone, and then nothing is logged.
            let _ = self.level.reload(targets);
        }
    }

    /// Logs how many lines were left out since the last call, for each place in the code that reached its limit.
    pub fn tell_left_out(&self) {
        for (place, lines) in self.limiter.take_left_out() {
            tracing::warn!(
                place,
                lines,
                "log lines left out: this place in the code reached its limit for the hour"
            );
        }
    }
}

/// Starts logging. Only the first call counts: a process has one log.
pub fn start(level: &str, json: bool) -> Log {
    let colour = !json && io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (subscriber, log) = build(level, json, colour, io::stderr);
    // A second node in the same process (in tests) logs to the first node's log.
    let _ = subscriber.try_init();
    log
}

fn build<W>(level: &str, json: bool, colour: bool, writer: W) -> (impl Subscriber + Send + Sync, Log)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let targets = levels(level).unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let (filter, level) = reload::Layer::new(targets);
    let lines = fmt::layer().with_writer(Lines { inner: writer, colour });
    let lines = if json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.with_ansi(colour).with_target(false).boxed()
    };
    let limiter = Arc::new(Limiter::new());
    let subscriber = tracing_subscriber::registry().with(filter).with(limiter.layer()).with(lines);
    (subscriber, Log { level, limiter })
}
