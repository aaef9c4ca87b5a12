//! A contract's memory on this node.

use wasmi::ResourceLimiter;
use wasmi::errors::{MemoryError, TableError};
use wasmi_core::LimiterError;

use super::super::super::StateError;

/// Notes that this node has no memory left. A contract must not see that: another node has some.
#[derive(Debug, Default)]
pub(super) struct Room {
    is_exhausted: bool,
}

impl Room {
    pub(super) fn check(&self) -> Result<(), StateError> {
        match self.is_exhausted {
            true => Err(StateError("this machine has no memory left for a contract; give it more".into())),
            false => Ok(()),
        }
    }
}

impl ResourceLimiter for Room {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, LimiterError> {
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, LimiterError> {
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: &MemoryError) -> Result<(), LimiterError> {
        if matches!(error, MemoryError::OutOfSystemMemory) {
            self.is_exhausted = true;
            return Err(LimiterError::ResourceLimiterDeniedAllocation);
        }
        Ok(())
    }

    fn table_grow_failed(&mut self, error: &TableError) -> Result<(), LimiterError> {
        if matches!(error, TableError::OutOfSystemMemory) {
            self.is_exhausted = true;
            return Err(LimiterError::ResourceLimiterDeniedAllocation);
        }
        Ok(())
    }

    // The gate lets through one of each.
    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}
