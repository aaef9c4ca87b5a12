//! A voter among peers that sign what they like, with any key but its own. What leaves it must be honest all the same.

use bouya_core::finality::{Input, Peer, Said, Standing};

use self::voter::Voter;
use crate::choices::Choices;
use crate::small;

mod chain;
mod said;
mod voter;

/// Whatever peers say and sign, and whatever becomes of blocks, clocks and disk: nothing panics, no two durable votes prove an offence, no vote
/// leaves before it is durable, what is final never goes down, nothing grows past its bound, and nobody is blamed for what is valid.
pub fn finality(data: &[u8]) {
    play(data);
}

fn play(data: &[u8]) -> Voter {
    let mut choices = Choices::new(data);
    let count = [4, 3, 7, 1][usize::from(choices.u8() % 4)];
    // Key 0 is nobody's: an observer.
    let key = small::key(if choices.one_in(16) { 0 } else { 1 });
    let mut voter = Voter::new(count, key, choices.one_in(4));
    for peer in 0..8 {
        connect(&mut voter, peer, true);
    }
    for _ in 0..400 {
        if choices.is_empty() {
            break;
        }
        step(&mut voter, &mut choices);
    }
    voter
}

/// Peer n has the key n, and proves it if it is a member.
fn connect(voter: &mut Voter, peer: u8, proves: bool) {
    let (peer, key) = (Peer(peer.into()), small::key(peer).public());
    voter.connected.insert(peer, proves);
    voter.give(Input::Up { peer, key: proves.then_some(key) });
}

fn step(voter: &mut Voter, choices: &mut Choices<'_>) {
    match choices.u8() % 16 {
        0 => match choices.u8() % 4 {
            0 => voter.pass(0, true),
            1 => voter.pass(choices.u8().into(), false),
            2 => voter.pass(choices.u16().into(), false),
            _ => voter.pass(u64::from(choices.u8()) * 4_000, false),
        },
        1 => clock(voter, choices),
        2 => {
            if voter.chain.follow(choices.u8(), &voter.machine.voters().clone()) {
                voter.tell_tip();
            }
        }
        3 if choices.one_in(3) => voter.evict(),
        3 => voter.chain.store(choices.u8()),
        4 => {
            let standing = Standing { syncing: choices.one_in(4), behind: choices.one_in(4), goal: None };
            voter.give(Input::Standing(standing));
        }
        5 => {
            let peer = choices.u8() % 8;
            match voter.connected.remove(&Peer(peer.into())) {
                Some(_) => voter.give(Input::Down(Peer(peer.into()))),
                None => connect(voter, peer, !choices.one_in(4)),
            }
        }
        6 if choices.one_in(2) => voter.give(Input::Resume),
        6 => {
            if let Some((peer, _)) = voter.connected.first_key_value() {
                voter.give(Input::Ask(*peer));
            }
        }
        7 | 8 => voter.written(),
        9 => voter.settle(choices.one_in(4)),
        10 if choices.one_in(2) => {
            let (was_written, is_lost) = (choices.one_in(2), choices.one_in(8));
            voter.restart(was_written, is_lost);
        }
        10 => follow(voter, choices),
        kind => {
            let said = voter.said(kind - 11, choices);
            let peer = Peer((choices.u8() % 8).into());
            if voter.connected.contains_key(&peer) {
                voter.give(Input::Heard { peer, said });
            }
        }
    }
}

/// The others vote for what this node has voted for last: that is how things become final.
fn follow(voter: &mut Voter, choices: &mut Choices<'_>) {
    let Some(link) = voter.signed.last().copied() else { return };
    let votes = voter.signatures(&link, choices).into_iter().collect();
    let Some(peer) = voter.connected.first_key_value().map(|(peer, _)| *peer) else { return };
    voter.give(Input::Heard { peer, said: Said::Votes { link, votes } });
}

fn clock(voter: &mut Voter, choices: &mut Choices<'_>) {
    let mut by = || match choices.u8() % 4 {
        0 => 0,
        1 => i64::from(choices.u16()) - 32_768,
        2 => 1_000 * (i64::from(choices.u16()) - 32_768),
        _ => choices.u64() as i64,
    };
    let skew = by();
    let offsets = (0..3).map(|peer| (Peer(peer), by())).collect();
    (voter.skew, voter.offsets) = (skew, offsets);
    voter.give(Input::Wake);
}

/// Voters that make blocks final, over restarts and under another's lead.
pub(crate) fn finality_seeds() -> Vec<Vec<u8>> {
    const ANSWER: [u8; 5] = [15, 0, 0, 0, 0];
    let answer = |peer: u8| [&ANSWER[..], &[peer]].concat();
    let wait = [0, 3, 1].repeat(7);
    // This node's votes become durable, and the others follow them: a prepare or two, and a commit.
    let follow = [7, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].repeat(3);
    let round = [&follow[..], &[9, 0]].concat();
    let start = |count: u8| [vec![count, 0, 0], (1..8).flat_map(answer).collect()].concat();
    let block = |number: u8| [&[2, number][..], &wait, &round].concat();
    let restart = [vec![10, 1, 1, 0, 0], (1..8).flat_map(|peer| [5, peer, 0]).collect()].concat();
    // Certificates without end, each of a later epoch.
    let certificate =
        |epoch: u8| [&[12, 0, 5, 1, 2, epoch, 0, epoch / 2 % 20 + 1, 0, 2, 0, 0][..], &[0; 8], &[2]].concat();
    let many: Vec<u8> = (1..100).flat_map(|round| certificate(2 * round)).collect();
    let mut seeds = vec![[start(0), many.clone()].concat(), [start(2), many].concat()];
    for count in 0..4 {
        let seed = [start(count), block(3), block(5)].concat();
        assert_eq!(play(&seed).settled(), 5, "a seed that makes nothing final: {count}");
        // Others lead, and propose what this node may vote for and then what it must not: twice in an epoch, around its vote.
        let propose = |tip: u8, source: u8, epoch: u8| {
            [&[2, tip, 0, 3, 1][..], &[13, 0, 1, 4, source, epoch, 1, 0, 0, 2], &[7]].concat()
        };
        let led: Vec<u8> = (6..12)
            .flat_map(|tip| [propose(tip, 1, 2), propose(tip + 1, 1, 0), propose(tip, 0, 2)].concat())
            .collect();
        seeds.push([&seed[..], &led, &round].concat());
        seeds.push([&seed[..], &restart, &start(count)[3..], &block(9)].concat());
    }
    seeds
}
