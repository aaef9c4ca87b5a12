//! The network actor: the hub that owns the overlay machine and carries out its outputs.
//!
//! It never waits for a peer, the chain or the mempool: a request that another actor cannot take at once gets the answer for "nothing". The
//! store is read for peers in separate tasks, a bounded number at a time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::SecretKey;
use bouya_core::finality;
use bouya_core::limits::{PARTING, PEER_READS};
use bouya_core::node::{Certificate, keeper};
use bouya_core::overlay::{Command, ConnId, Input, NetworkEvent, Outlook, Output, Overlay};
use bouya_core::time::Timestamp;
use bouya_core::wire::{CrlSummary, Message};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::connection::{Frame, Outbox, lists_message};
use super::crl::Revocations;
use super::request::NetworkRequest;
use super::tls::{Session, Tls};
use super::{NetEvent, Shared, dial, report};
use crate::actor::{Inbox, Mailbox};
use crate::chain;
use crate::clock::{self, Clock};
use crate::events::Events;
use crate::mempool;
use crate::store::Reader;
use crate::voter::VoterRequest;
use certificates::Looks;

mod api;
mod certificates;
mod serve;

/// Names under which things are kept in the store.
pub const BOOK: &str = "peers";
pub const REVOCATIONS: &str = "revocations";

/// How often the certificate files are checked.
const LOOK_AT_FILES: Duration = Duration::from_secs(1);

/// Everything the actor works with.
pub struct NetworkActor {
    pub overlay: Overlay,
    pub shared: Shared,
    pub member_key: SecretKey,
    pub reader: Reader,
    pub chain: Mailbox<chain::ChainRequest>,
    pub mempool: Mailbox<mempool::MempoolRequest>,
    pub voter: Mailbox<VoterRequest>,
    /// Its own mailbox: the results of reads from the store come back through it.
    pub own: Mailbox<Input>,
    pub inbox: Inbox<Input>,
    pub requests: Inbox<NetworkRequest>,
    pub wire: mpsc::Receiver<NetEvent>,
    pub events: Events,
    pub outlook: watch::Sender<Outlook>,
    /// This node's own, as its files and lists show it.
    pub certificate: watch::Sender<Certificate>,
    pub reload: Arc<tokio::sync::Notify>,
    pub clock: Clock,
}

/// What is kept about a connection outside the overlay.
struct Link {
    session: Session,
    outbox: Outbox,
    /// The peer's revocation lists, from its hello.
    crls: Vec<CrlSummary>,
}

struct Running {
    actor: NetworkActor,
    links: BTreeMap<ConnId, Link>,
    reads: Arc<Semaphore>,
    /// The task that saves things for the next start; a stop waits for it.
    keeping: JoinHandle<()>,
    /// Checks of files and lists that are still running: they block, so the hub does not do them itself.
    looks: Looks,
    /// The revocations as they were last saved for the next start.
    kept_revocations: Arc<Revocations>,
    last_file_error: Option<String>,
    /// Peers that came and went, which the voter has yet to be told: its mailbox was full. Two for each session at most.
    unvoted: VecDeque<finality::Input>,
    /// What the chain has yet to be told.
    syncing: Option<bool>,
    told: certificates::Told,
    alarms: Alarms,
    /// When a peer last dialed this node and proved its id.
    dialed_in: Option<Timestamp>,
}

/// Alarms about identities since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alarms {
    /// Two machines with one certificate.
    pub duplicates: u64,
    /// Known ids that showed another key.
    pub keys: u64,
}

