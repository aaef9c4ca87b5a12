//! One call: a copy of the world's state that takes its place if the call ends well. It keeps a node's bounds in a node's words.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bouya_core::crypto::{self, PublicKey, Signature};
use bouya_core::ledger;
use bouya_core::ledger::contract::host::{Failure, Host, Stands, Stop};
use bouya_core::limits::{
    CONTRACT_EVENT, CONTRACT_EVENTS, CONTRACT_HELD, CONTRACT_KEY, CONTRACT_OUTPUT, CONTRACT_PAYMENTS,
    CONTRACT_TOPIC, CONTRACT_VALUE,
};
use bouya_core::time::Timestamp;

use crate::host::native;
use crate::{Address, Hash, Standing};

/// What transactions change, and what contracts see.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) coins: BTreeMap<Address, u64>,
    pub(super) rows: BTreeMap<(Address, Vec<u8>), Vec<u8>>,
    pub(super) members: BTreeSet<Address>,
    pub(super) agreements: BTreeMap<Hash, Standing>,
    pub(super) height: u64,
    pub(super) time: u64,
}

impl State {
    /// Moves coins, if `from` has them.
    pub(super) fn pay(&mut self, from: Address, to: Address, amount: u64) -> bool {
        let left = self.coins.get(&from).copied().unwrap_or(0).checked_sub(amount);
        let Some(left) = left else { return false };
        self.coins.insert(from, left);
        let coins = self.coins.entry(to).or_insert(0);
        *coins = coins.checked_add(amount).expect("a test's coins fit into a u64");
        true
    }
}

/// One call as it runs.
pub(super) struct Frame {
    pub(super) state: State,
    /// Nobody calls in a view.
    pub(super) caller: Option<Address>,
    pub(super) me: Address,
    pub(super) value: u64,
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    pub(super) events: Vec<(String, Vec<u8>)>,
    pub(super) payments: Vec<(Address, u64)>,
}

impl Frame {
    fn may_change(&self) -> Result<(), Failure> {
        if self.caller.is_some() { Ok(()) } else { Err(Failure::View) }
    }

    fn row(&self, key: &[u8]) -> Result<(Address, Vec<u8>), Failure> {
        if key.len() > CONTRACT_KEY { Err(Failure::Key(key.len())) } else { Ok((self.me, key.to_owned())) }
    }

    /// Bytes of the contract's keys and values.
    fn held(&self) -> u64 {
        let rows = self.state.rows.iter().filter(|((owner, _), _)| *owner == self.me);
        rows.map(|((_, key), value)| (key.len() + value.len()) as u64).sum()
    }
}

pub(super) fn sha256(bytes: &[u8]) -> Hash {
    Hash(crypto::sha256(bytes).0)
}

/// What the machine asks.
impl Host for Frame {
    fn input(&self) -> &[u8] {
        &self.input
    }

    fn output(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        if bytes.len() > CONTRACT_OUTPUT {
            return Err(Failure::Output(bytes.len()).into());
        }
        self.output = bytes;
        Ok(())
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        Ok(self.state.rows.get(&self.row(key)?).cloned())
    }

    fn set(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), Stop> {
        self.may_change()?;
        if value.len() > CONTRACT_VALUE {
            return Err(Failure::Value(value.len()).into());
        }
        let row = self.row(key)?;
        self.state.rows.insert(row, value);
        match self.held() {
            held if held > CONTRACT_HELD => Err(Failure::Held(held).into()),
            _ => Ok(()),
        }
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), Stop> {
        self.may_change()?;
        let row = self.row(key)?;
        self.state.rows.remove(&row);
        Ok(())
    }

    fn caller(&self) -> Result<ledger::Address, Stop> {
        let caller = self.caller.ok_or(Failure::View)?;
        Ok(ledger::Address::from_bytes(caller.0))
    }

    fn me(&self) -> ledger::Address {
        ledger::Address::from_bytes(self.me.0)
    }

    fn value(&self) -> u64 {
        self.value
    }

    fn balance(&mut self) -> Result<u64, Stop> {
        Ok(self.state.coins.get(&self.me).copied().unwrap_or(0))
    }

