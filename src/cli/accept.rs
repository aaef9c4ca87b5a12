//! `bouya accept`: what an invitation holds becomes a node, and whoever accepts says yes.

mod check;
mod voting;

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use bouya_core::code::Code;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Allocation, Member, NetworkSpec};
use bouya_core::wire::Endpoint;
use clap::Args;
use serde_json::json;

use self::check::{Checked, check};
use self::voting::Yes;
use super::admit::text_of;
use super::client::Client;
use super::error::Error;
use super::folder::{Folder, Listening, Made, NodeFile};
use super::govern;
use super::node::NodeOptions;
use super::output::{Output, count, note};
use super::parse::{self, WalletsOption};
use super::prompt::{ExistingPassphrase, confirm, confirm_aside};
use super::submit::SignedBy;
use crate::admission::Invitation;
use crate::config::{Mistakes, Settings};
use crate::files::PUBLIC;
use crate::http::views::Status;
use crate::net::crl::Revocations;
use crate::net::tls::Tls;
use crate::node::{identity_files, judge};
use crate::wallet::WalletName;

pub(crate) const EXAMPLES: &str = "\
Run it in the folder where bouya ask has made the keys. It checks that the
invitation is for these keys, shows the network's code, which somebody of the
network reads to you by phone, and writes node.toml. The wallet that speaks for
the member then says yes, also to those who were admitted together with it.

Without --run, start the node yourself and run the same command again beside it:
that says yes. A new certificate comes the same way.

Examples:
  bouya accept bob.invite --run
  bouya accept bob.invite --listen 10.0.0.6:7000";

/// Owners of first coins that are shown one by one.
const OWNERS_NAMED: usize = 3;

#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// What the founder sent back, or - for the standard input
    #[arg(value_name = "FILE")]
    invitation: PathBuf,
    /// The address where other members reach this node [default: what was asked for]
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<Endpoint>,
    #[command(flatten)]
    listening: Listening,
    /// Run the node when all is written
    #[arg(long)]
    run: bool,
    /// Accept without asking: the code was compared
    #[arg(long)]
    yes: bool,
    /// How long to wait beside a running node until this is a member, as in 60s or 5m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse::duration)]
    timeout: std::time::Duration,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

/// Sets the node up, says yes, and runs it if asked to.
pub(crate) fn run(options: Accept, out: &mut Output) -> Result<(), Error> {
    let invitation = Invitation::read(&text_of(&options.invitation)?)
        .map_err(|error| Error::Usage(format!("{}: {error}", options.invitation.display())))?;
    let checked = check(&invitation, &options.folder)?;
    agree(&options, &invitation, &checked)?;
    let (code, mut new) = (checked.code, admitted(&invitation));
    new.retain(|member| !checked.genesis.spec.members.contains(member));
    place(&options, &invitation)?;
    told(&options, &invitation, code, out)?;
    let node = options.folder.node();
    let client = || Client::new(&NodeOptions { config: Some(node.clone()), ..NodeOptions::default() });
    let is_up = client().is_ok_and(|client| runs(&client, &invitation.id, code));
    if is_up {
        let members = govern::members(&client()?)?.members;
        new.retain(|one| !members.iter().any(|member| member.key == one.key.to_string()));
    }
    // Who is a member already, and came with members only, has nothing to say.
    let yes = match new.is_empty() {
        true => None,
        false => yes(&invitation, code, options.passphrase, options.wallets)?,
    };
    if options.run {
        out.flush()?;
        if let Some(yes) = yes {
            yes.beside(client()?)?;
        }
        return super::run::run(&node);
    }
    match yes {
        Some(yes) if is_up => yes.within(&client()?, options.timeout),
        Some(_) => {
            note(&format!(
                "Next: bouya run, and beside it the same again, which says yes: bouya accept {}",
                options.invitation.display()
            ));
            Ok(())
        }
        None if is_up => Ok(()),
        None => {
            note("Next: bouya run");
            Ok(())
        }
    }
}

/// Who was admitted at once, this node's member among them; nobody if it observes.
fn admitted(invitation: &Invitation) -> Vec<Member> {
    let Some(own) = &invitation.member else { return Vec::new() };
    std::iter::once(own).chain(&invitation.others).cloned().collect()
}

/// Whether this very node answers: another's may listen there.
pub(super) fn runs(client: &Client, id: &NodeId, code: Code) -> bool {
    let is_it = |status: Status| status.id == id.as_str() && status.network.code == Some(code.to_string());
    client.status().is_ok_and(is_it)
}

/// Shows what is accepted, and asks. The code stands for the CA, the network and its override; the rest is only shown.
fn agree(options: &Accept, invitation: &Invitation, checked: &Checked) -> Result<(), Error> {
    let Invitation { id, member, others, bootstrap, .. } = invitation;
    let Checked { genesis, code } = checked;
    let role = if member.is_some() { "a member" } else { "an observer" };
    let names = |members: &[Member]| members.iter().map(named).collect::<Vec<_>>().join(", ");
    note(&format!("Network {}, code {code}\nYou come in as {id}, {role}.", genesis.spec.name.as_str()));
    note(&format!("Its first members: {}.", names(&genesis.spec.members)));
    note(&first_coins(&genesis.spec));
    if let Some(last) = genesis.rules.overrides.iter().last() {
        note(&format!(
            "It follows an override, after which the members are: {}.",
            names(&last.decree().members)
        ));
    }
    for other in others.iter().filter(|_| member.is_some()) {
        note(&format!("You say yes to {} as well, whose governor is {}.", named(other), other.governor));
    }
    let dials: Vec<_> = bootstrap.iter().map(ToString::to_string).collect();
    note(&format!("It dials first: {}.", dials.join(", ")));
    match options.advertise.as_ref().or(invitation.advertise.as_ref()) {
        Some(endpoint) => note(&format!("Others reach it at {endpoint}.")),
        None => note("Others do not reach it: it only dials."),
    }
    let question = "Did somebody of the network read you this code by phone? Then go on.";
    let agreed = options.yes
        || match options.invitation.to_str() {
            Some("-") => confirm_aside(question, "--yes")?,
            _ => confirm(question, "--yes")?,
        };
    match agreed {
        true => Ok(()),
        false => Err(Error::Failed("nothing was written".into())),
    }
}

