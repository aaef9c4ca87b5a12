//! The composition root: builds every actor, wires their mailboxes, starts them in order, and stops them all when one ends.
//!
//! They start in the order store, chain, mempool, voter, network, listener, health, miner, api, and stop in the reverse order (`crew`). So requests end
//! first, then peers are told goodbye, and the chain has taken everything that it was given before the store is closed. `store` only watches for
//! damage. The listening socket is open before the others start: what comes in that early waits for the network actor.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bouya_core::code::Code;
use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{Address, StateError, View};
use bouya_core::limits::{
    API_CONNECTIONS, CHAIN_MAILBOX, CONFLICTS_WAITING, DIALS_BACK, DIALS_IN_FLIGHT, MEMPOOL_MAILBOX,
    MINER_MAILBOX, NETWORK_MAILBOX, NETWORK_REQUEST_MAILBOX, OTHER_FILES, PENDING_SOCKETS, VOTER_MAILBOX,
    WIRE_EVENTS,
};
use bouya_core::node::{Gate, VoterStatus};
use bouya_core::overlay;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::actor::Mailbox;
use crate::chain::{self, ChainActor, ChainError};
use crate::clock::{self, Clock};
use crate::config::{Mistakes, Settings};
use crate::events::Events;
use crate::health::Health;
use crate::http;
use crate::mempool::{Level, MempoolActor, MempoolActorError};
use crate::miner::{self, MinerActor};
use crate::net::crl::Revocations;
use crate::net::network::{self, NetworkActor};
use crate::net::tls::{IdentityError, IdentityFiles, Tls};
use crate::net::{self, Shared, listen};
use crate::store::owner::{self, OwnerError};
use crate::store::{Store, StoreError};
use crate::voter::record::{self, Kept, RecordError, RecordFile};
use crate::voter::{self, VoterActor, VoterError};
use crate::workers::Workers;
use crew::Crew;

mod crew;
pub(crate) mod judge;
mod peers;

