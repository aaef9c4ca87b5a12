//! What each manner does, about twice a second.

use super::*;
use crate::finality::slots::latest_epoch;

/// How many of the newest links are worth lying about.
const RECENT: usize = 24;

impl Liar {
    pub(super) fn lie(&mut self, world: &mut World, me: usize) {
        match self.manner() {
            Manner::Anything => self.anything(world, me),
            Manner::DoubleVote => self.vote_twice(world, me),
            Manner::Surround => self.surround(world, me),
            Manner::Withhold => self.release(world, me),
            Manner::StaleSource => {
                let voters = self.a_set(world, me);
                let source = self.a_source(world, &voters);
                self.propose(world, me, &voters, source, 1);
            }
            Manner::TwoProposals => {
                let voters = self.a_set(world, me);
                let source = newest_source(world, &voters);
                self.propose(world, me, &voters, source, 2);
            }
            Manner::TargetBesideSource => self.propose_beside(world, me),
            Manner::FarEpoch => self.leap(world, me),
            Manner::Forge => self.forge(world, me),
            Manner::UnknownProof => self.propose_from_nowhere(world, me),
            Manner::Replay => self.replay(world, me),
            // What its machine says is bent.
            Manner::SilentLeader | Manner::HiddenAnswers | Manner::All => (),
        }
    }

    /// Votes for what somebody else has voted for, or for its commit, and proposes any block from any source.
    fn anything(&mut self, world: &mut World, me: usize) {
        let Some(link) = self.a_link(world) else { return };
        let link = if self.random.chance(0.5) { link } else { link.commit().unwrap_or(link) };
        let to = self.some(world, me);
        vote(world, me, link, &to);
        let voters = self.a_set(world, me);
        let source = self.a_source(world, &voters);
        self.propose(world, me, &voters, source, 1);
    }

    fn vote_twice(&mut self, world: &mut World, me: usize) {
        let prepares = world.links.iter().rev().filter(|link| link.kind() == Some(LinkKind::Prepare));
        let Some(link) = prepares.copied().next() else { return };
        let (height, block) = self.a_block(world);
        let rival = Link { target: Checkpoint { height, block, ..link.target }, ..link };
        let (one, other) = self.halves(world, me);
        for (link, to) in [(link, &one), (rival, &other)] {
            vote(world, me, link, to);
            if let Some(commit) = link.commit() {
                vote(world, me, commit, to);
            }
        }
    }

    /// A commit for one half, and for the other a prepare from an earlier source to a later target.
    fn surround(&mut self, world: &mut World, me: usize) {
        let Some(link) = self.a_link(world) else { return };
        let (one, other) = self.halves(world, me);
        vote(world, me, link, &one);
        if let Some(commit) = link.commit() {
            vote(world, me, commit, &one);
        }
        let voters = world.sets[&link.set].clone();
        let (source, proof) = self.a_source(world, &voters);
        let target = self.a_target(world, me, &source);
        show(world, me, Link { source, target, ..link }, proof, &other);
    }

    /// What was kept back goes to whom it was meant for, or to somebody else; and a certificate that nobody has had yet, to one voter.
    fn release(&mut self, world: &mut World, me: usize) {
        for _ in 0..self.random.below(4) {
            if self.kept.is_empty() {
                break;
            }
            let (meant, said) = self.kept.swap_remove(self.random.index(self.kept.len()));
            let to = if self.random.chance(0.5) { vec![meant] } else { self.one(world, me) };
            tell(world, me, &to, &said);
        }
        let Some(link) = self.a_link(world) else { return };
        if let Some(certificate) = world.prove(&link) {
            let to = self.one(world, me);
            tell(world, me, &to, &Said::Certificate(certificate));
        }
    }

    /// Proposes a block to all, or two in one epoch to one half each.
    fn propose(
        &mut self,
        world: &mut World,
        me: usize,
        voters: &Voters,
        (source, proof): (Checkpoint, Option<Certificate>),
        blocks: usize,
    ) {
        let set = voters.id();
        let target = self.a_target(world, me, &source);
        let (one, other) = if blocks == 1 { (others(world, me), vec![]) } else { self.halves(world, me) };
        for to in [one, other] {
            let (height, block) = self.a_block(world);
            let target = Checkpoint { height, block, ..target };
            show(world, me, Link { set, source, target }, proof.clone(), &to);
        }
    }

