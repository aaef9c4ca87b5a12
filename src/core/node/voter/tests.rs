//! Voters on real chains: what the machine makes final, the ledger moves to.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::*;
use crate::finality::{Finality, FinalitySettings, Input, Output, Peer, Record, Said};
use crate::ledger::{Block, Branch, Genesis, Ledger, NetworkSpec, Origin, Settled, Voters, check_inline};
use crate::limits::SLOT_MS;
use crate::testing::{CREATED, Memory, ON_TIME, block_on, branch_with, key, member, spec};
use crate::time::{Time, Timestamp};

const FAR: Timestamp = Timestamp(u64::MAX / 2);

struct Voter {
    ledger: Ledger<Memory>,
    machine: Finality,
    settled: Vec<Settled>,
}

/// Four voters; whoever is cut off hears nothing.
struct Cluster {
    genesis: Arc<Genesis>,
    voters: Vec<Voter>,
    cut: Option<usize>,
    now: Time,
}

fn genesis() -> Arc<Genesis> {
    let spec = NetworkSpec { members: (1..=4).map(member).collect(), ..spec("voters", 1_000) };
    Arc::new(Genesis::new(spec).unwrap())
}

impl Cluster {
    fn new() -> Self {
        let genesis = genesis();
        let voters = Voters::first(&genesis);
        let voter = |n: u8| Voter {
            ledger: Ledger::load(genesis.clone(), Memory::new(&genesis)).unwrap(),
            machine: Finality::new(
                Time::default(),
                FinalitySettings {
                    network: genesis.id(),
                    created: CREATED,
                    interval: Duration::from_secs(1),
                    voters: voters.clone(),
                    key: key(n),
                    record: Some(Record::new(&voters)),
                    alarm: None,
                    proven: Vec::new(),
                    decided: None,
                    newest: None,
                },
            ),
            settled: vec![],
        };
        let voters = (1..=4).map(voter).collect();
        let mut cluster = Self { genesis, voters, cut: None, now: Time::default() };
        for (one, other) in (0..4).flat_map(|one| (0..4).map(move |other| (one, other))) {
            if one != other {
                let peer = Peer(other as u64);
                let key = Some(key(u8::try_from(other + 1).unwrap()).public());
                cluster.give(one, Input::Up { peer, key });
            }
        }
        cluster
    }

    /// These voters get the blocks.
    fn take(&mut self, who: &[usize], blocks: &[Arc<Block>]) {
        for n in who {
            let mut check = check_inline(self.genesis.id());
            let blocks = blocks.iter().map(|block| (block.clone(), Origin::Synced));
            self.voters[*n].ledger.take(&mut check, FAR, blocks).unwrap();
            self.settle(*n);
        }
    }

    fn settle(&mut self, n: usize) {
        let mut check = check_inline(self.genesis.id());
        let ledger = &mut self.voters[n].ledger;
        while ledger.chain().is_behind() {
            ledger.step(&mut check).unwrap();
        }
        let (height, block) = (ledger.chain().tip().height, ledger.chain().tip().id);
        self.give(n, Input::Tip { height, block });
    }

    fn branch(&self, from: &Branch, count: usize, gap: u64, miner: u8) -> (Vec<Arc<Block>>, Branch) {
        let (mut blocks, mut branch) = (vec![], from.clone());
        for _ in 0..count {
            let block = block_on(&self.genesis, &branch, gap, vec![], miner);
            branch = branch_with(&self.genesis, &branch, &block);
            blocks.push(block);
        }
        (blocks, branch)
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.now = self.now.after(Duration::from_millis(100));
            (0..4).for_each(|n| self.give(n, Input::Wake));
        }
    }

    /// Messages arrive at once, records are durable at once.
    fn give(&mut self, n: usize, input: Input) {
        let mut inputs = VecDeque::from([(n, input)]);
        while let Some((n, input)) = inputs.pop_front() {
            let wall = Timestamp(CREATED.0 + self.now.as_millis());
            let voter = &mut self.voters[n];
            let world = voter.ledger.disk().world.clone();
            for input in [Input::Clock { wall, offsets: vec![] }, input] {
                voter.machine.handle(self.now, &StoredBlocks(&world), input);
            }
            let mut moved = false;
            while let Some(output) = voter.machine.poll() {
                let heard = |said: &Said| Input::Heard { peer: Peer(n as u64), said: said.clone() };
                let hears = |other: &usize| *other != n && ![*other, n].map(Some).contains(&self.cut);
                match output {
                    Output::Write(_) => inputs.push_back((n, Input::Written)),
                    Output::Say { peer, said } => {
                        let to = usize::try_from(peer.0).unwrap();
                        inputs.extend(hears(&to).then(|| (to, heard(&said))));
                    }
                    // Everybody hears everybody.
                    Output::Relay(_) => (),
                    Output::SayAll(said) => {
                        inputs.extend((0..4).filter(hears).map(|to| (to, heard(&said))));
                    }
                    Output::Finalize(certificate) => {
                        voter.settled.push(voter.ledger.finalize(certificate).unwrap());
                        moved = true;
                    }
                    Output::Keep { justified, lock } => voter.ledger.keep(justified, lock),
                    other => panic!("{other:?}"),
                }
            }
            if moved {
                self.settle(n);
            }
        }
    }

    fn finals(&self) -> Vec<u64> {
        self.voters.iter().map(|voter| voter.ledger.chain().finalized().0).collect()
    }
}

