//! What this machine can do, and what Bouya makes of it: the measurements behind `bouya bench`.
//!
//! Each run measures the physical limits first (`limits.rs`), then the real thing, on the same cores. Everything runs on the loopback, at
//! ports of the system's choice, in a folder that goes away; daemons are child processes and end with the value that holds them.
//!
//! Left out on purpose: what a good figure is. Nothing here passes or fails; `docs/PERFORMANCE.md` says how each figure is defined.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::devnet::DevnetError;

pub mod api;
mod chain;
mod client;
mod consortium;
mod folder;
pub mod gossip;
pub mod handshake;
mod limits;
mod listen;
mod load;
pub mod mempool;
pub mod mine;
pub mod network;
mod process;
pub mod relay;
pub mod scale;
mod stop;
pub mod sync;

pub use limits::Limits;
pub use stop::Stop;

/// Why there is no figure.
#[derive(Debug, Error)]
pub enum BenchError {
    /// An argument makes no sense.
    #[error("{0}")]
    Settings(String),
    /// Ctrl-C.
    #[error("interrupted; everything that was started has ended")]
    Interrupted,
    /// A folder, a port, a process or a thread.
    #[error("{0}")]
    System(String),
    /// A node did not do what it should.
    #[error("{0}")]
    Node(String),
    #[error(transparent)]
    Files(#[from] DevnetError),
}

impl BenchError {
    pub(crate) fn system(what: &str, error: impl std::fmt::Display) -> Self {
        Self::System(format!("{what}: {error}"))
    }
}

/// One measured value.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Lower-case words and underscores.
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// What bounds it, measured in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What is aimed at, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar: Option<&'static str>,
}

/// A physical limit beside a figure.
#[derive(Clone, Debug, Serialize)]
pub struct Limit {
    /// How it comes from the measured limits.
    pub name: String,
    pub value: f64,
    /// Figure by limit.
    pub ratio: f64,
}

/// What one run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub bench: &'static str,
    pub cores: usize,
    pub settings: BTreeMap<&'static str, f64>,
    pub limits: Vec<Figure>,
    pub figures: Vec<Figure>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, limit: None, bar: None }
    }

    pub(crate) fn of(mut self, name: impl Into<String>, limit: f64) -> Self {
        // Of a limit that could not be measured nothing follows.
        let ratio = if limit > 0.0 { self.value / limit } else { 0.0 };
        self.limit = Some(Limit { name: name.into(), value: limit, ratio });
        self
    }

    pub(crate) fn bar(mut self, bar: &'static str) -> Self {
        self.bar = Some(bar);
        self
    }
}

impl Report {
    pub(crate) fn new(bench: &'static str, settings: &[(&'static str, f64)], limits: &Limits) -> Self {
        let settings = settings.iter().copied().collect();
        Self { bench, cores: cores(), settings, limits: limits.figures(), figures: Vec::new() }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Half and nearly all of the values lie below these.
    pub(crate) fn add_latencies(
        &mut self,
        name: &str,
        latencies: &mut [Duration],
        bar: Option<&'static str>,
    ) {
        latencies.sort_unstable();
        for (suffix, part) in [("p50", 0.5), ("p99", 0.99)] {
            let value = percentile(latencies, part).map_or(f64::NAN, |span| span.as_secs_f64() * 1_000.0);
            let mut figure = Figure::new(format!("{name}_{suffix}"), value, "ms");
            figure.bar = bar;
            self.add(figure);
        }
    }
}

/// The smallest of the sorted values that `part` of them do not exceed.
fn percentile(sorted: &[Duration], part: f64) -> Option<Duration> {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Says what is going on, while it goes on.
pub type Say<'a> = &'a mut dyn FnMut(&str);

/// What every bench is given.
pub struct Run<'a> {
    /// How long each limit is measured.
    pub effort: Duration,
    pub say: Say<'a>,
    pub stop: &'a Stop,
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 0.5), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&values, 0.99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&values[..1], 0.99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