/// Why a node does not start, or stops by itself.
#[derive(Debug, Error)]
pub enum NodeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Mempool(#[from] MempoolActorError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A fault that `bouya check` also finds.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
    #[error(transparent)]
    Owner(#[from] OwnerError),
    #[error("member key: {0}")]
    MemberKey(String),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Voter(#[from] VoterError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("api token: {0}")]
    Token(String),
    /// Usually the address is in use.
    #[error("cannot listen on {address} ({key}): {error}. Stop what listens there, or choose another port")]
    Listen { key: &'static str, address: SocketAddr, error: io::Error },
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    #[error("the {0} ended by itself; this is a fault of bouya's, please report it")]
    Ended(&'static str),
}

/// A node that has been built and listens, but does not work yet.
pub struct Node {
    settings: Settings,
    tls: Arc<Tls>,
    store: Store,
    member_key: SecretKey,
    /// The record of its votes, and what it holds.
    record: (Option<Kept>, RecordFile, std::fs::File),
    token: http::token::Token,
    p2p: Option<TcpListener>,
    api: Option<TcpListener>,
    reload: Arc<Notify>,
}

impl Node {
    /// Opens and checks everything: files, ports, store. After this, a start cannot fail because of the configuration.
    pub async fn build(settings: Settings) -> Result<Self, NodeError> {
        let genesis = settings.network.genesis.clone();
        let store = Store::open_with_cache(&settings.data_dir, genesis, settings.chain.cache_bytes)?;
        let saved = store.reader().kept(network::REVOCATIONS)?;
        let saved = saved.map(|bytes| Revocations::from_bytes(&bytes)).transpose().unwrap_or_else(|error| {
            error!(%error, "revocations of earlier lists are forgotten; the CA's file and the peers bring back the newest");
            None
        });
        let saved = saved.unwrap_or_default();
        let tls = Arc::new(Tls::open(identity_files(&settings), saved)?);
        let (list, warnings) = judge::sort(judge::settings(&settings, &tls.id()));
        if !list.is_empty() {
            return Err(Mistakes { path: settings.path, list }.into());
        }
        for found in warnings {
            warn!(key = found.key, why = %found.text, "a setting may be a mistake");
        }
        owner::claim(&settings.data_dir, &tls.id())?;
        let path = &settings.identity.member_key;
        let member_key =
            record::load_or_create_key(path).map_err(|error| NodeError::MemberKey(error.to_string()))?;
        let record = RecordFile::beside(path, settings.network.genesis.id(), member_key.public());
        let held = record.hold()?;
        let record = (record.read()?, record, held);
        let token = http::token::load_or_create(&settings.api.token_file)
            .map_err(|error| NodeError::Token(error.to_string()))?;
        let p2p = settings
            .p2p
            .listen
            .map(|address| {
                listen::bind(address).map_err(|error| NodeError::Listen { key: "p2p.listen", address, error })
            })
            .transpose()?;
        let api = match settings.api.listen {
            None => None,
            Some(address) => {
                let listening = TcpListener::bind(address).await;
                Some(listening.map_err(|error| NodeError::Listen { key: "api.listen", address, error })?)
            }
        };
        Ok(Self { settings, tls, store, member_key, record, token, p2p, api, reload: Arc::default() })
    }

    /// Reads certificate files again when notified.
    pub fn reload(&self) -> Arc<Notify> {
        self.reload.clone()
    }

    /// Works until `stop`, or until an actor ends. Then says goodbye to peers, drains, and closes the store.
    pub async fn run(self, stop: CancellationToken) -> Result<(), NodeError> {
        self.tell_start();
        let clock = Clock::start();
        let events = Events::default();
        let genesis = self.settings.network.genesis.clone();
        let (reader, file) = (self.store.reader(), self.store.reader());
        let workers = Arc::new(Workers::new(genesis.id()));
        let reward_to =
            self.settings.miner.reward_to.unwrap_or_else(|| Address::of(&self.member_key.public()));

        let (network, network_inbox) = Mailbox::new("network", NETWORK_MAILBOX);
        let (requests, requests_inbox) = Mailbox::new("network", NETWORK_REQUEST_MAILBOX);
        let (chain, chain_inbox) = Mailbox::new("chain", CHAIN_MAILBOX);
        let (mempool, mempool_inbox) = Mailbox::new("mempool", MEMPOOL_MAILBOX);
        let (miner, miner_inbox) = Mailbox::new("miner", MINER_MAILBOX);
        let (wire, wire_inbox) = mpsc::channel(WIRE_EVENTS);
        let (level, level_watch) = watch::channel(Level::default());
        let (rate, rate_watch) = watch::channel(0);
        let (certificate, certificate_watch) = watch::channel(self.tls.certificate());

        let newest = reader.snapshot()?.finalized()?;
        let (kept, record_file, _held) = self.record;
        let (machine, proven) = voter::machine(&genesis, &self.member_key, kept, &reader, clock.now())?;
        let (voter, voter_inbox) = Mailbox::new("voter", VOTER_MAILBOX);
        let status = VoterStatus { alarm: machine.alarm(), ..VoterStatus::default() };
        let (status, status_watch) = watch::channel(status);

        let (conflict, conflicts) = mpsc::channel(CONFLICTS_WAITING);
        let outlets = chain::Outlets {
            network: network.clone(),
            mempool: mempool.clone(),
            conflict,
            events: events.clone(),
        };
        let data_dir = self.settings.data_dir.clone();
        let (chain_actor, head) = ChainActor::load(
            self.store,
            data_dir.clone(),
            workers.clone(),
            chain_inbox,
            outlets,
            self.settings.chain.keep,
        )?;
        let mempool_actor = MempoolActor {
            limits: self.settings.mempool,
            reader: reader.clone(),
            workers,
            inbox: mempool_inbox,
            network: network.clone(),
            level,
            events: events.clone(),
            clock,
        };
        let mut overlay = peers::overlay(&self.settings, &self.tls, &reader, clock);
        if let Some(newest) = newest {
            overlay.handle(clock.now(), overlay::Input::Finalized(newest));
        }
        let (outlook, outlook_watch) = watch::channel(overlay.outlook(clock.now()));
        let health = Health {
            gate: Gate::new(&genesis, &self.member_key.public(), self.settings.miner.enabled),
            head: head.clone(),
            outlook: outlook_watch,
            certificate: certificate_watch,
            voter: status_watch,
        };
        let voter_actor = VoterActor {
            id: self.tls.id(),
            machine,
            record: record_file,
            proven,
            reader: reader.clone(),
            head: head.clone(),
            outlook: health.outlook.clone(),
            inbox: voter_inbox,
            conflict: conflicts,
            network: network.clone(),
            chain: chain.clone(),
            status,
            events: events.clone(),
            clock,
        };
        let miner_settings = miner::MinerSettings {
            enabled: self.settings.miner.enabled,
            threads: self.settings.miner.threads,
            share: self.settings.miner.share,
            when: self.settings.miner.when,
            reward_to,
        };
        let states = {
            let reader = reader.clone();
            Arc::new(move |tip: &Hash| {
                Ok(reader.snapshot_at(tip)?.map(|state| Box::new(state) as Box<dyn View>))
            })
        };
        let miner_actor = MinerActor {
            settings: miner_settings,
            genesis: genesis.clone(),
            key: self.member_key.clone(),
            states,
            inbox: miner_inbox,
            chain: chain.clone(),
            mempool: mempool.clone(),
            level: level_watch.clone(),
            health: health.clone(),
            rate,
        };
        let mut shared = Shared::new(self.tls.clone(), wire, net::Deadlines::default());
        shared.proxy = self.settings.p2p.proxy.clone().map(Arc::new);
        let listener = self.p2p.map(|listener| listen::Listener::spawn(shared.clone(), listener));
        let listener = listener.transpose().map_err(NodeError::Thread)?;
        let strangers = listener.as_ref().map(|listener| listener.stats.clone()).unwrap_or_default();
        let traffic = shared.traffic.clone();
        let network_actor = NetworkActor {
            overlay,
            shared,
            member_key: self.member_key.clone(),
            reader: reader.clone(),
            chain,
            mempool: mempool.clone(),
            voter: voter.clone(),
            own: network,
            inbox: network_inbox,
            requests: requests_inbox,
            wire: wire_inbox,
            events: events.clone(),
            outlook,
            certificate,
            reload: self.reload,
            clock,
        };
        let told = events.clone();
        let api = http::Api {
            id: self.tls.id(),
            code: self
                .tls
                .ca()
                .map(|ca| Code::of_network(&ca, &genesis.id(), genesis.rules.overrides.hash())),
            started: clock::wall(),
            open_files: open_files(&self.settings),
            genesis,
            data_dir,
            reader,
            head,
            mempool,
            level: level_watch,
            miner,
            voter,
            hash_rate: rate_watch,
            miner_enabled: self.settings.miner.enabled,
            health: health.clone(),
            network: requests,
            strangers,
            traffic,
            events,
            reward_to,
            token: self.token,
            hosts: self.settings.api.hosts.clone(),
            origins: self.settings.api.origins.clone(),
            min_fee_per_byte: self.settings.network.min_fee_per_byte,
            limits: http::Limits::default(),
            stop: CancellationToken::new(),
        };

        let mut crew = Crew::default();
        crew.task("store", |stop| async move {
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                error = file.damaged() => Err(error.into()),
            }
        });
        crew.thread("chain", move |stop| chain_actor.run(stop));
        crew.thread("mempool", move |stop| mempool_actor.run(stop));
        crew.thread("voter", move |stop| voter_actor.run(stop));
        crew.task("network", |stop| async move {
            // Large, and held by the task for as long as the node runs.
            Box::pin(network_actor.run(stop)).await;
            Ok(())
        });
        if let Some(listener) = listener {
            crew.task("listener", |stop| async move {
                stop.cancelled().await;
                drop(listener);
                Ok(())
            });
        }
        crew.task("health", |stop| async move {
            health.tell(told, stop).await;
            Ok(())
        });
        crew.task("miner", |stop| async move {
            miner_actor.run(stop).await;
            Ok(())
        });
        if let Some(listening) = self.api {
            crew.task("api", |stop| async move {
                http::serve(listening, http::Api { stop, ..api }).await.map_err(NodeError::Thread)
            });
        }
        crew.work(&stop).await
    }

    fn tell_start(&self) {
        let genesis = &self.settings.network.genesis;
        let show = |address: Option<SocketAddr>| address.map_or_else(|| "off".to_owned(), |a| a.to_string());
        info!(
            id = %self.tls.id(),
            network = genesis.spec.name.as_str(),
            network_id = %genesis.id(),
            listen = show(self.p2p.as_ref().and_then(|p2p| p2p.local_addr().ok())),
            api = show(self.api.as_ref().and_then(|api| api.local_addr().ok())),
            data = %self.settings.data_dir.display(),
            "bouya {} starts", env!("CARGO_PKG_VERSION"),
        );
    }
}

/// How many open files this node may need at most: all that the limits allow, at once.
pub fn open_files(settings: &Settings) -> u64 {
    let api = settings.api.listen.map_or(0, |_| API_CONNECTIONS);
    let all = [settings.p2p.max_peers, PENDING_SOCKETS, DIALS_IN_FLIGHT, DIALS_BACK, api, OTHER_FILES];
    all.into_iter().fold(0, |sum, part| sum.saturating_add(part as u64))
}

/// The files of a node's identity.
pub fn identity_files(settings: &Settings) -> IdentityFiles {
    let identity = &settings.identity;
    IdentityFiles {
        ca: identity.ca.clone(),
        certificate: identity.certificate.clone(),
        key: identity.key.clone(),
        crls: identity.crls.clone(),
        refuse_overdue: identity.refuse_overdue,
    }
}
