//! What an invitation must be before anything of it is written: for the keys in the folder, for what was asked, and whole.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bouya_core::code::Code;
use bouya_core::ledger::Genesis;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::admission::{Invitation, Request};
use crate::cli::error::Error;
use crate::cli::folder::{Folder, Made, cannot, network, read};
use crate::files::{self, PUBLIC};
use crate::net::crl::Revocations;
use crate::net::tls::{IdentityFiles, Tls};
use crate::wallet;

/// An invitation that fits.
pub(super) struct Checked {
    /// The network, with the override that it follows.
    pub(super) genesis: Arc<Genesis>,
    pub(super) code: Code,
}

/// Checks all that the folder can tell. Nothing in it changes.
pub(super) fn check(invitation: &Invitation, folder: &Folder) -> Result<Checked, Error> {
    let id = &invitation.id;
    let key = folder.cert(&format!("{id}.key"));
    if !key.exists() {
        return Err(Error::Usage(format!(
            "{} is not here; accept in the folder where the request was made, or name it: --dir DIR",
            key.display()
        )));
    }
    own_keys(invitation, folder)?;
    let stage = Stage::new(folder)?;
    let files = IdentityFiles {
        ca: stage.write("ca.crt", &invitation.ca)?,
        certificate: stage.write("node.crt", &invitation.certificate)?,
        key,
        crls: vec![stage.write("ca.crl", &invitation.crl)?],
        refuse_overdue: false,
    };
    let tls = Tls::open(files, Revocations::default()).map_err(|error| foreign(invitation, &error))?;
    if tls.id() != *id {
        return Err(foreign(invitation, &format!("its certificate is for {}", tls.id())));
    }
    known_ca(invitation, folder)?;
    not_older(&tls, invitation, folder)?;
    let genesis = stage.network(invitation)?;
    let ca = tls.ca().ok_or_else(|| foreign(invitation, &"another CA has signed its certificate"))?;
    let code = Code::of_network(&ca, &genesis.id(), genesis.rules.overrides.hash());
    Ok(Checked { genesis, code })
}

fn foreign(invitation: &Invitation, why: &dyn Display) -> Error {
    let id = &invitation.id;
    Error::Usage(format!(
        "this invitation is not for the keys in this folder: {why}. If the request was made here, somebody changed it on its way: tell the founder, who revokes the certificate with mkca --dir ca revoke {id}"
    ))
}

/// The member key, and what the request said that was made here.
fn own_keys(invitation: &Invitation, folder: &Folder) -> Result<(), Error> {
    let id = &invitation.id;
    if let Some(member) = &invitation.member {
        let own = wallet::member_key_load(&folder.cert(&format!("{id}.member")))?;
        if own.public() != member.key {
            let why = format!("{} was admitted, {} is here", member.key, own.public());
            return Err(foreign(invitation, &why));
        }
    }
    let path = folder.request(id);
    if !path.exists() {
        return Ok(());
    }
    let asked = Request::read(&read(&path)?)
        .map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
    let member = asked.candidate.map(|candidate| candidate.member);
    if member != invitation.member || asked.advertise != invitation.advertise {
        let why = format!("it answers another request than {}", path.display());
        return Err(foreign(invitation, &why));
    }
    Ok(())
}

/// A folder has one network's CA. While that is being changed, its file holds two.
fn known_ca(invitation: &Invitation, folder: &Folder) -> Result<(), Error> {
    let path = folder.cert("ca.crt");
    if !path.exists() {
        return Ok(());
    }
    let text = read(&path)?;
    let wanted = CertificateDer::from_pem_slice(invitation.ca.as_bytes()).ok();
    let holds = CertificateDer::pem_slice_iter(text.as_bytes()).any(|found| found.ok() == wanted);
    match holds {
        true => Ok(()),
        false => Err(Error::Failed(format!(
            "{} is another CA's; each network has a folder of its own: --dir DIR",
            path.display()
        ))),
    }
}

/// An old invitation must not bring an old certificate back.
fn not_older(new: &Tls, invitation: &Invitation, folder: &Folder) -> Result<(), Error> {
    let id = &invitation.id;
    let here = IdentityFiles {
        ca: folder.cert("ca.crt"),
        certificate: folder.cert(&format!("{id}.crt")),
        key: folder.cert(&format!("{id}.key")),
        crls: Vec::new(),
        refuse_overdue: false,
    };
    match Tls::open(here, Revocations::default()) {
        Ok(here) if here.not_after() > new.not_after() => Err(Error::Failed(
            "this invitation is older than the certificate here; accept the newest one, or move the certificate away".into(),
        )),
        _ => Ok(()),
    }
}

/// A folder for what is being checked. It goes with this value.
struct Stage(PathBuf, #[allow(dead_code, reason = "it removes the folder when it is dropped")] Made);

impl Stage {
    fn new(folder: &Folder) -> Result<Self, Error> {
        let dir = folder.cert(".accept");
        // Left by one that was killed.
        let _ = fs::remove_dir_all(&dir);
        let mut made = Made::default();
        made.folder(&dir)?;
        Ok(Self(dir, made))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.0.join(name);
        files::create(&path, PUBLIC, text.as_bytes()).map_err(|error| cannot("write", &path, &error))?;
        Ok(path)
    }

    /// The network, with its override if it follows one.
    fn network(&self, invitation: &Invitation) -> Result<Arc<Genesis>, Error> {
        let path = self.write("network.toml", &invitation.network)?;
        let overrides =
            invitation.overrides.as_ref().map(|text| self.write("override.toml", text)).transpose()?;
        network(&path, overrides.as_deref()).map_err(|mistakes| {
            // The files' own names, not those of the stage.
            let name = mistakes.path.file_name().map(Path::new).map(Path::to_owned).unwrap_or_default();
            mistakes.of(&name).into()
        })
    }
}
