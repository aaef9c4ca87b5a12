use std::collections::BTreeMap;

use bouya_core::ledger::{Block, Branch, Chain, Disk, Origin, Plan, Transaction, View, World, check_inline};
use bouya_core::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::chain::ChainError;
use bouya_core::testing::{address, block_on, give, network, pay, settle};

mod crash;
mod disk;
mod history;
mod leaves;

/// A store and, beside it, a world in memory.
struct Both {
    store: Store,
    world: World,
}

impl Disk for Both {
    type View = Snapshot;
    type Error = ChainError;

    fn view(&self) -> Result<Snapshot, ChainError> {
        self.store.view()
    }

    fn commit(&mut self, change: &Change) -> Result<(), ChainError> {
        self.world.apply(change);
        Disk::commit(&mut self.store, change)
    }
}

/// A chain over both.
struct Twin {
    disk: Both,
    chain: Chain,
}

impl Twin {
    fn open(dir: &Path) -> Self {
        let genesis = network("test", 1_000_000);
        let store = Store::open(dir, genesis.clone()).unwrap();
        let chain = Chain::load(genesis.clone(), &store.view().unwrap()).unwrap();
        Self { disk: Both { store, world: World::new(&genesis) }, chain }
    }

    fn give(&mut self, block: &Arc<Block>) {
        give(&mut self.chain, &mut self.disk, Timestamp(u64::MAX / 2), block, Origin::Synced).unwrap();
        assert!(settle(&mut self.chain, &mut self.disk).1.is_empty());
    }

    fn mine(&mut self, transactions: Vec<Transaction>) -> Branch {
        let parent = self.chain.tip().clone();
        self.give(&block_on(self.chain.genesis(), &parent, 1_000, transactions, 9));
        parent
    }

    fn assert_equal(&self) {
        let snapshot = self.disk.store.reader().snapshot().unwrap();
        assert_eq!(View::tip(&snapshot), self.disk.world.tip());
        let rows: BTreeMap<Vec<u8>, Vec<u8>> =
            self.disk.world.rows().iter().map(|(key, row)| (encode(key), row.clone())).collect();
        assert_eq!(snapshot.rows().unwrap().map(Result::unwrap).collect::<BTreeMap<_, _>>(), rows);
        for height in 0..=self.chain.tip().height {
            let id = self.disk.world.at_height(height).unwrap().unwrap();
            assert_eq!(snapshot.at_height(height).unwrap(), Some(id));
            assert_eq!(snapshot.record(&id), self.disk.world.record(&id));
            assert_eq!(snapshot.body(&id), self.disk.world.body(&id));
            assert_eq!(snapshot.undo(&id), self.disk.world.undo(&id));
        }
        assert_eq!(snapshot.at_height(self.chain.tip().height + 1).unwrap(), None);
        let side = snapshot.side_blocks().unwrap();
        assert_eq!(side, self.disk.world.side_blocks().unwrap());
        assert_eq!(side.len(), self.chain.side_blocks().0);
        for id in &side {
            assert_eq!(snapshot.record(id), self.disk.world.record(id));
            assert_eq!(snapshot.body(id), self.disk.world.body(id));
        }
        assert_eq!(snapshot.ids().unwrap().count() as u64, self.chain.tip().height + 1 + side.len() as u64);
    }
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    let payment = pay(&network("test", 1_000_000), 1, 0, 2, 500, 1_000);
    twin.mine(vec![payment.clone()]);
    twin.mine(vec![]);
    twin.assert_equal();
    let tip = twin.chain.tip().clone();
    drop(twin);
    let twin = Twin::open(dir.path());
    assert_eq!(*twin.chain.tip(), tip);
    let snapshot = twin.disk.store.reader().snapshot().unwrap();
    let found = snapshot.transaction(&payment.id()).unwrap().unwrap();
    assert_eq!((found.header.height, found.transaction), (1, payment));
    assert_eq!(snapshot.movements(&address(2), (u64::MAX, 0), 9).unwrap(), [(1, 1)]);
    assert_eq!(snapshot.movements(&address(9), (u64::MAX, 0), 9).unwrap(), [(2, 0), (1, 0)]);
    assert_eq!(snapshot.account_at(&address(2), 0, || true).unwrap().unwrap().balance, 1_000_000);
    assert_eq!(snapshot.account_at(&address(2), 1, || true).unwrap().unwrap().balance, 1_000_500);
    assert!(snapshot.account_at(&address(2), 0, || false).unwrap().is_none());
}

