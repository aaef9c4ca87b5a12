use alloc::vec::Vec;

use super::*;
use crate::codec::Text;
use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::ledger::{ActionError, Member, Roster, TransactionError};
use crate::testing::{address, governor, key, member, text};

use town::{DAY, Town};

mod blocks;
mod ended;
mod form;
mod handover;
mod keys;
mod motions;
mod pending;
mod thresholds;
mod town;
