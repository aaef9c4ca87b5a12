//! A voter that signs everything and shows it to whom it likes, when it likes.

use alloc::vec;

use super::world::{NETWORK, World};
use super::*;
use crate::random::Random;

/// How many seeds a run takes: each is a schedule of partitions, blocks, restarts and lies.
const SEEDS: u64 = 60;

struct Liar {
    node: usize,
    random: Random,
    /// Every link that anybody has voted for, and every certificate.
    links: Vec<Link>,
    proofs: Vec<Certificate>,
}

impl Liar {
    /// Signs a link and shows it to some of the others.
    fn show(&mut self, world: &mut World, link: Link, proof: Option<Certificate>) {
        let (me, key) = world.nodes[self.node].machine.me.clone().unwrap();
        let vote = link.sign(&NETWORK, me, &key);
        for to in (0..4).filter(|to| *to != self.node) {
            if self.random.chance(0.6) {
                let said = match &proof {
                    Some(proof) => Said::Proposal { vote, proof: Some(proof.clone()) },
                    None => Said::Votes { link, votes: vec![(me, vote.signature)] },
                };
                world.give(to, Input::Heard { peer: Peer(self.node as u64), said });
            }
        }
    }

    fn lie(&mut self, world: &mut World) {
        self.links.extend(world.links_voted());
        self.links.sort();
        self.links.dedup();
        self.proofs.extend(world.certificates());
        let Some(link) = self.random.pick(&self.links).copied() else { return };
        match self.random.below(4) {
            // What somebody else has voted for, or its commit, old or new.
            0 => self.show(world, link, None),
            1 => {
                if let Some(commit) = link.commit() {
                    self.show(world, commit, None);
                }
            }
            // The certificate that nobody has had yet.
            2 => {
                let proof = self.random.pick(&self.proofs).cloned();
                let to = self.random.index(4);
                if let Some(proof) = proof.filter(|_| to != self.node) {
                    let peer = Peer(self.node as u64);
                    world.give(to, Input::Heard { peer, said: Said::Certificate(proof) });
                }
            }
            // A proposal of its own: any tip there is, from any justified checkpoint, in an epoch that suits it.
            _ => {
                let proof = self.random.pick(&self.proofs).cloned();
                let source =
                    proof.as_ref().map_or(world.nodes[0].machine.voters().root(), |proof| proof.link.target);
                let n = self.random.index(4);
                let (height, block) = world.tip(n);
                let epoch = (link.target.epoch | 1).saturating_add(1 + 2 * self.random.below(3));
                let link = Link { source, target: Checkpoint { epoch, height, block }, ..link };
                if link.kind().is_some() {
                    self.show(world, link, proof);
                }
            }
        }
    }
}

#[test]
fn one_liar_of_four_makes_no_two_histories_and_gets_nobody_else_accused() {
    for seed in 0..SEEDS {
        let mut world = World::new(4);
        let mut liar = Liar { node: 3, random: Random::new(seed), links: vec![], proofs: vec![] };
        let mut random = Random::new(!seed);
        for _ in 0..40 {
            match random.below(7) {
                0 => world.meet_all(),
                // It hears both sides.
                1 => world.part("0|12|3"),
                2 => world.part("01|2|3"),
                3 => {
                    let node = random.index(3);
                    let durable = world.nodes[node].durable.clone();
                    world.restart(node, durable);
                }
                _ => world.mine(random.index(3)),
            }
            for _ in 0..random.below(6) {
                world.run(random.below(1_000));
                liar.lie(&mut world);
            }
        }
        world.meet_all();
        world.mine(0);
        world.run(120_000);
        world.check_but(Some(3));
    }
}
