//! Nets mutual debts of a closed group: in each round, everybody pays or gets one sum.

#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use bouya_contract::{Address, Contract, Event, Item, Map, Message, caller, contract, emit, pay, value};

/// So many that paying all of them is one transaction.
const PARTIES: usize = 32;

#[derive(Message)]
pub struct Terms {
    pub parties: Vec<Address>,
}

#[derive(Message)]
pub enum Act {
    /// The caller owes this to another party, in all; 0 takes it back. It counts once that one has confirmed it.
    Owe { to: Address, amount: u64 },
    /// The caller is owed this by another party, which has said so.
    Confirm { from: Address, amount: u64 },
    /// The convener ends the round.
    Close,
    /// Who owes in this round pays, with the coins.
    PayIn,
    /// The convener gives back what was paid in: somebody does not pay.
    Reopen,
}

/// A party in this round.
#[derive(Clone, Debug, Message, PartialEq, Eq)]
pub struct Party {
    pub address: Address,
    /// To all others.
    pub owes: u64,
    /// By all others.
    pub is_owed: u64,
    pub has_paid: bool,
}

impl Party {
    /// What it must pay in.
    fn pays(&self) -> u64 {
        self.owes.saturating_sub(self.is_owed)
    }

    /// What it is paid.
    fn gets(&self) -> u64 {
        self.is_owed.saturating_sub(self.owes)
    }
}

/// The round that goes on.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Round {
    pub convener: Address,
    pub number: u32,
    pub closed: bool,
    pub parties: Vec<Party>,
}

/// A debt counts.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Confirmed {
    pub from: Address,
    pub to: Address,
    pub amount: u64,
}

impl Event for Confirmed {
    const TOPIC: &str = "confirmed";
}

/// All have been paid.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Settled {
    pub round: u32,
    /// What all owed to all.
    pub owed: u64,
    /// What was moved for it.
    pub paid: u64,
}

impl Event for Settled {
    const TOPIC: &str = "settled";
}

const ROUND: Item<Round> = Item::new("round");
/// Said by who owes (first) and not confirmed yet.
const SAID: Map<(Address, Address), u64> = Map::new("said");

pub struct Netting;

type Done = Result<(), &'static str>;

const LARGE: &str = "the sum is too large";

impl Contract for Netting {
    type Init = Terms;
    type Call = Act;
    type View = ();
    type Output = ();
    type Answer = Round;
    type Events = (Confirmed, Settled);
    type Error = &'static str;

    fn init(Terms { parties }: Terms) -> Done {
        no_coins()?;
        if !(2..=PARTIES).contains(&parties.len()) {
            return Err("a group has 2 to 32 parties");
        }
        // So few that a sort would only make the module larger.
        let mut each = parties.iter().enumerate();
        if each.any(|(at, one)| parties.iter().take(at).any(|other| other == one)) {
            return Err("a party is named twice");
        }
        let fresh = |address| Party { address, owes: 0, is_owed: 0, has_paid: false };
        let parties = parties.into_iter().map(fresh).collect();
        ROUND.set(&Round { convener: caller(), number: 1, closed: false, parties });
        Ok(())
    }

    fn call(act: Act) -> Done {
        let mut round = ROUND.get().ok_or("the contract has no round")?;
        if let Act::PayIn = act {
            pay_in(&mut round)?;
        } else {
            no_coins()?;
            match act {
                Act::Owe { to, amount } => return owe(&round, to, amount),
                Act::Confirm { from, amount } => confirm(&mut round, from, amount)?,
                Act::Close => close(&mut round)?,
                Act::Reopen => reopen(&mut round)?,
                Act::PayIn => (),
            }
        }
        ROUND.set(&round);
        Ok(())
    }

    fn view(_: ()) -> Result<Round, Self::Error> {
        ROUND.get().ok_or("the contract has no round")
    }
}

fn no_coins() -> Done {
    if value() > 0 { Err("coins come with PayIn only") } else { Ok(()) }
}

impl Round {
    fn party(&mut self, address: &Address) -> Result<&mut Party, &'static str> {
        let found = self.parties.iter_mut().find(|party| party.address == *address);
        found.ok_or("only the parties take part")
    }

    fn open(&self) -> Done {
        if self.closed { Err("the round is closed: wait for the next") } else { Ok(()) }
    }

    fn convened_by_caller(&self) -> Done {
        if self.convener == caller() { Ok(()) } else { Err("only the convener does that") }
    }

    fn sum(&self, of: fn(&Party) -> u64) -> Result<u64, &'static str> {
        self.parties.iter().try_fold(0u64, |sum, party| sum.checked_add(of(party))).ok_or(LARGE)
    }
}

fn owe(round: &Round, to: Address, amount: u64) -> Done {
    let from = caller();
    let takes_part = |who| round.parties.iter().any(|party| party.address == who);
    if !takes_part(from) || !takes_part(to) {
        return Err("only the parties take part");
    }
    if from == to {
        return Err("nobody owes to itself");
    }
    round.open()?;
    match amount {
        0 => SAID.remove(&(from, to)),
        _ => SAID.set(&(from, to), &amount),
    }
    Ok(())
}

fn confirm(round: &mut Round, from: Address, amount: u64) -> Done {
    round.open()?;
    let to = caller();
    // The very amount: who owes could have changed it meanwhile.
    if SAID.get(&(from, to)) != Some(amount) {
        return Err("that is not what the other has said");
    }
    SAID.remove(&(from, to));
    let debtor = round.party(&from)?;
    debtor.owes = debtor.owes.checked_add(amount).ok_or(LARGE)?;
    let creditor = round.party(&to)?;
    creditor.is_owed = creditor.is_owed.checked_add(amount).ok_or(LARGE)?;
    // So that no later sum can fail, and leave coins where they are.
    round.sum(|party| party.owes)?;
    emit(&Confirmed { from, to, amount });
    Ok(())
}

fn close(round: &mut Round) -> Done {
    round.convened_by_caller()?;
    round.open()?;
    round.closed = true;
    settle_if_paid(round)
}

fn pay_in(round: &mut Round) -> Done {
    if !round.closed {
        return Err("the round is open: nothing is to be paid yet");
    }
    let party = round.party(&caller())?;
    if party.pays() == 0 || party.has_paid {
        return Err("nothing is to be paid by you");
    }
    if value() != party.pays() {
        return Err("send what you owe in this round, and no more");
    }
    party.has_paid = true;
    settle_if_paid(round)
}

/// With the last one who owes, all are paid who are owed, and the next round opens.
fn settle_if_paid(round: &mut Round) -> Done {
    if round.parties.iter().any(|party| party.pays() > 0 && !party.has_paid) {
        return Ok(());
    }
    let settled =
        Settled { round: round.number, owed: round.sum(|party| party.owes)?, paid: round.sum(Party::gets)? };
    for party in &mut round.parties {
        if party.gets() > 0 && !pay(&party.address, party.gets()) {
            return Err("it cannot pay");
        }
        *party = Party { address: party.address, owes: 0, is_owed: 0, has_paid: false };
    }
    round.number = round.number.checked_add(1).ok_or(LARGE)?;
    round.closed = false;
    emit(&settled);
    Ok(())
}

fn reopen(round: &mut Round) -> Done {
    round.convened_by_caller()?;
    if !round.closed {
        return Err("the round is open");
    }
    for party in &mut round.parties {
        if party.has_paid && !pay(&party.address, party.pays()) {
            return Err("it cannot pay");
        }
        party.has_paid = false;
    }
    round.closed = false;
    Ok(())
}

contract!(Netting);
