//! The files of nodes that share one machine: certificates side by side, a folder and a configuration for each node.

use std::fs;
use std::path::{Path, PathBuf};

use bouya_core::ledger::NetworkSpec;
use mkca::Authority;

use super::DevnetError;
use crate::config::NetworkFile;

/// Where the nodes of one machine have their files.
pub(crate) struct Folder(PathBuf);

/// A node's ports on the loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) p2p: u16,
    pub(crate) api: u16,
}

/// Node number `number`.
pub(crate) fn name(number: u16) -> String {
    format!("node{number}")
}

impl Folder {
    pub(crate) fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn network(&self) -> PathBuf {
        self.0.join("network.toml")
    }

    pub(crate) fn config(&self, number: u16) -> PathBuf {
        self.0.join(name(number)).join("node.toml")
    }

    pub(crate) fn data(&self, number: u16) -> PathBuf {
        self.0.join(name(number)).join("data")
    }

    pub(crate) fn write_network(&self, spec: &NetworkSpec) -> Result<(), DevnetError> {
        write(&self.network(), &NetworkFile::render(spec, 1))
    }

    /// Makes the CA and the certificates that are missing.
    pub(crate) fn certify(&self, network: &str, nodes: u16) -> Result<(), DevnetError> {
        let certs = self.0.join("certs");
        let authority = if certs.join("ca.crt").exists() {
            Authority::open(&certs)?
        } else {
            Authority::create(&certs, network, mkca::AUTHORITY_DAYS)?
        };
        for number in 0..nodes {
            let id = name(number).parse().map_err(|error| DevnetError::Settings(format!("{error}")))?;
            if !authority.certificate_path(&id).exists() {
                authority.issue(&[id], mkca::CERTIFICATE_DAYS)?;
            }
        }
        Ok(())
    }

    /// Writes a node's configuration: whom it knows, and further sections as text.
    pub(crate) fn configure(
        &self,
        number: u16,
        ports: Ports,
        bootstrap: &[(u16, Ports)],
        sections: &str,
    ) -> Result<(), DevnetError> {
        let id = name(number);
        let known = bootstrap.iter().map(|(other, at)| format!("\"{}@127.0.0.1:{}\"", name(*other), at.p2p));
        let text = format!(
            r#"# Written anew at each start.
data_dir = "data"
network = "../network.toml"

[identity]
ca = "../certs/ca.crt"
certificate = "../certs/{id}.crt"
key = "../certs/{id}.key"
crl = "../certs/ca.crl"
member_key = "{id}.member"

[p2p]
listen = "127.0.0.1:{p2p}"
bootstrap = [{bootstrap}]

[api]
listen = "127.0.0.1:{api}"

{sections}"#,
            p2p = ports.p2p,
            api = ports.api,
            bootstrap = known.collect::<Vec<_>>().join(", "),
        );
        write(&self.config(number), &text)
    }
}

fn write(path: &Path, text: &str) -> Result<(), DevnetError> {
    let failed = |error| DevnetError::Write { path: path.to_owned(), error };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}
