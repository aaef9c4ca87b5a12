//! `bouya ask`: a node's keys, and the request to be admitted.

use bouya_core::crypto::SecretKey;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Member, MemberChange};
use bouya_core::wire::Endpoint;
use clap::Args;
use mkca::KeyPair;
use serde_json::json;

use super::error::Error;
use super::folder::{Folder, Made, read};
use super::output::{Output, note};
use super::parse::{self, WalletsOption};
use super::prompt::NewPassphrase;
use crate::admission::{Candidate, Request};
use crate::files::{self, PRIVATE, PUBLIC};
use crate::voter::record;
use crate::wallet::{self, Passphrase, WalletName, Wallets};

pub(crate) const EXAMPLES: &str = "\
This makes the node's keys in this folder, a wallet with the node's id, which
speaks for the member, and ID.request for the founder. The request is text and
not secret: send the file, or paste it into a mail. Read its code to the founder
by phone. Keys that are there already are used again, so this also asks for a
certificate for another year, or as an observer to become a member.

Examples:
  bouya ask bob --advertise 10.0.0.6:7000
  bouya ask bob --name 'Bob SA' --advertise bob.example:7000
  bouya ask dave                       # behind a router: it only dials
  bouya ask auditor --observer         # reads and sends, and does not vote";

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The node's id
    id: NodeId,
    /// The address where other members reach this node; without it, it only dials
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<Endpoint>,
    /// What people call the member
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The address that speaks for the member [default: a wallet here with the node's id]
    #[arg(long, value_name = "ADDR", conflicts_with = "observer")]
    governor: Option<Address>,
    /// Ask for a certificate only: an observer neither seals blocks nor votes
    #[arg(long)]
    observer: bool,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

/// Makes what is not there yet, and writes the request.
pub(crate) fn run(options: &Ask, out: &mut Output) -> Result<(), Error> {
    let Ask { id, folder, .. } = options;
    let mut made = Made::default();
    let candidate = match options.observer {
        true => None,
        false => Some(candidate(options, &mut made)?),
    };
    let key = match folder.cert(&format!("{id}.key")) {
        path if path.exists() => KeyPair::from_pem(&read(&path)?, &path).map_err(Error::failed)?,
        _ => new_key(folder, id, &mut made)?,
    };
    let written = Request::write(id, &key, options.advertise.as_ref(), candidate.as_ref());
    let (text, code) = written.map_err(Error::failed)?;
    let path = folder.request(id);
    files::replace(&path, PUBLIC, text.as_bytes())
        .map_err(|error| super::folder::cannot("write", &path, &error))?;
    made.keep();
    if out.json {
        return out.line(json!({
            "id": id.as_str(),
            "code": code.to_string(),
            "file": path.display().to_string(),
            "governor": candidate.map(|candidate| candidate.member.governor.to_string()),
        }));
    }
    out.bytes(text.as_bytes())?;
    let reached = options.advertise.is_none().then_some("It advertises no address: the node only dials.\n");
    note(&format!(
        "{}Wrote {}: send it to the founder, or paste the text above into a mail.\n\
         Its code, to read out by phone: {code}\n\
         Then, with what comes back: bouya accept {id}.invite --run",
        reached.unwrap_or_default(),
        path.display(),
    ));
    Ok(())
}

/// The member key, and the wallet that speaks for it.
fn candidate(options: &Ask, made: &mut Made) -> Result<Candidate, Error> {
    let Ask { id, folder, .. } = options;
    let name = parse::text("--name", &options.name)?;
    let wallets = options.wallets.open()?;
    let governor = match options.governor {
        Some(governor) => governor,
        // Its wallet is somewhere else: a new one would speak for nobody.
        None if folder.cert(&format!("{id}.member")).exists() && !has_wallet(&wallets, id) => {
            return Err(Error::Usage(format!(
                "{id} has a member key here, and the wallet that speaks for it is not on this machine: give its address with --governor; for a new certificate alone: --observer"
            )));
        }
        None => governor(&wallets, id, || options.passphrase.get(), made)?,
    };
    let key = member_key(folder, id, made)?;
    let member = Member { id: id.clone(), key: key.public(), governor, name };
    match MemberChange::prove(member, &key) {
        MemberChange::Add { member, proof } => Ok(Candidate { member, proof }),
        _ => Err(Error::failed("no proof was made; this is a fault of bouya's, please report it")),
    }
}

/// The address of the wallet that has the node's id as its name. It is made if there is none.
pub(super) fn governor(
    wallets: &Wallets,
    id: &NodeId,
    passphrase: impl FnOnce() -> Result<Option<Passphrase>, Error>,
    made: &mut Made,
) -> Result<Address, Error> {
    let name: WalletName = id.as_str().parse().map_err(|error| Error::Usage(format!("{error}")))?;
    if wallets.has(&name) {
        let wallet = wallets.open(&name)?;
        note(&format!("Wallet {name} ({}) is there already: it speaks for the member.", wallet.address()));
        return Ok(wallet.address());
    }
    let passphrase = passphrase()?;
    let wallet = wallets.create(&name, &wallet::new_key()?, passphrase.as_ref())?;
    made.add(&wallets.path(&name));
    if passphrase.is_none() {
        note(&format!("Wallet {name} is not encrypted: whoever reads its file speaks for the member."));
    }
    Ok(wallet.address())
}

fn has_wallet(wallets: &Wallets, id: &NodeId) -> bool {
    id.as_str().parse::<WalletName>().is_ok_and(|name| wallets.has(&name))
}

/// The member key in the folder. If there is none, it is made with its record of votes.
pub(super) fn member_key(folder: &Folder, id: &NodeId, made: &mut Made) -> Result<SecretKey, Error> {
    let path = folder.cert(&format!("{id}.member"));
    let (key, is_new) = record::load_or_create(&path).map_err(Error::failed)?;
    if is_new {
        made.add(&path);
        made.add(&folder.cert(&format!("{id}.votes")));
    }
    Ok(key)
}

/// A new key for TLS.
pub(super) fn new_key(folder: &Folder, id: &NodeId, made: &mut Made) -> Result<KeyPair, Error> {
    let key = KeyPair::generate().map_err(Error::failed)?;
    made.file(&folder.cert(&format!("{id}.key")), PRIVATE, key.pem().as_bytes())?;
    Ok(key)
}
