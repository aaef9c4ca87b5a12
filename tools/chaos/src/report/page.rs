//! The page for people. It loads nothing else, and is readable in light and dark, on paper and on a phone.

use std::fmt::Write;

use super::{Report, picture};

const STYLE: &str = include_str!("page.css");

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1_000.0)
}

/// Minutes and seconds.
pub(super) fn clock(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

pub(super) fn render(report: &Report) -> String {
    let failed = report.invariants.iter().filter(|verdict| !verdict.held).count();
    let title = match failed {
        0 => "Everything held".to_owned(),
        1 => "One invariant failed".to_owned(),
        _ => format!("{failed} invariants failed"),
    };
    let mark = if failed == 0 { "good" } else { "bad" };
    let early = if report.stopped_early { " Stopped early." } else { "" };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title} - chaos, seed {seed}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"kind\">Bouya chaos report</p>\n<h1 class=\"{mark}\">{title}</h1>\n\
         <p>{nodes} nodes ({place}), {minutes} of faults, seed {seed}, {version}.{early} To repeat the same faults: <code>{command}</code></p>\n</header>\n",
        seed = report.seed,
        nodes = report.nodes,
        place = escape(&report.place),
        minutes = clock(report.healed_at.saturating_sub(report.faults_from)),
        version = escape(&report.version),
        command = escape(&report.command),
    );
    figures(&mut html, report);
    html.push_str("<section>\n<h2>Timeline</h2>\n");
    html.push_str(&picture::timeline(report));
    html.push_str("</section>\n");
    invariants(&mut html, report);
    rejoins(&mut html, report);
    lives(&mut html, report);
    done(&mut html, report);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn figures(html: &mut String, report: &Report) {
    let held = report.invariants.iter().filter(|verdict| verdict.held).count();
    let figures = [
        ("invariants held", format!("{held} of {}", report.invariants.len())),
        ("faults", report.done.len().to_string()),
        ("blocks", report.blocks.to_string()),
        ("reorganisations", format!("{}, deepest {}", report.reorgs(), report.deepest())),
        ("transactions acknowledged", report.transactions.acknowledged.to_string()),
        ("of these, confirmed on all nodes", report.transactions.confirmed.to_string()),
    ];
    html.push_str("<dl class=\"figures\">\n");
    for (name, value) in figures {
        add(html, format_args!("<div><dt>{name}</dt><dd>{value}</dd></div>\n"));
    }
    html.push_str("</dl>\n");
}

fn invariants(html: &mut String, report: &Report) {
    html.push_str("<section>\n<h2>Invariants</h2>\n<table class=\"verdicts\">\n<thead><tr><th>Invariant</th><th>Verdict</th><th>Details</th></tr></thead>\n<tbody>\n");
    for verdict in &report.invariants {
        let (class, word) = if verdict.held { ("good", "held") } else { ("bad", "failed") };
        let detail = escape(&verdict.detail).replace('\n', "<br>");
        add(
            html,
            format_args!(
                "<tr><td>{}</td><td class=\"{class}\">{word}</td><td>{detail}</td></tr>\n",
                escape(verdict.name)
            ),
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}

fn rejoins(html: &mut String, report: &Report) {
    html.push_str("<section>\n<h2>Time to rejoin</h2>\n<p>From lifting a fault until its nodes answered, were connected to all nodes within reach, and shared a tip.</p>\n<table>\n<thead><tr><th>After</th><th class=\"n\">Times</th><th class=\"n\">Median</th><th class=\"n\">Worst</th><th class=\"n\">Interrupted by the next fault</th></tr></thead>\n<tbody>\n");
    for times in &report.rejoin_times {
        add(
            html,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                times.fault,
                times.count,
                seconds(times.median_ms),
                seconds(times.worst_ms),
                times.interrupted
            ),
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}

fn lives(html: &mut String, report: &Report) {
    html.push_str("<section>\n<h2>Nodes</h2>\n<table>\n<thead><tr><th>Node</th><th class=\"n\">Starts</th><th class=\"n\">Height at the end</th><th class=\"n\">Reorganisations</th><th class=\"n\">Deepest</th><th class=\"n\">Errors logged</th><th>Store</th></tr></thead>\n<tbody>\n");
    for life in &report.lives {
        let deepest = life.reorgs.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
        let removed = if life.removed { " (removed)" } else { "" };
        add(
            html,
            format_args!(
                "<tr><td>{}{removed}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{deepest}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                life.id,
                life.starts,
                life.height,
                life.reorgs.len(),
                life.errors,
                escape(&life.verified),
            ),
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}

fn done(html: &mut String, report: &Report) {
    html.push_str("<section>\n<h2>All faults</h2>\n<table>\n<thead><tr><th class=\"n\">From</th><th class=\"n\">Until</th><th>Fault</th><th>Target</th></tr></thead>\n<tbody>\n");
    for done in &report.done {
        add(
            html,
            format_args!(
                "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
                clock(done.from),
                clock(done.to),
                done.step.fault.name(),
                escape(&done.text)
            ),
        );
    }
    html.push_str("</tbody>\n</table>\n");
    for skipped in &report.skipped {
        add(html, format_args!("<p>Skipped {}: {}</p>\n", escape(&skipped.fault), escape(&skipped.why)));
    }
    html.push_str("</section>\n");
}

/// Writing to a string cannot fail.
pub(super) fn add(html: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = html.write_fmt(text);
}
