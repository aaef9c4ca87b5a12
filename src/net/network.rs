//! The network actor: the hub that owns the overlay machine and does what it says.
//!
//! It never awaits a peer, the chain or the mempool: what cannot be taken at once is answered as not taken. Reading the store for a
//! peer happens on the side, in bounded number.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::id::NodeId;
use bouya_core::ledger::{Header, View};
use bouya_core::limits::HEADERS_PER_MESSAGE;
use bouya_core::overlay::peers::{PeerStatus, PeerView};
use bouya_core::overlay::sync::SyncStatus;
use bouya_core::overlay::{
    Answer, BlockOutcome, Command, ConnId, Input, Output, Overlay, Query, Submit, TransactionOutcome,
};
use bouya_core::wire::{CrlSummary, Message};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::connection::{Frame, Outbox};
use super::request::{CommandError, Request, Summary};
use super::tls::{Session, Tls};
use super::{NetEvent, Shared, dial, report};
use crate::actor::Mailbox;
use crate::chain;
use crate::clock::{self, Clock};
use crate::events::Events;
use crate::http::views;
use crate::mempool;
use crate::miner::Gate;
use crate::store::{Reader, Snapshot, StoreError};

/// Answers and tips of the other actors that may wait.
pub const CAPACITY: usize = 4_096;
/// Events of connections that may wait; beyond, they stop reading.
pub const WIRE_CAPACITY: usize = 1_024;
/// Names under which things are kept in the store.
pub const BOOK: &str = "peers";
pub const REVOCATIONS: &str = "revocations";

/// Reads of the store for peers at once.
const READS: usize = 16;
/// The certificate files are looked at this often.
const LOOK_AT_FILES: Duration = Duration::from_secs(1);
/// A node with bootstrap entries mines after this long even if nobody answers.
const MINE_ALONE_AFTER: Duration = Duration::from_secs(5);
/// A clock further off than this from the peers' median stops mining.
const CLOCK_OFF_MS: u64 = 5_000;
/// Goodbyes get this long to leave.
const PARTING: Duration = Duration::from_secs(2);

/// Everything the actor works with.
pub struct NetworkActor {
    pub overlay: Overlay,
    pub shared: Shared,
    pub member_key: SecretKey,
    pub reader: Reader,
    pub chain: Mailbox<chain::Request>,
    pub mempool: Mailbox<mempool::Request>,
    /// Its own mailbox: answers of reads on the side come back through it.
    pub own: Mailbox<Input>,
    pub inbox: mpsc::Receiver<Input>,
    pub requests: mpsc::Receiver<Request>,
    pub wire: mpsc::Receiver<NetEvent>,
    pub events: Events,
    pub gate: watch::Sender<Gate>,
    pub not_after: watch::Sender<bouya_core::time::Timestamp>,
    pub reload: Arc<tokio::sync::Notify>,
    pub clock: Clock,
    pub blacklist: Vec<NodeId>,
    pub has_bootstrap: bool,
}

/// What is kept of a connection beside the overlay.
struct Link {
    session: Session,
    outbox: Outbox,
    /// The peer's revocation lists, from its hello.
    crls: Vec<CrlSummary>,
}

/// Blocks that a session has asked for. They are read and sent one at a time, as the peer takes them: a queue full of blocks would
/// make an honest peer look slow.
#[derive(Default)]
struct Serving {
    asked: VecDeque<Hash>,
    busy: bool,
}

struct Running {
    actor: NetworkActor,
    links: BTreeMap<ConnId, Link>,
    serving: BTreeMap<ConnId, Serving>,
    reads: Arc<Semaphore>,
    greeted: bool,
    last_file_error: Option<String>,
}

impl NetworkActor {
    /// Works until `stop`, then parts from everybody.
    pub async fn run(self, stop: CancellationToken) {
        let reads = Arc::new(Semaphore::new(READS));
        let mut running = Running {
            actor: self,
            links: BTreeMap::new(),
            serving: BTreeMap::new(),
            reads,
            greeted: false,
            last_file_error: None,
        };
        running.tell_crls();
        running.serve(&stop).await;
        running.part().await;
    }
}

