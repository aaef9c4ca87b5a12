//! A node's disk: what is synced survives a crash, and a commit can be the last thing that a node does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Body, Change, Disk, Genesis, HeaderRecord, Key, StateError, Undo, View, World};
use bouya_core::overlay::Book;

/// What the next commit will come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It becomes durable.
    #[default]
    Fine,
    /// It fails, and nothing of it is there afterwards.
    Lost,
    /// It fails, and all of it is there afterwards: the machine died after the sync and before anybody heard.
    Kept,
}

/// The node ends here.
#[derive(Debug)]
pub(crate) enum DiskError {
    /// The commit's fate.
    Failed,
    /// A fault of the model or of the core: never expected.
    State(StateError),
}

impl From<StateError> for DiskError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// Shared with the ledger, so that it outlives the node.
#[derive(Clone)]
pub(crate) struct SimDisk {
    world: Rc<RefCell<Rc<World>>>,
    fate: Rc<Cell<Fate>>,
    book: Rc<RefCell<Book>>,
}

impl SimDisk {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        let world = Rc::new(RefCell::new(Rc::new(World::new(genesis))));
        Self { world, fate: Rc::default(), book: Rc::default() }
    }

    pub(crate) fn world(&self) -> Rc<World> {
        self.world.borrow().clone()
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

    /// As if the folder had been removed.
    pub(crate) fn wipe(&self, genesis: &Genesis) {
        self.world.replace(Rc::new(World::new(genesis)));
        self.book.replace(Book::default());
    }
}

impl Disk for SimDisk {
    type View<'a> = Snapshot;
    type Error = DiskError;

    fn view(&self) -> Result<Snapshot, DiskError> {
        Ok(Snapshot(self.world()))
    }

    fn commit(&mut self, change: &Change) -> Result<(), DiskError> {
        let fate = self.fate.take();
        if fate != Fate::Lost {
            Rc::make_mut(&mut self.world.borrow_mut()).apply(change);
        }
        if fate == Fate::Fine { Ok(()) } else { Err(DiskError::Failed) }
    }
}

/// The world as it was.
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

    fn body(&self, id: &Hash) -> Result<Option<Body>, StateError> {
        self.0.body(id)
    }

    fn undo(&self, id: &Hash) -> Result<Option<Undo>, StateError> {
        self.0.undo(id)
    }

    fn history_node(&self, height: u8, index: u64) -> Result<Option<Hash>, StateError> {
        self.0.history_node(height, index)
    }
}
