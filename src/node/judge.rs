//! What may be wrong with a node beyond the text of its files. `check`, `join` and `run` all judge it in the same way.
//!
//! Only this file tells mistakes from warnings: see [`Kind::severity`].

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use bouya_core::id::NodeId;
use bouya_core::limits::NAME_SERVICE_TIMEOUT;
use bouya_core::node::State as NodeState;
use bouya_core::wire::Endpoint;

use crate::clock::rfc3339;
use crate::config::node::Bootstrap;
use crate::config::{Mistake, Settings};
use crate::net::tls::expiry::{Expiry, State, What};
use crate::net::tls::{IdentityError, now};
use crate::store::owner;
use crate::wallet::{self, FileError, WalletError};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Certificate, key, roots and lists do not fit together.
    Identity,
    /// The member key cannot be used.
    MemberKey,
    /// The node is to mine, but its key is no member's.
    NotListed,
    /// The data folder belongs to another node.
    Owner,
    /// This node's own id, where another node's must be.
    OwnId,
    /// Other machines can reach the API.
    OpenApi,
    /// Something listens there already, or the address does not belong to this machine now.
    Port,
    /// A name that does not resolve now.
    Name,
    /// A certificate or a list that has ended, or will soon.
    Ends,
    /// No list of revoked certificates is named.
    NoList,
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The files say something wrong: the node does not start, and `check` exits with 2.
    Mistake,
    /// A state that may pass, or a choice that may be intended: it is reported, and the node starts.
    Warning,
}

impl Kind {
    /// The table of what is a mistake and what is a warning.
    pub(crate) const fn severity(self) -> Severity {
        match self {
            Self::Identity | Self::MemberKey | Self::Owner | Self::OwnId => Severity::Mistake,
            Self::NotListed | Self::OpenApi | Self::Port | Self::Name | Self::Ends | Self::NoList => {
                Severity::Warning
            }
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    /// The key in node.toml.
    pub(crate) key: &'static str,
    /// The value, what is wrong with it, and the next step.
    pub(crate) text: String,
}

fn finding(kind: Kind, key: &'static str, text: impl ToString) -> Finding {
    Finding { kind, key, text: text.to_string() }
}

/// The mistakes among the findings, and the rest.
pub(crate) fn sort(findings: Vec<Finding>) -> (Vec<Mistake>, Vec<Finding>) {
    let is_mistake = |found: &Finding| found.kind.severity() == Severity::Mistake;
    let (mistakes, warnings): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_mistake);
    let mistake = |found: Finding| Mistake { key: found.key.to_owned(), text: found.text };
    (mistakes.into_iter().map(mistake).collect(), warnings)
}

/// What is wrong with the certificate and its files, if anything is.
pub(crate) fn identity(error: &IdentityError) -> Finding {
    finding(Kind::Identity, "identity", error)
}

/// What the settings mean for the node `id`. Looks only at this node's own files.
pub(crate) fn settings(settings: &Settings, id: &NodeId) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(error) = owner::check(&settings.data_dir, id) {
        found.push(finding(Kind::Owner, "data_dir", error));
    }
    match wallet::member_key_load(&settings.identity.member_key) {
        // The folder is made at the first start.
        Ok(_) | Err(WalletError::File(FileError::Missing(_))) => (),
        Err(error) => found.push(finding(Kind::MemberKey, "identity.member_key", error)),
    }
    if settings.identity.crls.is_empty() {
        let text = "missing: after a new start this node lets in whoever is revoked until a peer sends the list; name the CA's ca.crl";
        found.push(finding(Kind::NoList, "identity.crl", text));
    }
    if settings.p2p.bootstrap.iter().any(|bootstrap| bootstrap.id == *id) {
        let text = format!("{id} is this node itself; name another member");
        found.push(finding(Kind::OwnId, "p2p.bootstrap", text));
    }
    if settings.p2p.blacklist.contains(id) {
        let text = format!("{id} is this node itself, which cannot keep itself out; take it out of the list");
        found.push(finding(Kind::OwnId, "p2p.blacklist", text));
    }
    if let Some(address) = settings.api.listen.filter(|address| !address.ip().is_loopback()) {
        let text = format!(
            "{address} can be reached from other machines: reading needs no token, and the token passes unencrypted; \
             listen on 127.0.0.1, with a TLS proxy in front for others"
        );
        found.push(finding(Kind::OpenApi, "api.listen", text));
    }
    found
}

