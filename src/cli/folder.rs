//! A node's folder: what `found`, `ask` and `accept` put where.
//!
//! ```text
//! node.toml  network.toml  override.toml   the node's settings, the network's definition, and what overrides it
//! certs/     ca.crt ca.crl ID.crt ID.key   what TLS needs
//!            ID.member ID.votes            the member key and its record of votes
//! data/      the chain
//! ca/        the founder's only: the CA with its key
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bouya_client::definition::toml_text;
use bouya_core::id::NodeId;
use bouya_core::ledger::Genesis;
use bouya_core::wire::Endpoint;
use clap::Args;

use super::error::Error;
use crate::config::node::Bootstrap;
use crate::config::{Mistakes, NetworkFile, OverrideFile};
use crate::files::{self, PUBLIC};

/// Where a node's files are.
#[derive(Clone, Debug, Args)]
pub(crate) struct Folder {
    /// The node's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

impl Folder {
    pub(crate) fn node(&self) -> PathBuf {
        self.at("node.toml")
    }

    pub(crate) fn network(&self) -> PathBuf {
        self.at("network.toml")
    }

    pub(crate) fn overrides(&self) -> PathBuf {
        self.at("override.toml")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.at("ca")
    }

    /// A file of TLS or of the member key.
    pub(crate) fn cert(&self, file: &str) -> PathBuf {
        self.at("certs").join(file)
    }

    pub(crate) fn request(&self, id: &NodeId) -> PathBuf {
        self.at(&format!("{id}.request"))
    }

    pub(crate) fn invitation(&self, id: &NodeId) -> PathBuf {
        self.at(&format!("{id}.invite"))
    }

    /// Without a `./` in front, as people would type it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        match self.dir == Path::new(".") {
            true => PathBuf::from(name),
            false => self.dir.join(name),
        }
    }
}

/// Where a new node listens.
#[derive(Debug, Args)]
pub(crate) struct Listening {
    /// Where to listen for peers, or "off" to dial only [default: all addresses, with the port of --advertise]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where the API listens, or "off" for no API
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    api: String,
}

/// What a new node.toml says.
pub(crate) struct NodeFile<'a> {
    pub(crate) id: &'a NodeId,
    pub(crate) listening: &'a Listening,
    pub(crate) advertise: Option<&'a Endpoint>,
    pub(crate) bootstrap: &'a [Bootstrap],
    /// Whether there is an override.toml beside it.
    pub(crate) overrides: bool,
    /// Whether the node is no member's.
    pub(crate) observes: bool,
}

impl NodeFile<'_> {
    pub(crate) fn render(&self) -> String {
        let id = self.id;
        let bootstrap: Vec<_> = self.bootstrap.iter().map(|peer| toml_text(&peer.to_string())).collect();
        let listen = self.listen();
        let advertise = match self.advertise.filter(|_| listen != "off") {
            Some(endpoint) => format!("advertise = {}\n", toml_text(&endpoint.to_string())),
            None => String::new(),
        };
        let overrides = if self.overrides { "\n[chain]\noverride = \"override.toml\"\n" } else { "" };
        let miner = match self.observes {
            true => {
                "\n[miner]\n# This node is no member's: it would seal blocks that nobody takes.\nenabled = false\n"
            }
            false => "",
        };
        format!(
            r#"# {id}'s node. Relative paths start at this file's folder. To see all other settings and their defaults: bouya check.
data_dir = "data"
network = "network.toml"

[identity]
ca = "certs/ca.crt"
certificate = "certs/{id}.crt"
key = "certs/{id}.key"
crl = "certs/ca.crl"

[p2p]
listen = {listen}
{advertise}bootstrap = [{bootstrap}]

[api]
listen = {api}
{overrides}{miner}"#,
            listen = toml_text(&listen),
            bootstrap = bootstrap.join(", "),
            api = toml_text(&self.listening.api),
        )
    }

    /// All addresses of the family that the others dial.
    fn listen(&self) -> String {
        match (&self.listening.listen, self.advertise) {
            (Some(listen), _) => listen.clone(),
            (None, None) => "off".to_owned(),
            (None, Some(Endpoint { host, port })) if host.parse::<std::net::Ipv6Addr>().is_ok() => {
                format!("[::]:{port}")
            }
            (None, Some(Endpoint { port, .. })) => format!("0.0.0.0:{port}"),
        }
    }
}

