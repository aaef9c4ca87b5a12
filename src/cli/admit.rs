//! `bouya admit`: certificates for those who have asked, a motion for each that is to be a member, and an invitation each.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bouya_core::code::Code;
use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::Action;
use bouya_core::limits::{ADMISSION_BYTES, MOTIONS_PER_MEMBER};
use clap::Args;
use mkca::{Authority, CERTIFICATE_DAYS, Index, Status};
use serde_json::json;
use time::OffsetDateTime;

use super::client::Client;
use super::error::Error;
use super::folder::{Folder, cannot, network, read};
use super::member::{self, Standing};
use super::node::NodeOptions;
use super::output::{Output, cell, note, plain};
use super::parse::WalletsOption;
use super::prompt::{ExistingPassphrase, confirm, confirm_aside, sealing, typed};
use super::{govern, vote};
use crate::admission::{Candidate, Invitation, Request};
use crate::cli::submit::{SignedBy, Signer};
use crate::config::Settings;
use crate::config::node::Bootstrap;
use crate::files::{self, PUBLIC};
use crate::http::views::{self, Page, PeerStatus};
use crate::net::tls::key_hash;
use crate::wallet::WalletName;

pub(crate) const EXAMPLES: &str = "\
Run it in the founder's folder, beside the running node. It shows who asks and
the code of each request: whoever asks reads it out by phone. Then it signs a
certificate each, moves that they become members, which is this member's yes,
and writes ID.invite to send back. The others see the motion with bouya vote.

Where the CA's key lies on a machine without a node, --sign-only signs there;
then a member moves it on its node: bouya member add bob.request --from alice.

Examples:
  bouya admit bob.request carol.request
  bouya admit - < mail.txt
  bouya admit dave.request --sign-only --bootstrap alice@10.0.0.5:7000";

/// Peers that an invitation names besides this node: enough that one of them is up.
const PEERS_NAMED: usize = 7;

