//! A disk in memory, which fails when it is told to.

use crate::ledger::{Change, Disk, Genesis, StateError, World};

/// A disk in memory.
#[derive(Debug)]
pub struct Memory {
    pub world: World,
    pub commits: usize,
    /// The next commits fail.
    pub fails: bool,
}

impl Memory {
    pub fn new(genesis: &Genesis) -> Self {
        Self { world: World::new(genesis), commits: 0, fails: false }
    }
}

impl Disk for Memory {
    type View = World;
    type Error = StateError;

    fn view(&self) -> Result<World, StateError> {
        Ok(self.world.clone())
    }

    fn commit(&mut self, change: &Change) -> Result<(), StateError> {
        if self.fails {
            return Err(StateError("the disk fails".into()));
        }
        self.commits += 1;
        self.world.apply(change);
        Ok(())
    }
}
