//! Makes the report of one run.

use crate::consortium::name;
use crate::judge::{Facts, Fate, NodeFacts, judge};
use crate::lan;
use crate::options::Options;
use crate::plan::Plan;
use crate::report::{Life, Report, Transactions, rejoin_times};
use crate::run::{Run, Times};

impl Report {
    pub(crate) fn of(run: &Run, options: &Options, plan: Plan, facts: &Facts, times: &Times) -> Self {
        let Plan { seed, skipped, version, .. } = plan;
        let only: Vec<String> = options.only.iter().map(|fault| fault.name()).collect();
        let only = if only.is_empty() { String::new() } else { format!(" --only {}", only.join(",")) };
        let (minutes, nodes) = (options.minutes, options.nodes);
        let namespaces = if options.namespaces { " --namespaces" } else { "" };
        let invariants = judge(facts);
        let lives: Vec<Life> = facts.nodes.iter().map(|node| life(run, node, times.ended)).collect();
        let blocks = facts.survivors.iter().map(|node| lives[*node].height).max().unwrap_or(0);
        Self {
            seed,
            command: format!("chaos --seed {seed} --minutes {minutes} --nodes {nodes}{namespaces}{only}"),
            version,
            nodes,
            place: place(options),
            faults_from: times.from,
            healed_at: times.healed,
            ended_at: times.ended,
            stopped_early: times.stopped,
            held: invariants.iter().all(|verdict| verdict.held),
            invariants,
            done: run.done.clone(),
            skipped,
            rejoins: run.drill.rejoins.clone(),
            rejoin_times: rejoin_times(&run.drill.rejoins),
            blocks,
            transactions: transactions(run, &facts.fates),
            lives,
        }
    }
}

fn place(options: &Options) -> String {
    if !options.namespaces {
        return "all nodes on the loopback".to_owned();
    }
    let last = options.nodes.saturating_sub(1);
    format!("each node in its own network namespace, {} to {}", lan::address(0), lan::address(last))
}

fn transactions(run: &Run, fates: &[Fate]) -> Transactions {
    let promises = run.load.promises();
    let everywhere = |fate: &&Fate| fate.places.iter().all(|(_, at)| at.is_some());
    Transactions {
        signed: promises.len(),
        acknowledged: fates.len(),
        confirmed: fates.iter().filter(everywhere).count(),
        sent_again: promises.iter().map(|promise| u64::from(promise.again)).sum(),
        seen_deep: promises.iter().filter(|promise| promise.deep.is_some()).count(),
    }
}

/// The history of a node until the end. After that, nodes are stopped.
fn life(run: &Run, node: &NodeFacts, ended: u64) -> Life {
    let view = run.drill.board.view(node.node);
    let verified = match &node.verified {
        Some(Ok(text) | Err(text)) => text.clone(),
        None => "not verified".to_owned(),
    };
    let seat = &run.drill.seats[node.node];
    Life {
        id: name(node.node),
        removed: seat.is_removed(),
        starts: seat.incarnation(),
        height: view.height,
        heights: view.heights.iter().copied().filter(|(at, _)| *at <= ended).collect(),
        reorgs: node.reorgs.iter().map(|reorg| (reorg.at, reorg.depth)).collect(),
        errors: view.errors.len(),
        verified,
    }
}
