//! Durable commits, into a file that grows meanwhile.

use std::time::{Duration, Instant};

use bouya::store::Store;
use bouya_core::ledger::{Chain, Origin, Plan};
use criterion::{Criterion, Throughput};

use super::field::Field;

pub(crate) fn commit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store");
    group.sample_size(10);
    for count in [0, 500] {
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("commit_block_of_{count}"), |bencher| {
            let field = Field::new(500);
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path(), field.genesis().clone()).unwrap();
            let snapshot = store.reader().snapshot().unwrap();
            let mut chain = Chain::load(field.genesis().clone(), &snapshot).unwrap();
            drop(snapshot);
            bencher.iter_custom(|times| (0..times).map(|_| one(&field, &store, &mut chain, count)).sum());
        });
    }
    group.finish();
}

/// How long the commit of the next block took; what comes before it is not counted.
fn one(field: &Field, store: &Store, chain: &mut Chain, count: usize) -> Duration {
    let block = field.block_on(chain.tip(), count);
    let known = field.check(&block.body.transactions);
    let (time, snapshot) = (block.header.time, store.reader().snapshot().unwrap());
    let plan = chain
        .plan(&snapshot, &mut |_| known.iter().cloned().map(Ok).collect(), time, block, Origin::Pushed)
        .unwrap();
    let Plan::Ready(ready) = plan else { panic!("not taken") };
    drop(snapshot);
    let began = Instant::now();
    store.commit(ready.change()).unwrap();
    let took = began.elapsed();
    chain.accept(ready);
    took
}
