//! After the faults: gathers the facts for the verdicts, node by node and transaction by transaction.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bouya::http::views::PeerStatus;
use bouya_core::ledger::Coin;

use crate::client::Client;
use crate::consortium::{name, wallet_address};
use crate::drill::Drill;
use crate::judge::{Fate, NodeFacts, Removed, State};
use crate::load::{Load, Promise};

/// After healing, all nodes must have one tip and all connections within this time. A node backs off for up to 60 s from a peer
/// that did not answer, and closes a dead connection after 45 s.
pub(crate) const BOUND: Duration = Duration::from_secs(120);
/// Then the load's last transactions must get their confirmations within this time.
pub(crate) const SETTLE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Whether all survivors have the same tip now.
pub(crate) fn is_one_tip(drill: &Drill, client: &Client) -> bool {
    let tips = drill.survivors().into_iter().map(|node| tip(drill, client, node).map(|(_, hash)| hash));
    let tips: Option<Vec<String>> = tips.collect();
    tips.is_some_and(|tips| tips.windows(2).all(|pair| pair[0] == pair[1]))
}

fn tip(drill: &Drill, client: &Client, node: usize) -> Option<(u64, String)> {
    let status = client.status(drill.seats[node].usable()?).ok()?;
    Some((status.tip.height, status.tip.hash))
}

/// Pairs of survivors that do not have exactly one connection, as the wires and both nodes report it.
pub(crate) fn odd_pairs(drill: &Drill, client: &Client) -> Vec<(usize, usize, usize)> {
    let survivors = drill.survivors();
    let sees = |node: usize| -> Vec<String> {
        let peers = drill.seats[node].usable().and_then(|port| client.peers(port).ok()).unwrap_or_default();
        peers.into_iter().filter(|peer| peer.status == PeerStatus::Connected).map(|peer| peer.id).collect()
    };
    let seen: Vec<Vec<String>> = survivors.iter().map(|node| sees(*node)).collect();
    let mut odd = Vec::new();
    for (at, one) in survivors.iter().enumerate() {
        for (other_at, other) in survivors.iter().enumerate().skip(at + 1) {
            let both = seen[at].contains(&name(*other)) && seen[other_at].contains(&name(*one));
            let count = drill.proxy.links.connections(*one, *other);
            if !both || count != 1 {
                odd.push((*one, *other, if both { count } else { 0 }));
            }
        }
    }
    odd
}

/// All accounts as each survivor reports them, at one tip if they reach one in time, and that tip's height.
pub(crate) fn states(
    drill: &Drill,
    client: &Client,
    addresses: &[String],
    bound: Duration,
) -> (Vec<State>, u64) {
    let deadline = Instant::now() + bound;
    let coin = &drill.consortium.genesis.spec.coin;
    loop {
        let found: Vec<(State, u64)> = thread::scope(|scope| {
            let asked: Vec<_> = drill
                .survivors()
                .into_iter()
                .map(|node| scope.spawn(move || state(drill, client, node, addresses, coin)))
                .collect();
            asked.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
        });
        let one = found.windows(2).all(|pair| pair[0].0.tip == pair[1].0.tip);
        if (one && found.len() == drill.survivors().len()) || Instant::now() > deadline {
            let height = found.first().map_or(0, |(_, height)| *height);
            return (found.into_iter().map(|(state, _)| state).collect(), height);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// One node's accounts. None if its tip changed in the meantime.
fn state(
    drill: &Drill,
    client: &Client,
    node: usize,
    addresses: &[String],
    coin: &Coin,
) -> Option<(State, u64)> {
    let before = tip(drill, client, node)?;
    let port = drill.seats[node].usable()?;
    let account = |address: &String| {
        // At the tip, so that waiting transactions do not count.
        let account = client.account_at_tip(port, address).ok()?;
        Some((coin.parse(&account.balance).ok()?, account.nonce))
    };
    let accounts = addresses.iter().map(account).collect::<Option<Vec<_>>>()?;
    (tip(drill, client, node)? == before).then_some((State { node, tip: before.1, accounts }, before.0))
}

/// The addresses that can hold coins: those of the wallets and of the miners.
pub(crate) fn addresses(drill: &Drill, load: &Load) -> Vec<String> {
    let mut addresses: Vec<String> =
        (0..load.wallets()).map(|wallet| wallet_address(wallet).to_string()).collect();
    for node in 0..drill.seats.len() {
        let reward_to = drill.board.view(node).reward_to.clone();
        if !reward_to.is_empty() {
            addresses.push(reward_to);
        }
    }
    addresses
}

/// The supply at a height: the allocations, and a reward for each block.
pub(crate) fn issued(drill: &Drill, height: u64) -> u128 {
    let spec = &drill.consortium.genesis.spec;
    let allocated: u128 = spec.allocations.iter().map(|allocation| u128::from(allocation.amount)).sum();
    allocated + u128::from(spec.blocks.reward) * u128::from(height)
}

/// Asks every survivor for every acknowledged transaction.
pub(crate) fn fates(drill: &Drill, client: &Client, promises: &[Promise]) -> Vec<Fate> {
    let acknowledged: Vec<&Promise> = promises.iter().filter(|p| p.acknowledged.is_some()).collect();
    let mut fates: Vec<Fate> = acknowledged
        .iter()
        .map(|promise| Fate {
            id: promise.id.clone(),
            places: Vec::new(),
            deep: promise.deep,
            forgotten: promise.forgotten.clone(),
        })
        .collect();
    let asked: Vec<(usize, Vec<Option<u64>>)> = thread::scope(|scope| {
        let ask = |node: usize| {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                let place = |promise: &&Promise| {
                    let port = drill.seats[node].usable()?;
                    client.transaction(port, &promise.id).ok()?.height
                };
                (node, acknowledged.iter().map(place).collect())
            })
        };
        let threads: Vec<_> = drill.survivors().into_iter().map(ask).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    for (node, places) in asked {
        for (fate, place) in fates.iter_mut().zip(places) {
            fate.places.push((node, place));
        }
    }
    fates
}

/// What each node reported, and the result of `bouya verify` for its store.
pub(crate) fn nodes(drill: &Drill, program: &Path) -> Vec<NodeFacts> {
    let facts = |node: usize| {
        let verified = Some(verify(program, &drill.consortium.members[node].config()));
        let view = drill.board.view(node);
        NodeFacts {
            node,
            finals: view.finals.clone(),
            reorgs: view.reorgs.clone(),
            bans: view.bans.clone(),
            panics: view.panics.clone(),
            verified,
        }
    };
    (0..drill.seats.len()).map(facts).collect()
}

fn verify(program: &Path, config: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(["verify", "--config"]).arg(config).stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

/// The state of the removed member, as all survivors report it now.
pub(crate) fn removed(drill: &Drill, client: &Client, guard: &super::removal::Guard) -> Option<Removed> {
    let (_, node) = drill.removal?;
    let connected = drill.survivors().into_iter().filter(|survivor| {
        let peers = drill.seats[*survivor].usable().and_then(|port| client.peers(port).ok());
        let peers = peers.unwrap_or_default();
        peers.iter().any(|peer| peer.id == name(node) && peer.status == PeerStatus::Connected)
    });
    Some(Removed {
        node,
        cut_after: guard.cut_after(),
        connected: connected.collect(),
        returned: guard.returned(),
    })
}
