//! Holds a buyer's money until the buyer or the arbiter releases it, the seller or the arbiter refunds it, or its deadline has passed.

#![no_std]

extern crate alloc;

use alloc::string::String;

use bouya_contract::{
    Address, Contract, Event, Hash, Item, Message, balance, caller, contract, emit, pay, time, value,
};

/// What both sides have agreed on. The buyer is who deploys it, and the price is what comes with that.
#[derive(Message)]
pub struct Terms {
    pub seller: Address,
    pub arbiter: Address,
    /// Milliseconds since 1970. Good to a heartbeat of the network.
    pub deadline: u64,
    /// SHA-256 of the document that says what is bought.
    pub subject: Hash,
}

#[derive(Message)]
pub enum Act {
    /// The buyer, or the arbiter: the seller is paid.
    Release,
    /// The seller, or the arbiter: the buyer gets the money back.
    Refund { why: String },
    /// Anybody, after the deadline: the buyer gets the money back.
    Expire,
}

#[derive(Clone, Copy, Debug, Message, PartialEq, Eq)]
pub enum Stage {
    Open,
    Released,
    Refunded,
}

/// How it stands.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Deal {
    pub buyer: Address,
    pub seller: Address,
    pub arbiter: Address,
    pub deadline: u64,
    pub subject: Hash,
    pub stage: Stage,
}

/// The seller was paid.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Released {
    pub by: Address,
    pub amount: u64,
}

impl Event for Released {
    const TOPIC: &str = "released";
}

/// The buyer got the money back.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Refunded {
    pub by: Address,
    pub amount: u64,
    pub why: String,
}

impl Event for Refunded {
    const TOPIC: &str = "refunded";
}

const DEAL: Item<Deal> = Item::new("deal");
const LOST: &str = "the contract has no terms";
/// Bytes of a reason.
const WHY: usize = 500;

pub struct Escrow;

impl Contract for Escrow {
    type Init = Terms;
    type Call = Act;
    type View = ();
    type Output = ();
    type Answer = Deal;
    type Events = (Released, Refunded);
    type Error = &'static str;

    fn init(terms: Terms) -> Result<(), Self::Error> {
        let Terms { seller, arbiter, deadline, subject } = terms;
        let buyer = caller();
        if value() == 0 {
            return Err("send the price with it");
        }
        if buyer == seller || buyer == arbiter || seller == arbiter {
            return Err("buyer, seller and arbiter must be three");
        }
        if deadline <= time() {
            return Err("the deadline has passed");
        }
        DEAL.set(&Deal { buyer, seller, arbiter, deadline, subject, stage: Stage::Open });
        Ok(())
    }

    fn call(act: Act) -> Result<(), Self::Error> {
        let deal = DEAL.get().ok_or(LOST)?;
        if deal.stage != Stage::Open {
            return Err("it is closed: the money was paid out");
        }
        if value() > 0 {
            return Err("it takes no more coins");
        }
        let by = caller();
        let may =
            |side| if by == side || by == deal.arbiter { Ok(()) } else { Err("that is not yours to say") };
        match act {
            Act::Release => {
                may(deal.buyer)?;
                let amount = pay_all(&deal.seller)?;
                DEAL.set(&Deal { stage: Stage::Released, ..deal });
                emit(&Released { by, amount });
            }
            Act::Refund { why } => {
                may(deal.seller)?;
                if why.len() > WHY {
                    return Err("write a shorter reason: at most 500 bytes");
                }
                refund(deal, by, why)?;
            }
            Act::Expire => {
                if time() <= deal.deadline {
                    return Err("the deadline has not passed yet");
                }
                refund(deal, by, String::from("the deadline has passed"))?;
            }
        }
        Ok(())
    }

    fn view(_: ()) -> Result<Deal, Self::Error> {
        DEAL.get().ok_or(LOST)
    }
}

fn refund(deal: Deal, by: Address, why: String) -> Result<(), &'static str> {
    let amount = pay_all(&deal.buyer)?;
    DEAL.set(&Deal { stage: Stage::Refunded, ..deal });
    emit(&Refunded { by, amount, why });
    Ok(())
}

/// All that is there, with what others have sent to its address.
fn pay_all(to: &Address) -> Result<u64, &'static str> {
    let amount = balance();
    if pay(to, amount) { Ok(amount) } else { Err("it cannot pay") }
}

contract!(Escrow);
