//! `bouya doctor`: looks at everything that goes wrong in practice, and says what to do about what it finds.
//!
//! Each check is a file with `look`, which sees, and `judge`, which is given what was seen and says what is wrong with it. What `bouya check`
//! judges is not judged again here, only told in its place; and the node's one state stands with the check that it belongs to.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use self::check::{Check, Finding};
use self::node::{Asked, Says};
use super::client::Client;
use super::error::Error;
use super::node::NodeOptions;
use super::output::{Output, count};
use crate::clock::{parse_rfc3339, wall};
use crate::config::{Mistakes, Settings};
use crate::descriptors;
use crate::http::views::{ListStatus, NodeState, PeerStatus};
use crate::net::tls::expiry::{Expiry, What};
use crate::net::tls::{IdentityError, Tls};
use crate::node::judge::{self, Kind};
use crate::node::{identity_files, open_files as needed_files};

mod check;
mod clock;
mod disk;
mod files;
mod identity;
mod members;
mod node;
mod open_files;
mod peers;
mod ports;
mod show;
mod store;
mod versions;
mod votes;

pub(crate) const EXAMPLES: &str = "\
Looks at the node, whether it runs or not, and changes nothing. Run it as the
node's user: others may not read its keys. The exit code is 1 if anything is
found; what could not be looked at is told with the reason.

Examples:
  bouya doctor
  sudo -u bouya bouya doctor --config /var/lib/bouya/node.toml
  bouya doctor --json | jq '.checks[].findings[]'";

/// All checks, in the order in which they are told.
const NAMES: [&str; 16] = [
    "configuration",
    "node",
    "clock",
    "names",
    "peers",
    "ports",
    "certificate",
    "ca",
    "revocations",
    "files",
    "votes",
    "members",
    "store",
    "disk",
    "open files",
    "versions",
];

const NO_SETTINGS: &str = "the configuration has mistakes";
const DOWN: &str = "the node does not answer";

/// Looks at the node of this configuration.
pub(crate) fn run(config: &Path, options: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    if let Err(error) = fs::metadata(config) {
        return Err(Error::Usage(format!("cannot read {}: {error}; check --config", config.display())));
    }
    // The file may be the usual one, which the options do not name.
    let options = NodeOptions { config: Some(config.to_owned()), ..options.clone() };
    let checks = match Settings::load(config) {
        Ok(settings) => Seen::look(&settings, &options).checks(&settings),
        Err(mistakes) => without_settings(mistakes, &options),
    };
    let findings: usize = checks.iter().map(|check| check.findings.len()).sum();
    if out.json {
        let checks: Vec<_> = checks.iter().map(Check::json).collect();
        out.raw(json!({ "ok": findings == 0, "checks": checks }))?;
    } else {
        show::show(&checks, out)?;
    }
    match findings {
        0 => Ok(()),
        _ => Err(Error::Failed(count(findings, "finding"))),
    }
}

/// What was seen of a node whose configuration can be read.
struct Seen {
    asked: Asked,
    store: store::Seen,
    /// What its identity is refused for.
    refused: Option<IdentityError>,
    /// What the judge of `bouya check` says of the files.
    found: Vec<judge::Finding>,
}

impl Seen {
    fn look(settings: &Settings, options: &NodeOptions) -> Self {
        let store = store::look(settings);
        let saved = if let store::Seen::Opens(known) = &store {
            known.revocations.clone()
        } else {
            Default::default()
        };
        let (own, refused, mut found, mut ends) = match Tls::open(identity_files(settings), saved) {
            Ok(tls) => (Some(tls.id()), None, judge::settings(settings, &tls.id()), tls.ends()),
            Err(error) => (None, Some(error), Vec::new(), Vec::new()),
        };
        let asked = node::ask(Client::new(options), own.as_ref(), Some(settings));
        if let Asked::Says(says) = &asked {
            // Peers may have brought it newer lists than its file.
            ends.retain(|end| end.what != What::List);
            ends.extend(says.status.lists.iter().filter_map(list));
        }
        found.extend(judge::not_listed(settings));
        found.extend(judge::ends(ends));
        Self { asked, store, refused, found }
    }

