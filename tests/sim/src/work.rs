//! What goes on in addition to faults: mining, clients, and the checks of the whole network.

use std::collections::BTreeSet;
use std::sync::Arc;

use bouya_core::ledger::{Date, View, governance, in_force_at_final};
use bouya_core::node::Wish;
use bouya_core::overlay::PeerStatus;

use crate::byzantine::Byzantine;
use crate::disk::DiskError;
use crate::net::SocketEnd;
use crate::node::Node;
use crate::scenario::{ENDS, HEALED, name};
use crate::world::{MINE_EVERY, World};

/// All nodes have the same tip within this time after the last fault (ms). The longest backoffs take half of it.
const AGREE_WITHIN: u64 = 12 * 60_000;
/// Nobody mines in the last part of a run (ms), so that tips can be compared.
const QUIET: u64 = 60_000;
/// Nobody votes or passes votes on in the very last part of a run (ms): everything is final.
const SILENT: u64 = 20_000;
/// Clients sign nothing new in the last part of a run (ms), so that everything can be confirmed.
pub(crate) const LAST_ORDERS: u64 = 10 * 60_000;
/// A block at the end is as hard as it should be, times something between these; 1,200 seeds gave 0.17 to 4.22. The lower one is wide because
/// a network rests as soon as its newest transaction is final, so few blocks put a difficulty right that faults have lowered. Where nothing
/// bounds rests over repetition, it ends at a 65,536th. The upper one is wide because a tenfold hash rate may end, or the fastest member
/// leave, late in a run. What is left then searches long for each block, a block counts at most two intervals of lateness, and rests count
/// none.
const DIFFICULTY_WITHIN: (f64, f64) = (0.05, 6.0);
/// A pair of nodes has at most one connection that is older than this (ms).
const SETTLED: u64 = 120_000;
/// How many unconfirmed transactions a wallet may have.
const UNCONFIRMED: u64 = 30;

impl World {
    /// Whether it has left, is on the list of the revoked, or has not joined.
    pub(crate) fn is_away(&self, node: &Node) -> bool {
        node.absent || self.crl.revoked.contains(&node.name)
    }

    /// Whether it is away, or the members have removed it.
    pub(crate) fn is_gone(&self, node: &Node) -> bool {
        self.is_away(node) || self.former.contains(&node.name)
    }