    /// A block of another branch than the justified one.
    fn propose_beside(&mut self, world: &mut World, me: usize) {
        let voters = self.a_set(world, me);
        let ((source, proof), set) = (newest_source(world, &voters), voters.id());
        let is_beside = |n: &usize| world.nodes[*n].chain.best(source.height) != Some(source.block);
        let beside: Vec<_> = (0..world.nodes.len()).filter(is_beside).map(|n| world.tip(n)).collect();
        let (height, block) = self.random.pick(&beside).copied().unwrap_or_else(|| self.a_block(world));
        // Some heights are false too.
        let height = height.max(source.height + 1);
        let target = Checkpoint { height, block, ..self.a_target(world, me, &source) };
        show(world, me, Link { set, source, target }, proof, &others(world, me));
    }

    fn leap(&mut self, world: &mut World, me: usize) {
        let voters = self.a_set(world, me);
        let ((source, proof), set) = (newest_source(world, &voters), voters.id());
        let slot = world.slot_of(me).0;
        let far = [latest_epoch(slot), latest_epoch(slot + 1), latest_epoch(slot * 1_000), u64::MAX - 1];
        let epoch = *self.random.pick(&far).unwrap() & !1;
        let (height, block) = self.a_block(world);
        let link = Link { set, source, target: Checkpoint { epoch, height, block } };
        let (half, _) = self.halves(world, me);
        show(world, me, link, proof, &half);
        if let Some(commit) = link.commit() {
            vote(world, me, commit, &half);
        }
    }

    /// Certificates with too few voters or wrong signatures, and votes in others' names.
    fn forge(&mut self, world: &mut World, me: usize) {
        let Some(link) = self.a_link(world) else { return };
        let link = if self.random.chance(0.5) { link } else { link.commit().unwrap_or(link) };
        let voters = world.sets[&link.set].clone();
        let Some(own) = voters.number(&world.nodes[me].key.public()) else { return };
        let signature = link.sign(&NETWORK, own, &world.nodes[me].key).signature;
        let mut votes = world.signed.get(&link).cloned().unwrap_or_default();
        votes.insert(own, signature);
        if self.random.chance(0.5) {
            // Its own signature in the names of all who have not voted.
            for voter in 0..u16::try_from(voters.count()).unwrap() {
                votes.entry(voter).or_insert(signature);
            }
        }
        let certificate = Certificate::new(&voters, link, &votes);
        let to = self.some(world, me);
        if certificate.check(&NETWORK, &voters).is_err() {
            tell(world, me, &to, &Said::Certificate(certificate));
        }
        let voter = (own + 1) % u16::try_from(voters.count()).unwrap();
        tell(world, me, &to, &Said::Votes { link, votes: vec![(voter, signature)] });
    }

    /// From a source that nobody can certify, or to a block that nobody can fetch.
    fn propose_from_nowhere(&mut self, world: &mut World, me: usize) {
        let voters = self.a_set(world, me);
        let ((mut source, proof), set) = (newest_source(world, &voters), voters.id());
        let mut target = self.a_target(world, me, &source);
        let (height, block) = self.a_block(world);
        let nowhere = crate::crypto::sha256(&self.random.next_u64().to_le_bytes());
        match self.random.below(3) {
            0 => source.block = nowhere,
            1 => source = Checkpoint { epoch: target.epoch - 2, height, block },
            _ => target.block = nowhere,
        }
        let proof = proof.filter(|_| self.random.chance(0.5));
        show(world, me, Link { set, source, target }, proof, &others(world, me));
    }

    fn replay(&mut self, world: &mut World, me: usize) {
        for _ in 0..4 {
            let Some(link) = self.random.pick(&world.links).copied() else { return };
            let to = self.some(world, me);
            let votes = world.signed[&link].iter().map(|(voter, signature)| (*voter, *signature)).collect();
            tell(world, me, &to, &Said::Votes { link, votes });
            if let Some(certificate) = world.prove(&link) {
                tell(world, me, &to, &Said::Certificate(certificate));
            }
        }
    }

    /// One of the newest links.
    fn a_link(&mut self, world: &World) -> Option<Link> {
        let recent = &world.links[world.links.len().saturating_sub(RECENT)..];
        self.random.pick(recent).copied()
    }

