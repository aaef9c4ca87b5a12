//! The actor, with a network that only listens.

use bouya_core::ledger::RawTransaction;
use bouya_core::overlay::TransactionOutcome;
use tempfile::TempDir;

use super::*;
use crate::store::Store;
use crate::testing::{genesis, pay};

struct Bench {
    mempool: Mailbox<Request>,
    offers: mpsc::Receiver<Input>,
    head: watch::Sender<Arc<Head>>,
    _dir: TempDir,
}

fn actor() -> (Bench, MempoolActor) {
    let (dir, genesis) = (TempDir::new().unwrap(), genesis("test"));
    let store = Store::open(dir.path(), genesis.clone()).unwrap();
    let (mempool, inbox) = Mailbox::new("mempool", CAPACITY);
    let (network, offers) = Mailbox::new("network", 64);
    let (branch, supply) = (genesis.branch(), genesis.supply());
    let head = Head { branch, supply, empty_blocks: 0, locator: Vec::new(), disk_full: false };
    let (head, head_watch) = watch::channel(Arc::new(head));
    let actor = MempoolActor {
        limits: Limits::default(),
        reader: store.reader(),
        workers: Arc::new(Workers::new(genesis.id())),
        inbox,
        network,
        head: head_watch,
        level: watch::channel(Level::default()).0,
        events: Events::default(),
        clock: Clock::start(),
    };
    (Bench { mempool, offers, head, _dir: dir }, actor)
}

fn give(mempool: &Mailbox<Request>, list: &[&Transaction]) -> oneshot::Receiver<Vec<Result<Hash, Refusal>>> {
    let (reply, answer) = oneshot::channel();
    let transactions = list.iter().copied().cloned().collect();
    mempool.offer(Request::Give { transactions, reply }).unwrap();
    answer
}

#[test]
fn what_waits_together_is_answered_each_giver_on_its_own_and_offered_together() {
    let (Bench { mempool, mut offers, head: _head, _dir }, actor) = actor();
    let [first, second, third, gap] = [0, 1, 2, 9].map(|nonce| pay(&genesis("test"), 1, nonce, 2, 1));
    let forged: Transaction = RawTransaction { nonce: 7, ..RawTransaction::clone(&first) }.into();
    let (one, two) = (ConnId(1), ConnId(2));
    let submit = |conn, transactions| mempool.offer(Request::Submit { conn, transactions }).unwrap();
    submit(one, vec![first.clone(), forged]);
    let given = give(&mempool, &[&first, &second]);
    submit(two, vec![third.clone()]);
    let refused = give(&mempool, &[&gap]);
    let (reply, waiting) = oneshot::channel();
    mempool.offer(Request::List { most: 9, reply }).unwrap();
    drop(mempool);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(runtime.spawn_blocking(|| actor.run())).unwrap().unwrap();

    let given: Vec<Hash> = given.blocking_recv().unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(given, [first.id(), second.id()]);
    assert!(matches!(refused.blocking_recv().unwrap()[..], [Err(Refusal::Mempool(_))]));
    assert_eq!(waiting.blocking_recv().unwrap().len(), 3);
    let mut told = Vec::new();
    let mut offered = Vec::new();
    while let Some(input) = offers.blocking_recv() {
        match input {
            Input::Answer(Answer::TransactionsDone { conn, outcomes }) => {
                let taken = |(_, outcome): &(_, _)| *outcome == TransactionOutcome::Taken;
                told.push((conn, outcomes.iter().map(taken).collect::<Vec<_>>()));
            }
            Input::Offer(Offer::Transactions(list)) => offered.push(list),
            _ => panic!("nothing else was asked"),
        }
    }
    assert_eq!(told, [(one, vec![true, false]), (two, vec![true])]);
    assert_eq!(offered, [vec![first, second, third]]);
}

#[test]
fn a_full_disk_takes_nothing_new_and_still_knows_what_waits() {
    let (bench, actor) = actor();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let running = runtime.spawn_blocking(|| actor.run());
    let [known, new] = [0, 1].map(|nonce| pay(&genesis("test"), 1, nonce, 2, 1));
    assert!(give(&bench.mempool, &[&known]).blocking_recv().unwrap()[0].is_ok());
    bench.head.send_modify(|head| *head = Arc::new(Head { disk_full: true, ..(**head).clone() }));
    let given = give(&bench.mempool, &[&known, &new]).blocking_recv().unwrap();
    assert!(matches!(given[..], [Ok(_), Err(Refusal::DiskFull)]));
    drop(bench.mempool);
    runtime.block_on(running).unwrap().unwrap();
}
