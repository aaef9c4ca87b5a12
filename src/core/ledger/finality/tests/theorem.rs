//! The theorem, by trying everything up to a bound: without at least 2q − n voters who break the rules, no two conflicting blocks are final.
//!
//! Liars are taken to have signed every link. Votes of the honest that reach no quorum change nothing, so only quorums are tried: in each
//! epoch, some links, each with just as many honest voters as it still needs, and no voter twice.

use alloc::collections::BTreeSet;

use super::*;

/// What is tried. Blocks are numbered; the parent of each is named, that of the first is itself.
#[derive(Clone, Copy)]
struct Bounds {
    voters: u8,
    liars: usize,
    last_epoch: u64,
    parents: &'static [usize],
    /// Whether a voter keeps to sources no earlier than its latest one.
    keeps_lock: bool,
    /// Whether a prepare's target descends from its source.
    descends: bool,
}

/// What has been reached.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reached {
    /// The latest source of each honest voter, sorted: who is who does not matter.
    locks: Vec<u64>,
    justified: BTreeSet<(u64, usize)>,
    committed: BTreeSet<usize>,
}

const FORK: &[usize] = &[0, 0, 0];
const LONG_FORK: &[usize] = &[0, 0, 1, 0];
const TWO_LONG: &[usize] = &[0, 0, 1, 0, 3];

impl Bounds {
    fn of(voters: u8, liars: usize, last_epoch: u64, parents: &'static [usize]) -> Self {
        Self { voters, liars, last_epoch, parents, keeps_lock: true, descends: true }
    }

    fn is_below(&self, block: usize, mut other: usize) -> bool {
        while other != block && other != 0 {
            other = self.parents[other];
        }
        other == block
    }

    fn checkpoint(&self, (epoch, block): (u64, usize)) -> Checkpoint {
        let (mut height, mut at) = (0, block);
        while at != 0 {
            (height, at) = (height + 1, self.parents[at]);
        }
        Checkpoint { epoch, height, block: Hash([u8::try_from(block).unwrap(); 32]) }
    }

    /// The links into an epoch that an honest voter may vote for, whatever its lock.
    fn links(&self, set: &Voters, reached: &Reached, epoch: u64) -> Vec<((u64, usize), usize)> {
        let sources = reached.justified.iter().copied();
        let all = sources.flat_map(|source| (0..self.parents.len()).map(move |target| (source, target)));
        let may = |&(source, target): &((u64, usize), usize)| {
            let link = link(set, self.checkpoint(source), self.checkpoint((epoch, target)));
            // Heights do not tell blocks of one height apart; without the rule neither do they forbid anything.
            let kind = match link.kind() {
                None if !self.descends && epoch.is_multiple_of(2) => Some(LinkKind::Prepare),
                kind => kind,
            };
            let descends = self.is_below(source.1, target) || !self.descends;
            kind.is_some_and(|kind| kind == LinkKind::Commit || descends)
        };
        all.filter(may).collect()
    }

    /// Whether two conflicting blocks can become final.
    fn breaks(&self) -> bool {
        let set = voters(self.voters);
        let honest = usize::from(self.voters) - self.liars;
        let needed = set.quorum().saturating_sub(self.liars);
        let root = BTreeSet::from([(0, 0)]);
        let start = Reached { locks: vec![0; honest], justified: root, committed: BTreeSet::new() };
        let mut all = BTreeSet::from([start]);
        for epoch in 1..=self.last_epoch {
            let mut next = BTreeSet::new();
            for reached in &all {
                let links = self.links(&set, reached, epoch);
                self.vote(reached, &links, (epoch, needed), &mut vec![None; honest], &mut next);
            }
            let conflict =
                |one: usize, other: usize| !self.is_below(one, other) && !self.is_below(other, one);
            let breaks = |reached: &Reached| {
                let blocks = &reached.committed;
                blocks.iter().any(|one| blocks.iter().any(|other| conflict(*one, *other)))
            };
            if next.iter().any(breaks) {
                return true;
            }
            all = next;
        }
        false
    }

    /// All ways in which some of these links get a quorum; `voted` are the sources of those who have voted in this epoch.
    fn vote(
        &self,
        reached: &Reached,
        links: &[((u64, usize), usize)],
        (epoch, needed): (u64, usize),
        voted: &mut Vec<Option<u64>>,
        next: &mut BTreeSet<Reached>,
    ) {
        let Some(((source, target), rest)) = links.split_first() else {
            let mut reached = reached.clone();
            for (lock, source) in reached.locks.iter_mut().zip(&*voted) {
                *lock = source.map_or(*lock, |source| source.max(*lock));
            }
            reached.locks.sort_unstable();
            next.insert(reached);
            return;
        };
        self.vote(reached, rest, (epoch, needed), voted, next);
        let may = |at: &usize| voted[*at].is_none() && (!self.keeps_lock || reached.locks[*at] <= source.0);
        let able: Vec<_> = (0..voted.len()).filter(may).collect();
        for group in subsets(&able, needed) {
            let mut with = reached.clone();
            with.justified.insert((epoch, *target));
            if !epoch.is_multiple_of(2) {
                with.committed.insert(*target);
            }
            group.iter().for_each(|at| voted[*at] = Some(source.0));
            self.vote(&with, rest, (epoch, needed), voted, next);
            group.iter().for_each(|at| voted[*at] = None);
        }
    }
}

/// All subsets of this size.
fn subsets(all: &[usize], size: usize) -> Vec<Vec<usize>> {
    let Some((first, rest)) = all.split_first().filter(|_| size > 0) else {
        return if size == 0 { vec![vec![]] } else { vec![] };
    };
    let with = subsets(rest, size - 1).into_iter().map(|mut set| {
        set.push(*first);
        set
    });
    with.chain(subsets(rest, size)).collect()
}

#[test]
fn no_two_histories_are_final_with_fewer_liars_than_the_table_says() {
    for (voters, parents) in [(1, TWO_LONG), (2, TWO_LONG), (3, TWO_LONG), (4, TWO_LONG), (5, LONG_FORK)] {
        let tolerated = super::voters(voters).guilty() - 1;
        assert!(!Bounds::of(voters, tolerated, 8, parents).breaks(), "{voters} voters");
    }
}

#[test]
fn one_liar_more_is_enough() {
    for voters in [2, 3, 4, 5] {
        let guilty = super::voters(voters).guilty();
        assert!(Bounds::of(voters, guilty, 7, FORK).breaks(), "{voters} voters");
    }
}

#[test]
fn each_rule_is_needed() {
    let of = |liars| Bounds::of(4, liars, 7, LONG_FORK);
    assert!(Bounds { keeps_lock: false, ..of(1) }.breaks(), "one liar, and voters who forget their lock");
    assert!(
        Bounds { descends: false, ..of(0) }.breaks(),
        "nobody lies, and a target may stand beside its source"
    );
}