impl NetworkActor {
    /// Works until `stop`, then says goodbye to all peers.
    pub async fn run(self, stop: CancellationToken) {
        let reads = Arc::new(Semaphore::new(PEER_READS));
        let kept_revocations = self.shared.tls.revocations();
        let mut running = Running {
            actor: self,
            links: BTreeMap::new(),
            reads,
            keeping: tokio::spawn(async {}),
            looks: Looks::default(),
            kept_revocations,
            last_file_error: None,
            unvoted: VecDeque::new(),
            syncing: None,
            told: certificates::Told::default(),
            alarms: Alarms::default(),
            dialed_in: None,
        };
        running.keep_revocations();
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
            // This node's own inputs come before those of peers.
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                input = actor.inbox.next() => self.handle(input),
                () = actor.reload.notified() => self.look_at_files(),
                _ = files.tick() => {
                    self.handle(Input::Clock(clock::wall()));
                    self.tell_clocks();
                    self.look_at_files();
                }
                request = actor.requests.next() => self.answer(request),
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

    fn wire_event(&mut self, event: NetEvent) {
        match event {
            NetEvent::Up { session, outbox, input } => {
                let (Input::Accepted { conn, .. } | Input::Dialed { conn, .. }) = input else {
                    debug!("a connection came up without saying how");
                    return;
                };
                if matches!(input, Input::Accepted { .. }) {
                    self.dialed_in = Some(clock::wall());
                }
                self.links.insert(conn, Link { session, outbox, crls: Vec::new() });
                self.handle(input);
            }
            NetEvent::Lists(lists) => self.take_in(lists),
            NetEvent::TakenIn(new, refused) => self.taken_in(new, refused),
            NetEvent::Files(looked) => self.files_looked_at(looked),
            NetEvent::Input(input) => {
                match &input {
                    Input::Hello { conn, hello } => {
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

    /// Carries out the overlay's outputs until there are none.
    fn drain(&mut self) {
        while let Some(output) = self.actor.overlay.poll() {
            self.execute(output);
        }
        // If the chain's mailbox is full, it is told the next time, within a second.
        if let Some(syncing) = self.syncing
            && self.actor.chain.offer(chain::ChainRequest::Keeper(keeper::Input::Syncing(syncing))).is_ok()
        {
            self.syncing = None;
        }
        let outlook = self.actor.overlay.outlook(self.actor.clock.now());
        if *self.actor.outlook.borrow() != outlook {
            self.actor.outlook.send_replace(outlook);
        }
    }

    fn execute(&mut self, output: Output) {
        match output {
            Output::Dial { id, endpoint, local } => {
                drop(dial::spawn(self.actor.shared.clone(), id, endpoint, local));
            }
            Output::DialBack { session, id, endpoint, local } => {
                drop(dial::back(self.actor.shared.clone(), session, id, endpoint, local));
            }
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
            Output::Ask(request) => self.ask(request),
            Output::Finality(input) => self.tell_voter(input),
            Output::Syncing(syncing) => self.syncing = Some(syncing),
            Output::Revocations(lists) => self.take_in(lists),
            Output::Save(book) => {
                let bytes = bouya_core::codec::encode(&book);
                self.keep(BOOK, bytes);
            }
            Output::Event(event) => self.tell(event),
        }
    }

    /// What peers say is lost if the voter is busy: they say it again. Who is connected is not.
    fn tell_voter(&mut self, input: finality::Input) {
        let is_presence = matches!(input, finality::Input::Up { .. } | finality::Input::Down(_));
        if is_presence {
            self.unvoted.push_back(input.clone());
        }
        while let Some(first) = self.unvoted.front()
            && self.actor.voter.offer(VoterRequest::Machine(first.clone())).is_ok()
        {
            self.unvoted.pop_front();
        }
        if !is_presence && self.unvoted.is_empty() {
            let _ = self.actor.voter.offer(VoterRequest::Machine(input));
        }
    }

    /// The clocks of peers, once a second.
    fn tell_clocks(&mut self) {
        let offsets = self.actor.overlay.clock_offsets();
        let offsets = offsets.into_iter().map(|(session, offset)| (finality::Peer(session.0), offset));
        let _ = self.actor.voter.offer(VoterRequest::Clocks(offsets.collect()));
    }

    fn tell(&mut self, event: NetworkEvent) {
        match &event {
            NetworkEvent::DuplicateIdentity(_) => {
                self.alarms.duplicates = self.alarms.duplicates.saturating_add(1)
            }
            NetworkEvent::KeyChanged { .. } => self.alarms.keys = self.alarms.keys.saturating_add(1),
            _ => (),
        }
        report::tell(event, &self.actor.events);
    }

    fn send(&self, conn: ConnId, message: &Message) {
        if let Some(link) = self.links.get(&conn) {
            link.outbox.send(Frame::from(message));
        }
    }

    fn send_crls(&mut self, conn: ConnId) {
        let revocations = self.actor.shared.tls.revocations();
        let Some(link) = self.links.get_mut(&conn) else { return };
        let lists = revocations.lacking(&link.crls);
        // So that a list that was sent is not sent again.
        link.crls = revocations.summaries();
        if !lists.is_empty() {
            self.send(conn, &lists_message(lists));
        }
    }

    fn tls(&self) -> &Tls {
        &self.actor.shared.tls
    }

    /// Saves something in a separate task, one after another, so that an older book never overwrites a newer one.
    fn keep(&mut self, name: &'static str, bytes: Vec<u8>) {
        let reader = self.actor.reader.clone();
        self.after_keeping(async move {
            let kept = tokio::task::spawn_blocking(move || reader.keep(name, &bytes)).await;
            if let Ok(Err(error)) = kept {
                warn!(%error, name, "not kept for the next start");
            }
        });
    }

    /// Does something once everything so far is saved.
    fn after_keeping(&mut self, next: impl Future<Output = ()> + Send + 'static) {
        let before = std::mem::replace(&mut self.keeping, tokio::spawn(async {}));
        self.keeping = tokio::spawn(async move {
            // A save that failed has logged it.
            let _ = before.await;
            next.await;
        });
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
        // The disk may be slow; the node's own deadline comes soon after.
        let _ = tokio::time::timeout(PARTING, &mut self.keeping).await;
    }
}