#[derive(Debug, Args)]
pub(crate) struct Admit {
    /// What bouya ask has written, or - for the standard input
    #[arg(required = true, value_name = "FILE")]
    requests: Vec<PathBuf>,
    /// The wallet that speaks for this member [default: the one with the node's id]
    #[arg(long, value_name = "WALLET")]
    from: Option<WalletName>,
    /// Days that the certificates last
    #[arg(long, default_value_t = CERTIFICATE_DAYS)]
    days: u32,
    /// Sign only: without a node, and without asking the members
    #[arg(long, requires = "bootstrap")]
    sign_only: bool,
    /// Whom they dial first, besides this node and its peers; may be given several times
    #[arg(long, value_name = "ID@HOST:PORT")]
    bootstrap: Vec<Bootstrap>,
    /// Sign although an id has a certificate in force with another key: its machine was lost, or is replaced
    #[arg(long)]
    new_key: bool,
    /// Admit without asking: each code was compared
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

/// Signs, moves and invites.
pub(crate) fn run(options: Admit, node: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    let requests = named_files(&options.requests)?;
    if !options.new_key {
        known_keys(&options.folder, &requests)?;
    }
    let table = if options.sign_only { None } else { Some(Table::open(&options, node, &requests)?) };
    show(&requests, out)?;
    let question = "Did each of them read you this code by phone? Then they are admitted.";
    let is_piped = options.requests.iter().any(|path| path == Path::new("-"));
    let ask = if is_piped { confirm_aside } else { confirm };
    if !options.yes && !ask(question, "--yes")? {
        return Err(Error::Failed("nobody was admitted".into()));
    }
    let folder = &options.folder;
    let overrides = Some(folder.overrides()).filter(|path| path.exists());
    let network = network(&folder.network(), overrides.as_deref())?;
    let overrides = overrides.map(|path| read(&path)).transpose()?;
    let known = table.as_ref().map(|table| table.known.clone()).unwrap_or_default();
    let bootstrap = options.bootstrap.iter().cloned().chain(known).collect();
    let authority = open_authority(&options)?;
    let ca = key_hash(authority.root().certificate()).map_err(Error::failed)?;
    let code = Code::of_network(&ca, &network.id(), network.rules.overrides.hash());
    let desk = Desk { authority, network: read(&folder.network())?, overrides, bootstrap };
    let invited = desk.invite(&requests, options.days, folder)?;
    let moved = table.map(|table| table.move_all(options)).transpose()?;
    told(&requests, &invited, moved.as_deref(), (network.spec.name.as_str(), code), out)
}

/// Fails if somebody asks with an id that is another key's: a stranger would come in under the name of a member.
fn known_keys(folder: &Folder, requests: &[Request]) -> Result<(), Error> {
    let index = Index::load(&folder.ca()).map_err(Error::failed)?;
    let now = OffsetDateTime::now_utc();
    for request in requests {
        let other = index.of(&request.id).any(|entry| {
            entry.status(now) == Status::Valid && entry.public_key != *request.certificate.key()
        });
        if other {
            let id = &request.id;
            return Err(Error::Failed(format!(
                "{id} has a certificate in force with another key. If its machine was replaced: --new-key, and afterwards nobody else may have the old one; if not, somebody asks in its name"
            )));
        }
    }
    Ok(())
}

fn open_authority(options: &Admit) -> Result<Authority, Error> {
    let dir = options.folder.ca();
    let key = dir.join("ca.key");
    let opened = match Authority::open(&dir) {
        Err(mkca::Error::Sealed { .. }) => {
            let what = if options.sign_only {
                key.display().to_string()
            } else {
                "the wallet and the CA's key".to_owned()
            };
            let given = options.passphrase.of(&what)?;
            Authority::open_sealed(&dir, |_| Ok(sealing(given)))
        }
        opened => opened,
    };
    match opened {
        // The CA's key has another passphrase than the wallet.
        Err(mkca::Error::WrongPassphrase { .. }) if io::IsTerminal::is_terminal(&io::stdin()) => {
            let typed = typed(&key.display().to_string())?;
            Authority::open_sealed(&dir, |_| Ok(sealing(&typed))).map_err(Error::failed)
        }
        opened => opened.map_err(Error::failed),
    }
}

/// Where certificates are signed and invitations written.
pub(super) struct Desk {
    pub(super) authority: Authority,
    /// The text of network.toml.
    pub(super) network: String,
    pub(super) overrides: Option<String>,
    pub(super) bootstrap: Vec<Bootstrap>,
}

impl Desk {
    /// Signs for all of them and writes an invitation each.
    pub(super) fn invite(
        &self,
        requests: &[Request],
        days: u32,
        folder: &Folder,
    ) -> Result<Vec<PathBuf>, Error> {
        let mut signed = Vec::new();
        for request in requests {
            let issued =
                self.authority.sign(&request.certificate, &request.id, days).map_err(Error::failed)?;
            issued.notices.iter().for_each(|notice| note(&format!("Note: {notice}")));
            signed.push((request, read(&issued.certificate)?));
        }
        let (ca, crl) = (read(&self.authority.ca_path())?, read(&self.authority.crl_path())?);
        let members: Vec<_> = requests.iter().filter_map(|one| one.candidate.as_ref()).collect();
        let write = |(request, certificate): (&Request, String)| {
            let others = members.iter().filter(|one| one.member.id != request.id);
            let invitation = Invitation {
                id: request.id.clone(),
                certificate,
                ca: ca.clone(),
                crl: crl.clone(),
                network: self.network.clone(),
                overrides: self.overrides.clone(),
                bootstrap: self.bootstrap.iter().filter(|peer| peer.id != request.id).cloned().collect(),
                advertise: request.advertise.clone(),
                member: request.candidate.as_ref().map(|one| one.member.clone()),
                others: others.map(|one| one.member.clone()).collect(),
            };
            let path = folder.invitation(&request.id);
            let text = invitation.write().map_err(Error::failed)?;
            files::replace(&path, PUBLIC, text.as_bytes()).map_err(|error| cannot("write", &path, &error))?;
            Ok(path)
        };
        signed.into_iter().map(write).collect()
    }
}

/// The members, as this node sees them, and who is to be asked in.
struct Table {
    client: Client,
    from: WalletName,
    /// This node and its peers, for those who come.
    known: Vec<Bootstrap>,
    /// Those to be moved: neither members nor moved yet.
    to_move: Vec<Candidate>,
    /// Motions of others for those who come, which wait for this member's yes.
    to_say: Vec<Hash>,
}

impl Table {
    /// Looks at all that could go wrong before anything is signed.
    fn open(options: &Admit, node: &NodeOptions, requests: &[Request]) -> Result<Self, Error> {
        let path = options.folder.node();
        let settings = Settings::load(&path)?;
        let client = Client::new(&NodeOptions { config: Some(path), ..node.clone() })?;
        let status = client.status()?;
        if status.network.id != settings.network.genesis.id().to_string() {
            return Err(Error::Failed(format!(
                "the node that answers is of another network ({}); start this folder's: bouya run",
                status.network.name
            )));
        }
        let id: NodeId =
            status.id.parse().map_err(|error| Error::Failed(format!("the node names itself {error}")))?;
        let from = match &options.from {
            Some(from) => from.clone(),
            None => id.as_str().parse().map_err(|error| Error::Usage(format!("--from: {error}")))?,
        };
        let own = settings.p2p.advertise.map(|endpoint| Bootstrap { id, endpoint });
        let known = own.into_iter().chain(peers(&client)?).collect();
        let mut table = Self { client, from, known, to_move: Vec::new(), to_say: Vec::new() };
        let wanted: Vec<_> = requests.iter().filter_map(|request| request.candidate.as_ref()).collect();
        if !wanted.is_empty() {
            let wallet = options.wallets.open()?.open(&table.from)?;
            options.passphrase.check(&wallet)?;
            table.seat(&wanted, &wallet.address().to_string())?;
        }
        Ok(table)
    }