    /// The nodes that keep to the rules and belong to the network.
    pub(crate) fn honest(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|n| self.nodes[*n].is_honest() && !self.is_gone(&self.nodes[*n]))
    }

    /// Every node that may mine finds a block with the probability that its hash rate gives.
    pub(crate) fn mine(&mut self) {
        if self.now > ENDS - QUIET {
            return;
        }
        for n in 0..self.nodes.len() {
            if !self.nodes[n].works() || self.is_away(&self.nodes[n]) {
                continue;
            }
            let (now, node) = (self.now, &mut self.nodes[n]);
            let wall = node.clock.wall(now);
            let Some(running) = node.running.as_mut() else { continue };
            let Wish::Search { told } = running.wish(now, wall, node.byzantine.as_ref()) else { continue };
            let private = node.byzantine.as_ref().and_then(Byzantine::private);
            let difficulty = private.unwrap_or(&running.head.branch).next_difficulty(&self.genesis.rules);
            let tries = node.rate * MINE_EVERY as f64 / 1_000.0;
            if self.rng.chance(1.0 - (-tries / difficulty as f64).exp()) {
                self.found(n, Date { time: wall, told });
            }
        }
        self.misbehave();
    }

    fn found(&mut self, n: usize, date: Date) {
        self.settle_pool(n);
        let Self { nodes, genesis, rng, .. } = self;
        let node = &mut nodes[n];
        let Some(running) = node.running.as_ref() else { return };
        let bad = match &mut node.byzantine {
            Some(byzantine) => byzantine.found(rng, running, (&node.key, date.time), genesis),
            None => Ok(None),
        };
        let template = match bad {
            Ok(Some(mischief)) => return self.send_mischief(n, mischief),
            Ok(None) => running.template(genesis, date, &node.key),
            Err(error) => return self.fails(n, error),
        };
        let Ok(template) = template else { return };
        let Some(nonce) = template.try_nonces(0, u64::MAX) else { return };
        let block = template.finish(nonce);
        self.line(format_args!("n{n:02} has mined {} {}", block.header.height, block.id().short()));
        self.mined(n, Arc::new(block));
    }

    fn misbehave(&mut self) {
        for n in 0..self.nodes.len() {
            let Self { nodes, genesis, rng, .. } = self;
            let node = &mut nodes[n];
            if node.paused > 0 || !rng.chance(0.3) {
                continue;
            }
            let (Some(running), Some(byzantine)) = (&node.running, &mut node.byzantine) else { continue };
            let wall = node.clock.wall(self.now);
            let mischief = byzantine.tick(rng, running, (&node.key, wall), genesis);
            self.send_mischief(n, mischief);
        }
    }

    fn send_mischief(&mut self, n: usize, mischief: crate::byzantine::Mischief) {
        if let Some(byzantine) = &mut self.nodes[n].byzantine {
            self.check.invalid.extend(byzantine.invalid.drain(..));
        }
        for (conn, message) in mischief {
            self.transmit_message(conn, message);
        }
    }

    /// Nothing new begins any more.
    pub(crate) fn is_late(&self) -> bool {
        self.now >= ENDS - LAST_ORDERS
    }

    /// A client signs something and submits it to a node, after everything that its wallet signed and that node has not confirmed.
    pub(crate) fn client(&mut self) {
        let who = self.clients.pick();
        let asked: Vec<usize> = self.honest().filter(|n| self.nodes[*n].works()).collect();
        if asked.is_empty() {
            return;
        }
        let n = asked[self.rng.index(asked.len())];
        let Some(running) = &self.nodes[n].running else { return };
        let address = self.clients.wallets[who].address;
        let account = match running.snapshot().account(&address) {
            Ok(account) => account,
            Err(error) => return self.fails(n, DiskError::State(error)),
        };
        let signed = self.clients.wallets[who].signed.len() as u64;
        if signed.saturating_sub(account.nonce) < UNCONFIRMED && !self.is_late() {
            let now = self.now;
            self.clients.sign(who, now);
            self.check.figures.transactions += 1;
        }
        for nonce in account.nonce as usize..self.clients.wallets[who].signed.len() {
            let transaction = self.clients.wallets[who].signed[nonce].clone();
            if !self.give_transaction(n, &transaction) {
                break;
            }
        }
    }

    /// Checks what must hold at any time.
    pub(crate) fn look(&mut self) {
        let now = self.now;
        for n in 0..self.nodes.len() {
            self.check.bounds(&self.nodes[n], now);
            if self.nodes[n].works() {
                let wall = self.nodes[n].clock.wall(now);
                self.give(n, bouya_core::overlay::Input::Clock(wall));
            }
        }
        self.put_keys_in_place();
        self.look_at_pairs();
        self.look_at_final();
        if self.is_healed() && self.agreed_at.is_none() {
            if self.do_agree() {
                self.agreed_at = Some(now);
                self.check.figures.healed_after = now - HEALED;
                self.agreed_height = self.heights().max().unwrap_or_default();
                self.keep_all();
            } else {
                self.check.holds(now < HEALED + AGREE_WITHIN, || {
                    format!("tips still differ {} s after the last fault", (now - HEALED) / 1_000)
                });
            }
        }
    }

    /// From now on all nodes keep all bodies: what some have pruned comes back.
    fn keep_all(&mut self) {
        for n in 0..self.nodes.len() {
            let node = &mut self.nodes[n];
            node.keep = None;
            let done = node.running.as_mut().map(|running| running.keeper.prune(None));
            if let Some(Err(error)) = done {
                self.fails(n, error);
            }
        }
    }

    /// Once all have one tip after the last fault, it becomes final, where a quorum is there.
    fn look_at_final(&mut self) {
        let is_due = self.agreed_at.is_some() && self.check.figures.final_after == 0;
        if !is_due || !self.has_quorum() {
            return;
        }
        let finals = self
            .honest()
            .map(|n| self.nodes[n].running.as_ref().map_or(0, |running| running.head.finalized.0));
        let (lowest, now) = (finals.min().unwrap_or_default(), self.now);
        if lowest >= self.agreed_height {
            self.check.figures.final_after = now - HEALED;
        } else {
            let height = self.agreed_height;
            self.check.holds(now < HEALED + AGREE_WITHIN, || {
                format!(
                    "{lowest} of {height} blocks are final everywhere {} s after the last fault",
                    (now - HEALED) / 1_000
                )
            });
        }
    }

    /// Whether enough of the members who vote now keep to the rules and are there.
    pub(crate) fn has_quorum(&self) -> bool {
        let newest = self.honest().max_by_key(|n| self.nodes[*n].finalized.0);
        let world = newest.map(|n| self.nodes[n].disk.world());
        let Some(settled) = world.and_then(|world| in_force_at_final(&*world).ok()) else { return false };
        let here = self.honest().filter(|n| settled.roster().by_id(&self.nodes[*n].name).is_some());
        here.count() >= settled.voters().quorum()
    }

    /// The heights of all honest nodes.
    fn heights(&self) -> impl Iterator<Item = u64> {
        self.honest().filter_map(|n| Some(self.nodes[n].running.as_ref()?.head.branch.height))
    }

    /// Whether all honest nodes have the same tip.
    fn do_agree(&self) -> bool {
        let tip = |n: usize| self.nodes[n].running.as_ref().map(|running| running.keeper.chain().tip().id);
        let mut tips = self.honest().map(tip);
        let first = tips.next().flatten();
        first.is_some() && tips.all(|tip| tip == first)
    }

    /// The connections between two nodes of which both ends exist.
    fn connections(&self, one: usize, two: usize) -> usize {
        let is_whole =
            |end: &&SocketEnd| end.node == one && end.peer == two && self.net.ends.contains_key(&end.other);
        self.net.ends.values().filter(is_whole).count()
    }

    /// Two nodes that reach each other have at most one old connection.
    fn look_at_pairs(&mut self) {
        let before = self.now.saturating_sub(SETTLED);
        let works =
            |n: usize| self.nodes[n].is_honest() && self.nodes[n].works() && !self.is_gone(&self.nodes[n]);
        let mut pairs = BTreeSet::new();
        let mut twice = None;
        for end in self.net.ends.values().filter(|end| end.node < end.peer && end.opened <= before) {
            let (one, two) = (end.node, end.peer);
            let open = self.net.is_open(one, two) && self.net.is_open(two, one);
            let is_whole = open && self.net.ends.contains_key(&end.other);
            if is_whole && works(one) && works(two) && !pairs.insert((one, two)) {
                twice = Some((one, two));
            }
        }
        self.check.holds(twice.is_none(), || format!("{twice:?} have had two connections for too long"));
    }

    /// Checks what must hold at the end.
    pub(crate) fn finish(&mut self) {
        let honest: Vec<usize> = self.honest().collect();
        for &n in &honest {
            let runs = self.nodes[n].running.is_some();
            self.check.holds(runs, || format!("n{n:02} does not run at the end"));
        }
        let agree = self.do_agree();
        self.check.holds(agree, || "tips differ at the end".to_owned());
        for (at, &one) in honest.iter().enumerate() {
            for &two in &honest[at + 1..] {
                let dialable = self.nodes[one].endpoint.is_some() || self.nodes[two].endpoint.is_some();
                let count = self.connections(one, two);
                self.check.holds(count == usize::from(dialable), || {
                    format!("{} and {} have {count} connections at the end", name(one), name(two))
                });
            }
        }
        for &n in &honest {
            self.finish_node(n);
        }
        self.check_finality(&honest);
        self.check_difficulty();
        self.count_runs(honest.first().copied());
    }

    /// Counts what contracts have led to, on a node's chain.
    fn count_runs(&mut self, n: Option<usize>) {
        let Some(running) = n.and_then(|n| self.nodes[n].running.as_ref()) else { return };
        let view = running.snapshot();
        let ids = (1..=running.head.branch.height).filter_map(|height| view.at_height(height).ok().flatten());
        let results = ids.filter_map(|id| view.results(&id).ok().flatten());
        for report in results.flat_map(|results| results.reports) {
            self.check.figures.runs += 1;
            self.check.figures.failed += u64::from(report.outcome.done.is_none());
        }
    }

    /// With a quorum there, all of the chain is final everywhere. What was ever told as final is on it.
    fn check_finality(&mut self, honest: &[usize]) {
        // Members that break the rules are banned sooner or later.
        let is_quorum = self.has_quorum();
        let voted_at = self.check.voted_at;
        let is_quiet = !is_quorum || !self.scenario.byzantine.is_empty() || voted_at + SILENT < ENDS;
        self.check.holds(is_quiet, || format!("somebody votes at {voted_at} ms, though all is final"));
        for &n in honest {
            let Some(running) = &self.nodes[n].running else { continue };
            let (tip, finalized) = (running.head.branch.height, running.head.finalized.0);
            self.check.holds(!is_quorum || finalized == tip, || {
                format!("n{n:02} has {finalized} final of {tip} blocks at the end, with a quorum there")
            });
            let view = running.snapshot();
            let lost = self.check.finals.iter().find(|(height, id)| {
                **height <= tip && view.at_height(**height).ok().flatten() != Some(**id)
            });
            let lost = lost.map(|(height, id)| (*height, *id));
            let is_reached =
                in_force_at_final(&view).is_ok_and(|settled| self.agenda.is_reached(settled.roster()));
            let waits = governance::passed(&view).map_or(0, |passed| passed.len());
            self.check.holds(!is_quorum || is_reached && waits == 0, || {
                let wanted = &self.agenda.wanted;
                format!(
                    "n{n:02}: the members are not {wanted:?} as they have decided, and {waits} changes wait"
                )
            });
            self.check.holds(lost.is_none(), || format!("n{n:02} lacks {lost:?}, which was told as final"));
        }
    }

    fn finish_node(&mut self, n: usize) {
        let Some(running) = &self.nodes[n].running else { return };
        let removed = running.overlay.peers(running.time(self.now)).into_iter().find(|view| {
            let is_out = self.crl.revoked.contains(&view.id) || self.former.contains(&view.id);
            view.status == PeerStatus::Connected && is_out
        });
        let view = running.snapshot();
        for (who, wallet) in self.clients.wallets.iter().enumerate() {
            let nonce = view.account(&wallet.address).map_or(0, |account| account.nonce);
            let signed = wallet.signed.len() as u64;
            self.check.holds(nonce == signed, || {
                format!("n{n:02} has {nonce} transactions of wallet {who} confirmed, {signed} were signed")
            });
        }
        for (address, actor) in &self.agenda.actors {
            let nonce = view.account(address).map_or(0, |account| account.nonce);
            let signed = actor.signed.len() as u64;
            self.check.holds(nonce == signed, || {
                format!("n{n:02} has {nonce} transactions of {address} confirmed, {signed} were signed")
            });
        }
        let lowest = running.keeper.chain().lowest();
        self.check.holds(lowest == 1, || format!("n{n:02} still lacks the bodies below block {lowest}"));
        let left = running.pool.mempool().len();
        self.check.holds(left == 0, || {
            format!("n{n:02} still has {left} transactions in its mempool, though all are confirmed")
        });
        self.check.holds(removed.is_none(), || {
            format!("n{n:02} is connected to a member that was removed: {removed:?}")
        });
    }

    /// A block is about as hard as it should be, whatever the traffic, the dates and the hash rate did before.
    fn check_difficulty(&mut self) {
        let seals = |n: &usize| {
            let running = self.nodes[*n].running.as_ref();
            running.is_some_and(|running| {
                running.head.branch.members.roster().by_id(&self.nodes[*n].name).is_some()
            })
        };
        let rate: f64 = self.honest().filter(seals).map(|n| self.nodes[n].rate).sum();
        let right = rate * f64::from(self.scenario.interval_ms) / 1_000.0;
        let Some(running) = self.honest().next().and_then(|n| self.nodes[n].running.as_ref()) else { return };
        let found = running.head.branch.next_difficulty(&self.genesis.rules);
        let percent = (found as f64 / right * 100.0) as u64;
        self.check.figures.difficulty = Some((percent, percent));
        let (least, most) = DIFFICULTY_WITHIN;
        let is_right = (right * least..right * most).contains(&(found as f64));
        self.check.holds(is_right, || format!("a block takes {found} hashes, it should be {right:.0}"));
    }
}
