//! Whole blocks, as full of each dearest thing as the rules allow, from the check of their form to the durable commit.

use std::time::Duration;

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Action, Address, Output, Proposal, Transaction};
use bouya_core::limits::{CONTRACT_EVENTS, CONTRACT_INPUT, CONTRACT_PAYMENTS, PARTIES};
use bouya_core::testing::contract::{module, module_with};
use bouya_core::testing::key;
use bouya_core::time::Timestamp;

use super::chain::{Filling, INTERVAL_MS, Made, OnDisk, Took};
use super::prices::{branches, empty_functions};

/// Blocks of each kind, of which the median counts.
const BLOCKS: usize = 5;
/// Contracts with small rows that are read and written anywhere, and the rows of each.
const FIELDS: usize = 12;
const ROWS: u32 = 15_000;
/// Contracts full of large rows, and the rows of each: together more than the store's cache.
const SHELVES: usize = 40;
const LARGE: u32 = 250;
/// Calls among which a block's gas is divided where one could take it all.
const CALLS: u64 = 4;

/// Memory from here: the input. Rounds, and the number that they begin with.
const INPUT: usize = 100;
/// A key of four bytes, far from that of the number before it: the multiplier is odd, so no two numbers have the same.
const KEY: &str = "(i32.store (i32.const 90) (i32.mul (local.get $j) (i32.const 0x9e3779b1)))";

/// A call that does a thing as often as its input says.
fn rounds(thing: &str) -> String {
    rounds_with("", thing)
}

fn rounds_with(more: &str, thing: &str) -> String {
    module_with(
        more,
        &format!(
            "(call $input (i32.const {INPUT})) (local.set $j (i32.load (i32.const 104))) (if (i32.load (i32.const {INPUT})) (then
             (loop $again {thing} (local.set $j (i32.add (local.get $j) (i32.const 1)))
             (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.load (i32.const {INPUT})))))))"
        ),
    )
}

fn input(rounds: u32, first: u32, more: &[u8]) -> Vec<u8> {
    [&rounds.to_le_bytes()[..], &first.to_le_bytes(), more].concat()
}

fn code(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// The most rounds of a call that takes no more gas than this. What a round takes does not change.
fn most(chain: &mut OnDisk, made: &Made, gas: u64, (first, more): (u32, &[u8]), bound: u32) -> (u32, u64) {
    let mut of = |rounds| chain.gas_of(made, &input(rounds, first, more));
    let (one, two) = (of(1), of(2));
    let rounds = 1 + gas.saturating_sub(one) / (two - one);
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX).min(bound);
    (rounds, one + u64::from(rounds - 1) * (two - one))
}

/// A line for each kind of block.
pub(crate) fn run(wanted: &dyn Fn(&str) -> bool) {
    let mut bench = Bench { chain: OnDisk::new(), wanted };
    println!(
        "{:<34} {:>6} {:>5} {:>8} {:>8} {:>8}",
        "a block full of", "calls", "gas", "median", "most", "of its"
    );
    println!("{:<34} {:>6} {:>5} {:>8} {:>8} {:>8}", "", "", "%", "ms", "ms", "tenth");
    bench.plain();
    bench.told();
    bench.given();
    bench.rows();
    bench.entered();
    bench.made_ready();
    println!("the file: {} MB", bench.chain.bytes() / 1_000_000);
}

struct Bench<'a> {
    chain: OnDisk,
    wanted: &'a dyn Fn(&str) -> bool,
}

