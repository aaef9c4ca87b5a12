//! The files of a consortium on one machine: its CA, and for each member a folder as the member itself would have it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use mkca::{Authority, NodeId};

use crate::Error;

/// A CA, and the members' folders beside it.
pub struct Consortium {
    dir: PathBuf,
    /// What admits and removes members.
    pub authority: Authority,
}

/// A member's folder. All paths in its configuration are within it.
#[derive(Clone, Debug)]
pub struct Member {
    /// What its certificate says.
    pub id: String,
    /// Where it is.
    pub dir: PathBuf,
}

/// The line of a configuration that names whom it knows, each as in `bob@127.0.0.1:7000`.
pub fn bootstrap<S: AsRef<str>>(known: impl IntoIterator<Item = S>) -> String {
    let known: Vec<String> = known.into_iter().map(|one| format!("\"{}\"", one.as_ref())).collect();
    format!("bootstrap = [{}]", known.join(", "))
}

impl Consortium {
    /// Goes on with the one in `dir`, or founds one of this name.
    pub fn open(dir: &Path, name: &str) -> Result<Self, Error> {
        let ca = dir.join("ca");
        let authority = if ca.join("ca.crt").exists() {
            Authority::open(&ca)?
        } else {
            Authority::create(&ca, name, mkca::AUTHORITY_DAYS)?
        };
        Ok(Self { dir: dir.to_owned(), authority })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// A member's folder, with all that its daemon needs but a configuration. The certificate is issued unless there is one.
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
    /// Its configuration.
    pub fn config(&self) -> PathBuf {
        self.dir.join("node.toml")
    }

    /// What its daemon writes: the store, the API's token.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// What its daemon says.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The API's token. The daemon makes it at its first start.
    pub fn token(&self) -> Result<String, Error> {
        let path = self.data().join("api.token");
        let text = fs::read_to_string(&path).map_err(|error| Error::Read { path, error })?;
        Ok(text.trim().to_owned())
    }

    /// Copies a file into its folder. By renaming, as operators are told to: a daemon that looks at it sees all of it.
    pub fn take(&self, from: &Path) -> Result<(), Error> {
        let (to, draft) = (self.dir.join(from.file_name().unwrap_or_default()), self.dir.join("draft"));
        let done = fs::copy(from, &draft).and_then(|_| fs::rename(&draft, &to));
        done.map_err(|error| Error::Write { path: to, error })
    }

    /// Writes its configuration: where it listens, `p2p` as more lines of that section, and `sections` as they are.
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
