//! The power goes, or the disk fails, at every point of every commit: what was acknowledged is there, and nothing is there by half.

use std::ops::RangeInclusive;

use super::disk::{Disk, Failure, Fate, Op, Seeded, any_fate, apply};
use super::history::{Act, History, Node};
use super::*;

/// What is left of a disk when the power goes: `settled`, and of what was not synced what `fate` says.
fn left(settled: &[u8], unsynced: &[Op], mut fate: impl FnMut(usize, &Op) -> Fate) -> Vec<u8> {
    let mut image = settled.to_vec();
    for (number, op) in unsynced.iter().enumerate() {
        apply(&mut image, op, fate(number, op));
    }
    image
}

fn done(_: usize, _: &Op) -> Fate {
    Fate::Done
}

/// The same of all that a disk was told: what a sync that succeeded was the first one to come after is there.
fn left_of(base: &[u8], told: &[Op], fate: &mut dyn FnMut(usize, &Op) -> Fate) -> Vec<u8> {
    let mut image = base.to_vec();
    for part in told.split_inclusive(|op| matches!(op, Op::Sync | Op::FailedSync)) {
        image = match part.last() {
            Some(Op::Sync) => left(&image, part, done),
            _ => left(&image, part, &mut *fate),
        };
    }
    image
}

/// What holds of every disk that lost its power: its store opens, holds all that one of these numbers of acts made and nothing else,
/// and goes on as if nothing had been.
fn assert_survives(history: &History, image: Vec<u8>, acts: RangeInclusive<usize>, case: &str) {
    let disk = Disk::holding(image);
    let mut node = Node::open(&disk).unwrap_or_else(|error| panic!("{case}: {error}"));
    let contents = node.contents().unwrap_or_else(|error| panic!("{case}: {error}"));
    let Some(at) = acts.clone().rev().find(|at| history.states[*at] == contents) else {
        let known = history.states.iter().position(|state| *state == contents);
        panic!("{case}: promised is the state after {acts:?} acts, there is {known:?}: {contents:?}");
    };
    let next = history.acts[at..].iter().position(|act| !matches!(act, Act::Restart));
    if let Some(next) = next.map(|next| at + next) {
        let done = node.act(&history.acts[next]).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(done, "{case}: act {next} has no effect");
        assert_eq!(
            node.contents().unwrap(),
            history.states[next + 1],
            "{case}: act {next} does another thing"
        );
    }
    node.cut();
}

/// A moment of a history at which the power may go.
struct Moment<'a> {
    /// What the disk is sure to hold.
    settled: &'a [u8],
    /// What it was told since.
    unsynced: &'a [Op],
    /// How many acts what it holds may be the work of: those that were acknowledged, and the one under way.
    promised: RangeInclusive<usize>,
    name: String,
}