#[test]
fn what_is_voted_final_is_durable_and_never_leaves_the_best_chain() {
    let mut cluster = Cluster::new();
    let (blocks, tip) = cluster.branch(&cluster.genesis.branch(), 5, ON_TIME, 1);
    cluster.take(&[0, 1, 2, 3], &blocks);
    cluster.run(3 * SLOT_MS);
    assert_eq!(cluster.finals(), [5; 4]);
    for voter in &cluster.voters {
        let certificate = voter.ledger.disk().world.finalized().unwrap().unwrap();
        let voters = Voters::first(&cluster.genesis);
        assert_eq!(certificate.check(&cluster.genesis.id(), &voters), Ok(()));
        assert_eq!(certificate.link.source.block, tip.id);
        assert!(voter.settled.iter().all(|settled| *settled == Settled::Final));
    }
    // A branch of three times the work that leaves below it.
    let (rival, _) = cluster.branch(&cluster.genesis.branch(), 12, 100, 2);
    cluster.take(&[0, 1, 2, 3], &rival);
    assert!(cluster.voters.iter().all(|voter| voter.ledger.chain().tip().id == tip.id));
}

#[test]
fn who_was_away_leaves_its_own_heavier_branch_for_the_final_one() {
    let mut cluster = Cluster::new();
    let (light, _) = cluster.branch(&cluster.genesis.branch(), 3, 2_000, 1);
    let (heavy, end) = cluster.branch(&cluster.genesis.branch(), 6, 100, 2);
    cluster.cut = Some(3);
    cluster.take(&[0, 1, 2], &light);
    cluster.take(&[3], &heavy);
    cluster.run(4 * SLOT_MS);
    assert_eq!(cluster.finals(), [3, 3, 3, 0]);
    assert_eq!(cluster.voters[3].ledger.chain().tip().id, end.id);
    // It is back, has the others' blocks, and hears of the next votes.
    cluster.cut = None;
    cluster.take(&[3], &light);
    assert_eq!(cluster.voters[3].ledger.chain().tip().id, end.id);
    let tip = cluster.voters[0].ledger.chain().tip().clone();
    let (next, end) = cluster.branch(&tip, 1, ON_TIME, 1);
    cluster.take(&[0, 1, 2, 3], &next);
    cluster.run(5 * SLOT_MS);
    assert_eq!(cluster.finals(), [4; 4]);
    assert_eq!(cluster.voters[3].settled[0], Settled::Behind);
    assert!(cluster.voters.iter().all(|voter| voter.ledger.chain().tip().id == end.id));
}

#[test]
fn ancestors_are_found_on_the_best_chain_and_off_it() {
    let mut cluster = Cluster::new();
    let (best, end) = cluster.branch(&cluster.genesis.branch(), 6, 100, 1);
    let (side, _) =
        cluster.branch(&branch_with(&cluster.genesis, &cluster.genesis.branch(), &best[0]), 2, 2_000, 2);
    cluster.take(&[0], &best);
    cluster.take(&[0], &side);
    let world = cluster.voters[0].ledger.disk().world.clone();
    let blocks = StoredBlocks(&world);
    assert_eq!((blocks.best(6), blocks.best(7)), (Some(end.id), None));
    assert_eq!((blocks.height(&side[1].id()), blocks.height(&Hash([9; 32]))), (Some(3), None));
    for (height, expected) in
        [(3, side[1].id()), (2, side[0].id()), (1, best[0].id()), (0, cluster.genesis.id())]
    {
        assert_eq!(blocks.ancestor(&side[1].id(), height), Some(expected), "{height}");
    }
    assert_eq!(blocks.ancestor(&end.id, 2), Some(best[1].id()));
    assert_eq!(blocks.ancestor(&side[1].id(), 4), None, "nothing above itself");
    assert_eq!(blocks.ancestor(&Hash([9; 32]), 0), None);
}
