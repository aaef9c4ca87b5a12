//! What attacks cost: release daemons as processes on this machine's loopback, attacked by members gone mad and by strangers, while the
//! honest members mine, pay and join.
//!
//! `cargo bench --bench attacks [-- --only NAME] [--json FILE]` prints one table; it takes a few minutes. Nothing is judged here, the
//! tests of the same name do that.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that fails says so by panicking")]

#[path = "../tests/attacks/chain.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod chain;
#[path = "../tests/network/daemon.rs"]
#[allow(dead_code, reason = "shared with the tests of networks")]
mod daemon;
#[path = "../tests/attacks/field.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod field;
#[path = "../tests/attacks/floods.rs"]
mod floods;
#[path = "../tests/attacks/malformed.rs"]
mod malformed;
#[path = "attacks/measure.rs"]
mod measure;
#[path = "../tests/attacks/member.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod member;
#[path = "attacks/members.rs"]
mod members;
#[path = "../tests/strangers/attack.rs"]
mod stranger;
#[path = "attacks/strangers.rs"]
mod strangers;

use measure::{Bench, Row};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut only, mut json) = (None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = arguments.next(),
            "--json" => json = arguments.next(),
            // Cargo's own.
            _ => (),
        }
    }
    let wanted = |name: &str| only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let mut bench = Bench::new();
    let mut rows: Vec<Row> = Vec::new();
    println!("{}", Row::HEAD);
    for (name, attack) in members::all().into_iter().chain(strangers::all()) {
        if wanted(&name) {
            let row = attack(&mut bench, &name);
            println!("{}", row.line());
            rows.push(row);
        }
    }
    println!("\n{}", bench.summary(&rows));
    if let Some(file) = json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        std::fs::write(&file, serde_json::to_vec_pretty(&rows).unwrap()).unwrap();
    }
}
