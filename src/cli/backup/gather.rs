//! Which files a backup holds, and their bytes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use bouya_core::code::Code;
use bouya_core::codec::Text;
use bouya_core::id::NodeId;
use bouya_core::limits::{BACKUP_BYTES, NETWORK_NAME_BYTES};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use toml::{Table, Value};

use crate::backup::{Place, Saved};
use crate::cli::error::Error;
use crate::cli::folder::cannot;
use crate::config::Settings;
use crate::files;
use crate::net::tls::certificate::{Leaf, Root};
use crate::voter::record::votes_of;
use crate::wallet::{CONTACTS, Wallets};

/// What goes into a backup.
pub(super) struct Gathered {
    pub(super) id: NodeId,
    pub(super) network: Text<NETWORK_NAME_BYTES>,
    pub(super) code: Option<Code>,
    pub(super) saved: Vec<Saved>,
}

/// The keys of node.toml that name a file.
const NAMED: [(&str, &str); 7] = [
    ("", "network"),
    ("identity", "ca"),
    ("identity", "certificate"),
    ("identity", "key"),
    ("identity", "crl"),
    ("identity", "member_key"),
    ("chain", "override"),
];

/// The files that a node.toml names, below its folder.
pub(super) struct Named {
    /// Those without which no node starts.
    required: Vec<String>,
    /// Of TLS, and the member's: a new one calls for a new backup.
    pub(super) keys: Vec<PathBuf>,
    member_key: PathBuf,
}