    fn checks(&self, settings: &Settings) -> Vec<Check> {
        let files = identity_files(settings);
        let says = if let Asked::Says(says) = &self.asked { Some(&**says) } else { None };
        let holds = matches!(self.store, store::Seen::Held);
        let runs = says.is_some() || holds;
        let mut configuration = Check::new("configuration");
        configuration.findings = self.of(|kind| matches!(kind, Kind::OwnId | Kind::OpenApi));
        let mut names = Check::new("names");
        names.findings = judge::names(settings).into_iter().map(Finding::from).collect();
        let key =
            self.found.iter().find(|found| found.kind == Kind::MemberKey).map(|found| found.text.clone());
        let voting = votes::look(settings, settings.network.genesis.id(), key);
        let exposed =
            self.refused.as_ref().filter(|error| identity::belongs(&files, error) == identity::FILES);
        let exposed = exposed.map(|error| judge::identity(error).into()).into_iter().collect();
        let mut checks = vec![
            configuration,
            node::judge(&self.asked, holds, settings.api.listen.is_none()),
            clock::judge(self.clock(says)),
            names,
            self.peers(settings, says, runs),
            self.ports(settings, says, runs),
        ];
        checks.extend(identity::judge(&files, self.refused.as_ref(), &self.found));
        checks.extend([
            files::judge(&files::look(settings, exposed, runs)),
            votes::judge(&voting, says.map(votes_said).as_ref(), runs),
            self.members(says),
            store::judge(&self.store, self.of(|kind| kind == Kind::Owner)),
            disk::judge(&disk::look(&settings.data_dir)),
            open_files::judge(open_files(says, settings)),
            versions(says),
        ]);
        with_state(checks, says)
    }

    /// The judge's findings of these kinds.
    fn of(&self, kinds: impl Fn(Kind) -> bool) -> Vec<Finding> {
        self.found.iter().filter(|found| kinds(found.kind)).cloned().map(Finding::from).collect()
    }

    fn clock(&self, says: Option<&Says>) -> clock::Seen {
        let tip =
            if let store::Seen::Opens(known) = &self.store { known.tip.millis_since(wall()) } else { 0 };
        clock::Seen { tip_ahead_ms: tip, ..clock_said(says) }
    }

    fn peers(&self, settings: &Settings, says: Option<&Says>, runs: bool) -> Check {
        let bootstrap = &settings.p2p.bootstrap;
        match says {
            Some(says) => peers_said(says, bootstrap.iter().map(|peer| peer.id.to_string()).collect()),
            None if runs => skipped("peers", DOWN),
            None => peers::judge_reached(&peers::reach(bootstrap)),
        }
    }

    fn ports(&self, settings: &Settings, says: Option<&Says>, runs: bool) -> Check {
        let Some(says) = says else {
            let mut check = Check::new("ports");
            if runs {
                check.skip(DOWN);
            } else {
                check.findings = judge::ports(settings).into_iter().map(Finding::from).collect();
            }
            return check;
        };
        let seen = ports::Seen {
            listens: settings.p2p.listen.zip(settings.p2p.advertise.clone()),
            uptime: since(&says.status.started),
            dialed_in: says.status.peers.dialed_in.is_some(),
            connected: says.status.peers.connected,
            reached: says.reached.clone(),
            has_others: says.finality.voters.iter().any(|voter| voter.id != says.status.id),
        };
        ports::judge(&seen)
    }

    fn members(&self, says: Option<&Says>) -> Check {
        let mut check = says.map_or_else(|| skipped("members", DOWN), members_said);
        // Later members are listed in the store, not in the network's definition.
        if says.is_none() && !self.store.knows_as_member() {
            check.findings.extend(self.of(|kind| kind == Kind::NotListed));
        }
        check
    }
}

/// Whether the store of a node that is down holds it as a member.
pub(super) fn knows_as_member(settings: &Settings) -> bool {
    store::look(settings).knows_as_member()
}

/// A list that the node uses.
fn list(list: &ListStatus) -> Option<Expiry> {
    let (begins, ends) = (parse_rfc3339(&list.made)?, parse_rfc3339(&list.due)?);
    Some(Expiry { what: What::List, name: list.ca.clone(), begins, ends })
}