impl Running {
    async fn serve(&mut self, stop: &CancellationToken) {
        let mut files = tokio::time::interval(LOOK_AT_FILES);
        files.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.drain();
            let wakeup = self.wakeup();
            let actor = &mut self.actor;
            // What this node knows itself comes before what peers say.
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                input = actor.inbox.recv() => match input {
                    Some(input) => self.own_input(input),
                    None => return,
                },
                () = actor.reload.notified() => self.look_at_files(),
                _ = files.tick() => self.look_at_files(),
                Some(request) = actor.requests.recv() => self.answer(request),
                Some(event) = actor.wire.recv() => self.wire_event(event),
                () = sleep_until(wakeup) => self.handle(Input::Wake),
            }
        }
    }

    fn wakeup(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        self.actor.overlay.next_wakeup().map_or(far, |time| self.actor.clock.instant(time).into())
    }

    fn handle(&mut self, input: Input) {
        let now = self.actor.clock.now();
        self.actor.overlay.handle(now, input);
    }

    fn own_input(&mut self, input: Input) {
        let served = match &input {
            Input::Answer(Answer::Block { conn, .. }) => Some(*conn),
            _ => None,
        };
        self.handle(input);
        if let Some(session) = served {
            // The block is in the peer's queue before the next one is read.
            self.drain();
            if let Some(serving) = self.serving.get_mut(&session) {
                serving.busy = false;
            }
            self.serve_next(session);
        }
    }

    fn wire_event(&mut self, event: NetEvent) {
        match event {
            NetEvent::Up { session, outbox, input } => {
                let (Input::Accepted { conn, .. } | Input::Dialed { conn, .. }) = input else {
                    debug!("a connection came up without saying how");
                    return;
                };
                self.links.insert(conn, Link { session, outbox, crls: Vec::new() });
                self.handle(input);
            }
            NetEvent::Input(input) => {
                match &input {
                    Input::Hello { conn, hello } => {
                        self.greeted = true;
                        if let Some(link) = self.links.get_mut(conn) {
                            link.crls.clone_from(&hello.crls);
                        }
                    }
                    Input::Closed { conn, .. } => drop(self.links.remove(conn)),
                    _ => (),
                }
                self.handle(input);
            }
        }
    }

    /// Does what the overlay says until it says nothing more.
    fn drain(&mut self) {
        while let Some(output) = self.actor.overlay.poll() {
            self.execute(output);
        }
        let gate = self.gate();
        if *self.actor.gate.borrow() != gate {
            self.actor.gate.send_replace(gate);
        }
    }

    fn execute(&mut self, output: Output) {
        match output {
            Output::Dial { id, endpoint } => drop(dial::spawn(self.actor.shared.clone(), id, endpoint)),
            Output::Greet { conn, hello } => {
                if let Some(link) = self.links.get(&conn) {
                    link.outbox.greet(hello, &self.actor.member_key);
                }
            }
            Output::Send { conn, message } => self.send(conn, &message),
            Output::SendCrls { conn } => self.send_crls(conn),
            Output::Close { conn, goodbye } => {
                if let Some(link) = self.links.get(&conn) {
                    link.outbox.close(goodbye);
                }
            }
            Output::Ask(query) => self.ask(query),
            Output::Submit(submit) => self.submit(submit),
            Output::Revocations(lists) => self.take_in(&lists),
            Output::Save(book) => {
                let bytes = bouya_core::codec::encode(&book);
                self.keep(BOOK, bytes);
            }
            Output::Note(event) => report::note(event, &self.actor.events),
        }
    }

    fn send(&self, conn: ConnId, message: &Message) {
        if let Some(link) = self.links.get(&conn) {
            link.outbox.send(Frame::from(message));
        }
    }

    fn send_crls(&self, conn: ConnId) {
        let Some(link) = self.links.get(&conn) else { return };
        let lists = self.tls().revocations().lacking(&link.crls);
        let lists: Vec<_> = lists.into_iter().filter_map(|list| list.try_into().ok()).collect();
        if !lists.is_empty() {
            self.send(conn, &Message::Revocations(bouya_core::codec::Bounded::truncated(lists)));
        }
    }

    fn tls(&self) -> &Tls {
        &self.actor.shared.tls
    }

    fn ask(&mut self, query: Query) {
        match query {
            Query::Branch(id) => {
                if self.actor.chain.offer(chain::Request::Branch(id)).is_err() {
                    self.handle(Input::Answer(Answer::Branch { id, branch: None }));
                }
            }
            Query::Transactions { conn, ids } => {
                let fetch = mempool::Request::Fetch { conn, ids: ids.clone() };
                if self.actor.mempool.offer(fetch).is_err() {
                    let found = Vec::new();
                    self.handle(Input::Answer(Answer::Transactions { conn, found, missing: ids }));
                }
            }
            Query::Block { conn, id } => self.ask_block(conn, id),
            Query::Headers { .. } | Query::Missing(_) => self.read(query, async {}),
        }
    }

    /// The overlay lets a peer have a bounded number of blocks outstanding, which bounds this queue.
    fn ask_block(&mut self, session: ConnId, id: Hash) {
        self.serving.entry(session).or_default().asked.push_back(id);
        self.serve_next(session);
    }

    fn serve_next(&mut self, session: ConnId) {
        let Some(serving) = self.serving.get_mut(&session).filter(|serving| !serving.busy) else { return };
        let wire = self.actor.overlay.connection_of(session);
        let next = serving.asked.pop_front().zip(wire.and_then(|wire| self.links.get(&wire)));
        let Some((id, link)) = next else {
            // Nothing more to do, or nobody to do it for.
            self.serving.remove(&session);
            return;
        };
        serving.busy = true;
        let room = link.outbox.room();
        self.read(Query::Block { conn: session, id }, room);
    }

    /// Reads the store on the side, once `ready`.
    fn read(&self, query: Query, ready: impl Future<Output = ()> + Send + 'static) {
        let (reader, own, reads) = (self.actor.reader.clone(), self.actor.own.clone(), self.reads.clone());
        tokio::spawn(async move {
            ready.await;
            let Ok(_permit) = reads.acquire().await else { return };
            let fallback = empty_answer(&query);
            let read = tokio::task::spawn_blocking(move || answer_from(&reader, query)).await;
            let answer = match read {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    error!(%error, "cannot read the store for a peer");
                    fallback
                }
                Err(_) => fallback,
            };
            // A stopped network needs no answer.
            let _ = own.send(Input::Answer(answer)).await;
        });
    }

    fn submit(&mut self, submit: Submit) {
        match submit {
            Submit::Block { conn, block, wanted } => {
                let id = block.id();
                if self.actor.chain.offer(chain::Request::Submit { conn, block, wanted }).is_err() {
                    let outcome = BlockOutcome::Ignored;
                    self.handle(Input::Answer(Answer::BlockDone { conn, id, outcome }));
                }
            }
            Submit::Transactions { conn, transactions } => {
                let ids: Vec<Hash> = transactions.iter().map(|transaction| transaction.id()).collect();
                if self.actor.mempool.offer(mempool::Request::Submit { conn, transactions }).is_err() {
                    let outcomes = ids.into_iter().map(|id| (id, TransactionOutcome::Ignored)).collect();
                    self.handle(Input::Answer(Answer::TransactionsDone { conn, outcomes }));
                }
            }
        }
    }

    fn keep(&self, name: &'static str, bytes: Vec<u8>) {
        let reader = self.actor.reader.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = reader.keep(name, &bytes) {
                warn!(%error, name, "not kept for the next start");
            }
        });
    }

    /// A peer's revocation lists.
    fn take_in(&mut self, lists: &[Vec<u8>]) {
        let (new, refused) = self.tls().take_in(lists);
        if let Some(error) = refused {
            debug!(%error, "a peer's revocation list was refused");
        }
        if new {
            self.revocations_changed();
        }
    }

    /// Certificates, keys, roots and lists are taken from their files again, and every live session is judged by them.
    fn look_at_files(&mut self) {
        match self.tls().reload() {
            Ok(true) => {
                info!("certificate files were read anew");
                self.last_file_error = None;
                self.actor.not_after.send_replace(self.tls().not_after());
                self.revocations_changed();
            }
            Ok(false) => {
                self.last_file_error = None;
                let revoked = self.refused_links();
                if !revoked.is_empty() {
                    self.handle(Input::Reloaded { revoked });
                }
            }
            Err(error) => {
                // Said once, not every second.
                let error = error.to_string();
                if self.last_file_error.as_ref() != Some(&error) {
                    error!(%error, "certificate files are not taken; the ones read before stay in use");
                    self.last_file_error = Some(error);
                }
            }
        }
    }

    fn revocations_changed(&mut self) {
        self.keep(REVOCATIONS, self.tls().revocations().to_bytes());
        self.tell_crls();
        let revoked = self.refused_links();
        self.handle(Input::Reloaded { revoked });
    }

    fn tell_crls(&mut self) {
        let crls = self.tls().revocations().summaries();
        self.handle(Input::Crls(crls));
    }

    fn refused_links(&self) -> Vec<ConnId> {
        let refused = self.links.iter().filter_map(|(conn, link)| {
            let why = self.tls().refuses(&link.session)?;
            warn!(peer = %link.session.verified.id, %why, "cut");
            Some(*conn)
        });
        refused.collect()
    }

    fn gate(&self) -> Gate {
        let overlay = &self.actor.overlay;
        let started = Duration::from_millis(self.actor.clock.now().as_millis());
        if self.actor.has_bootstrap && !self.greeted && started < MINE_ALONE_AFTER {
            return Some("just started, waiting for the first peer");
        }
        if matches!(overlay.sync_status(), SyncStatus::Syncing { .. }) {
            return Some("catching up with the network");
        }
        if overlay.clock_offset_ms().is_some_and(|offset| offset.unsigned_abs() > CLOCK_OFF_MS) {
            return Some("this node's clock is more than 5 s off from its peers'; set it right (NTP)");
        }
        None
    }

    fn answer(&mut self, request: Request) {
        let now = self.actor.clock.now();
        let overlay = &self.actor.overlay;
        // An asker that no longer waits is no error.
        match request {
            Request::Peers { reply } => {
                let peers = overlay.peers(now).into_iter().map(|peer| report::peer(peer, clock::wall()));
                let _ = reply.send(peers.collect());
            }
            Request::Blacklist { reply } => {
                let _ = reply.send(self.blacklist());
            }
            Request::Summary { reply } => {
                let _ = reply.send(self.summary());
            }
            Request::Command { command, reply } => {
                let result = self.check(&command);
                if result.is_ok() {
                    self.handle(Input::Command(command));
                }
                let _ = reply.send(result);
            }
        }
    }

    fn kept_out(&self) -> Vec<PeerView> {
        let mut peers = self.actor.overlay.peers(self.actor.clock.now());
        peers.retain(|peer| peer.status == PeerStatus::Banned);
        peers
    }

    fn blacklist(&self) -> Vec<views::BlacklistEntry> {
        let listed = self.actor.overlay.blacklist();
        let configured = |peer: &PeerView| Some(listed.iter().find(|entry| entry.id == peer.id)?.configured);
        let entry = |peer| {
            let configured = configured(&peer);
            report::blacklist_entry(peer, configured, clock::wall())
        };
        self.kept_out().into_iter().map(entry).collect()
    }

    fn summary(&self) -> Summary {
        let overlay = &self.actor.overlay;
        let (state, progress) = match overlay.sync_status() {
            SyncStatus::Alone => ("alone", 1.0),
            SyncStatus::Synced => ("synced", 1.0),
            SyncStatus::Syncing { height, target } => ("syncing", height as f64 / target.max(1) as f64),
        };
        Summary {
            connected: overlay.connected(),
            known: overlay.known(),
            sync: views::SyncStatus { state: state.to_owned(), progress: progress.clamp(0.0, 1.0) },
            clock_offset_ms: overlay.clock_offset_ms().unwrap_or(0),
        }
    }

    fn check(&self, command: &Command) -> Result<(), CommandError> {
        let overlay = &self.actor.overlay;
        let now = self.actor.clock.now();
        let own = self.tls().id();
        match command {
            Command::AddPeer(id, _) | Command::Blacklist(id) if *id == own => Err(CommandError::Own(own)),
            Command::RemovePeer(id) if !overlay.peers(now).iter().any(|peer| peer.id == *id) => {
                Err(CommandError::Unknown(id.clone()))
            }
            Command::Unblacklist(id) if self.actor.blacklist.contains(id) => {
                Err(CommandError::Configured(id.clone()))
            }
            Command::Unblacklist(id) if !self.kept_out().iter().any(|peer| peer.id == *id) => {
                Err(CommandError::NotListed(id.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Says goodbye to everybody and waits a moment for it to leave.
    async fn part(mut self) {
        self.handle(Input::Command(Command::Shutdown));
        self.drain();
        let deadline = Instant::now() + PARTING;
        while !self.links.is_empty() {
            match tokio::time::timeout_at(deadline, self.actor.wire.recv()).await {
                Ok(Some(event)) => self.wire_event(event),
                _ => break,
            }
            self.drain();
        }
    }
}

fn empty_answer(query: &Query) -> Answer {
    match query {
        Query::Headers { conn, .. } => Answer::Headers { conn: *conn, headers: Vec::new() },
        Query::Block { conn, id } => Answer::Block { conn: *conn, id: *id, block: None },
        Query::Transactions { conn, ids } => {
            Answer::Transactions { conn: *conn, found: Vec::new(), missing: ids.clone() }
        }
        Query::Branch(id) => Answer::Branch { id: *id, branch: None },
        Query::Missing(ids) => Answer::Missing(ids.clone()),
    }
}

fn answer_from(reader: &Reader, query: Query) -> Result<Answer, StoreError> {
    let snapshot = reader.snapshot()?;
    Ok(match query {
        Query::Headers { conn, locator, stop } => {
            Answer::Headers { conn, headers: headers_after(&snapshot, &locator, &stop)? }
        }
        Query::Block { conn, id } => Answer::Block { conn, id, block: snapshot.block(&id)?.map(Arc::new) },
        Query::Missing(ids) => {
            let mut missing = Vec::new();
            for id in ids {
                if !snapshot.has_block(&id)? {
                    missing.push(id);
                }
            }
            Answer::Missing(missing)
        }
        other => empty_answer(&other),
    })
}

/// Headers of the best chain after the first block of the locator that is on it.
fn headers_after(snapshot: &Snapshot, locator: &[Hash], stop: &Hash) -> Result<Vec<Header>, StoreError> {
    let read = |error: bouya_core::ledger::StateError| StoreError::Failed(error.to_string());
    let mut from = 0;
    for id in locator {
        let Some(record) = snapshot.record(id).map_err(read)? else { continue };
        if snapshot.at_height(record.header.height).map_err(read)? == Some(*id) {
            from = record.header.height;
            break;
        }
    }
    let mut headers = Vec::new();
    while headers.len() < HEADERS_PER_MESSAGE {
        from += 1;
        let Some(id) = snapshot.at_height(from).map_err(read)? else { break };
        let Some(record) = snapshot.record(&id).map_err(read)? else { break };
        headers.push(record.header);
        if id == *stop {
            break;
        }
    }
    Ok(headers)
}
