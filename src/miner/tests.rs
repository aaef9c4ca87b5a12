use std::time::Duration;

use bouya_core::node::{Certificate, Gate, Head, VoterStatus};
use bouya_core::overlay::{Outlook, SyncStatus};
use bouya_core::testing;
use bouya_core::time::Timestamp;

use super::*;

/// Who waits for a block hears it when the node may no longer mine, instead of waiting for a block that cannot come.
#[tokio::test]
async fn who_waits_for_a_block_hears_what_keeps_it_from_coming() {
    let mut spec = testing::genesis().spec.clone();
    // So hard that no try hits.
    spec.blocks.initial_difficulty = i64::MAX as u64;
    let genesis = Arc::new(Genesis::new(spec).unwrap());
    let (chain, _chain_inbox) = Mailbox::new("chain", 1);
    let (mempool, mut asked) = Mailbox::new("mempool", 16);
    let (miner, inbox) = Mailbox::new("miner", 4);
    let view = bouya_core::ledger::World::new(&genesis);
    let head = Head::read(&view, &genesis.branch()).unwrap();
    let (_heads, head) = watch::channel(Arc::new(head));
    let (outlooks, outlook) = watch::channel(Outlook::fine());
    let certificate =
        Certificate { not_before: Timestamp(0), not_after: Timestamp(u64::MAX), revoked: false };
    let gate = Gate::new(&genesis, &testing::key(1).public(), false);
    let health = Health {
        gate,
        head,
        outlook,
        certificate: watch::channel(certificate).1,
        voter: watch::channel(VoterStatus::default()).1,
    };
    let settings = MinerSettings {
        enabled: false,
        threads: NonZero::<u32>::MIN,
        share: 0.1,
        when: When::Pending,
        reward_to: testing::address(1),
    };
    let (_level, level) = watch::channel(Level::default());
    let rate = watch::channel(0).0;
    let key = testing::key(1);
    let states: States = Arc::new(move |_| Ok(Some(Box::new(view.clone()))));
    let actor = MinerActor { settings, genesis, key, states, inbox, chain, mempool, level, health, rate };
    let stop = CancellationToken::new();
    let running = tokio::spawn(actor.run(stop.clone()));
    let (reply, answer) = oneshot::channel();
    miner.offer(MinerRequest::MineOne { reply }).unwrap();
    // It asks for transactions: it searches.
    let mempool::MempoolRequest::Select { reply, .. } = asked.next().await else { panic!() };
    drop(reply.send(Vec::new()));
    outlooks.send_modify(|outlook| outlook.sync = SyncStatus::Syncing { height: 0, target: 9 });
    let error = tokio::time::timeout(Duration::from_secs(30), answer).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error, MineError::Paused(State::Syncing { height: 0, target: 9 }));
    stop.cancel();
    running.await.unwrap();
}
