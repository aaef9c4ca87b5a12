//! One run of a contract: what it sees of the state, and what it would change. Nothing is written before it has ended well.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::state::Layer;
use super::super::{Account, Address, Key, Output, Roster, StateError, agreement};
use super::host::{Failure, Host, Stands, Stop};
use super::rows::{Contract, SlotKey, SlotValue};
use super::{Done, Event};
use crate::codec::{Bounded, Text};
use crate::crypto::Hash;
use crate::limits::{CONTRACT_EVENTS, CONTRACT_HELD, CONTRACT_PAYMENTS, DEPLOYER_HELD};
use crate::time::Timestamp;

/// Who asks for what, and when.
pub(super) struct Asked<'a> {
    pub(super) me: Address,
    /// None of a view, which may change nothing.
    pub(super) caller: Option<Address>,
    pub(super) input: &'a [u8],
    pub(super) value: u64,
    pub(super) height: u64,
    pub(super) time: Timestamp,
}

/// A run under way.
pub(super) struct Session<'a, 'l> {
    layer: &'a Layer<'l>,
    asked: Asked<'a>,
    contract: Contract,
    /// Bytes that all contracts of the deployer hold; read when it is first needed.
    deployer: Option<u64>,
    slots: BTreeMap<SlotKey, SlotValue>,
    paid: u64,
    done: Done,
    payments: Vec<Output>,
    events: Vec<Event>,
}

impl<'a, 'l> Session<'a, 'l> {
    pub(super) fn new(layer: &'a Layer<'l>, contract: Contract, asked: Asked<'a>) -> Self {
        Self {
            layer,
            asked,
            contract,
            deployer: None,
            slots: BTreeMap::new(),
            paid: 0,
            done: Done::default(),
            payments: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The same, where the deployer's contracts are known to hold so much.
    pub(super) fn with_deployer(self, held: u64) -> Self {
        Self { deployer: Some(held), ..self }
    }

    /// What it would change.
    pub(super) fn into_changes(self) -> Changes {
        let Self { contract, deployer, slots, mut done, payments, events, .. } = self;
        done.payments = Bounded::truncated(payments);
        done.events = Bounded::truncated(events);
        Changes { contract, deployer, slots, done }
    }

    fn may_change(&self) -> Result<(), Stop> {
        if self.asked.caller.is_some() { Ok(()) } else { Err(Failure::View.into()) }
    }

    fn slot(&self, key: &SlotKey) -> Result<SlotValue, StateError> {
        match self.slots.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.layer.read(&Key::Slot { contract: self.asked.me, key: key.clone() }),
        }
    }

    fn write(&mut self, key: SlotKey, value: SlotValue) -> Result<(), Stop> {
        self.may_change()?;
        let bytes = |value: &SlotValue| {
            let bytes = value.as_ref().map_or(0, |value| key.len().saturating_add(value.len()));
            u64::try_from(bytes).unwrap_or(u64::MAX)
        };
        let (before, after) = (bytes(&self.slot(&key)?), bytes(&value));
        let deployer = match self.deployer {
            Some(held) => held,
            None => self.layer.read(&Key::Deployer(self.contract.deployer))?,
        };
        let held = self.contract.held.saturating_sub(before).saturating_add(after);
        let all = deployer.saturating_sub(before).saturating_add(after);
        // What is held already may stay, and shrink.
        if held > CONTRACT_HELD && after > before {
            return Err(Failure::Held(held).into());
        }
        if all > DEPLOYER_HELD && after > before {
            return Err(Failure::DeployerHeld(all).into());
        }
        (self.contract.held, self.deployer) = (held, Some(all));
        self.slots.insert(key, value);
        Ok(())
    }
}

/// What a run that ended well changes.
pub(super) struct Changes {
    pub(super) contract: Contract,
    pub(super) deployer: Option<u64>,
    pub(super) slots: BTreeMap<SlotKey, SlotValue>,
    pub(super) done: Done,
}

fn key(bytes: &[u8]) -> Result<SlotKey, Stop> {
    bytes.to_vec().try_into().map_err(|_| Failure::Key(bytes.len()).into())
}

impl Host for Session<'_, '_> {
    fn input(&self) -> &[u8] {
        self.asked.input
    }

    fn output(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        let len = bytes.len();
        self.done.output = bytes.try_into().map_err(|_| Failure::Output(len))?;
        Ok(())
    }

    fn get(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        Ok(self.slot(&key(bytes)?)?.map(Bounded::into_inner))
    }

    fn set(&mut self, bytes: &[u8], value: Vec<u8>) -> Result<(), Stop> {
        let len = value.len();
        let value = value.try_into().map_err(|_| Failure::Value(len))?;
        self.write(key(bytes)?, Some(value))
    }

    fn remove(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.write(key(bytes)?, None)
    }

    fn caller(&self) -> Result<Address, Stop> {
        self.asked.caller.ok_or_else(|| Failure::View.into())
    }

    fn me(&self) -> Address {
        self.asked.me
    }

    fn value(&self) -> u64 {
        self.asked.value
    }

    fn balance(&mut self) -> Result<u64, Stop> {
        let account: Account = self.layer.read(&Key::Account(self.asked.me))?;
        // Cannot overflow: the value was the caller's, and all balances together are the supply.
        Ok(account.balance.saturating_add(self.asked.value).saturating_sub(self.paid))
    }

    fn pay(&mut self, to: Address, amount: u64) -> Result<bool, Stop> {
        self.may_change()?;
        if amount > self.balance()? {
            return Ok(false);
        }
        // Nothing is nothing: it leaves no trace and costs no place.
        if amount > 0 {
            if self.payments.len() >= CONTRACT_PAYMENTS {
                return Err(Failure::Payments.into());
            }
            self.paid = self.paid.saturating_add(amount);
            self.payments.push(Output { to, amount });
        }
        Ok(true)
    }

    fn height(&self) -> u64 {
        self.asked.height
    }

    fn time(&self) -> Timestamp {
        self.asked.time
    }

    fn event(&mut self, topic: &[u8], data: Vec<u8>) -> Result<(), Stop> {
        self.may_change()?;
        let text = String::from_utf8(topic.to_vec()).ok().and_then(|text| Text::try_from(text).ok());
        let topic = text.filter(|text| !text.as_str().is_empty()).ok_or(Failure::Topic)?;
        let len = data.len();
        let data = data.try_into().map_err(|_| Failure::Event(len))?;
        if self.events.len() >= CONTRACT_EVENTS {
            return Err(Failure::Events.into());
        }
        self.events.push(Event { topic, data });
        Ok(())
    }

    fn member(&mut self, address: &Address) -> Result<bool, Stop> {
        let roster: Roster = self.layer.read(&Key::Roster)?;
        Ok(roster.is_governor(address))
    }

    fn parties(&mut self, id: &Hash) -> Result<usize, Stop> {
        Ok(agreement::parties(self.layer, id)?)
    }

    fn agreement(&mut self, id: &Hash) -> Result<Stands, Stop> {
        Ok(agreement::stands(self.layer, id, self.asked.time)?)
    }
}