/// Whether the node is to mine with a key that the network's definition does not name. Whom members have voted in is in the store alone: a node
/// that runs says by its state whether its key is a member's.
pub(crate) fn not_listed(settings: &Settings) -> Option<Finding> {
    let key = wallet::member_key_load(&settings.identity.member_key).ok()?;
    let is_listed = settings.network.genesis.roster().by_key(&key.public()).is_some();
    let (state, next) = (NodeState::NotListed, NodeState::NotListed.next_step().unwrap_or_default());
    let text = format!("{state}, unless it was voted in, which bouya member list shows; {next}");
    (settings.miner.enabled && !is_listed).then(|| finding(Kind::NotListed, "identity.member_key", text))
}

/// What has ended or soon will.
pub(crate) fn ends(ends: Vec<Expiry>) -> Vec<Finding> {
    let now = now();
    let tell = |end: Expiry| {
        let verb = match end.state(now) {
            State::Good => return None,
            State::Near => "ends soon",
            State::Over => "has ended",
        };
        let (key, what, next) = match end.what {
            What::Certificate => ("identity.certificate", "the certificate of", "mkca renew"),
            What::Root => ("identity.ca", "the certificate of", "change the root"),
            What::List => ("identity.crl", "the life of the revocation list of", "mkca crl"),
        };
        let text = format!("{what} {} {verb} ({}); {next}", end.name, rfc3339(end.ends));
        Some(finding(Kind::Ends, key, text))
    };
    ends.into_iter().filter_map(tell).collect()
}

/// What may change before the node starts: ports and names.
pub(crate) fn world(settings: &Settings) -> Vec<Finding> {
    [ports(settings), names(settings)].concat()
}

/// Where this node cannot listen now. If it runs, that is everywhere.
pub(crate) fn ports(settings: &Settings) -> Vec<Finding> {
    let listens = [("p2p.listen", settings.p2p.listen), ("api.listen", settings.api.listen)];
    listens.into_iter().filter_map(|(key, address)| port(key, address?)).collect()
}

/// The names that do not resolve. All are looked up at once: without a name service each may take long, and the service manager waits.
pub(crate) fn names(settings: &Settings) -> Vec<Finding> {
    let dials = settings.p2p.bootstrap.iter().map(|Bootstrap { id, endpoint }| {
        ("p2p.bootstrap", format!("{id}@{endpoint}"), endpoint, "the node asks again whenever it dials")
    });
    let told = settings.p2p.advertise.iter().map(|endpoint| {
        let next = "the others dial this name: correct it, or put it into the name service";
        ("p2p.advertise", endpoint.to_string(), endpoint, next)
    });
    let asked: Vec<_> = dials.chain(told).map(|(key, what, at, next)| (key, what, next, ask(at))).collect();
    let until = Instant::now() + NAME_SERVICE_TIMEOUT;
    let tell = |(key, what, next, answered): (_, String, &str, Option<mpsc::Receiver<Option<String>>>)| {
        let left = until.saturating_duration_since(Instant::now());
        let slow = || Some("no answer from the name service".to_owned());
        let error = answered?.recv_timeout(left).unwrap_or_else(|_| slow())?;
        Some(finding(Kind::Name, key, format!("{what}: {error}; {next}")))
    };
    asked.into_iter().filter_map(tell).collect()
}

/// Asks the name service, and tells what it answers if it has no address. If there is no thread, nothing is known about the name.
fn ask(endpoint: &Endpoint) -> Option<mpsc::Receiver<Option<String>>> {
    let (answer, answered) = mpsc::channel();
    let endpoint = endpoint.clone();
    let asked = thread::Builder::new().spawn(move || {
        let found = (endpoint.host.as_str(), endpoint.port).to_socket_addrs();
        // It is no error if nobody waits for a late answer.
        let _ = answer.send(found.err().map(|error| error.to_string()));
    });
    asked.ok().map(|_| answered)
}

fn port(key: &'static str, address: SocketAddr) -> Option<Finding> {
    let error = TcpListener::bind(address).err()?;
    let text = format!(
        "cannot listen on {address}: {error}; stop the program that listens there (is this node running?), or choose another port"
    );
    Some(finding(Kind::Port, key, text))
}

#[cfg(test)]
mod tests;