impl Named {
    pub(super) fn read(config: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(config).map_err(|error| unreadable(config, &error))?;
        let root: Table =
            toml::from_str(&text).map_err(|error| Error::Usage(format!("{}: {error}", config.display())))?;
        let texts = |section: &str, key: &str| -> Vec<String> {
            let table =
                if section.is_empty() { Some(&root) } else { root.get(section).and_then(Value::as_table) };
            match table.and_then(|table| table.get(key)) {
                Some(Value::String(text)) => vec![text.clone()],
                Some(Value::Array(list)) => {
                    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                _ => Vec::new(),
            }
        };
        let (mut required, mut key, mut member_key) = (Vec::new(), PathBuf::new(), None);
        for (section, name) in NAMED {
            for text in texts(section, name) {
                let path = inside(&text).ok_or_else(|| outside(config, name, &text))?;
                match name {
                    "member_key" => member_key = Some(PathBuf::from(&path)),
                    "key" => key = PathBuf::from(&path),
                    _ => (),
                }
                if name != "member_key" {
                    required.push(path);
                }
            }
        }
        let member_key = member_key.unwrap_or_else(|| key.with_extension("member"));
        let keys = vec![key, member_key.clone(), member_key.with_extension("next.member")];
        Ok(Self { required, keys, member_key })
    }
}

/// A path as a backup names it, if it stays in the folder.
pub(super) fn inside(text: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in Path::new(text).components() {
        match part {
            Component::CurDir => (),
            Component::Normal(part) => parts.push(part.to_str()?),
            _ => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn outside(config: &Path, key: &str, text: &str) -> Error {
    Error::Usage(format!(
        "{}: {key} = \"{text}\" does not lie in the node's folder as written, so a backup cannot put it back elsewhere; move the file into the folder, and name it from there, as in \"certs/ca.crt\"",
        config.display()
    ))
}

/// Reads all files of the node, and the wallets.
pub(super) fn gather(config: &Path, wallets: &Wallets) -> Result<Gathered, Error> {
    // What could not start is not worth keeping, and its mistakes show here.
    let settings = Settings::load(config)?;
    let named = Named::read(config)?;
    let folder = config.parent().unwrap_or(Path::new(""));
    let mut saved = vec![whole(Place::Node, config, "node.toml")?];
    for path in &named.required {
        if !saved.iter().any(|saved| saved.path() == path) {
            saved.push(whole(Place::Node, &folder.join(path), path)?);
        }
    }
    // The first of them is among those above. A member's may not be there yet: it is made at the first start, or when keys change.
    for path in named.keys.iter().skip(1).filter(|path| folder.join(path).exists()) {
        saved.push(whole(Place::Node, &folder.join(path), &path.to_string_lossy())?);
    }
    saved.extend(record(folder, &named)?);
    authority(&folder.join("ca"), &mut saved)?;
    of_wallets(wallets, &mut saved)?;
    let (id, code) = identity(&settings)?;
    Ok(Gathered { id, network: settings.network.genesis.spec.name.clone(), code, saved })
}

/// The record of votes of a node that does not run. That of one that runs is old a moment later.
fn record(folder: &Path, named: &Named) -> Result<Option<Saved>, Error> {
    let name = votes_of(&named.member_key);
    let path = folder.join(&name);
    if !path.exists() {
        return Ok(None);
    }
    let saved = whole(Place::Node, &path, &name.to_string_lossy())?;
    // Looked at afterwards: a node that has started meanwhile holds the lock by now.
    Ok((!files::is_locked(&path)).then_some(saved))
}

/// The CA's folder, if it lies here. The index comes last: one that is newer than the rest is what `mkca` goes on from.
fn authority(dir: &Path, saved: &mut Vec<Saved>) -> Result<(), Error> {
    if !dir.join("ca.key").exists() {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, &error))? {
        let entry = entry.map_err(|error| unreadable(dir, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (name == "index.json", name.clone()));
    for name in names {
        let path = format!("ca/{name}");
        // The node may use the CA's own files.
        if !saved.iter().any(|saved| saved.path() == path) {
            saved.push(whole(Place::Node, &dir.join(&name), &path)?);
        }
    }
    Ok(())
}

fn of_wallets(wallets: &Wallets, saved: &mut Vec<Saved>) -> Result<(), Error> {
    for wallet in wallets.list()? {
        // A backup without one of them would look whole.
        let wallet = wallet?;
        let path = wallets.path(wallet.name());
        saved.push(whole(Place::Wallets, &path, &format!("{}.wallet", wallet.name()))?);
    }
    let contacts = wallets.dir().join(CONTACTS);
    if contacts.exists() {
        saved.push(whole(Place::Wallets, &contacts, CONTACTS)?);
    }
    Ok(())
}

/// Whose the certificate is, and the network's code as its CA makes it. An expired one says both, too.
fn identity(settings: &Settings) -> Result<(NodeId, Option<Code>), Error> {
    let files = &settings.identity;
    let read = |path: &Path| fs::read(path).map_err(|error| unreadable(path, &error));
    let foreign = |why: String| Error::Usage(format!("{}: {why}", files.certificate.display()));
    let certificate = CertificateDer::from_pem_slice(&read(&files.certificate)?)
        .map_err(|error| foreign(format!("no certificate is in it ({error})")))?;
    let id = Leaf::read(&certificate).map_err(|error| foreign(error.to_string()))?.id;
    let roots = read(&files.ca)?;
    let roots = CertificateDer::pem_slice_iter(&roots).filter_map(|der| Root::read(der.ok()?).ok()?);
    let ca = roots.filter(|root| root.signed(&certificate)).map(|root| root.issuer).next();
    Ok((
        id,
        ca.map(|ca| {
            let genesis = &settings.network.genesis;
            Code::of_network(&ca, &genesis.id(), genesis.rules.overrides.hash())
        }),
    ))
}

/// A file, as it is at this moment: whatever writes one of these writes it whole.
fn whole(place: Place, path: &Path, name: &str) -> Result<Saved, Error> {
    let read = || -> io::Result<(bool, Vec<u8>)> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        // Large enough never to grow: growing would leave copies of a key in memory.
        let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(BACKUP_BYTES)).unwrap_or(0) + 1);
        file.take(BACKUP_BYTES).read_to_end(&mut bytes)?;
        Ok((about.permissions().mode() & 0o077 == 0, bytes))
    };
    let (private, bytes) = read().map_err(|error| unreadable(path, &error))?;
    Ok(Saved::new(place, name, private, bytes)?)
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Error::Failed(format!(
            "{} belongs to another user; run this as that user, or with sudo: see bouya backup --help",
            path.display()
        )),
        _ => cannot("read", path, error),
    }
}
