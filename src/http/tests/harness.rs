//! A node without a network.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bouya_core::codec::encode;
use bouya_core::crypto::Hash;
use bouya_core::ledger::{Allocation, Block, Header, NetworkSpec, Transaction, View, in_force_before};
use bouya_core::mempool;
use futures_util::future::join_all;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::server::Server;
use super::super::*;
use super::client::Answer;
use crate::chain::{self, ChainActor};
use crate::clock::{Clock, wall};
use crate::mempool::MempoolActor;
use crate::miner::{MinerActor, MinerSettings};
use crate::store::Store;
use crate::workers::Workers;
use bouya_core::node::keeper::Input;
use bouya_core::node::{Certificate, Gate, VoterStatus, When};
use bouya_core::overlay::Outlook;
use bouya_core::testing;
use bouya_core::time::Timestamp;

mod network;

pub(super) use network::Network;

/// The key that seals blocks and gets their rewards.
pub(super) const MINER: u8 = 9;
pub(super) const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// Nothing here takes this long unless it hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A running API and what is behind it.
pub(super) struct Node {
    pub(super) api: Api,
    pub(super) address: SocketAddr,
    pub(super) chain: Mailbox<chain::ChainRequest>,
    pub(super) outlook: watch::Sender<Outlook>,
    pub(super) certificate: watch::Sender<Certificate>,
    pub(super) voter: watch::Sender<VoterStatus>,
    pub(super) network: Arc<Network>,
    engine: Engine,
    _dir: TempDir,
}

/// What runs the actors; last to go, once they are told to stop.
struct Engine {
    /// Taken when dropped: a runtime that is dropped itself waits for ever on a thread that does not end.
    runtime: Option<Runtime>,
    actors: Vec<JoinHandle<()>>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let ended =
            async { tokio::time::timeout(Duration::from_secs(5), join_all(self.actors.drain(..))).await };
        // A test that failed has said so already.
        let _ = runtime.block_on(ended);
        runtime.shutdown_background();
    }
}

/// A connection that waits, but not for ever.
pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn of_members() -> Arc<Genesis> {
    let members = [1, 2, 3, MINER].map(testing::member).into();
    let spec = NetworkSpec { members, ..testing::spec("http", 1_000_000) };
    Arc::new(Genesis::new(spec).unwrap())
}

impl Node {
    /// Three transactions of each sender may wait.
    pub(super) fn start() -> Self {
        Self::with_waiting(3)
    }

    /// As many of each sender's transactions may wait.
    pub(super) fn with_waiting(max_per_sender: usize) -> Self {
        Self::of(testing::network("http", 1_000_000), max_per_sender, None)
    }

    /// In a network with four members, of whom three make a block final. Nobody votes by himself.
    pub(super) fn with_members() -> Self {
        Self::of(of_members(), 3, None)
    }

    /// In a network whose blocks run contracts. The governor of m1 holds coins.
    pub(super) fn with_contracts() -> Self {
        let mut spec = NetworkSpec { version: Header::CONTRACTS, ..testing::spec("http", 1_000_000) };
        let address = Address::of(&testing::governor(1).public());
        spec.allocations.push(Allocation { address, amount: 1_000_000 });
        Self::of(Arc::new(Genesis::new(spec).unwrap()), 3, None)
    }

    /// The same as with members, keeping the content of the last block and of what is not final only.
    pub(super) fn that_prunes() -> Self {
        Self::of(of_members(), 3, Some(1))
    }

    /// The same, running contracts.
    pub(super) fn with_contracts_that_prunes() -> Self {
        let mut spec = NetworkSpec { version: Header::CONTRACTS, ..of_members().spec.clone() };
        let address = Address::of(&testing::governor(1).public());
        spec.allocations.push(Allocation { address, amount: 1_000_000 });
        Self::of(Arc::new(Genesis::new(spec).unwrap()), 3, Some(1))
    }

