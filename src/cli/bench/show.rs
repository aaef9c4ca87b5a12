//! The figures of a bench, as tables or as JSON.

use std::iter;

use comfy_table::Cell;
use serde::Serialize;

use crate::bench::{Figure, Report, Spread};
use crate::cli::error::Error;
use crate::cli::output::{Output, cell, or_dash};

/// Two more columns, if there is more than one run.
const SPREAD: [&str; 2] = ["least", "most"];

pub(super) fn json(found: &impl Serialize, out: &mut Output) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(found).map_err(Error::failed)?;
    out.raw(text)
}

pub(super) fn tables(report: &Report, out: &mut Output) -> Result<(), Error> {
    let runs = report.runs;
    let medians = if runs > 1 { format!(", medians of {runs} runs") } else { String::new() };
    let spread: &[&str] = if runs > 1 { &SPREAD } else { &[] };
    out.line(format!("Limits of one core ({} cores)", report.cores))?;
    let header = [&["what", "value"], spread, &[""]].concat();
    out.table(&header, report.limits.iter().map(|figure| limit(figure).collect()).collect())?;
    let settings = report.settings.iter().map(|(name, value)| format!("{} {value}", spoken(name)));
    let settings = settings.collect::<Vec<_>>().join(", ");
    out.line(format!("\nbench {}: {settings}{medians}", report.bench))?;
    let header = [&["what", "figure"], spread, &["", "limit", "ratio", "of", "aim"]].concat();
    out.table(&header, report.figures.iter().map(figure).collect())
}

/// Name, value, least and most of several runs, unit.
fn limit(figure: &Figure) -> impl Iterator<Item = Cell> {
    let spread = figure.spread.map(|Spread { least, most }| [least, most].map(|value| cell(number(value))));
    [cell(spoken(&figure.name)), cell(number(figure.value))]
        .into_iter()
        .chain(spread.into_iter().flatten())
        .chain(iter::once(cell(figure.unit)))
}

fn figure(figure: &Figure) -> Vec<Cell> {
    let beside = figure.limit.as_ref();
    let more = [
        or_dash(beside.map(|limit| number(limit.value))),
        or_dash(beside.map(|limit| format!("{:.2}", limit.ratio))),
        cell(beside.map_or("", |limit| &limit.name)),
        cell(figure.aim.map_or("", |aim| aim.words)),
    ];
    limit(figure).chain(more).collect()
}

fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// Three significant digits, with the suffix M or G for large numbers.
fn number(value: f64) -> String {
    match value.abs() {
        at if at >= 1e9 => format!("{:.2} G", value / 1e9),
        at if at >= 1e6 => format!("{:.2} M", value / 1e6),
        at if at >= 100.0 || at == 0.0 => format!("{value:.0}"),
        at if at >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
