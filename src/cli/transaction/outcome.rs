//! What a deployment or a call has led to, line by line.

use comfy_table::Cell;

use crate::http::views::ContractOutcome;

use super::super::output::{Mood, Output, cell, coloured};

/// One line for what became of it, and one for each thing that the contract gave, paid and said.
pub(in crate::cli) fn lines(
    out: &Output,
    outcome: &ContractOutcome,
    symbol: &str,
) -> Vec<(&'static str, Cell)> {
    let became = match &outcome.why {
        Some(why) => coloured(format!("failed: {why}"), Mood::Bad),
        None => coloured("done", Mood::Good),
    };
    let mut lines = vec![("outcome", became), ("gas taken", cell(outcome.gas))];
    lines.extend(Some(("output", cell(&outcome.output))).filter(|_| !outcome.output.is_empty()));
    lines.extend(outcome.payments.iter().map(|paid| {
        let line = format!("{}  {} {symbol}", out.whole(&paid.to), paid.amount);
        ("pays", cell(line))
    }));
    lines.extend(
        outcome.events.iter().map(|event| ("event", cell(format!("{}  {}", event.topic, event.data)))),
    );
    lines
}
