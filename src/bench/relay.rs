//! A block of transactions that all nodes know: from the event of the node that mined it to the event of the last one that has it as its tip.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use bouya_harness::{Daemon, Events};

use super::client::waiting;
use super::consortium::Consortium;
use super::gossip::{SECTIONS, give, spread};
use super::load::Load;
use super::{Aim, BenchError, Figure, Limits, Report, Run};
use crate::devnet::NODES;
use crate::http::views::Event;

/// What is relayed.
#[derive(Clone, Copy, Debug)]
pub struct RelayBench {
    pub nodes: u16,
    /// In each block.
    pub transactions: usize,
    /// Blocks.
    pub rounds: usize,
}

pub fn run(settings: &RelayBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    let RelayBench { nodes, transactions, rounds } = *settings;
    if !(2..=NODES).contains(&nodes) {
        return Err(BenchError::Usage(format!("--nodes {nodes}: 2 to {NODES} are possible")));
    }
    if !(1..=10_000).contains(&transactions) || rounds == 0 {
        return Err(BenchError::Usage(
            "--transactions 1 to 10000 fit one block, and --rounds is 1 at least".to_owned(),
        ));
    }
    let limits = Limits::measure(run)?;
    let load = Load { wallets: 2_000, accounts: 10_000 };
    // So short an interval that a block is due whenever one is asked for.
    let (mut consortium, genesis) = Consortium::voting(load.spec(100, 1, 3_600_000)?, nodes, nodes)?;
    (run.say)(&format!("signing {} transfers", rounds * transactions));
    let signed = load.sign_bytes(&genesis.id(), rounds * transactions, run.stop)?;
    (run.say)(&format!("starting {nodes} nodes"));
    consortium.start_all(SECTIONS, run.stop)?;
    let daemons = &consortium.nodes;
    let Some(first) = daemons.first() else { return Err(BenchError::Node("no node".to_owned())) };
    let (mut relayed, mut asked, mut confirmed) = (Vec::new(), Vec::new(), 0);
    for (round, block) in signed.chunks(transactions).enumerate() {
        (run.say)(&format!("block {} of {rounds}", round + 1));
        give(&first.client, block, run)?;
        spread(daemons, block.len(), run)?;
        let (relay, whole, held) = one(daemons)?;
        relayed.push(relay);
        asked.push(whole);
        confirmed += held;
        settle(daemons, run)?;
    }
    let parameters =
        [("nodes", f64::from(nodes)), ("transactions", transactions as f64), ("rounds", rounds as f64)];
    let mut report = Report::new("relay", &parameters, &limits);
    let aim = Aim { value: 60.0, words: "60 ms on 4 nodes with 5,000; beyond: 25 ms" };
    report.add_latencies("relay", &mut relayed, [None, Some(aim)]);
    report.add_latencies("asked_to_all", &mut asked, [None, None]);
    report.add(Figure::new("confirmed", confirmed as f64, "tx"));
    Ok(report)
}

/// Has the first node mine a block; how long it took from there to all, how long from the question, and what it held.
fn one(daemons: &[Daemon]) -> Result<(Duration, Duration, usize), BenchError> {
    let heard: Result<Vec<Events>, _> =
        daemons.iter().map(|daemon| Events::open(daemon.api.number())).collect();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for (node, mut events) in heard?.into_iter().enumerate() {
            let tell = tell.clone();
            scope.spawn(move || {
                let block = loop {
                    match events.hear() {
                        Ok((Event::Block { transactions, .. }, at)) => break Ok((node, transactions, at)),
                        Ok(_) => {}
                        Err(error) => break Err(error),
                    }
                };
                // Nobody waits for it after an error of another.
                let _ = tell.send(block);
            });
        }
        drop(tell);
        let began = Instant::now();
        if let Some(first) = daemons.first() {
            first.client.succeed("POST", "/v1/mine", Some(&first.member.token()?), &[])?;
        }
        let all = told.iter().collect::<Result<Vec<_>, bouya_harness::Error>>()?;
        let own = all.iter().find(|(node, ..)| *node == 0).map_or(began, |(_, _, at)| *at);
        let last = all.iter().map(|(_, _, at)| *at).max().unwrap_or(began);
        let held = all.first().map_or(0, |(_, transactions, _)| *transactions);
        Ok((last.saturating_duration_since(own), last.saturating_duration_since(began), held))
    })
}

/// Until the mempools have heard of the block too.
fn settle(daemons: &[Daemon], run: &mut Run<'_>) -> Result<(), BenchError> {
    for daemon in daemons {
        run.stop.until(
            "the block's transactions have left the mempools",
            super::gossip::SPREAD_WITHIN,
            || Ok((waiting(&daemon.client)? == 0).then_some(())),
        )?;
    }
    Ok(())
}