#[test]
fn index_rows_of_a_lost_branch_are_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    let genesis = network("test", 1_000_000);
    let payment = pay(&genesis, 1, 0, 2, 500, 1_000);
    let fork = twin.mine(vec![payment.clone()]);
    let first = block_on(&genesis, &fork, 1_000, vec![], 8);
    let mut branch = fork;
    branch.push(&genesis.rules, &first.header, None);
    twin.give(&first);
    twin.give(&block_on(&genesis, &branch, 1_000, vec![], 8));
    twin.assert_equal();
    let snapshot = twin.disk.store.reader().snapshot().unwrap();
    assert!(snapshot.transaction(&payment.id()).unwrap().is_none());
    assert_eq!(snapshot.side_blocks().unwrap().len(), 1);
}

#[test]
fn what_does_not_belong_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), network("test", 1_000_000)).unwrap();
    let error = |genesis| Store::open(dir.path(), genesis).map(|_| ()).unwrap_err();
    assert!(matches!(error(network("test", 1_000_000)), StoreError::Locked { .. }));
    drop(store);
    assert!(matches!(error(network("other", 1_000_000)), StoreError::Network { .. }));
    let store = Store::open(dir.path(), network("test", 1_000_000)).unwrap();
    let tx = store.write().unwrap();
    tx.open_table(META).unwrap().insert("format", 9_u32.to_le_bytes().as_slice()).unwrap();
    tx.commit().unwrap();
    drop(store);
    assert!(matches!(error(network("test", 1_000_000)), StoreError::Format { found: 9, .. }));
}

#[test]
fn a_cut_off_file_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    for _ in 0..3 {
        twin.mine(vec![]);
    }
    drop(twin);
    let whole = std::fs::read(dir.path().join(FILE)).unwrap();
    for length in [0, 1, 100, 4_096, whole.len() / 3, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Store::open(dir.path(), network("test", 1_000_000)).map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{length}: {error}");
        assert!(error.to_string().contains("chain.redb is damaged"), "{error}");
        assert!(error.to_string().contains("bouya verify --repair"), "{error}");
        assert_eq!(
            std::fs::read(&path).unwrap().len(),
            length,
            "what may be mended by hand is not thrown away"
        );
    }
}

/// A chain of two blocks with one block beside the last one.
fn forked(dir: &Path) -> (Twin, Hash) {
    let mut twin = Twin::open(dir);
    let genesis = network("test", 1_000_000);
    let fork = twin.mine(vec![]);
    twin.mine(vec![]);
    let beside = block_on(&genesis, &fork, 1_000, vec![], 8);
    twin.give(&beside);
    let tip = twin.chain.tip().id;
    assert_ne!(tip, beside.id());
    (twin, beside.id())
}

#[test]
fn a_block_that_is_cleaned_away_is_gone_with_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let (mut twin, beside) = forked(dir.path());
    twin.assert_equal();
    let change = Change { removed: vec![beside], ..Change::default() };
    twin.disk.store.commit(&change).unwrap();
    twin.disk.world.apply(&change);
    let Both { store, world } = twin.disk;
    drop(store);
    twin = Twin::open(dir.path());
    twin.disk.world = world;
    assert_eq!(twin.chain.side_blocks(), (0, 0));
    twin.assert_equal();
    let tables = twin.disk.store.write().unwrap();
    for table in [HEADERS, BODIES] {
        assert!(tables.open_table(table).unwrap().get(beside.0).unwrap().is_none(), "its room is free");
    }
}

