use alloc::collections::BTreeSet;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use bouya_core::ledger::contract::machine::Entry;
use bouya_core::limits::{CONTRACT_INIT_INPUT, CONTRACT_INPUT};

use super::Key;
use super::engine::Engine;
use super::frame::{Frame, State, sha256};
use crate::abi::Types;
use crate::host::encoded;
use crate::{Address, Contract, Event, Events, Hash, Message, Standing};

/// A ledger with accounts and contracts. Each transaction is in a block of its own.
pub struct World {
    state: State,
    deployed: u64,
    engine: Rc<Engine>,
}

/// A contract that was deployed.
pub struct Deployed<C> {
    /// Where it is.
    pub address: Address,
    contract: PhantomData<fn() -> C>,
}

impl<C> Clone for Deployed<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Deployed<C> {}

impl<C> fmt::Debug for Deployed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// A call that did what it should.
#[derive(Debug)]
pub struct Done<O> {
    /// What it gave back.
    pub output: O,
    /// Topics and data of its events, in order.
    pub events: Vec<(String, Vec<u8>)>,
    /// Whom the contract paid, in order.
    pub payments: Vec<(Address, u64)>,
    /// The gas that it took; 0 where contracts run natively.
    pub gas: u64,
}

impl<O> Done<O> {
    /// The events of one kind, in order.
    pub fn events_of<E: Event>(&self) -> Vec<E> {
        let of_kind = self.events.iter().filter(|(topic, _)| topic == E::TOPIC);
        of_kind.map(|(_, data)| read(data, "an event")).collect()
    }
}

