use bouya_core::ledger::{Checkpoint, Contradiction, Link};
use bouya_core::overlay::SyncStatus;
use bouya_core::testing::{key, network_of_members};

use super::*;
use crate::store::Store;

/// A voter alone: what the test is its chain and its network.
struct Bench {
    dir: tempfile::TempDir,
    genesis: Arc<Genesis>,
    conflict: mpsc::Sender<Conflict>,
    heads: watch::Sender<Arc<Head>>,
    voter: Mailbox<VoterRequest>,
    status: watch::Receiver<VoterStatus>,
    stop: CancellationToken,
    running: Option<std::thread::JoinHandle<()>>,
    _inboxes: (Inbox<overlay::Input>, Inbox<ChainRequest>),
}

impl Bench {
    fn start(dir: tempfile::TempDir, checkpoint: Option<(u64, Hash)>) -> Self {
        let mut genesis = (*network_of_members("voters")).clone();
        genesis.rules.checkpoint = checkpoint;
        let genesis = Arc::new(genesis);
        let reader = Store::open(dir.path(), genesis.clone()).unwrap().reader();
        let record = RecordFile::beside(&dir.path().join("m1.member"), genesis.id(), key(1).public());
        let clock = Clock::start();
        let kept = Some(record.read().unwrap().unwrap_or_default());
        let (machine, proven) = machine(&genesis, &key(1), kept, &reader, clock.now()).unwrap();
        let (network, from_network) = Mailbox::new("network", 64);
        let (chain, from_chain) = Mailbox::new("chain", 64);
        let (voter, inbox) = Mailbox::new("voter", 4);
        let head = Head::read(&reader.snapshot().unwrap(), &genesis.branch()).unwrap();
        let (heads, head) = watch::channel(Arc::new(head));
        let (conflict, conflicts) = mpsc::channel(4);
        let (told, status) = watch::channel(VoterStatus { alarm: machine.alarm(), ..VoterStatus::default() });
        let syncing = Outlook { sync: SyncStatus::Syncing { height: 0, target: 9 }, ..Outlook::fine() };
        let actor = VoterActor {
            id: bouya_core::testing::member(1).id,
            machine,
            record,
            proven,
            reader,
            head,
            outlook: watch::channel(syncing).1,
            inbox,
            conflict: conflicts,
            network,
            chain,
            status: told,
            events: Events::default(),
            clock,
        };
        let stop = CancellationToken::new();
        let (stopped, runtime) = (stop.clone(), tokio::runtime::Handle::current());
        let running = std::thread::spawn(move || {
            let _entered = runtime.enter();
            actor.run(&stopped).unwrap();
        });
        let _inboxes = (from_network, from_chain);
        Self { dir, genesis, conflict, heads, voter, status, stop, running: Some(running), _inboxes }
    }

    /// The node stops. Returns its folder.
    fn stop(mut self) -> tempfile::TempDir {
        self.stop.cancel();
        self.running.take().unwrap().join().unwrap();
        self.dir
    }

    /// A block that is final in another history. Whoever tells of it has verified that.
    fn rival(&self) -> Certificate {
        let voters = bouya_core::ledger::Voters::first(&self.genesis);
        let source = Checkpoint { epoch: 2, height: 3, block: Hash([7; 32]) };
        let link = Link { set: voters.id(), source, target: Checkpoint { epoch: 3, ..source } };
        Certificate::new(&voters, link, &BTreeMap::new())
    }

    fn alarm(&self) -> Option<Alarm> {
        self.status.borrow().alarm
    }

    async fn view(&self) -> VotersView {
        let (reply, view) = oneshot::channel();
        self.voter.offer(VoterRequest::Show { reply }).unwrap();
        view.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_voter_hears_of_each_conflict_and_remembers_it_over_a_restart() {
    let mut bench = Bench::start(tempfile::tempdir().unwrap(), None);
    let rival = bench.rival();
    let told = |how| Conflict { certificate: bench.rival(), newest: None, how };
    bench.conflict.send(told(Contradiction::Overruled)).await.unwrap();
    assert_eq!((bench.view().await.alarm, bench.view().await.rival), (None, None));
    // Other things wake it at the same time.
    bench.heads.send_modify(|_| ());
    bench.conflict.send(told(Contradiction::OtherHistory)).await.unwrap();
    bench.heads.send_modify(|_| ());
    bench.status.wait_for(|status| status.alarm == Some(Alarm::OtherHistory)).await.unwrap();
    assert_eq!(bench.view().await.rival, Some(rival.clone()));

    let bench = Bench::start(bench.stop(), None);
    assert_eq!(bench.alarm(), Some(Alarm::OtherHistory), "it does not vote in either");
    let (reply, resumed) = oneshot::channel();
    bench.voter.offer(VoterRequest::Resume { reply }).unwrap();
    assert_eq!(resumed.await.unwrap(), Err(NotResumed::TwoHistories));
    assert_eq!(bench.view().await.rival, Some(rival));

    // A checkpoint that this chain does not hold decides nothing; one that it holds does, once.
    let bench = Bench::start(bench.stop(), Some((1, Hash([1; 32]))));
    assert_eq!(bench.alarm(), Some(Alarm::OtherHistory));
    let held = Some((0, bench.genesis.id()));
    let bench = Bench::start(bench.stop(), held);
    assert_eq!((bench.alarm(), bench.view().await.rival), (None, None));
    bench
        .conflict
        .send(Conflict { certificate: bench.rival(), newest: None, how: Contradiction::OtherHistory })
        .await
        .unwrap();
    assert_eq!(bench.view().await.rival, Some(bench.rival()));
    let bench = Bench::start(bench.stop(), held);
    assert_eq!(bench.alarm(), Some(Alarm::OtherHistory), "it was there before");
    bench.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_node_finds_invalid_is_told_with_its_height_and_mended_by_a_restart() {
    let mut bench = Bench::start(tempfile::tempdir().unwrap(), None);
    let height = bench.rival().link.source.height;
    let told = |how| Conflict { certificate: bench.rival(), newest: None, how };
    bench.conflict.send(told(Contradiction::Invalid)).await.unwrap();
    bench.status.wait_for(|status| status.refuses == Some(height)).await.unwrap();
    assert_eq!((bench.alarm(), bench.view().await.rival), (Some(Alarm::OtherHistory), None));
    assert_eq!(bench.view().await.refuses, Some(height));
    let (reply, resumed) = oneshot::channel();
    bench.voter.offer(VoterRequest::Resume { reply }).unwrap();
    assert_eq!(resumed.await.unwrap(), Err(NotResumed::RefusesFinal));
    // Whether it is mended the chain finds out: it takes the block, or says so again.
    let bench = Bench::start(bench.stop(), None);
    assert_eq!(bench.alarm(), None);
    bench.stop();
}

/// In whichever order they are met.
#[tokio::test(flavor = "multi_thread")]
async fn two_histories_are_graver_than_a_final_block_that_is_found_invalid() {
    let orders = [
        [Contradiction::Invalid, Contradiction::OtherHistory],
        [Contradiction::OtherHistory, Contradiction::Invalid],
    ];
    for order in orders {
        let bench = Bench::start(tempfile::tempdir().unwrap(), None);
        for how in order {
            bench.conflict.send(Conflict { certificate: bench.rival(), newest: None, how }).await.unwrap();
        }
        let view = bench.view().await;
        assert_eq!((view.rival, view.refuses), (Some(bench.rival()), None), "{order:?}");
        assert_eq!((bench.alarm(), bench.status.borrow().refuses), (Some(Alarm::OtherHistory), None));
        bench.stop();
    }
}