    /// What the members have to be asked about the candidates, and what this member has to say.
    fn seat(&mut self, wanted: &[&Candidate], governor: &str) -> Result<(), Error> {
        let (members, open) = (govern::members(&self.client)?, vote::open(&self.client)?);
        for candidate in wanted {
            let id = &candidate.member.id;
            let mut moved = open.iter().filter(|motion| vote::adds(&motion.change, &candidate.member));
            match (member::standing(&members, &candidate.member)?, moved.next()) {
                (Standing::Member, _) => note(&format!("{id} is a member already.")),
                (Standing::New, Some(motion)) if vote::is_asked(motion, governor) => {
                    let motion = motion.id.parse();
                    let wrong = |error| Error::Failed(format!("the node names a motion {error}"));
                    self.to_say.push(motion.map_err(wrong)?);
                }
                (Standing::New, Some(_)) => note(&format!("{id} was moved already.")),
                (Standing::New, None) => self.to_move.push((*candidate).clone()),
            }
        }
        few(&self.to_move)
    }

    /// Says yes where others have moved it, and moves the rest. Returns these motions' ids.
    fn move_all(self, options: Admit) -> Result<Vec<String>, Error> {
        let by = SignedBy::quiet(self.from, options.passphrase, options.wallets);
        for motion in self.to_say {
            let yes = Action::Ballot { motion, yes: true };
            Signer::governing(&by, &self.client)?.send_quietly(yes)?;
        }
        let moved =
            self.to_move.iter().map(|candidate| govern::move_quietly(candidate.change(), &by, &self.client));
        moved.collect()
    }
}

/// Fails if one member has no room for so many motions at once.
fn few(new: &[Candidate]) -> Result<(), Error> {
    if new.len() > MOTIONS_PER_MEMBER {
        return Err(Error::Failed(format!(
            "a member may have {MOTIONS_PER_MEMBER} open motions; admit {MOTIONS_PER_MEMBER} at once, and the others when these are members"
        )));
    }
    Ok(())
}

/// Connected peers that can be dialed.
fn peers(client: &Client) -> Result<Vec<Bootstrap>, Error> {
    let page: Page<views::Peer> = client.get_with("/v1/peers", &[("limit", "100".into())])?.read()?;
    let connected = page.items.into_iter().filter(|peer| peer.status == PeerStatus::Connected);
    let known = connected.filter_map(|peer| format!("{}@{}:{}", peer.id, peer.host, peer.port).parse().ok());
    Ok(known.take(PEERS_NAMED).collect())
}

/// The requests in these files, each of somebody else.
pub(super) fn named_files(paths: &[PathBuf]) -> Result<Vec<Request>, Error> {
    let mut ids = BTreeSet::new();
    let read = |path: &PathBuf| {
        let wrong = |why: &dyn std::fmt::Display| Error::Usage(format!("{}: {why}", path.display()));
        let request = Request::read(&text_of(path)?).map_err(|error| wrong(&error))?;
        match ids.insert(request.id.clone()) {
            true => Ok(request),
            false => Err(wrong(&format!("{} asks twice; give one request of each", request.id))),
        }
    };
    paths.iter().map(read).collect()
}

/// The members to be in these files, for what only they are needed for.
pub(super) fn candidates(paths: &[PathBuf]) -> Result<Vec<Candidate>, Error> {
    let candidate = |request: Request| {
        let id = request.id;
        request.candidate.ok_or_else(|| {
            Error::Usage(format!("{id} asks to observe; to be a member, it asks anew without --observer"))
        })
    };
    named_files(paths)?.into_iter().map(candidate).collect()
}

/// Never more than can be read: a device given by mistake has no end.
pub(super) fn text_of(path: &Path) -> Result<String, Error> {
    let most = ADMISSION_BYTES as u64 + 1;
    let mut text = String::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().lock().take(most).read_to_string(&mut text),
        _ => std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text)),
    };
    read.map_err(|error| Error::Usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(text)
}

