//! A node's disk. What was committed survives a crash. A commit can fail, before or after it is durable, and ends the node.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::contract::Results;
use bouya_core::ledger::{
    Account, Body, Certificate, Change, Disk, Genesis, HeaderRecord, Key, StateError, Undo, View, World,
    read_supply,
};
use bouya_core::overlay::Book;

/// How the next commit ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It succeeds.
    #[default]
    Fine,
    /// It fails, and nothing of it is stored.
    Lost,
    /// It fails, and all of it is stored: the machine died after the commit and before anybody heard of it.
    Kept,
}

/// The node ends with this.
#[derive(Debug)]
pub(crate) enum DiskError {
    /// A fault of the scenario.
    Failed,
    /// A mistake in the simulator or in the core.
    State(StateError),
}

impl From<StateError> for DiskError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// Sums over all rows of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Equal for equal rows.
    pub(crate) digest: u64,
    /// The sum of all balances.
    pub(crate) coins: u128,
    /// The supply that the world states.
    pub(crate) supply: u64,
}

impl Totals {
    fn of(world: &World) -> Self {
        let mut totals = Self::default();
        world.rows().iter().for_each(|(key, row)| totals.add(key, row));
        totals
    }

    /// The digest is the sum of these, so rows may come and go in any order.
    fn hash(key: &Key, row: &[u8]) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for chunk in bouya_core::codec::encode(key).chunks(8).chain(row.chunks(8)) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
        }
        hash
    }

    fn coins(key: &Key, row: &[u8]) -> u128 {
        let Key::Account(_) = key else { return 0 };
        Account::from_row(Some(row.to_vec())).map_or(0, |account| account.balance.into())
    }

    fn add(&mut self, key: &Key, row: &[u8]) {
        self.digest = self.digest.wrapping_add(Self::hash(key, row));
        self.coins += Self::coins(key, row);
        if *key == Key::Supply {
            self.supply = read_supply(Some(row.to_vec())).unwrap_or_default();
        }
    }

    fn remove(&mut self, key: &Key, row: &[u8]) {
        self.digest = self.digest.wrapping_sub(Self::hash(key, row));
        self.coins -= Self::coins(key, row);
    }

    /// Follows a change that does not replace all rows.
    fn change(&mut self, world: &World, change: &Change) {
        for (key, row) in &change.rows {
            if let Some(before) = world.rows().get(key) {
                self.remove(key, before);
            }
            if let Some(row) = row {
                self.add(key, row);
            }
        }
    }
}

/// Shared with the ledger, so that it outlives the running node.
#[derive(Clone)]
pub(crate) struct SimDisk {
    world: Rc<RefCell<Rc<World>>>,
    totals: Rc<Cell<Totals>>,
    fate: Rc<Cell<Fate>>,
    book: Rc<RefCell<Book>>,
}

impl SimDisk {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        let world = World::new(genesis);
        let totals = Rc::new(Cell::new(Totals::of(&world)));
        let world = Rc::new(RefCell::new(Rc::new(world)));
        Self { world, totals, fate: Rc::default(), book: Rc::default() }
    }

    pub(crate) fn world(&self) -> Rc<World> {
        self.world.borrow().clone()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals.get()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot(self.world())
    }

    pub(crate) fn set_fate(&self, fate: Fate) {
        self.fate.set(fate);
    }

    pub(crate) fn book(&self) -> Book {
        self.book.borrow().clone()
    }

    pub(crate) fn keep(&self, book: Book) {
        self.book.replace(book);
    }

    /// As if its folder had been removed.
    pub(crate) fn wipe(&self, genesis: &Genesis) {
        self.restore(Rc::new(World::new(genesis)));
        self.book.replace(Book::default());
    }

    /// As if its folder had been brought back from a backup.
    pub(crate) fn restore(&self, world: Rc<World>) {
        self.totals.set(Totals::of(&world));
        self.world.replace(world);
    }
}

impl Disk for SimDisk {
    type View = Snapshot;
    type Error = DiskError;

    fn view(&self) -> Result<Snapshot, DiskError> {
        Ok(Snapshot(self.world()))
    }

    fn commit(&mut self, change: &Change) -> Result<(), DiskError> {
        let fate = self.fate.take();
        if fate != Fate::Lost {
            let mut world = self.world.borrow_mut();
            let mut totals = self.totals.get();
            totals.change(&world, change);
            Rc::make_mut(&mut world).apply(change);
            self.totals.set(if change.replace_rows { Totals::of(&world) } else { totals });
        }
        if fate == Fate::Fine { Ok(()) } else { Err(DiskError::Failed) }
    }
}

/// The world as it was when this was taken.
#[derive(Debug)]
pub(crate) struct Snapshot(pub Rc<World>);

impl View for Snapshot {
    fn row(&self, key: &Key) -> Result<Option<Vec<u8>>, StateError> {
        self.0.row(key)
    }

    fn record(&self, id: &Hash) -> Result<Option<HeaderRecord>, StateError> {
        self.0.record(id)
    }

    fn at_height(&self, height: u64) -> Result<Option<Hash>, StateError> {
        self.0.at_height(height)
    }

    fn lowest(&self) -> Result<u64, StateError> {
        self.0.lowest()
    }

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        self.0.body(id)
    }

    fn results(&self, id: &Hash) -> Result<Option<Results>, StateError> {
        self.0.results(id)
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        self.0.undo(id)
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        self.0.history_node(height, index)
    }

    fn tip(&self) -> Result<(u64, Hash), StateError> {
        self.0.tip()
    }

    fn side_blocks(&self) -> Result<Vec<Hash>, StateError> {
        self.0.side_blocks()
    }

    fn finalized(&self) -> Result<Option<Certificate>, StateError> {
        self.0.finalized()
    }

    fn handover(&self, base: &Hash) -> Result<Option<Certificate>, StateError> {
        self.0.handover(base)
    }

    fn handed_over(&self, set: &Hash) -> Result<Option<Hash>, StateError> {
        self.0.handed_over(set)
    }
}
