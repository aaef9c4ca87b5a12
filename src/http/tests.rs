//! The API over a real store and real actors; the network is played.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::codec::encode;
use bouya_core::ledger::{Address, Transaction};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::actor::Mailbox;
use crate::chain::{ChainActor, Outlets};
use crate::clock::Clock;
use crate::mempool::MempoolActor;
use crate::miner::{MinerActor, When};
use crate::net::request::{CommandError, Request, Summary};
use crate::store::Store;
use crate::testing::{address, genesis, key, pay};
use crate::workers::Workers;

mod cases;

const TOKEN: &str = "right";

/// A node without a network.
struct Served {
    at: SocketAddr,
    genesis: Arc<Genesis>,
    stop: CancellationToken,
    runtime: tokio::runtime::Runtime,
    _dir: TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Served {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (genesis, stop) = (genesis("test"), CancellationToken::new());
        let at = runtime.block_on(serve_node(dir.path(), genesis.clone(), stop.clone()));
        Self { at, genesis, stop, runtime, _dir: dir }
    }

    /// A raw request; status, headers and body.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = std::net::TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: {}\r\n", self.at);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // A body that is refused may not be read to its end.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, answer[end + 4..].to_vec())
    }

    fn json(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
        let (status, head, body) = self.ask(method, path, headers, body);
        if status >= 400 {
            assert!(head.contains("content-type: application/problem+json"), "{path}: {head}");
        }
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.json("GET", path, &[], b"");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn submit(&self, transaction: &Transaction) -> (u16, Value) {
        let kind = [("content-type", "application/octet-stream")];
        self.json("POST", "/v1/transactions", &kind, &encode(transaction))
    }

    fn mine(&self) -> Value {
        let token = format!("Bearer {TOKEN}");
        let (status, body) = self.json("POST", "/v1/mine", &[("authorization", &token)], b"");
        assert_eq!(status, 200, "{body}");
        body
    }

    fn pay(&self, from: u8, nonce: u64, to: u8, amount: u64) -> Transaction {
        pay(&self.genesis, from, nonce, to, amount)
    }
}

async fn serve_node(dir: &std::path::Path, genesis: Arc<Genesis>, stop: CancellationToken) -> SocketAddr {
    let store = Store::open(dir, genesis.clone()).unwrap();
    let (reader, events, clock) = (store.reader(), Events::default(), Clock::start());
    let workers = Arc::new(Workers::new(genesis.id()));
    let (network, mut heard) = Mailbox::new("network", 1_024);
    let (requests, asked) = Mailbox::new("network", 16);
    let (chain_box, chain_inbox) = Mailbox::new("chain", 16);
    let (mempool_box, mempool_inbox) = Mailbox::new("mempool", 16);
    let (miner_box, miner_inbox) = Mailbox::new("miner", 16);
    let (level, level_watch) = watch::channel(Level::default());
    let (rate, rate_watch) = watch::channel(0);
    let outlets = Outlets { network: network.clone(), mempool: mempool_box.clone(), events: events.clone() };
    let chain: (ChainActor, _) =
        ChainActor::load(store, dir.to_owned(), workers.clone(), chain_inbox, outlets).unwrap();
    let (chain, head) = chain;
    let mempool = MempoolActor {
        limits: bouya_core::mempool::Limits::default(),
        reader: reader.clone(),
        workers,
        inbox: mempool_inbox,
        network,
        head: head.clone(),
        level,
        events: events.clone(),
        clock,
    };
    let settings = miner::Settings {
        enabled: false,
        threads: std::num::NonZero::<u32>::MIN,
        share: 1.0,
        when: When::Pending,
        reward_to: address(9),
    };
    let (_, gate) = watch::channel(None);
    let miner = MinerActor {
        settings,
        genesis: genesis.clone(),
        key: key(9),
        inbox: miner_inbox,
        chain: chain_box,
        mempool: mempool_box.clone(),
        head: head.clone(),
        level: level_watch.clone(),
        gate,
        rate,
    };
    tokio::task::spawn_blocking(move || chain.run());
    tokio::task::spawn_blocking(move || mempool.run());
    tokio::spawn(miner.run());
    tokio::spawn(async move { while heard.recv().await.is_some() {} });
    tokio::spawn(play_network(asked));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let names = Arc::new(std::collections::BTreeMap::from([(key(9).public(), "alice".parse().unwrap())]));
    let api = Api {
        id: "alice".parse().unwrap(),
        genesis,
        reader,
        head,
        mempool: mempool_box,
        level: level_watch,
        miner: miner_box,
        hash_rate: rate_watch,
        miner_enabled: false,
        network: requests,
        events,
        not_after: watch::channel(Timestamp(crate::clock::wall().0 + 10 * 24 * 3_600_000 + 1_000)).1,
        names: watch::channel(names).1,
        reward_to: address(9),
        token: token::Token::new(TOKEN),
        hosts: vec!["ledger.example".to_owned()],
        min_fee_per_byte: 1,
        stop,
    };
    tokio::spawn(serve(listener, api));
    at
}

/// One peer, bob, who is also on the blacklist of the configuration as eve.
async fn play_network(mut asked: tokio::sync::mpsc::Receiver<Request>) {
    while let Some(request) = asked.recv().await {
        match request {
            Request::Peers { reply } => drop(reply.send(vec![bob()])),
            Request::Blacklist { reply } => drop(reply.send(vec![])),
            Request::Summary { reply } => {
                let sync = views::SyncStatus { state: "alone".to_owned(), progress: 1.0 };
                drop(reply.send(Summary { connected: 1, known: 1, sync, clock_offset_ms: -7 }));
            }
            Request::Command { command, reply } => {
                use bouya_core::overlay::Command;
                let result = match command {
                    Command::Unblacklist(id) if id.as_str() == "eve" => Err(CommandError::Configured(id)),
                    Command::RemovePeer(id) if id.as_str() != "bob" => Err(CommandError::Unknown(id)),
                    _ => Ok(()),
                };
                let _ = reply.send(result);
            }
        }
    }
}

fn bob() -> views::Peer {
    views::Peer {
        id: "bob".to_owned(),
        host: "10.0.0.6".to_owned(),
        port: 7_000,
        status: "connected".to_owned(),
        direction: Some("in".to_owned()),
        since: None,
        rtt_ms: Some(1),
        height: Some(0),
        why: None,
        until: None,
        agent: None,
    }
}

/// The address of key number `n`, as text.
fn at(n: u8) -> String {
    let address: Address = address(n);
    address.to_string()
}
