//! Proof of concept: one member with two blocks, the first of which it keeps back, stops every miner over one connection each.

use std::time::{Duration, Instant};

use bouya::http::views::NodeState;
use bouya_core::codec::Bounded;
use bouya_core::ledger::{Block, Branch};
use bouya_core::wire::{Message, TipSummary, frame};
use tokio::runtime::Runtime;

use super::chain;
use super::field::Field;
use super::member::{Mad, Manner, framed, source};

fn heights(field: &Field) -> Vec<u64> {
    field.nodes().map(|node| node.height()).collect()
}

#[test]
fn audit_one_withheld_block_stops_all_miners() {
    let field = Field::new(&["mad-0"]);
    let runtime = Runtime::new().unwrap();
    let genesis = field.consortium.genesis.clone();
    let before = heights(&field);
    std::thread::sleep(Duration::from_secs(20)); // pace
    eprintln!("20 s without the attack: {before:?} -> {:?}", heights(&field));

    let began = Instant::now();
    for round in 0..60_u16 {
        let branch: Branch = runtime.block_on(async {
            let mut scout =
                Mad::greeted(&field.target_of(&field.honest[0]), "mad-0", source(round * 8)).await.unwrap();
            chain::branch(&mut scout, &genesis).await
        });
        let first = chain::work(chain::unworked(&genesis, &branch));
        let mut end = branch.clone();
        end.push(&genesis.rules, &first.header).unwrap();
        let second: Block = chain::work(chain::unworked(&genesis, &end));
        end.push(&genesis.rules, &second.header).unwrap();
        let tip = TipSummary { height: end.height, hash: end.id, work: end.work };
        let mut tasks = Vec::new();
        for (n, node) in field.nodes().enumerate() {
            let (target, tip, on) = (field.target_of(node), tip.clone(), branch.id);
            let headers = [first.header.clone(), second.header.clone()];
            let again = framed(&Message::Block(second.clone().into()));
            tasks.push(runtime.spawn(async move {
                let mut mad = Mad::connect(&target, "mad-0", source(round * 8 + 1 + n as u16)).await.unwrap();
                let mut hello = mad.hello();
                hello.tip = tip;
                mad.say(&frame(&hello.to_json())).await.unwrap();
                let say = again.clone();
                let manner = Manner::endless(move || Some(say.clone())).paced(Duration::from_millis(1_000));
                let manner = manner.answering(move |message| match message {
                    Message::GetHeaders { locator, .. } if locator.contains(&on) => {
                        Some(framed(&Message::Headers(Bounded::truncated(headers.clone()))))
                    }
                    Message::Ping(nonce) => Some(framed(&Message::Pong(*nonce))),
                    _ => None,
                });
                mad.run(manner, Duration::from_secs(90)).await
            }));
        }
        std::thread::sleep(Duration::from_millis(2_500)); // pace
        let states: Vec<NodeState> = field.nodes().map(|node| node.status().state.name).collect();
        if !states.iter().all(|state| *state == NodeState::Syncing) {
            eprintln!(
                "{:?}: not yet: {states:?} at {:?}, ban {:?}",
                began.elapsed(),
                heights(&field),
                field.ban("mad-0")
            );
            tasks.iter().for_each(|task| task.abort());
            std::thread::sleep(Duration::from_millis(300)); // pace
            continue;
        }
        let then = heights(&field);
        eprintln!("{:?}: all say {states:?} at {then:?}", began.elapsed());
        for _ in 0..8 {
            std::thread::sleep(Duration::from_secs(10)); // pace
            eprintln!(
                "{:?}: heights {:?}, waiting {}",
                began.elapsed(),
                heights(&field),
                field.victim.status().mempool.transactions
            );
        }
        for task in tasks {
            let report = runtime.block_on(task).unwrap();
            eprintln!("sent {} bytes, ending: {}", report.sent, report.ending.text());
        }
        eprintln!("ban {:?}, why {:?}", field.ban("mad-0"), field.why("mad-0"));
        std::thread::sleep(Duration::from_secs(10)); // pace
        eprintln!("10 s after the attack: {:?}", heights(&field));
        return;
    }
    panic!("never frozen");
}