/// What the node says is looked at whatever its file has become since its start.
fn without_settings(mistakes: Mistakes, options: &NodeOptions) -> Vec<Check> {
    let asked = node::ask(Client::new(options), None, None);
    let says = if let Asked::Says(says) = &asked { Some(&**says) } else { None };
    let check = |name: &'static str| match (name, says) {
        ("configuration", _) => {
            let mut check = Check::new(name);
            for mistake in &mistakes.list {
                let key = if mistake.key.is_empty() { "node.toml" } else { &mistake.key };
                check.refused(key, &mistake.text);
            }
            check
        }
        ("node", _) => node::judge(&asked, false, false),
        ("clock", _) => clock::judge(clock_said(says)),
        ("peers", Some(says)) => peers_said(says, Vec::new()),
        ("members", Some(says)) => members_said(says),
        ("votes", Some(says)) => votes::judge(&votes::Files::Unread, Some(&votes_said(says)), true),
        ("versions", Some(_)) => versions(says),
        _ => skipped(name, NO_SETTINGS),
    };
    with_state(NAMES.map(check).to_vec(), says)
}

/// The node's one state stands with the check that it belongs to.
fn with_state(mut checks: Vec<Check>, says: Option<&Says>) -> Vec<Check> {
    let found = says.and_then(|says| node::state(&says.status.state));
    if let Some((name, finding)) = found
        && let Some(check) = checks.iter_mut().find(|check| check.name == name)
    {
        check.findings.insert(0, finding);
    }
    checks
}

fn skipped(name: &'static str, why: &str) -> Check {
    let mut check = Check::new(name);
    check.skip(why);
    check
}

fn clock_said(says: Option<&Says>) -> clock::Seen {
    clock::Seen {
        offset_ms: says.and_then(|says| says.status.clock.offset_ms),
        told: says.is_some_and(|says| says.status.state.name == NodeState::ClockOff),
        synchronized: clock::synchronized(),
        tip_ahead_ms: 0,
    }
}

fn peers_said(says: &Says, bootstrap: Vec<String>) -> Check {
    let (own, peers) = (says.status.id.clone(), says.peers.clone());
    let back = peers::reach(&peers::back(&peers));
    peers::judge(&peers::Seen { own, bootstrap, members: voters(says), peers, back })
}

fn members_said(says: &Says) -> Check {
    let connected = says.peers.iter().filter(|peer| peer.status == PeerStatus::Connected);
    let turnout = says.status.finalized.turnout.clone();
    members::judge(&members::Seen {
        own: says.status.id.clone(),
        members: voters(says),
        quorum: says.finality.quorum,
        connected: connected
            .map(|peer| (peer.id.clone(), peer.since.as_deref().map_or(Duration::ZERO, since)))
            .collect(),
        uptime: since(&says.status.started),
        heard: turnout.heard,
        unheard: turnout.missing,
    })
}

fn voters(says: &Says) -> Vec<String> {
    says.finality.voters.iter().map(|voter| voter.id.clone()).collect()
}

fn votes_said(says: &Says) -> votes::Says {
    votes::Says {
        own: says.status.id.clone(),
        voting: says.finality.voting,
        told: matches!(
            says.status.state.name,
            NodeState::Silent | NodeState::RefusesFinal | NodeState::TwoHistories
        ),
        voters: says.finality.voters.clone(),
        rival: says.finality.rival.clone(),
    }
}

fn open_files(says: Option<&Says>, settings: &Settings) -> open_files::Seen {
    match says.map(|says| &says.status.open_files) {
        Some(files) => open_files::Seen { allowed: files.allowed, needed: files.needed, runs: true },
        None => {
            open_files::Seen { allowed: descriptors::most(), needed: needed_files(settings), runs: false }
        }
    }
}

fn versions(says: Option<&Says>) -> Check {
    let Some(says) = says else { return skipped("versions", DOWN) };
    let agents = says.peers.iter().filter_map(|peer| Some((peer.id.clone(), peer.agent.clone()?)));
    versions::judge(&versions::Seen {
        node: says.status.version.clone(),
        own: env!("CARGO_PKG_VERSION").to_owned(),
        agents: agents.collect(),
        upgrade: says.status.network.upgrade.clone(),
    })
}

/// How long ago that was.
fn since(time: &str) -> Duration {
    let then = parse_rfc3339(time).unwrap_or_else(wall);
    Duration::from_millis(wall().millis_since(then))
}
