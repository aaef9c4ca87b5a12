//! Counts. Anybody adds, and whoever has deployed it may begin anew.

#![no_std]

use bouya_contract::{Address, Contract, Event, Item, Message, caller, contract, emit, value};

/// What it can be told to do.
#[derive(Message)]
pub enum Act {
    Add { by: u64 },
    Reset,
}

/// What it tells the world.
#[derive(Debug, Message, PartialEq, Eq)]
pub struct Counted {
    pub by: Address,
    pub count: u64,
}

impl Event for Counted {
    const TOPIC: &str = "counted";
}

const OWNER: Item<Address> = Item::new("owner");
const COUNT: Item<u64> = Item::new("count");

/// The contract.
pub struct Counter;

impl Contract for Counter {
    type Init = ();
    type Call = Act;
    type View = ();
    type Output = u64;
    type Answer = u64;
    type Events = (Counted,);
    type Error = &'static str;

    fn init(_: ()) -> Result<(), Self::Error> {
        if value() > 0 {
            return Err("it takes no coins");
        }
        OWNER.set(&caller());
        COUNT.set(&0);
        Ok(())
    }

    fn call(act: Act) -> Result<u64, Self::Error> {
        if value() > 0 {
            return Err("it takes no coins");
        }
        let count = COUNT.get().unwrap_or(0);
        let count = match act {
            Act::Add { by } => count.checked_add(by).ok_or("it cannot count so far")?,
            Act::Reset if OWNER.get() == Some(caller()) => 0,
            Act::Reset => return Err("only its owner begins anew"),
        };
        COUNT.set(&count);
        emit(&Counted { by: caller(), count });
        Ok(count)
    }

    fn view(_: ()) -> Result<u64, Self::Error> {
        Ok(COUNT.get().unwrap_or(0))
    }
}

contract!(Counter);
