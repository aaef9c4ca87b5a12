//! What a world keeps of a node's bounds, and that a call which fails has changed nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bouya_contract::testing::{Deployed, Done, Failed, Key, World};
use bouya_contract::{
    Address, Contract, Event, Hash, Item, Map, Message, Standing, agreement, balance, caller, contract, emit,
    fail, height, is_member, me, pay, time, value, verify,
};

const LAST: Item<u64> = Item::new("last");
const ROWS: Map<Vec<u8>, Vec<u8>> = Map::new("rows");

#[derive(Message)]
enum Act {
    See,
    Keep {
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Drop {
        key: Vec<u8>,
    },
    Fill {
        rows: u32,
    },
    Pay {
        to: Address,
        amount: u64,
    },
    Tell {
        times: u8,
        bytes: u32,
    },
    TellTopic,
    Verify {
        key: Vec<u8>,
        signature: Vec<u8>,
    },
    Agreement {
        id: Hash,
    },
    /// Does much, and then this.
    Fail {
        how: How,
    },
}

#[derive(Message)]
enum How {
    Error,
    Reason { long: bool },
    Panic,
    Overflow { by: u64 },
}

#[derive(Debug, Message, PartialEq, Eq)]
struct Seen {
    caller: Address,
    me: Address,
    value: u64,
    balance: u64,
    height: u64,
    time: u64,
    member: bool,
}

#[derive(Message)]
enum Question {
    Row { key: Vec<u8> },
    Keep,
    Pay,
    Tell,
    Caller,
}

#[derive(Message)]
struct Told {
    what: Vec<u8>,
}

impl Event for Told {
    const TOPIC: &str = "told";
}

#[derive(Message)]
struct Torn;

impl Event for Torn {
    const TOPIC: &str = "two\nlines";
}

/// Does what it is told.
struct Probe;

impl Contract for Probe {
    type Init = Vec<u8>;
    type Call = Act;
    type View = Question;
    type Output = Vec<u8>;
    type Answer = Option<Vec<u8>>;
    type Events = (Told, Torn);
    type Error = String;

    fn init(first: Vec<u8>) -> Result<(), String> {
        ROWS.set(&Vec::new(), &first);
        Ok(())
    }

    fn call(act: Act) -> Result<Vec<u8>, String> {
        match act {
            Act::See => {
                let member = is_member(&caller());
                let (caller, me) = (caller(), me());
                let (value, balance, height, time) = (value(), balance(), height(), time());
                return Ok(bytes(&Seen { caller, me, value, balance, height, time, member }));
            }
            Act::Keep { key, value } => ROWS.set(&key, &value),
            Act::Drop { key } => ROWS.remove(&key),
            Act::Fill { rows } => (0..rows).for_each(|n| ROWS.set(&bytes(&n), &vec![0; 4_000])),
            Act::Pay { to, amount } => return Ok(vec![u8::from(pay(&to, amount))]),
            Act::Tell { times, bytes } => {
                (0..times).for_each(|_| emit(&Told { what: vec![7; bytes as usize] }))
            }
            Act::TellTopic => emit(&Torn),
            Act::Verify { key, signature } => {
                let (key, signature) = (key.try_into().unwrap(), signature.try_into().unwrap());
                return Ok(vec![u8::from(verify(&key, b"hello", &signature))]);
            }
            Act::Agreement { id } => return Ok(vec![u8::from(agreement(&id) == Standing::Effective)]),
            Act::Fail { how } => {
                LAST.set(&1);
                ROWS.set(&Vec::new(), &vec![9]);
                emit(&Told { what: vec![] });
                assert!(pay(&caller(), balance()));
                match how {
                    How::Error => return Err("it is not so".to_owned()),
                    How::Reason { long: false } => fail!("{} is not {}", 1, 2),
                    How::Reason { long: true } => fail(&"é".repeat(200)),
                    How::Panic => panic!("it broke"),
                    How::Overflow { by } => LAST.set(&(LAST.get().unwrap() + by)),
                }
            }
        }
        Ok(Vec::new())
    }

    fn view(question: Question) -> Result<Option<Vec<u8>>, String> {
        match question {
            Question::Row { key } => return Ok(ROWS.get(&key)),
            Question::Keep => LAST.set(&1),
            Question::Pay => return Ok(pay(&me(), 0).then(Vec::new)),
            Question::Tell => emit(&Told { what: vec![] }),
            Question::Caller => return Ok(Some(caller().0.to_vec())),
        }
        Ok(None)
    }
}

contract!(Probe);

fn bytes(message: &impl Message) -> Vec<u8> {
    bouya_contract::borsh::to_vec(message).unwrap()
}

struct Here {
    world: World,
    probe: Deployed<Probe>,
    alice: Address,
}

impl Here {
    fn new() -> Self {
        let mut world = World::new();
        let alice = world.member("alice", 100);
        let probe = world.deploy(alice, &vec![1], 40).unwrap();
        Self { world, probe, alice }
    }

    fn call(&mut self, act: &Act) -> Result<Done<Vec<u8>>, Failed> {
        self.world.call(self.alice, self.probe, act, 2)
    }