/// A call that failed: it has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why, for people.
    pub reason: String,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Where contracts run as they are, natively: fast, and a debugger can step through them. Nobody has coins yet.
    pub fn new() -> Self {
        Self::with(Engine::Native)
    }

    /// Where contracts are this module, in the very machine of a node, and calls take gas.
    ///
    /// # Panics
    ///
    /// If no node would take the module.
    pub fn of_module(code: &[u8]) -> Self {
        Self::with(Engine::of_module(code))
    }

    fn with(engine: Engine) -> Self {
        let state = State { height: 1, time: 1_700_000_000_000, ..State::default() };
        Self { state, deployed: 0, engine: Rc::new(engine) }
    }

    /// The account of the [`Key`] with this name, with so many coins more.
    pub fn account(&mut self, name: &str, coins: u64) -> Address {
        let address = Key::of(name).address();
        self.give(address, coins);
        address
    }

    /// The same, as the governor of a member.
    pub fn member(&mut self, name: &str, coins: u64) -> Address {
        let address = self.account(name, coins);
        self.state.members.insert(address);
        address
    }

    /// The address is no member's governor any more.
    pub fn leave(&mut self, address: Address) {
        self.state.members.remove(&address);
    }

    /// Coins from nowhere, for an account or a contract.
    pub fn give(&mut self, address: Address, coins: u64) {
        let had = self.coins(address);
        self.state.coins.insert(address, had.checked_add(coins).expect("a test's coins fit into a u64"));
    }

    /// The coins of an account or a contract.
    pub fn coins(&self, address: Address) -> u64 {
        self.state.coins.get(&address).copied().unwrap_or(0)
    }

    /// The agreement stands so from now on.
    pub fn agreement(&mut self, id: Hash, standing: Standing) {
        self.state.agreements.insert(id, standing);
    }

    /// Time of the block that comes next, in milliseconds since 1970.
    pub fn time(&self) -> u64 {
        self.state.time
    }

    /// Lets so many milliseconds pass, and a block.
    pub fn wait(&mut self, ms: u64) {
        self.state.height = self.state.height.saturating_add(1);
        self.state.time = self.state.time.saturating_add(ms);
    }

    /// Deploys a contract, as a member's governor.
    ///
    /// # Panics
    ///
    /// If `who` is none, or lacks the value: no block would have the transaction.
    pub fn deploy<C: Contract>(
        &mut self,
        who: Address,
        terms: &C::Init,
        value: u64,
    ) -> Result<Deployed<C>, Failed> {
        assert!(
            self.state.members.contains(&who),
            "only a member's governor deploys: make it one with World::member"
        );
        let mut address = [1; 33];
        if let Some(hash) = address.last_chunk_mut() {
            *hash = sha256(&self.deployed.to_le_bytes()).0;
        }
        let contract = Deployed { address: Address(address), contract: PhantomData };
        self.run(Some(who), contract, encoded(terms), value, Entry::Init)?;
        self.deployed = self.deployed.saturating_add(1);
        Ok(contract)
    }

    /// Calls a contract.
    ///
    /// # Panics
    ///
    /// If `who` lacks the value: no block would have the transaction.
    pub fn call<C: Contract>(
        &mut self,
        who: Address,
        contract: Deployed<C>,
        act: &C::Call,
        value: u64,
    ) -> Result<Done<C::Output>, Failed> {
        self.call_with(who, contract, encoded(act), value)
    }

    /// Calls a contract with an input that may be none of its messages.
    pub fn call_with<C: Contract>(
        &mut self,
        who: Address,
        contract: Deployed<C>,
        input: Vec<u8>,
        value: u64,
    ) -> Result<Done<C::Output>, Failed> {
        let (frame, gas) = self.run(Some(who), contract, input, value, Entry::Call)?;
        let output = read(&frame.output, "the output");
        Ok(Done { output, events: frame.events, payments: frame.payments, gas })
    }

    /// Asks a contract.
    pub fn view<C: Contract>(&self, contract: Deployed<C>, question: &C::View) -> Result<C::Answer, Failed> {
        let mut here =
            Self { state: self.state.clone(), deployed: self.deployed, engine: self.engine.clone() };
        let (frame, _) = here.run(None, contract, encoded(question), 0, Entry::View)?;
        Ok(read(&frame.output, "the answer"))
    }

    /// Runs an entry on a copy of the state, and keeps that if it ended well.
    fn run<C: Contract>(
        &mut self,
        caller: Option<Address>,
        contract: Deployed<C>,
        input: Vec<u8>,
        value: u64,
        entry: Entry,
    ) -> Result<(Frame, u64), Failed> {
        let most = if entry == Entry::Init { CONTRACT_INIT_INPUT } else { CONTRACT_INPUT };
        assert!(
            input.len() <= most,
            "an input of {} bytes; a transaction carries at most {most}",
            input.len()
        );
        let (mut state, me) = (self.state.clone(), contract.address);
        if let Some(who) = caller {
            assert!(state.pay(who, me, value), "{who:?} lacks the value: give it coins with World::give");
        }
        let frame = Frame {
            state,
            caller,
            me,
            value,
            input,
            output: Vec::new(),
            events: Vec::new(),
            payments: Vec::new(),
        };
        let (frame, gas) = self.engine.run::<C>(entry, frame)?;
        check_topics::<C>(&frame.events);
        if caller.is_some() {
            self.state = frame.state.clone();
            self.wait(1_000);
        }
        Ok((frame, gas))
    }
}

fn read<M: Message>(bytes: &[u8], what: &str) -> M {
    match borsh::from_slice(bytes) {
        Ok(message) => message,
        Err(error) => panic!("{what} is not what the contract says it is: {error}"),
    }
}

/// The ABI file must know what a contract tells, or nobody can read it.
fn check_topics<C: Contract>(events: &[(String, Vec<u8>)]) {
    let known = C::Events::describe(&mut Types::default());
    let known: BTreeSet<&str> = known.iter().map(|(topic, _)| *topic).collect();
    for (topic, _) in events {
        assert!(
            known.contains(topic.as_str()),
            "the event {topic} is not among the contract's Events: add it there"
        );
    }
}