impl Bench<'_> {
    /// Makes so many blocks, or as many as there are calls for, and says what the full ones took.
    fn tell(&mut self, name: &str, blocks: usize, mut next: impl FnMut(&mut OnDisk) -> Option<Transaction>) {
        let (mut took, mut body): (Vec<Took>, _) = (Vec::new(), Filling::default());
        while took.len() < blocks
            && let Some(transaction) = next(&mut self.chain)
        {
            if !body.has_room(&transaction, self.chain.gas_per_block()) {
                took.push(self.chain.block(std::mem::take(&mut body)));
            }
            body.push(transaction);
        }
        // Not a full one; but those after it stand on it.
        self.chain.block(body);
        took.sort_unstable_by_key(|one| one.time);
        let (Some(median), Some(last)) = (took.get(took.len() / 2), took.last()) else {
            panic!("{name}: not a block full")
        };
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{name:<34} {:>6} {:>5.0} {:>8.1} {:>8.1} {:>8.2}",
            median.calls,
            median.gas as f64 / self.chain.gas_per_block() as f64 * 100.0,
            ms(median.time),
            ms(last.time),
            ms(median.time) / f64::from(INTERVAL_MS / 10),
        );
    }

    /// Blocks of calls of one contract, each of which does a thing as often as it can, and at most `bound` times.
    fn often(&mut self, name: &str, text: &str, more: &[u8], bound: u32) {
        if (self.wanted)(name) {
            let made = self.chain.deploy(code(text));
            self.calls(name, &made, more, bound);
        }
    }

    fn calls(&mut self, name: &str, made: &Made, more: &[u8], bound: u32) {
        let most_gas = (self.chain.gas_per_block() - made.ready()) / CALLS;
        let (rounds, gas) = most(&mut self.chain, made, most_gas, (0, more), bound);
        let mut first = 0;
        self.tell(name, BLOCKS, |chain| {
            let call = chain.call(made, &input(rounds, first, more), gas);
            first += rounds;
            Some(call)
        });
    }

    /// Blocks of calls that do a thing with each row of these contracts once.
    fn each(&mut self, name: &str, contracts: &[Made], (first, rows): (u32, u32), more: &[u8]) {
        let made = &contracts[0];
        let most_gas = (self.chain.gas_per_block() - made.ready()) / CALLS;
        let (rounds, gas) = most(&mut self.chain, made, most_gas, (first, more), rows);
        let parts = (first..first + rows - rounds + 1).step_by(rounds as usize);
        let mut calls = contracts.iter().flat_map(|made| parts.clone().map(move |part| (made, part)));
        self.tell(name, usize::MAX, |chain| {
            let (made, part) = calls.next()?;
            Some(chain.call(made, &input(rounds, part, more), gas))
        });
    }

    /// Operations of the machine alone.
    fn plain(&mut self) {
        for (name, more, thing) in [
            ("i64.div_u", "", "(local.set $x (i64.div_u (i64.const -7) (i64.or (local.get $x) (i64.const 1))))".to_owned()),
            ("i64.rem_s", "", "(local.set $x (i64.rem_s (i64.const -7) (i64.or (local.get $x) (i64.const 1))))".to_owned()),
            ("loads anywhere", "", "(local.set $x (i64.load (i32.and (i32.mul (local.get $j) (i32.const 7919)) (i32.const 65528))))".to_owned()),
            ("stores anywhere", "", "(i64.store (i32.or (i32.const 256) (i32.and (i32.mul (local.get $j) (i32.const 7919)) (i32.const 65024))) (local.get $x))".to_owned()),
            ("globals", "", "(global.set $g (i64.add (global.get $g) (i64.const 1)))".to_owned()),
            ("selects", "", "(local.set $x (select (local.get $x) (local.get $y) (local.get $j)))".to_owned()),
            ("tables of 1000 branches", "", branches()),
            ("functions called", "(func $f (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))", "(local.set $x (call $f (local.get $x) (local.get $y)))".to_owned()),
            ("functions of the table", "(type $t (func (param i64) (result i64))) (func $f (type $t) (local.get 0)) (elem (i32.const 1) $f)", "(local.set $x (call_indirect (type $t) (local.get $x) (i32.const 1)))".to_owned()),
            ("memory.fill of a byte", "", "(memory.fill (i32.const 300) (i32.const 7) (i32.const 1))".to_owned()),
            ("memory.copy of 60 KB", "", "(memory.copy (i32.const 300) (i32.const 400) (i32.const 60000))".to_owned()),
        ] {
            let copies = if thing.len() > 1_000 { 1 } else { 20 };
            self.often(name, &rounds_with(more, &thing.repeat(copies)), &[], u32::MAX);
        }
    }

    /// Host functions that need no rows, or only read what every contract may ask.
    fn told(&mut self) {
        let (secret, mut signed) = (key(1), Vec::new());
        signed.extend(secret.public().0);
        signed.extend(secret.sign(b"hello").0);
        let verify = "(drop (call $verify (i32.const 108) (i32.const 0) (i32.const 5) (i32.const 140)))";
        self.often("height", &rounds("(drop (call $height))"), &[], u32::MAX);
        self.often(
            "sha256 of nothing",
            &rounds("(call $sha256 (i32.const 0) (i32.const 0) (i32.const 300))"),
            &[],
            u32::MAX,
        );
        self.often(
            "sha256 of 60 KB",
            &rounds("(call $sha256 (i32.const 0) (i32.const 60000) (i32.const 300))"),
            &[],
            u32::MAX,
        );
        self.often("verify", &rounds(verify), &signed, u32::MAX);
        self.often(
            "output of 1 KiB",
            &rounds("(call $output (i32.const 0) (i32.const 1024))"),
            &[],
            u32::MAX,
        );
        self.often("balance", &rounds("(drop (call $balance))"), &[], u32::MAX);
        let address = Address::of(&key(7).public()).to_bytes();
        self.often("member", &rounds("(drop (call $member (i32.const 108)))"), &address, u32::MAX);
        let id = self.agreement();
        self.often(
            "agreement of 32 parties",
            &rounds("(drop (call $agreement (i32.const 108)))"),
            &id.0,
            u32::MAX,
        );
    }

    /// An agreement of as many parties as there may be, open for ever.
    fn agreement(&mut self) -> Hash {
        let parties = (0..PARTIES).map(|n| Address::of(&key(100 + u8::try_from(n).unwrap()).public()));
        let proposal = Proposal {
            title: Text::try_from("A frame agreement".to_owned()).unwrap(),
            document: Hash([7; 32]),
            parties: Bounded::truncated(parties),
            deadline: Timestamp(self.chain.time().0 + 86_400_000),
        };
        let (sender, nonce) = self.chain.payer();
        let id = proposal.id(&sender, nonce);
        self.chain.act(Action::Propose(proposal));
        id
    }

    /// What a call gives: it is kept as a result, or opens accounts.
    fn given(&mut self) {
        let event = "(call $event (i32.const 0) (i32.const 5) (i32.const 300) (i32.const 1024))";
        self.often("events of 1 KiB", &rounds(event), &[], CONTRACT_EVENTS as u32);
        // To another address each time.
        let pay =
            "(i32.store (i32.const 120) (local.get $j)) (drop (call $pay (i32.const 108) (i64.const 1)))";
        let name = "payments to new accounts";
        if (self.wanted)(name) {
            let made = self.chain.deploy(code(&rounds(pay)));
            let outputs = Bounded::truncated([Output { to: made.address, amount: 1 << 40 }]);
            self.chain.act(Action::Transfer { outputs, memo: Text::default() });
            let address = Address::of(&key(7).public()).to_bytes();
            self.calls(name, &made, &address, CONTRACT_PAYMENTS as u32);
        }
    }

    /// Rows, in a file that does not fit the store's cache.
    fn rows(&mut self) {
        if !(self.wanted)("rows") {
            return;
        }
        // The second byte after the numbers says what is done; the first is the length of what is written.
        let get = "(drop (call $get (i32.const 90) (i32.const 4) (i32.const 300) (i32.const 4096)))";
        let remove = "(call $remove (i32.const 90) (i32.const 4))";
        let set = "(call $set (i32.const 90) (i32.const 4) (i32.const 300) (i32.mul (i32.load8_u (i32.const 108)) (i32.const 64)))";
        let does = |what: u8, thing: &str| {
            format!("(if (i32.eq (i32.load8_u (i32.const 109)) (i32.const {what})) (then {thing}))")
        };
        let text = rounds(&format!("{KEY} {} {} {}", does(0, set), does(1, get), does(2, remove)));
        let mut deploy = |count| (0..count).map(|_| self.chain.deploy(code(&text))).collect::<Vec<_>>();
        let (fields, shelves) = (deploy(FIELDS), deploy(SHELVES));
        self.each("rows that are new", &fields, (0, ROWS), &[1, 0]);
        self.each("rows of 4 KiB that are new", &shelves, (0, LARGE), &[64, 0]);
        self.each("rows of 4 KiB read", &shelves, (0, LARGE), &[0, 1]);
        self.each("rows read anywhere", &fields, (0, ROWS / 2), &[0, 1]);
        self.each("rows not there read anywhere", &fields, (ROWS, ROWS / 2), &[0, 1]);
        self.each("rows written anywhere", &fields, (0, ROWS / 2), &[0, 0]);
        self.each("rows removed anywhere", &fields, (0, ROWS / 2), &[0, 2]);
    }

    /// As many calls as fit, which do nothing.
    fn entered(&mut self) {
        let large = module_with(&format!("(data (i32.const 300) \"{}\")", "x".repeat(30_000)), "");
        for (name, text, more) in [
            ("calls that do nothing", module(""), 0),
            ("calls with 8 KiB", module(""), CONTRACT_INPUT),
            ("calls of code with 30 KB of data", large, 0),
        ] {
            if (self.wanted)(name) {
                let made = self.chain.deploy(code(&text));
                let with = vec![7; more];
                let gas = self.chain.gas_of(&made, &with);
                self.tell(name, BLOCKS, |chain| Some(chain.call(&made, &with, gas)));
            }
        }
    }

    /// Code that is made ready first.
    fn made_ready(&mut self) {
        let name = "codes made ready by calls";
        if (self.wanted)(name) {
            // More than a block has room for.
            let made: Vec<Made> = (0..100).map(|n| self.chain.deploy(code(&empty_functions(n)))).collect();
            let gas = self.chain.gas_of(&made[0], &[]);
            let mut codes = made.iter().cycle();
            self.tell(name, BLOCKS, |chain| codes.next().map(|made| chain.call(made, &[], gas)));
        }
        let name = "codes made ready by deployments";
        if (self.wanted)(name) {
            let mut number = 1_000;
            self.tell(name, BLOCKS, |chain| {
                number += 1;
                Some(chain.deployment(code(&empty_functions(number)), 200_000).0)
            });
        }
    }
}