    /// A set that it is in: mostly that of its machine; else any, in force or not.
    fn a_set(&mut self, world: &World, me: usize) -> Voters {
        let node = &world.nodes[me];
        let own: Vec<_> =
            world.sets.values().filter(|set| set.number(&node.key.public()).is_some()).cloned().collect();
        let any = self.random.chance(0.4).then(|| self.random.pick(&own).cloned()).flatten();
        any.unwrap_or_else(|| node.machine.voters().clone())
    }

    /// A justified checkpoint of some time: the root, or one that it can prove.
    fn a_source(&mut self, world: &World, voters: &Voters) -> (Checkpoint, Option<Certificate>) {
        let link = self.a_link(world).filter(|link| link.set == voters.id());
        match link.and_then(|link| world.prove(&link)) {
            Some(proof) if self.random.chance(0.7) => (proof.link.target, Some(proof)),
            _ => (voters.root(), None),
        }
    }

    /// A block that somebody has at the end of its chain, or a little below.
    fn a_block(&mut self, world: &World) -> (u64, Hash) {
        let chain = &world.nodes[self.random.index(world.nodes.len())].chain;
        let height = chain.tip().0.saturating_sub(self.random.below(3));
        (height, chain.best(height).unwrap())
    }

    /// A block to vote for, in an epoch above all that was voted for, or in one of the last of this slot.
    fn a_target(&mut self, world: &World, me: usize, source: &Checkpoint) -> Checkpoint {
        let most = latest_epoch(world.slot_of(me).0);
        let last = world.links.iter().map(|link| link.target.epoch).filter(|epoch| *epoch <= most).max();
        let above = last.unwrap_or(0).max(source.epoch) + 2 + 2 * self.random.below(3);
        let epoch = if self.random.chance(0.7) { above } else { most - 2 * self.random.below(64) };
        let (height, block) = self.a_block(world);
        Checkpoint { epoch: epoch & !1, height, block }
    }

    fn one(&mut self, world: &World, me: usize) -> Vec<usize> {
        self.random.pick(&others(world, me)).copied().into_iter().collect()
    }

    fn some(&mut self, world: &World, me: usize) -> Vec<usize> {
        others(world, me).into_iter().filter(|_| self.random.chance(0.6)).collect()
    }

    fn halves(&mut self, world: &World, me: usize) -> (Vec<usize>, Vec<usize>) {
        others(world, me).into_iter().partition(|_| self.random.chance(0.5))
    }
}

/// The latest checkpoint of a set that liars can prove.
fn newest_source(world: &World, voters: &Voters) -> (Checkpoint, Option<Certificate>) {
    let recent = world.links.iter().rev().filter(|link| link.set == voters.id()).take(RECENT);
    let newest = recent.filter_map(|link| world.prove(link)).max_by_key(|proof| proof.link.target.epoch);
    match newest {
        Some(proof) => (proof.link.target, Some(proof)),
        None => (voters.root(), None),
    }
}

fn others(world: &World, me: usize) -> Vec<usize> {
    (0..world.nodes.len()).filter(|n| *n != me).collect()
}

/// Signs a link of a set that it is in.
fn sign(world: &World, me: usize, link: Link) -> Option<Vote> {
    let key = &world.nodes[me].key;
    let number = world.sets.get(&link.set)?.number(&key.public())?;
    link.kind().map(|_| link.sign(&NETWORK, number, key))
}

/// Shows a vote as a proposal, with what justifies its source.
fn show(world: &mut World, me: usize, link: Link, proof: Option<Certificate>, to: &[usize]) {
    if let Some(vote) = sign(world, me, link) {
        tell(world, me, to, &Said::Proposal { vote, proof });
    }
}

fn vote(world: &mut World, me: usize, link: Link, to: &[usize]) {
    if let Some(vote) = sign(world, me, link) {
        tell(world, me, to, &Said::Votes { link, votes: vec![(vote.voter, vote.signature)] });
    }
}

/// It reaches everybody, whoever hears whom.
fn tell(world: &mut World, me: usize, to: &[usize], said: &Said) {
    for to in to {
        world.give(*to, Input::Heard { peer: Peer(me as u64), said: said.clone() });
    }
}