    fn pay(&mut self, to: ledger::Address, amount: u64) -> Result<bool, Stop> {
        self.may_change()?;
        let to = Address(to.to_bytes());
        let paid = self.state.pay(self.me, to, amount);
        // Nothing is nothing: it leaves no trace and costs no place.
        if paid && amount > 0 {
            if self.payments.len() >= CONTRACT_PAYMENTS {
                return Err(Failure::Payments.into());
            }
            self.payments.push((to, amount));
        }
        Ok(paid)
    }

    fn height(&self) -> u64 {
        self.state.height
    }

    fn time(&self) -> Timestamp {
        Timestamp(self.state.time)
    }

    fn event(&mut self, topic: &[u8], data: Vec<u8>) -> Result<(), Stop> {
        self.may_change()?;
        let text = str::from_utf8(topic).map_err(|_| Failure::Topic)?;
        if text.is_empty() || text.len() > CONTRACT_TOPIC || text.chars().any(char::is_control) {
            return Err(Failure::Topic.into());
        }
        if data.len() > CONTRACT_EVENT {
            return Err(Failure::Event(data.len()).into());
        }
        if self.events.len() >= CONTRACT_EVENTS {
            return Err(Failure::Events.into());
        }
        self.events.push((text.to_owned(), data));
        Ok(())
    }

    fn member(&mut self, address: &ledger::Address) -> Result<bool, Stop> {
        Ok(self.state.members.contains(&Address(address.to_bytes())))
    }

    fn parties(&mut self, _: &crypto::Hash) -> Result<usize, Stop> {
        Ok(1)
    }

    fn agreement(&mut self, id: &crypto::Hash) -> Result<Stands, Stop> {
        Ok(match self.state.agreements.get(&Hash(id.0)) {
            None | Some(Standing::Unknown) => Stands::Unknown,
            Some(Standing::Open) => Stands::Open,
            Some(Standing::Effective) => Stands::Effective,
            Some(Standing::Refused) => Stands::Refused,
            Some(Standing::Withdrawn) => Stands::Withdrawn,
            Some(Standing::Expired) => Stands::Expired,
        })
    }
}

fn said<T>(result: Result<T, Stop>) -> Result<T, String> {
    result.map_err(|stop| stop.to_string())
}

/// What a contract that runs natively asks: the same.
impl native::Host for Frame {
    fn input(&mut self) -> Result<Vec<u8>, String> {
        Ok(self.input.clone())
    }

    fn output(&mut self, bytes: &[u8]) -> Result<(), String> {
        said(Host::output(self, bytes.to_owned()))
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        said(Host::get(self, key))
    }

    fn has(&mut self, key: &[u8]) -> Result<bool, String> {
        Ok(said(Host::get(self, key))?.is_some())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        said(Host::set(self, key, value.to_owned()))
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), String> {
        said(Host::remove(self, key))
    }

    fn caller(&mut self) -> Result<Address, String> {
        Ok(Address(said(Host::caller(self))?.to_bytes()))
    }

    fn me(&mut self) -> Result<Address, String> {
        Ok(self.me)
    }

    fn value(&mut self) -> Result<u64, String> {
        Ok(self.value)
    }

    fn balance(&mut self) -> Result<u64, String> {
        said(Host::balance(self))
    }

    fn pay(&mut self, to: &Address, amount: u64) -> Result<bool, String> {
        said(Host::pay(self, ledger::Address::from_bytes(to.0), amount))
    }

    fn height(&mut self) -> Result<u64, String> {
        Ok(self.state.height)
    }

    fn time(&mut self) -> Result<u64, String> {
        Ok(self.state.time)
    }

    fn event(&mut self, topic: &str, data: &[u8]) -> Result<(), String> {
        said(Host::event(self, topic.as_bytes(), data.to_owned()))
    }

    fn sha256(&mut self, bytes: &[u8]) -> Result<Hash, String> {
        Ok(sha256(bytes))
    }

    fn verify(&mut self, key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<bool, String> {
        Ok(crypto::verify(&PublicKey(*key), message, &Signature(*signature)))
    }

    fn is_member(&mut self, address: &Address) -> Result<bool, String> {
        Ok(self.state.members.contains(address))
    }

    fn agreement(&mut self, id: &Hash) -> Result<i32, String> {
        Ok(said(Host::agreement(self, &crypto::Hash(id.0)))? as i32)
    }
}
