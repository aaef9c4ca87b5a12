//! The files of a consortium on one machine: its CA, and a folder for each member, as the member would have it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use mkca::{Authority, NodeId};

use crate::Error;

/// A CA, with the members' folders next to it.
pub struct Consortium {
    dir: PathBuf,
    /// The CA, which admits and removes members.
    pub authority: Authority,
}

/// A member's folder. All paths in the member's configuration are within it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The id in its certificate.
    pub id: String,
    /// The folder.
    pub dir: PathBuf,
}

/// The `bootstrap` line of a configuration. Each known peer is written like `bob@127.0.0.1:7000`.
pub fn bootstrap<S: AsRef<str>>(known: impl IntoIterator<Item = S>) -> String {
    let known: Vec<String> = known.into_iter().map(|one| format!("\"{}\"", one.as_ref())).collect();
    format!("bootstrap = [{}]", known.join(", "))
}

impl Consortium {
    /// Opens the consortium in `dir`, or creates one with this name.
    pub fn open(dir: &Path, name: &str) -> Result<Self, Error> {
        let ca = dir.join("ca");
        let authority = if ca.join("ca.crt").exists() {
            Authority::open(&ca)?
        } else {
            Authority::create(&ca, name, mkca::AUTHORITY_DAYS)?
        };
        Ok(Self { dir: dir.to_owned(), authority })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Prepares a member's folder with all that its daemon needs, except a configuration. Issues the certificate if there is none yet.
    pub fn admit(&self, id: &str, network_toml: &str) -> Result<Member, Error> {
        let node: NodeId = id.parse()?;
        let authority = &self.authority;
        if !authority.certificate_path(&node).exists() {
            authority.issue(std::slice::from_ref(&node), mkca::CERTIFICATE_DAYS)?;
        }
        let member = Member { id: id.to_owned(), dir: self.dir.join(id) };
        let data = member.data();
        fs::create_dir_all(&data).map_err(|error| Error::Write { path: data, error })?;
        let (certificate, key) = (authority.certificate_path(&node), authority.key_path(&node));
        for from in [authority.ca_path(), authority.crl_path(), certificate, key] {
            member.take(&from)?;
        }
        write(&member.dir.join("network.toml"), network_toml)?;
        Ok(member)
    }
}

impl Member {
    /// The path of its configuration.
    pub fn config(&self) -> PathBuf {
        self.dir.join("node.toml")
    }

    /// The folder where its daemon writes the store and the API token.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// The path of its daemon's log.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The path of the API token's file, which the daemon writes at its first start.
    pub fn token_file(&self) -> PathBuf {
        self.data().join("api.token")
    }

    /// The API token.
    pub fn token(&self) -> Result<String, Error> {
        let path = self.token_file();
        let text = fs::read_to_string(&path).map_err(|error| Error::Read { path, error })?;
        Ok(text.trim().to_owned())
    }

    /// Copies a file into its folder. It is renamed into place, as operators are told to do, so that a running daemon never reads a part of it.
    pub fn take(&self, from: &Path) -> Result<(), Error> {
        let (to, draft) = (self.dir.join(from.file_name().unwrap_or_default()), self.dir.join("draft"));
        let done = fs::copy(from, &draft).and_then(|_| fs::rename(&draft, &to));
        done.map_err(|error| Error::Write { path: to, error })
    }

    /// Writes its configuration: the listen addresses, `p2p` as more lines of that section, and `sections` unchanged.
    pub fn configure(
        &self,
        listen: SocketAddr,
        api: SocketAddr,
        p2p: &str,
        sections: &str,
    ) -> Result<(), Error> {
        let id = &self.id;
        let text = format!(
            r#"data_dir = "data"
network = "network.toml"

[identity]
ca = "ca.crt"
certificate = "{id}.crt"
key = "{id}.key"
crl = "ca.crl"
[p2p]
listen = "{listen}"
{p2p}

{sections}
[api]
listen = "{api}"
"#
        );
        write(&self.config(), &text)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::Write { path: path.to_owned(), error })
}
