//! A register of receivables: issued once, accepted by who owes, sold, and paid to whom they belong then.

#![no_std]

extern crate alloc;

use bouya_contract::{
    Address, Contract, Event, Hash, Map, Message, caller, contract, emit, is_member, pay, value,
};

/// What somebody owes.
#[derive(Clone, Debug, Message, PartialEq, Eq)]
pub struct Receivable {
    pub issuer: Address,
    pub debtor: Address,
    pub owner: Address,
    pub amount: u64,
    pub paid: u64,
    /// Milliseconds since 1970.
    pub due: u64,
    pub accepted: bool,
    pub offer: Option<Offer>,
}

/// Who may buy it, and for how much.
#[derive(Clone, Debug, Message, PartialEq, Eq)]
pub struct Offer {
    pub to: Address,
    pub price: u64,
}

#[derive(Message)]
pub enum Act {
    /// A member's governor registers an invoice, once.
    Issue { invoice: Hash, debtor: Address, amount: u64, due: u64 },
    /// The debtor says that it owes this.
    Accept { invoice: Hash },
    /// The owner takes it back, before it was accepted.
    Withdraw { invoice: Hash },
    /// The owner gives it to somebody.
    Transfer { invoice: Hash, to: Address },
    /// The owner sells it to somebody for this.
    Offer { invoice: Hash, to: Address, price: u64 },
    /// Who was offered it buys it, with the price.
    Buy { invoice: Hash },
    /// The coins that come with it go to the owner, and count as paid.
    Pay { invoice: Hash },
}

#[derive(Message)]
pub struct Question {
    pub invoice: Hash,
}

/// It is registered.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Issued {
    pub invoice: Hash,
    pub debtor: Address,
    pub amount: u64,
}

impl Event for Issued {
    const TOPIC: &str = "issued";
}

/// The debtor owes it.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Accepted {
    pub invoice: Hash,
}

impl Event for Accepted {
    const TOPIC: &str = "accepted";
}

/// It belongs to somebody else.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Transferred {
    pub invoice: Hash,
    pub from: Address,
    pub to: Address,
    pub price: u64,
}

impl Event for Transferred {
    const TOPIC: &str = "transferred";
}

/// The owner got a part of it, or the rest.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Paid {
    pub invoice: Hash,
    pub to: Address,
    pub amount: u64,
    pub left: u64,
}

impl Event for Paid {
    const TOPIC: &str = "paid";
}

const ALL: Map<Hash, Receivable> = Map::new("receivable");

pub struct Receivables;

type Done = Result<(), &'static str>;

impl Contract for Receivables {
    type Init = ();
    type Call = Act;
    type View = Question;
    type Output = ();
    type Answer = Option<Receivable>;
    type Events = (Issued, Accepted, Transferred, Paid);
    type Error = &'static str;

    fn init(_: ()) -> Done {
        no_coins()
    }

    fn call(act: Act) -> Done {
        match act {
            Act::Buy { invoice } => return buy(&invoice),
            Act::Pay { invoice } => return settle(&invoice),
            _ => no_coins()?,
        }
        match act {
            Act::Issue { invoice, debtor, amount, due } => issue(invoice, debtor, amount, due),
            Act::Accept { invoice } => accept(invoice),
            Act::Withdraw { invoice } => withdraw(&invoice),
            Act::Transfer { invoice, to } => {
                let one = sellable(&invoice)?;
                hand_over(invoice, one, to, 0);
                Ok(())
            }
            Act::Offer { invoice, to, price } => {
                let mut one = sellable(&invoice)?;
                one.offer = Some(Offer { to, price });
                ALL.set(&invoice, &one);
                Ok(())
            }
            Act::Buy { .. } | Act::Pay { .. } => Ok(()),
        }
    }

    fn view(Question { invoice }: Question) -> Result<Option<Receivable>, Self::Error> {
        Ok(ALL.get(&invoice))
    }
}

fn no_coins() -> Done {
    if value() > 0 { Err("coins come with Buy and Pay only") } else { Ok(()) }
}

fn find(invoice: &Hash) -> Result<Receivable, &'static str> {
    ALL.get(invoice).ok_or("there is no such receivable")
}

/// The caller's own.
fn own(invoice: &Hash) -> Result<Receivable, &'static str> {
    let one = find(invoice)?;
    if one.owner == caller() { Ok(one) } else { Err("it is not yours") }
}

/// The caller's own, which is worth something.
fn sellable(invoice: &Hash) -> Result<Receivable, &'static str> {
    let one = own(invoice)?;
    if !one.accepted {
        return Err("the debtor has not accepted it yet");
    }
    if one.paid == one.amount {
        return Err("it is paid");
    }
    Ok(one)
}

fn issue(invoice: Hash, debtor: Address, amount: u64, due: u64) -> Done {
    let issuer = caller();
    if !is_member(&issuer) {
        return Err("only members issue receivables");
    }
    if amount == 0 || debtor == issuer {
        return Err("a receivable is an amount that somebody else owes");
    }
    if ALL.has(&invoice) {
        return Err("this invoice is registered already");
    }
    let one =
        Receivable { issuer, debtor, owner: issuer, amount, paid: 0, due, accepted: false, offer: None };
    ALL.set(&invoice, &one);
    emit(&Issued { invoice, debtor, amount });
    Ok(())
}

fn accept(invoice: Hash) -> Done {
    let mut one = find(&invoice)?;
    if caller() != one.debtor {
        return Err("only the debtor accepts it");
    }
    if one.accepted {
        return Err("it is accepted already");
    }
    one.accepted = true;
    ALL.set(&invoice, &one);
    emit(&Accepted { invoice });
    Ok(())
}

fn withdraw(invoice: &Hash) -> Done {
    let one = own(invoice)?;
    if one.accepted || one.paid > 0 {
        return Err("it is accepted or paid in part: it stays");
    }
    ALL.remove(invoice);
    Ok(())
}

/// Gives it to `to`. What was offered to others is over.
fn hand_over(invoice: Hash, one: Receivable, to: Address, price: u64) {
    let from = one.owner;
    ALL.set(&invoice, &Receivable { owner: to, offer: None, ..one });
    emit(&Transferred { invoice, from, to, price });
}

fn buy(invoice: &Hash) -> Done {
    let one = find(invoice)?;
    let buyer = caller();
    let Some(offer) = one.offer.clone().filter(|offer| offer.to == buyer) else {
        return Err("it was not offered to you");
    };
    if value() != offer.price {
        return Err("send the price, and no more");
    }
    if !pay(&one.owner, offer.price) {
        return Err("it cannot pay the owner");
    }
    hand_over(*invoice, one, buyer, offer.price);
    Ok(())
}

fn settle(invoice: &Hash) -> Done {
    let one = find(invoice)?;
    let amount = value();
    let left = one.amount.checked_sub(one.paid).and_then(|owed| owed.checked_sub(amount));
    let Some(left) = left else { return Err("that is more than is owed") };
    if amount == 0 {
        return Err("send the coins with it");
    }
    let to = one.owner;
    if !pay(&to, amount) {
        return Err("it cannot pay the owner");
    }
    // What was offered is worth less now.
    ALL.set(invoice, &Receivable { paid: one.amount.saturating_sub(left), offer: None, ..one });
    emit(&Paid { invoice: *invoice, to, amount, left });
    Ok(())
}

contract!(Receivables);
