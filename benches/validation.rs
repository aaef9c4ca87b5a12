//! The dearest block that the rules allow, planned on one core: `cargo bench -p bouya-core`.
//!
//! Many small transactions cost signatures; few large ones cost outputs. Both fill the block.

#![allow(clippy::unwrap_used, reason = "a program for developers")]

use std::sync::Arc;
use std::time::Instant;

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::crypto::{Hash, PublicKey, SecretKey};
use bouya_core::ledger::{
    Address, Allocation, BlockRules, Chain, Coin, Genesis, NetworkSpec, Output, Plan, Template, Transaction,
    World, check_inline,
};
use bouya_core::limits::OUTPUTS;
use bouya_core::time::Timestamp;

fn main() {
    for (name, outputs) in [("smallest transactions", 1), ("largest transactions, all outputs new", OUTPUTS)]
    {
        measure(name, outputs);
    }
}

fn measure(name: &str, outputs: usize) {
    let key = SecretKey::from_seed(&[1; 32]);
    let genesis = Arc::new(Genesis::new(spec(Address::of(&key.public()))).unwrap());
    let mut chain = Chain::load(genesis.clone(), &World::new(&genesis), genesis.id(), &[]).unwrap();
    let mut world = World::new(&genesis);
    let room = Template::room(&genesis);
    let (mut transactions, mut bytes, mut fresh) = (Vec::new(), 0, 0_u64);
    loop {
        let to = (0..outputs).map(|_| {
            fresh += 1;
            let mut key = [0; 32];
            key[..8].copy_from_slice(&fresh.to_le_bytes());
            Output { to: Address::of(&PublicKey(key)), amount: 1 }
        });
        let to = Bounded::truncated(to);
        let nonce = transactions.len() as u64;
        let one = Transaction::transfer(&genesis.id(), &key, nonce, 1, u64::MAX, to, Text::default());
        bytes += encode(&one).len();
        if bytes > room {
            break;
        }
        transactions.push(one.check(&genesis.id()).unwrap());
    }
    let count = transactions.len();
    let time = Timestamp(genesis.header.time.0 + 5_000);
    let reward_to = Address::of(&key.public());
    let template =
        Template::new(&genesis, chain.tip(), genesis.supply(), transactions, reward_to, time, &key);
    let nonce = template.try_nonces(0, u64::MAX).unwrap();
    let block = Arc::new(template.finish(nonce));
    let size = encode(&*block).len();
    for known in [false, true] {
        let mut inline = check_inline(genesis.id());
        let cached = inline(&block.body.transactions).unwrap();
        let mut remembered = |_: &[Transaction]| Ok(cached.clone());
        let began = Instant::now();
        let plan = if known {
            chain.plan(&world, &mut remembered, time, block.clone(), false)
        } else {
            chain.plan(&world, &mut inline, time, block.clone(), false)
        };
        let took = began.elapsed();
        let Plan::Ready(ready) = plan.unwrap() else { panic!("not taken") };
        let how = if known { "signatures checked before" } else { "signatures checked now" };
        println!("{name}: {count} in {size} bytes, {} rows, {how}: {took:?}", ready.change().rows.len());
        if known {
            world.apply(ready.change());
            chain.accept(ready);
        }
    }
    assert_ne!(chain.tip().id, Hash::ZERO);
}

fn spec(rich: Address) -> NetworkSpec {
    let name = Text::try_from("bench".to_owned()).unwrap();
    let coin = Coin { symbol: Text::try_from("T".to_owned()).unwrap(), decimals: 0 };
    NetworkSpec {
        allocations: vec![Allocation { address: rich, amount: u64::MAX / 2 }],
        ..NetworkSpec::new(name, Timestamp(1_000_000), coin, BlockRules::new(5_000, 1, 50))
    }
}
