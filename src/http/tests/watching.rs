//! What is shipped to watch a node (config/monitoring, docs/WATCHING.md) says what the node says. tests/watching runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bouya_core::finality::{Alarm, Turnout};
use bouya_core::node::{Removal, State};
use bouya_core::time::Timestamp;
use clap::ValueEnum;

use super::super::views::NodeState;
use super::harness::Node;
use crate::net::tls::expiry::{Expiry, What};

/// States in which nobody needs to act.
const NO_ALERT: [NodeState; 2] = [NodeState::Ready, NodeState::Starting];

fn shipped(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Words with single blanks between them, without what marks code, links and quotes.
fn plain(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        bare += before;
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    bare += rest;
    bare.replace(['`', '"', '['], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of each alert in alerts.yml.
fn alerts() -> BTreeMap<String, String> {
    let text = shipped("config/monitoring/alerts.yml");
    let rules = text.split("- alert: ").skip(1);
    rules
        .map(|rule| rule.split_once('\n').map(|(name, rule)| (name.to_owned(), plain(rule))).unwrap())
        .collect()
}

/// Each state with each of its next steps.
fn states() -> Vec<State> {
    let turnout = Turnout::default();
    let mut states = vec![
        State::Ready,
        State::Held { ahead_ms: 1 },
        State::Stalled { for_ms: 1, turnout },
        State::Unwritten,
        State::NotListed,
        State::Syncing { height: 1, target: 2 },
        State::Starting,
        State::DiskFull,
        State::Outdated { version: 3, known: 2 },
        State::RefusesFinal { height: 1 },
        State::TwoHistories,
        State::CertificateNotYetValid { in_ms: 1 },
        State::CertificateExpired { ago_ms: 1 },
        State::CertificateRevoked,
        State::Removed(Removal { height: 1, by_override: false }),
    ];
    states.extend([Alarm::NoRecord, Alarm::Twin].map(State::Silent));
    states.extend([0, 1].map(|refused| State::Alone { known: 3, refused }));
    states.extend([1, 2].map(|peers| State::ClockOff { behind_ms: 9_000, peers }));
    states.extend([0, 1].map(|height| State::TipAhead { height, ahead_ms: 1 }));
    states
}

#[test]
fn each_state_has_an_alert_that_says_the_next_step_or_needs_nobody() {
    let alerts = alerts();
    for state in NodeState::value_variants() {
        let named = format!("bouya_state{{state={state}}}");
        let of = alerts.values().filter(|rule| rule.contains(&named)).collect::<Vec<_>>();
        let needed = usize::from(!NO_ALERT.contains(state));
        assert_eq!(
            of.len(),
            needed,
            "{state}: give it an alert in config/monitoring/alerts.yml, or say in NO_ALERT that nobody acts"
        );
        let mut examples =
            states().into_iter().filter(|one| NodeState::from(one.clone()) == *state).peekable();
        assert!(examples.peek().is_some(), "{state}: give an example of it in `states`");
        for (step, rule) in examples.flat_map(|state| Some((state.next_step()?, of.first()?))) {
            assert!(rule.contains(&plain(step)), "{state}: its alert must say: {step}");
        }
    }
}

/// The rows of the document's table whose first column begins so: name and row.
fn rows(starts: &str) -> BTreeMap<String, String> {
    let text = shipped("docs/WATCHING.md");
    let rows = text.lines().filter_map(|line| {
        let (first, rest) = line.strip_prefix("| `")?.split_once("` |")?;
        first.starts_with(starts).then(|| (first.to_owned(), plain(rest)))
    });
    rows.collect()
}

#[test]
fn the_document_names_each_alert_with_who_acts_and_what_to_do() {
    let (alerts, rows) = (alerts(), rows("Bouya"));
    assert_eq!(rows.keys().collect::<Vec<_>>(), alerts.keys().collect::<Vec<_>>());
    for (name, rule) in alerts {
        let (rest, next) = rule.split_once(" next: ").unwrap();
        let next =
            next.trim_start_matches(">- ").split(" # ").next().unwrap().split(" - name: ").next().unwrap();
        let (_, labels) = rest.split_once("labels: {severity: ").unwrap();
        let (severity, acts) = labels.split_once('}').unwrap().0.split_once(", acts: ").unwrap();
        let next = next.replace("{{ $labels.member }}", "the member");
        for said in [severity, acts, &next] {
            assert!(rows[&name].contains(said), "{name}: its row must say: {said}\n{}", rows[&name]);
        }
    }
}

#[test]
fn the_document_names_each_metric_and_no_other() {
    let node = Node::start();
    // What nobody has asked or connected has no series.
    node.json("/v1/status");
    *node.network.peers.lock().unwrap() = vec![super::peers::peer("bob")];
    let end = Expiry { what: What::List, name: String::new(), begins: Timestamp(0), ends: Timestamp(1) };
    node.network.summary.lock().unwrap().ends = vec![end];
    let text = node.get("/metrics").text();
    let told: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| {
            let suffix = BTreeMap::from([("counter", "_total"), ("info", "_info")]);
            format!("{name}{}", suffix.get(kind).unwrap_or(&""))
        })
        .collect();
    let documented = rows("bouya_").into_keys().map(|name| name.split('{').next().unwrap().to_owned());
    assert_eq!(documented.collect::<BTreeSet<_>>(), told);
}