fn show(requests: &[Request], out: &mut Output) -> Result<(), Error> {
    if out.json {
        return Ok(());
    }
    let row = |request: &Request| {
        let at = request.advertise.as_ref().map_or_else(|| "only dials".to_owned(), ToString::to_string);
        let role = if request.candidate.is_some() { "member" } else { "observer" };
        let name = request.candidate.as_ref().map(|one| one.member.name.as_str()).unwrap_or_default();
        let who = if name.is_empty() { request.id.to_string() } else { format!("{} ({name})", request.id) };
        vec![cell(plain(&who)), cell(role), cell(at), cell(request.code())]
    };
    out.table(&["WHO ASKS", "AS", "AT", "CODE"], requests.iter().map(row).collect())
}

fn told(
    requests: &[Request],
    invited: &[PathBuf],
    moved: Option<&[String]>,
    (network, code): (&str, Code),
    out: &mut Output,
) -> Result<(), Error> {
    if out.json {
        return out.line(json!({
            "network": network,
            "code": code.to_string(),
            "invitations": invited.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "motions": moved,
        }));
    }
    for path in invited {
        out.line(format!("wrote {}", path.display()))?;
    }
    out.line(format!("Network {network}, code {code}: read it to each of them by phone."))?;
    let accept = |request: &Request| format!("  bouya accept {}.invite --run", request.id);
    out.line("Next: send each its file. On their machines, in the folder where they asked:")?;
    requests.iter().try_for_each(|request| out.line(accept(request)))?;
    let candidates: Vec<_> = requests.iter().filter_map(|one| one.candidate.as_ref()).collect();
    match moved {
        None if !candidates.is_empty() => {
            out.line("Who is to be a member has still to be moved, on a member's node:")?;
            candidates.iter().try_for_each(|one| {
                out.line(format!("  bouya member add {}.request --from WALLET", one.member.id))
            })
        }
        Some([_, ..]) => out.line("The other members see what waits for their yes: bouya vote"),
        _ => Ok(()),
    }
}