/// Shows every moment since the store was first open.
fn at_every_moment(history: &History, mut look: impl FnMut(Moment<'_>)) {
    let (mut settled, mut until) = (Vec::new(), 0);
    for told in 0..=history.ops.len() {
        if matches!(history.ops[..told].last(), Some(Op::Sync)) {
            history.ops[until..told].iter().for_each(|op| apply(&mut settled, op, Fate::Done));
            until = told;
        }
        if let Some(promised) = history.promised(told) {
            let name = format!("{told} operations");
            look(Moment { settled: &settled, unsynced: &history.ops[until..told], promised, name });
        }
    }
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged() {
    let history = History::new();
    let mut cases = 0;
    at_every_moment(&history, |Moment { settled, unsynced, promised, name }| {
        for whole in 0..=unsynced.len() {
            let image = left(settled, &unsynced[..whole], done);
            assert_survives(&history, image, promised.clone(), &format!("{name}, {whole} not synced"));
            cases += 1;
        }
    });
    assert!(cases > 2_000, "{cases}");
}

#[test]
fn writes_that_a_power_cut_tore_or_did_out_of_order_leave_no_half() {
    let history = History::new();
    let (mut seeded, mut cases) = (Seeded(5), 0);
    at_every_moment(&history, |Moment { settled, unsynced, promised, name }| {
        let Some((last, before)) = unsynced.split_last() else { return };
        if let Op::Write(_, bytes) = last {
            let whole = left(settled, before, done);
            for fate in [Fate::Prefix(seeded.below(bytes.len())), Fate::Sectors(seeded.seed())] {
                let image = left(&whole, std::slice::from_ref(last), |_, _| fate);
                assert_survives(&history, image, promised.clone(), &format!("{name}, {fate:?}"));
                cases += 1;
            }
        }
        for _ in 0..6 {
            let seed = seeded.seed();
            let mut fates = Seeded(seed);
            let image = left(settled, unsynced, |_, op| any_fate(op, &mut fates));
            assert_survives(&history, image, promised.clone(), &format!("{name}, seed {seed}"));
            cases += 1;
        }
    });
    assert!(cases > 1_900, "{cases}");
}

#[test]
fn a_second_power_cut_while_the_first_is_mended_changes_nothing() {
    let history = History::new();
    let (mut seeded, mut cases) = (Seeded(7), 0);
    at_every_moment(&history, |Moment { settled, unsynced, promised, name }| {
        let seed = seeded.seed();
        let mut fates = Seeded(seed);
        let first = left(settled, unsynced, |_, op| any_fate(op, &mut fates));
        let disk = Disk::holding(first.clone());
        Node::open(&disk).unwrap().cut();
        let ops = disk.ops();
        for told in (1 + seeded.below(2)..=ops.len()).step_by(2) {
            let second = left_of(&first, &ops[..told], &mut |_, op| any_fate(op, &mut fates));
            assert_survives(&history, second, promised.clone(), &format!("{name}, seed {seed}, {told} more"));
            cases += 1;
        }
    });
    assert!(cases > 1_500, "{cases}");
}

/// A store on a disk that fails after so many operations of opening it (`opening`) or of the act: it says so, and what is left is
/// whole. False: there were not so many operations.
fn fails(history: &History, number: usize, opening: bool, after: usize, failure: Failure) -> bool {
    let case = format!("act {number}, opening: {opening}, {failure:?} after {after}");
    let base = left(&[], &history.ops[..history.acknowledged[number]], done);
    let disk = Disk::holding(base.clone());
    let act = &history.acts[number];
    let mut promised = number..=number;
    let node = if opening {
        disk.fail_after(after, failure);
        Node::open(&disk).ok()
    } else {
        let mut node = Node::open(&disk).unwrap();
        disk.fail_after(after, failure);
        promised = match node.act(act) {
            // The failure was in something that only saves work later.
            Ok(_) => number + 1..=number + 1,
            Err(_) => number..=number + 1,
        };
        // A restart that failed left no node.
        (!matches!(act, Act::Restart)).then_some(node)
    };
    if !disk.has_failed() {
        return false;
    }
    disk.works_again();
    if let Some(Ok(contents)) = node.as_ref().map(Node::contents) {
        assert!(
            history.states[promised.clone()].contains(&contents),
            "{case}: what is read was not promised"
        );
    }
    let survives = |fate: &mut dyn FnMut(usize, &Op) -> Fate, how: &str| {
        let ops = disk.ops();
        let image = left_of(&base, &ops, fate);
        assert_survives(history, image, promised.clone(), &format!("{case}, {how}"));
    };
    let mut seeded = Seeded(after as u64);
    match after % 2 {
        0 => survives(&mut |_, _| Fate::Lost, "the rest lost"),
        _ => survives(&mut |_, op| any_fate(op, &mut seeded), "the rest torn"),
    }
    // Closed in order, as a daemon that gives up does it.
    drop(node);
    survives(&mut done, "closed");
    true
}

/// How many failures there can be of one kind in all of a history.
fn failures(opening: bool, failure: Failure) -> usize {
    let history = History::new();
    let of = |number| (0..).take_while(|after| fails(&history, number, opening, *after, failure)).count();
    (0..history.acts.len()).map(of).sum()
}

#[test]
fn a_disk_that_fails_in_a_commit_costs_nothing_that_was_acknowledged() {
    let cases = failures(false, Failure::Once) + failures(false, Failure::FromThenOn);
    assert!(cases > 500, "{cases}");
}

#[test]
fn a_disk_that_writes_half_costs_nothing_that_was_acknowledged() {
    let cases = failures(false, Failure::Part);
    assert!(cases > 250, "{cases}");
}

#[test]
fn a_disk_that_fails_while_the_store_is_opened_costs_nothing_that_was_acknowledged() {
    let cases = failures(true, Failure::Once);
    assert!(cases > 400, "{cases}");
}

#[test]
fn a_file_that_a_crash_left_half_made_is_made_anew() {
    let history = History::new();
    for told in 0..=history.acknowledged[0] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NEW), left(&[], &history.ops[..told], done)).unwrap();
        let store = Store::open(dir.path(), network("test", 1_000_000)).unwrap();
        // Each file has a secret of its own among what it keeps by name.
        let [found, expected] =
            [history::contents(&store).unwrap(), history.states[0].clone()].map(|mut all| {
                all.remove("meta");
                all
            });
        assert_eq!(found, expected, "{told} operations");
        assert!(!dir.path().join(NEW).exists(), "{told} operations: the next start meets it again");
    }
}