/// Who begins with how much: the largest owners by name, the others by number.
fn first_coins(spec: &NetworkSpec) -> String {
    let coins = |amount| format!("{} {}", spec.coin.format(amount), spec.coin.symbol.as_str());
    let mut all: Vec<_> = spec.allocations.iter().collect();
    all.sort_by_key(|one| Reverse(one.amount));
    let owner = |one: &&Allocation| {
        let member = spec.members.iter().find(|member| member.governor == one.address);
        member.map_or_else(|| one.address.to_string(), |member| format!("the governor of {}", member.id))
    };
    match all.as_slice() {
        [] => "Nobody begins with coins.".to_owned(),
        [only] => format!("It begins with {}, all to {}.", coins(only.amount), owner(only)),
        all => {
            let sum = all.iter().fold(0_u64, |sum, one| sum.saturating_add(one.amount));
            let mut shares: Vec<_> = all
                .iter()
                .take(OWNERS_NAMED)
                .map(|one| format!("{} to {}", coins(one.amount), owner(one)))
                .collect();
            let rest = all.len().saturating_sub(OWNERS_NAMED);
            shares.extend((rest > 0).then(|| format!("the rest to {}", count(rest, "other"))));
            format!("It begins with {}: {}.", coins(sum), shares.join(", "))
        }
    }
}

fn named(member: &Member) -> String {
    match member.name.as_str() {
        "" => member.id.to_string(),
        name => format!("{} ({name})", member.id),
    }
}

/// Writes what was checked. What must not change is compared, and the operator's node.toml stays as it is.
fn place(options: &Accept, invitation: &Invitation) -> Result<(), Error> {
    let (folder, id) = (&options.folder, &invitation.id);
    let mut made = Made::default();
    // One that is there holds this CA, and perhaps another while that is being changed.
    made.missing(&folder.cert("ca.crt"), &invitation.ca)?;
    made.same(&folder.network(), &invitation.network)?;
    if let Some(overrides) = &invitation.overrides {
        made.same(&folder.overrides(), overrides)?;
    }
    // One that is there may be newer, and the node hears of newer ones from its peers.
    made.missing(&folder.cert("ca.crl"), &invitation.crl)?;
    made.newer(&folder.cert(&format!("{id}.crt")), &invitation.certificate)?;
    let node = folder.node();
    if !node.exists() {
        let file = NodeFile {
            id,
            listening: &options.listening,
            advertise: options.advertise.as_ref().or(invitation.advertise.as_ref()),
            bootstrap: &invitation.bootstrap,
            overrides: invitation.overrides.is_some(),
            observes: invitation.member.is_none(),
        };
        made.file(&node, PUBLIC, file.render().as_bytes())?;
    }
    judged(&node, id)?;
    made.keep();
    Ok(())
}

/// Fails unless a node could start with this file.
pub(super) fn judged(node: &Path, id: &NodeId) -> Result<(), Error> {
    let settings = Settings::load(node)?;
    let found = match Tls::open(identity_files(&settings), Revocations::default()) {
        Ok(_) => judge::settings(&settings, id),
        Err(error) => vec![judge::identity(&error)],
    };
    match judge::sort(found).0 {
        list if list.is_empty() => Ok(()),
        list => Err(Mistakes { path: node.to_owned(), list }.into()),
    }
}

/// What the member's wallet says, once it is open. None if there is nothing to say, or no wallet here that could.
fn yes(
    invitation: &Invitation,
    code: Code,
    passphrase: ExistingPassphrase,
    wallets: WalletsOption,
) -> Result<Option<Yes>, Error> {
    let Some(own) = invitation.member.clone() else { return Ok(None) };
    let name: WalletName = own.id.as_str().parse().map_err(|error| Error::Usage(format!("{error}")))?;
    let folder = wallets.open()?;
    if !folder.has(&name) || folder.open(&name)?.address() != own.governor {
        note(&format!(
            "The wallet that speaks for {} ({}) is not on this machine. Say yes where it is: bouya vote",
            own.id, own.governor
        ));
        return Ok(None);
    }
    let wallet = folder.open(&name)?;
    // A wrong passphrase shows before the node starts.
    wallet.unlock(passphrase.get(&wallet)?)?;
    let by = SignedBy::quiet(name, passphrase, wallets);
    Ok(Some(Yes { by, code, own, others: invitation.others.clone() }))
}

fn told(options: &Accept, invitation: &Invitation, code: Code, out: &mut Output) -> Result<(), Error> {
    let node = options.folder.node();
    if out.json {
        return out.line(json!({
            "id": invitation.id.as_str(),
            "code": code.to_string(),
            "config": node.display().to_string(),
        }));
    }
    out.line(format!("{} is set up: {}", invitation.id, node.display()))
}

#[cfg(test)]
mod tests;
