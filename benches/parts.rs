//! The parts under `bouya bench`, one at a time: `cargo bench --bench parts [-- NAME]`. `cargo test --bench parts` runs each once and measures
//! nothing; the ordinary tests do that.
//!
//! All on one core and in memory, but for the store: that is a file below TMPDIR.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that fails says so by panicking")]

use std::hint::black_box;

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::{DoubleSha256, PublicKey};
use bouya_core::ledger::{Address, CompactBlock, Key, RawTransaction, Room, StateHash, Transaction};
use bouya_core::limits::{BLOCK_BYTES, HEADER_BYTES, OUTPUTS};
use bouya_core::mempool::{Limits, Mempool};
use bouya_core::time::Time;
use criterion::{BatchSize, Criterion, Throughput};

#[path = "parts/field.rs"]
mod field;
#[path = "parts/store.rs"]
mod store;

use field::Field;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    transactions(&mut criterion);
    blocks(&mut criterion);
    dearest_blocks(&mut criterion);
    mempool(&mut criterion);
    store::commit(&mut criterion);
    criterion.final_summary();
}

fn transactions(criterion: &mut Criterion) {
    let field = Field::new(256);
    let transfers = field.transfers(256);
    let bytes = encode(&transfers[0]);
    let raw = RawTransaction::clone(&transfers[0]);
    let mut group = criterion.benchmark_group("transfer");
    group.throughput(Throughput::Elements(1));
    group
        .bench_function("decode", |bencher| bencher.iter(|| decode::<RawTransaction>(black_box(&bytes), "")));
    group.bench_function("decode_with_id", |bencher| {
        bencher.iter(|| decode::<Transaction>(black_box(&bytes), ""));
    });
    group.bench_function("encode_and_id", |bencher| {
        bencher.iter_batched(|| raw.clone(), Transaction::from, BatchSize::SmallInput);
    });
    group.bench_function("check_single", |bencher| {
        bencher.iter_batched(
            || transfers[0].clone(),
            |transfer| transfer.check(&field.network()).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.throughput(Throughput::Elements(256));
    group.bench_function("check_batch_256", |bencher| {
        bencher.iter(|| Transaction::check_batch(black_box(&transfers), &field.network()));
    });
    group.finish();
    let mut group = criterion.benchmark_group("mine");
    group.throughput(Throughput::Elements(1));
    let hasher = DoubleSha256::new(&[7; HEADER_BYTES - 8]);
    group.bench_function("midstate_try", |bencher| {
        let mut nonce = 0_u64;
        bencher.iter(|| {
            nonce = nonce.wrapping_add(1);
            hasher.finish(&nonce.to_le_bytes())
        });
    });
    group.finish();
}

fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block");
    for count in [500, 5_000] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("body_root_{count}"), |bencher| {
            let block = Field::new(500).block(count);
            bencher.iter(|| black_box(&block.body).root(1));
        });
    }
    group.throughput(Throughput::Elements(500));
    group.bench_function("plan_500_known", |bencher| {
        let field = Field::new(500);
        let block = field.block(500);
        let known = field.check(&block.body.transactions);
        bencher.iter(|| field.plan(&mut |_| known.iter().cloned().map(Ok).collect(), &block));
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("state_hash_row", |bencher| {
        let (key, row) = (Key::Account(Address::of(&PublicKey([7; 32]))), [1; 17]);
        let mut state = StateHash::default();
        bencher.iter(|| state.add(black_box(&key), black_box(&row)));
    });
    group.throughput(Throughput::Elements(5_000));
    group.bench_function("rebuild_compact_5000", |bencher| {
        let field = Field::new(500);
        let pool = field.pool(5_000);
        let block = field.block(5_000);
        let compact = CompactBlock::new(&block, 7).unwrap();
        bencher.iter(|| {
            let found = pool.find_short(&compact.key(), &compact.ids);
            compact.with(found.into_iter().map(Option::unwrap).collect()).unwrap()
        });
    });
    group.finish();
}

/// The dearest blocks that the rules allow. Many small transactions cost signatures; few large ones cost outputs. Both fill the block.
fn dearest_blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dearest_block");
    group.sample_size(10);
    for (name, outputs) in [("smallest_transactions", 1), ("largest_transactions", OUTPUTS)] {
        group.bench_function(format!("{name}_known"), |bencher| {
            let field = Field::new(1);
            let block = field.full_block(outputs);
            let known = field.check(&block.body.transactions);
            bencher.iter(|| field.plan(&mut |_| known.iter().cloned().map(Ok).collect(), &block));
        });
        group.bench_function(format!("{name}_unknown"), |bencher| {
            let field = Field::new(1);
            let block = field.full_block(outputs);
            let mut inline = bouya_core::ledger::check_inline(field.network());
            bencher.iter(|| field.plan(&mut inline, &block));
        });
    }
    group.finish();
}

fn mempool(criterion: &mut Criterion) {
    const COUNT: usize = 10_000;
    let mut group = criterion.benchmark_group("mempool");
    group.sample_size(20).throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("insert_10000", |bencher| {
        let field = Field::new(500);
        let checked = field.check(&field.transfers(COUNT));
        bencher.iter_batched(
            || (Mempool::new(Limits::default()), checked.clone()),
            |(mut pool, checked)| {
                for transfer in checked {
                    pool.insert(Time::from_millis(0), 1, field.account(), transfer).unwrap();
                }
                pool
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("select_5000_of_10000", |bencher| {
        let field = Field::new(500);
        let pool = field.pool(COUNT);
        let room = Room { bytes: BLOCK_BYTES, count: 5_000, gas: None };
        bencher.iter(|| pool.select(black_box(room)));
    });
    group.finish();
}
