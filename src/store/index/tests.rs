use proptest::prelude::*;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase};

use super::*;

fn database() -> Database {
    let db = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
    commit(&db, vec![]);
    db
}

fn commit(db: &Database, new: Vec<Entry>) {
    let tx = db.begin_write().unwrap();
    tx.open_table(CHUNKS).unwrap();
    tx.open_table(RUNS).unwrap();
    if !new.is_empty() {
        add(&tx, new).unwrap();
    }
    tx.commit().unwrap();
}

fn places(db: &Database) -> Index {
    Index::new(&db.begin_read().unwrap(), Marker::new([7; 32])).unwrap()
}

/// Few enough that runs have them in common.
fn mark(number: u8) -> Mark {
    Mark([number; 8])
}

/// How many each run has; checks what holds of all.
fn runs(db: &Database) -> Vec<u64> {
    let places = places(db);
    let mut counts = Vec::new();
    for (expected, run) in (0..).zip(places.runs.iter().unwrap()) {
        let (number, count) = run.unwrap();
        assert_eq!(number.value(), expected, "a gap");
        let mut all: Vec<Entry> = Vec::new();
        for chunk in places.chunks.range((expected, LOWEST)..=(expected, HIGHEST)).unwrap() {
            let (key, chunk) = chunk.unwrap();
            let here = entries(chunk.value()).unwrap();
            assert_eq!(key.value().1, here[0]);
            assert!(here.len() <= INDEX_CHUNK);
            all.extend(here);
        }
        assert!(all.is_sorted_by(|left, right| left < right));
        assert_eq!(all.len() as u64, count.value());
        counts.push(count.value());
    }
    let chunks = places.chunks.iter().unwrap().map(|chunk| chunk.unwrap().0.value().0);
    assert!(chunks.max().is_none_or(|run| (run as usize) < counts.len()), "a chunk of no run");
    counts
}

#[test]
fn runs_are_few_and_hold_everything_once() {
    let db = database();
    for height in 0..600_u64 {
        let new = (0..9).map(|place| mark((height % 7) as u8).at(height, place)).collect();
        commit(&db, new);
        let counts = runs(&db);
        assert_eq!(counts.iter().sum::<u64>(), 9 * (height + 1));
        assert!(counts.windows(2).all(|pair| pair[0] > pair[1]), "{counts:?}");
        // Like the digits of a binary number: each place has been written anew log2 times.
        assert_eq!(counts.len(), (height + 1).count_ones() as usize, "{counts:?}");
    }
}

#[test]
fn a_run_that_is_large_enough_stays_as_it_is() {
    let db = database();
    let half = |from| (from..from + INDEX_RUN / 2).map(|height| mark(1).at(height, 0)).collect();
    for (number, counts) in [
        (0, vec![INDEX_RUN / 2]),
        (1, vec![INDEX_RUN]),
        (2, vec![INDEX_RUN, INDEX_RUN / 2]),
        (3, vec![INDEX_RUN; 2]),
    ] {
        commit(&db, half(number * INDEX_RUN / 2));
        assert_eq!(runs(&db), counts);
    }
    assert!(places(&db).contains(mark(1), 2 * INDEX_RUN - 1, 0).unwrap());
}

#[test]
fn a_chunk_and_its_key_fit_a_page() {
    let db = database();
    let all: Vec<Entry> = (0..100 * INDEX_CHUNK as u64).map(|height| mark(1).at(height, 0)).collect();
    commit(&db, all);
    let pages = db.begin_write().unwrap().stats().unwrap().leaf_pages();
    // Those of the other tables are few.
    assert!((100..110).contains(&pages), "{pages}");
}

fn entry() -> impl Strategy<Value = (u8, u64, u32)> {
    (0..4_u8, 0..40_u64, 0..4_u32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Like a set.
    #[test]
    fn what_was_removed_is_not_found(
        changes in prop::collection::vec((any::<bool>(), prop::collection::vec(entry(), 1..300)), 1..12),
    ) {
        let db = database();
        let mut all = BTreeSet::new();
        for (adds, change) in changes {
            let entries: Vec<Entry> =
                change.iter().map(|(of, height, place)| mark(*of).at(*height, *place)).collect();
            if adds {
                // As the store does: what is here is not added again.
                let new = change.iter().filter(|one| all.insert(**one));
                commit(&db, new.map(|(of, height, place)| mark(*of).at(*height, *place)).collect());
            } else {
                let tx = db.begin_write().unwrap();
                remove(&tx, entries).unwrap();
                tx.commit().unwrap();
                all.retain(|one| !change.contains(one));
            }
            runs(&db);
        }
        let places = places(&db);
        for of in 0..4 {
            let every = all.range((of, 0, 0)..=(of, u64::MAX, u32::MAX)).rev().map(|(_, height, place)| (*height, *place));
            prop_assert_eq!(places.below(mark(of), (u64::MAX, 0), usize::MAX).unwrap(), every.collect::<Vec<_>>());
        }
    }

    /// Like a set that keeps everything.
    #[test]
    fn what_was_added_is_found_newest_first(
        changes in prop::collection::vec(prop::collection::vec(entry(), 1..300), 1..12),
        looked in entry(),
        limit in 0..9_usize,
    ) {
        let db = database();
        let mut all = BTreeSet::new();
        for change in changes {
            commit(&db, change.iter().map(|(of, height, place)| mark(*of).at(*height, *place)).collect());
            all.extend(change);
        }
        runs(&db);
        let (of, height, place) = looked;
        let places = places(&db);
        let below = all.range((of, 0, 0)..looked).rev().map(|(_, height, place)| (*height, *place));
        let below: Vec<_> = below.take(limit).collect();
        prop_assert_eq!(places.below(mark(of), (height, place), limit).unwrap(), below);
        prop_assert_eq!(places.contains(mark(of), height, place).unwrap(), all.contains(&looked));
        let every = all.range((of, 0, 0)..=(of, u64::MAX, u32::MAX)).rev().map(|(_, height, place)| (*height, *place));
        prop_assert_eq!(places.below(mark(of), (u64::MAX, 0), usize::MAX).unwrap(), every.collect::<Vec<_>>());
    }
}