/// What a command has made so far. Unless it is kept in the end, all of it goes and what was there before comes back: a failed attempt does
/// not block the next. Only what this very process has made is in it: another one may have made the same in the meantime.
#[derive(Default)]
pub(crate) struct Made {
    new: Vec<PathBuf>,
    /// Files that were replaced, with what they held and what they hold now.
    replaced: Vec<(PathBuf, String, String)>,
}

impl Made {
    /// Notes what was just made here.
    pub(crate) fn add(&mut self, path: &Path) {
        self.new.push(path.to_owned());
    }

    /// Makes a folder that is not there.
    pub(crate) fn folder(&mut self, path: &Path) -> Result<(), Error> {
        absent(path)?;
        make_parent(path)?;
        fs::create_dir(path).map_err(|error| cannot("make", path, &error))?;
        self.add(path);
        Ok(())
    }

    /// Writes a new file.
    pub(crate) fn file(&mut self, path: &Path, mode: u32, contents: &[u8]) -> Result<(), Error> {
        absent(path)?;
        make_parent(path)?;
        files::create(path, mode, contents).map_err(|error| cannot("write", path, &error))?;
        self.add(path);
        Ok(())
    }

    /// Writes a file that never changes: what is there must be the same.
    pub(crate) fn same(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        match path.exists() {
            false => self.file(path, PUBLIC, text.as_bytes()),
            true if read(path)? == text => Ok(()),
            true => Err(Error::Failed(format!(
                "{} is another one; each network has a folder of its own: --dir DIR",
                path.display()
            ))),
        }
    }

    /// Writes a file, unless one is there.
    pub(crate) fn missing(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        match path.exists() {
            false => self.file(path, PUBLIC, text.as_bytes()),
            true => Ok(()),
        }
    }

    /// Writes a file that later ones replace.
    pub(crate) fn newer(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        match path.exists() {
            false => self.file(path, PUBLIC, text.as_bytes()),
            true => {
                let before = read(path)?;
                files::replace(path, PUBLIC, text.as_bytes())
                    .map_err(|error| cannot("write", path, &error))?;
                self.replaced.push((path.to_owned(), before, text.to_owned()));
                Ok(())
            }
        }
    }

    pub(crate) fn keep(mut self) {
        self.new.clear();
        self.replaced.clear();
    }
}

/// Fails if anything has this name.
pub(crate) fn absent(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata().is_ok() {
        false => Ok(()),
        true => Err(Error::Failed(format!(
            "{} already exists; move it away first, or work in another folder: --dir DIR",
            path.display()
        ))),
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // If this fails, the next attempt names what is in its way.
        for path in self.new.iter().rev() {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
        for (path, before, now) in &self.replaced {
            if read(path).is_ok_and(|text| text == *now) {
                let _ = files::replace(path, PUBLIC, before.as_bytes());
            }
        }
    }
}

pub(crate) fn make_parent(path: &Path) -> Result<(), Error> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => fs::create_dir_all(parent).map_err(|error| cannot("make", parent, &error)),
        None => Ok(()),
    }
}

/// The network, with the override that it follows.
pub(crate) fn network(path: &Path, overrides: Option<&Path>) -> Result<Arc<Genesis>, Mistakes> {
    let file = NetworkFile::load(path)?;
    let Some(overrides) = overrides else { return Ok(file.genesis) };
    let overrides = OverrideFile::load(overrides)?.of(&file.genesis.id())?;
    Ok(file.trusting(None, overrides).genesis)
}

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| cannot("read", path, &error))
}

pub(crate) fn cannot(doing: &str, path: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("cannot {doing} {}: {error}", path.display()))
}