    fn of(genesis: Arc<Genesis>, max_per_sender: usize, keep: Option<u64>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let entered = runtime.enter();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), genesis.clone()).unwrap();
        let (reader, events) = (store.reader(), Events::default());
        let workers = Arc::new(Workers::new(genesis.id()));
        let (own, mut inputs) = Mailbox::new("network", 64);
        let (requests, mut asked) = Mailbox::new("network", 64);
        let (chain, chain_inbox) = Mailbox::new("chain", 64);
        let (mempool, mempool_inbox) = Mailbox::new("mempool", 64);
        let (miner, miner_inbox) = Mailbox::new("miner", 16);
        let (level, level_watch) = watch::channel(Level::default());
        let outlook = Outlook { clock_offset_ms: Some(-7), ..Outlook::fine() };
        let (outlook, outlook_watch) = watch::channel(outlook);
        let stop = CancellationToken::new();
        let (rate, hash_rate) = watch::channel(0);
        let day = 24 * 3600 * 1000;
        let not_after = Timestamp(wall().0 + 10 * day + 60_000);
        let certificate = Certificate { not_before: Timestamp(wall().0 - day), not_after, revoked: false };
        let (certificate, certificate_watch) = watch::channel(certificate);
        let outlets = chain::Outlets {
            network: own.clone(),
            mempool: mempool.clone(),
            conflict: tokio::sync::mpsc::channel(1).0,
            events: events.clone(),
        };
        let data = dir.path().to_owned();
        let (chain_actor, head) =
            ChainActor::load(store, data, workers.clone(), chain_inbox, outlets, keep).unwrap();
        let mempool_actor = MempoolActor {
            limits: mempool::Limits { max_per_sender, ..mempool::Limits::default() },
            reader: reader.clone(),
            workers,
            inbox: mempool_inbox,
            network: own,
            level,
            events: events.clone(),
            clock: Clock::start(),
        };
        let reward_to = testing::address(MINER);
        let threads = NonZero::<u32>::MIN;
        let (voter, voter_watch) = watch::channel(VoterStatus::default());
        let health = Health {
            gate: Gate::new(&genesis, &testing::key(MINER).public(), false),
            head: head.clone(),
            outlook: outlook_watch,
            certificate: certificate_watch,
            voter: voter_watch,
        };
        let states = {
            let reader = reader.clone();
            Arc::new(move |tip: &Hash| {
                Ok(reader.snapshot_at(tip)?.map(|state| Box::new(state) as Box<dyn View>))
            })
        };
        let miner_actor = MinerActor {
            settings: MinerSettings { enabled: false, threads, share: 1.0, when: When::Pending, reward_to },
            genesis: genesis.clone(),
            key: testing::key(MINER),
            states,
            inbox: miner_inbox,
            chain: chain.clone(),
            mempool: mempool.clone(),
            level: level_watch.clone(),
            health: health.clone(),
            rate,
        };
        let (chain_stop, mempool_stop) = (stop.clone(), stop.clone());
        let actors = vec![
            runtime.spawn_blocking(move || chain_actor.run(&chain_stop).unwrap()),
            runtime.spawn_blocking(move || mempool_actor.run(&mempool_stop).unwrap()),
        ];
        runtime.spawn(miner_actor.run(stop.clone()));
        runtime.spawn(async move {
            loop {
                inputs.next().await;
            }
        });
        let network = Arc::new(Network::new());
        let answering = network.clone();
        runtime.spawn(async move {
            loop {
                answering.answer(asked.next().await);
            }
        });
        let api = Api {
            id: "alice".parse().unwrap(),
            code: None,
            started: Timestamp(1_700_000_000_000),
            open_files: 1_000,
            genesis,
            data_dir: dir.path().to_owned(),
            reader,
            head,
            mempool,
            level: level_watch,
            miner,
            // It answers nothing.
            voter: Mailbox::new("voter", 1).0,
            hash_rate,
            miner_enabled: false,
            health,
            network: requests,
            strangers: Arc::default(),
            traffic: Arc::default(),
            events,
            reward_to,
            token: token::Token::new(TOKEN),
            hosts: vec!["ledger.example".to_owned()],
            origins: Vec::new(),
            min_fee_per_byte: 1,
            limits: Limits::default(),
            stop,
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, api.clone()));
        drop(entered);
        Self {
            api,
            address,
            chain,
            outlook,
            certificate,
            voter,
            network,
            engine: Engine { runtime: Some(runtime), actors },
            _dir: dir,
        }
    }

    /// The same API at a further address, with other bounds.
    pub(super) fn serve_also(&self, bounds: impl FnOnce(&mut Server)) -> SocketAddr {
        self.serve_as(self.api.clone(), bounds)
    }

    /// The same API at a further address, let in to others and with other bounds.
    pub(super) fn serve_as(&self, api: Api, bounds: impl FnOnce(&mut Server)) -> SocketAddr {
        let _entered = self.runtime().enter();
        let mut server = Server::new(api);
        bounds(&mut server);
        let listener = self.runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        self.runtime().spawn(server.run(listener));
        address
    }

    pub(super) fn runtime(&self) -> &Runtime {
        self.engine.runtime.as_ref().unwrap()
    }

    /// Sends a request as it is; further header lines and the body are the caller's.
    pub(super) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let host = if headers.to_ascii_lowercase().contains("host:") { "" } else { "Host: localhost\r\n" };
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        let mut stream = self.connect();
        stream.write_all(head.as_bytes()).unwrap();
        // A body that is too large is answered before it has been read.
        let _ = stream.write_all(body);
        let mut stream = BufReader::new(stream);
        if method == "HEAD" { Answer::read_head(&mut stream) } else { Answer::read(&mut stream) }
    }

    pub(super) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    /// The JSON of an answer that must be good.
    pub(super) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        answer.json()
    }

    /// With the operator's token.
    pub(super) fn operate(&self, method: &str, path: &str) -> Answer {
        self.send(method, path, &format!("Authorization: Bearer {TOKEN}\r\n"), b"")
    }

    pub(super) fn mine(&self) -> Value {
        let answer = self.operate("POST", "/v1/mine");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    pub(super) fn submit(&self, transaction: &Transaction) -> Answer {
        let kind = "Content-Type: application/octet-stream\r\n";
        self.send("POST", "/v1/transactions", kind, &encode(transaction))
    }

    pub(super) fn pay(&self, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
        let transaction = testing::pay(&self.api.genesis, from, nonce, to, amount, 1_000);
        let answer = self.submit(&transaction);
        assert_eq!(answer.status, 202, "{}", answer.text());
        transaction
    }

    /// Gives the chain a block, as the miner does.
    pub(super) fn give(&self, block: Arc<Block>) {
        let asked = self.chain.ask(|reply| chain::ChainRequest::Mined { block, reply });
        self.runtime().block_on(asked).unwrap().unwrap();
    }

    /// Gives the chain what m1, m2, m3 and m7, as far as they vote on it, sign to make the block at this height final, and waits until it is.
    pub(super) fn finalize(&self, height: u64) {
        let snapshot = self.api.reader.snapshot().unwrap();
        let block = snapshot.at_height(height).unwrap().unwrap();
        let header = snapshot.record(&block).unwrap().unwrap().header;
        let members = in_force_before(&snapshot, &header).unwrap().unwrap();
        let mut keys = vec![1, 2, 3, 7];
        keys.retain(|n| members.roster().by_key(&testing::key(*n).public()).is_some());
        let certificate =
            testing::certificate_of(members.voters(), &self.api.genesis, (height, block), &keys);
        self.chain.tell(chain::ChainRequest::Keeper(Input::Finalize(certificate)));
        self.wait("it is final", || self.api.head.borrow().finalized.0 == height);
    }

    /// Waits until the tip is at this height: a reorganisation goes on after its last block was taken.
    pub(super) fn wait_for_height(&self, height: u64) {
        let mut head = self.api.head.clone();
        let there = async { head.wait_for(|head| head.branch.height == height).await.map(drop) };
        let waited = async { tokio::time::timeout(PATIENCE, there).await };
        self.runtime().block_on(waited).expect("the tip did not move").unwrap();
    }

    /// Waits until it holds.
    pub(super) fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < end, "still not: {what}");
            std::thread::sleep(Duration::from_millis(5)); // poll
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.api.stop.cancel();
    }
}