/// How large the file gets; see the figures in the operator's guide.
#[test]
#[ignore = "writes a gigabyte"]
fn a_flood_of_side_blocks_fills_the_disk_up_to_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    let genesis = network("test", 1_000_000);
    let fork = twin.chain.tip().clone();
    twin.mine(vec![]);
    twin.mine(vec![]);
    let one = pay(&genesis, 1, 0, 2, 5, 1_000);
    let mut largest = 0;
    for number in 0..500 {
        let mut junk = (*block_on(&genesis, &fork, 1_000, vec![], 8)).clone();
        junk.body.transactions = bouya_core::codec::Bounded::truncated(vec![one.clone(); 11_000]);
        junk.header.body = junk.body.root(1);
        junk.header.time.0 += number;
        junk.header.difficulty = fork.next_difficulty(&genesis.rules);
        junk.header.seal(&genesis.id(), &bouya_core::testing::key(8));
        while !bouya_core::ledger::meets(&junk.id(), junk.header.difficulty) {
            junk.header.nonce += 1;
        }
        let snapshot = twin.disk.store.reader().snapshot().unwrap();
        let mut check = check_inline(genesis.id());
        let now = Timestamp(u64::MAX / 2);
        let plan = twin.chain.plan(&snapshot, &mut check, now, Arc::new(junk), Origin::Pushed).unwrap();
        drop(snapshot);
        let Plan::Ready(ready) = plan else { panic!("{plan:?}") };
        twin.disk.store.commit(ready.change()).unwrap();
        twin.chain.accept(ready);
        let size = std::fs::metadata(dir.path().join(FILE)).unwrap().len();
        largest = largest.max(size);
        if number % 50 == 49 {
            eprintln!("{number}: {:?} on the side, file {} MiB", twin.chain.side_blocks(), size >> 20);
        }
    }
    assert!(largest <= 2 * bouya_core::limits::SIDE_BYTES, "{largest}");
}

#[test]
fn a_folder_without_a_store_stays_so_unless_one_is_to_begin() {
    let dir = tempfile::tempdir().unwrap();
    let genesis = network("test", 1_000_000);
    let absent = dir.path().join("data");
    for dir in [dir.path(), &absent] {
        let error = Store::existing(dir, genesis.clone()).map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Absent { .. }), "{error}");
    }
    assert!(!absent.exists() && !dir.path().join(FILE).exists());
    drop(Store::open(dir.path(), genesis.clone()).unwrap());
    assert!(Store::existing(dir.path(), genesis).is_ok());
}