    fn row(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.world.view(self.probe, &Question::Row { key: key.to_vec() }).unwrap()
    }
}

#[test]
fn a_contract_sees_who_calls_and_with_what() {
    let mut here = Here::new();
    let before = here.world.time();
    let output = here.call(&Act::See).unwrap().output;
    let seen: Seen = bouya_contract::borsh::from_slice(&output).unwrap();
    assert_eq!((seen.caller, seen.me, seen.value, seen.balance), (here.alice, here.probe.address, 2, 42));
    assert_eq!((seen.height, seen.time, seen.member), (2, before, true));
    assert!(seen.me.is_contract() && !seen.caller.is_contract());
    here.world.wait(5_000);
    here.world.leave(here.alice);
    let output = here.call(&Act::See).unwrap().output;
    let seen: Seen = bouya_contract::borsh::from_slice(&output).unwrap();
    assert!(seen.time >= before + 5_000 && seen.height > 3 && !seen.member);
}

#[test]
fn a_call_that_fails_has_changed_nothing() {
    for (how, reason) in [
        (How::Error, "it is not so"),
        (How::Reason { long: false }, "1 is not 2"),
        (How::Panic, "it broke"),
        (How::Overflow { by: u64::MAX }, "attempt to add with overflow"),
        // Cut between characters.
        (How::Reason { long: true }, "é".repeat(128).as_str()),
    ] {
        let mut here = Here::new();
        assert_eq!(here.call(&Act::Fail { how }).unwrap_err().reason, reason);
        assert_eq!((here.world.coins(here.alice), here.world.coins(here.probe.address)), (60, 40));
        assert_eq!(here.row(&[]), Some(vec![1]));
    }
    let mut here = Here::new();
    let done = here.call(&Act::Fail { how: How::Overflow { by: 1 } }).unwrap();
    assert_eq!((done.events.len(), done.payments), (1, vec![(here.alice, 42)]));
    assert_eq!(here.row(&[]), Some(vec![9]));
}

#[test]
fn rows_have_keys_of_any_length_and_never_meet() {
    let mut here = Here::new();
    // 64 bytes of a row's key are "rows", one byte, a length of four and 55 more. The first fits, the second does not.
    let keys: Vec<Vec<u8>> = [55, 56, 300].map(|len| vec![5; len]).into();
    for (n, key) in keys.iter().enumerate() {
        here.call(&Act::Keep { key: key.clone(), value: vec![n as u8; n] }).unwrap();
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(here.row(key), Some(vec![n as u8; n]));
    }
    here.call(&Act::Drop { key: keys[1].clone() }).unwrap();
    assert_eq!((here.row(&keys[1]), here.row(&keys[0])), (None, Some(vec![])));
}

#[test]
fn the_bounds_of_a_node_are_kept() {
    let mut here = Here::new();
    // A list has its length before it.
    for (act, fine) in [
        (Act::Keep { key: vec![1], value: vec![0; 4_092] }, true),
        (Act::Keep { key: vec![1], value: vec![0; 4_093] }, false),
        (Act::Tell { times: 16, bytes: 1_020 }, true),
        (Act::Tell { times: 1, bytes: 1_021 }, false),
        (Act::Tell { times: 17, bytes: 0 }, false),
        (Act::TellTopic, false),
        (Act::Fill { rows: 250 }, true),
        (Act::Fill { rows: 270 }, false),
    ] {
        assert_eq!(here.call(&act).is_ok(), fine);
    }
}

#[test]
fn a_view_changes_nothing_and_has_no_caller() {
    let here = Here::new();
    for question in [Question::Keep, Question::Pay, Question::Tell, Question::Caller] {
        assert!(here.world.view(here.probe, &question).is_err());
    }
}

#[test]
fn a_contract_pays_what_it_has() {
    let mut here = Here::new();
    let bob = here.world.account("bob", 0);
    let done = here.call(&Act::Pay { to: bob, amount: 43 }).unwrap();
    assert_eq!((done.output, done.payments), (vec![0], vec![]));
    let done = here.call(&Act::Pay { to: bob, amount: 44 }).unwrap();
    assert_eq!((done.output, done.payments), (vec![1], vec![(bob, 44)]));
    assert_eq!((here.world.coins(bob), here.world.coins(here.probe.address)), (44, 0));
}

#[test]
fn signatures_and_agreements_are_what_they_are() {
    let mut here = Here::new();
    let key = Key::of("bob");
    for (message, good) in [(&b"hello"[..], 1), (b"hullo", 0)] {
        let act = Act::Verify { key: key.public().to_vec(), signature: key.sign(message).to_vec() };
        assert_eq!(here.call(&act).unwrap().output, [good]);
    }
    let id = Hash([4; 32]);
    assert_eq!(here.call(&Act::Agreement { id }).unwrap().output, [0]);
    here.world.agreement(id, Standing::Effective);
    assert_eq!(here.call(&Act::Agreement { id }).unwrap().output, [1]);
}

#[test]
#[should_panic(expected = "only a member's governor deploys")]
fn only_members_deploy() {
    let mut world = World::new();
    let bob = world.account("bob", 9);
    let _ = world.deploy::<Probe>(bob, &vec![], 0);
}