#[test]
fn small_things_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let reader = Store::open(dir.path(), network("test", 1_000_000)).unwrap().reader();
    assert_eq!(reader.kept("book").unwrap(), None);
    reader.keep("book", b"abc").unwrap();
    assert_eq!(reader.kept("book").unwrap().as_deref(), Some(b"abc".as_slice()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever tree of blocks comes, the file holds what memory holds.
    #[test]
    fn the_store_is_the_world(parents in prop::collection::vec(any::<prop::sample::Index>(), 1..12)) {
        let dir = tempfile::tempdir().unwrap();
        let mut twin = Twin::open(dir.path());
        let genesis = network("test", 1_000_000);
        let mut branches = vec![twin.chain.tip().clone()];
        for (number, parent) in parents.iter().enumerate() {
            let parent = branches[parent.index(branches.len())].clone();
            let block = block_on(&genesis, &parent, 1_000, vec![], 5 + (number % 5) as u8);
            let mut branch = parent;
            branch.push(&genesis.rules, &block.header, None);
            branches.push(branch);
            twin.give(&block);
            twin.assert_equal();
        }
    }
}

impl Store {
    /// Changes or removes the row number `n` (for blocks: at height `n`) of a table: what a failing disk may do.
    pub(crate) fn spoil_row(&self, table: &str, n: u64) {
        let tx = self.write().unwrap();
        let id = tx.open_table(HEIGHTS).unwrap().get(n).unwrap().map(|id| id.value());
        let flip = |mut row: Vec<u8>| {
            let last = row.len() - 1;
            row[last] ^= 1;
            row
        };
        match table {
            "bodies" | "headers" | "leaves" | "undo" => {
                let table = [("bodies", BODIES), ("headers", HEADERS), ("leaves", LEAVES), ("undo", UNDO)]
                    .into_iter()
                    .find(|(name, _)| *name == table)
                    .unwrap()
                    .1;
                let mut table = tx.open_table(table).unwrap();
                let row = flip(table.get(id.unwrap()).unwrap().unwrap().value().to_vec());
                table.insert(id.unwrap(), row.as_slice()).unwrap();
            }
            // Its end is for people.
            "results" => {
                let mut table = tx.open_table(RESULTS).unwrap();
                let mut row = table.get(id.unwrap()).unwrap().unwrap().value().to_vec();
                row[1] ^= 1;
                table.insert(id.unwrap(), row.as_slice()).unwrap();
            }
            "nodes" => drop(tx.open_table(NODES).unwrap().insert((0, n), [7; 32]).unwrap()),
            "state" => {
                let mut state = tx.open_table(STATE).unwrap();
                let (key, row) = {
                    let (key, row) = state.first().unwrap().unwrap();
                    (key.value().to_vec(), flip(row.value().to_vec()))
                };
                state.insert(key.as_slice(), row.as_slice()).unwrap();
            }
            "transactions" => {
                let block = self.reader().snapshot().unwrap().block_at(n).unwrap().unwrap();
                forget(&tx, self.marker.transaction(&block.body.transactions[0].id()).at(n, 0));
            }
            "movements" => {
                let block = self.reader().snapshot().unwrap().block_at(n).unwrap().unwrap();
                forget(&tx, self.marker.address(&block.body.reward.to).at(n, 0));
            }
            _ => panic!("no table {table}"),
        }
        tx.commit().unwrap();
        self.recent.forget();
    }
}

/// Takes a place out of the index.
fn forget(tx: &WriteTransaction, place: index::Entry) {
    let mut chunks = tx.open_table(CHUNKS).unwrap();
    let all: Vec<_> = chunks
        .iter()
        .unwrap()
        .map(|row| row.unwrap())
        .map(|(k, v)| (k.value(), v.value().to_vec()))
        .collect();
    for (key, chunk) in all {
        let at = chunk[1..].chunks(place.len()).position(|entry| entry == place);
        if let Some(at) = at.map(|at| 1 + at * place.len()) {
            let rest = [&chunk[..at], &chunk[at + place.len()..]].concat();
            chunks.insert(key, rest.as_slice()).unwrap();
        }
    }
}

#[test]
fn marks_are_the_stores_own_and_apart_by_kind() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let stores = dirs.each_ref().map(|dir| Twin::open(dir.path()).disk.store);
    let id = Hash([7; 32]);
    let mark = |store: &Store| store.marker.transaction(&id).at(0, 0);
    assert_ne!(mark(&stores[0]), mark(&stores[1]), "another store's blocks are no help");
    let marker = stores[0].marker;
    let list = List::RecordsWith(id);
    assert_ne!(marker.transaction(&id).at(0, 0), marker.list(&list).at(0, 0));
    drop(stores);
    assert_eq!(
        Twin::open(dirs[0].path()).disk.store.marker.transaction(&id).at(0, 0),
        marker.transaction(&id).at(0, 0)
    );
}

#[test]
fn blocks_that_lose_leave_nothing_in_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let mut twin = Twin::open(dir.path());
    let genesis = network("test", 1_000_000);
    let entries = |twin: &Twin| {
        let table = twin.disk.store.db.get().unwrap().begin_read().unwrap().open_table(RUNS).unwrap();
        table.iter().unwrap().map(|row| row.unwrap().1.value()).sum::<u64>()
    };
    let fork = twin.chain.tip().clone();
    let make = |seed: u64| {
        let paid = (0..50).map(|nonce| pay(&genesis, 3, nonce, 2, 500, 1_000 + seed)).collect();
        block_on(&genesis, &fork, 1_000, paid, 8)
    };
    let mut siblings: Vec<_> = (1..=20).map(make).collect();
    // Each has a smaller id than the one before, so each wins.
    siblings.sort_by_key(|block| std::cmp::Reverse(block.id()));
    let before = entries(&twin);
    let mut after = 0;
    for (number, block) in siblings.iter().enumerate() {
        twin.give(block);
        assert_eq!(twin.chain.tip().id, block.id());
        match number {
            0 => after = entries(&twin),
            _ => assert_eq!(entries(&twin), after, "rows of a block that lost stay"),
        }
    }
    assert!(after > before);
}
