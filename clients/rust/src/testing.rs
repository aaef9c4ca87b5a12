//! A whole network for a test: `bouya devnet` as a child process, at ports that nobody else has. It ends when the value is dropped, and with
//! this process, also when that is killed.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bouya_core::crypto::SecretKey;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use thiserror::Error;

/// Why a network is not there, or has no such wallet.
#[derive(Debug, Error)]
pub enum DevnetError {
    /// The program does not run.
    #[error("cannot start {program}: {error}. Build or install bouya, and give its path")]
    Start {
        /// Its path.
        program: String,
        /// Why not.
        error: io::Error,
    },
    /// The program ended before its nodes were connected.
    #[error("the network ended at once; the program has said why on the standard error")]
    Ended,
    /// What it said cannot be read.
    #[error("the program said {line:?}: {error}. Use the program and this library of one version")]
    Line {
        /// What it said.
        line: String,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// No wallet without a passphrase.
    #[error("no wallet {name:?} of this network: {why}")]
    Wallet {
        /// The name that was asked for.
        name: String,
        /// Why not.
        why: String,
    },
}

/// A network that runs.
#[derive(Debug)]
pub struct Devnet {
    /// Where all is.
    pub at: Told,
    child: Child,
}

/// The line that the program writes when all nodes are connected. All paths are absolute.
#[derive(Clone, Debug, Deserialize)]
pub struct Told {
    /// The network's id.
    pub id: String,
    /// The path of its `network.toml`.
    pub definition: PathBuf,
    /// The folder of all files.
    pub folder: PathBuf,
    /// The API port of the first node. A network that is started again with it has the same ports.
    pub base_port: u16,
    /// `demo`, which has coins, `friend`, and the governor's of each node.
    pub wallets: Vec<Wallet>,
    /// At least one.
    pub nodes: Vec<Node>,
}

/// A wallet without a passphrase.
#[derive(Clone, Debug, Deserialize)]
pub struct Wallet {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its file.
    pub file: PathBuf,
}

/// A node.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// The id in its certificate.
    pub id: String,
    /// The URL of its API.
    pub api: String,
    /// The address and port for its peers.
    pub p2p: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The file with the API's token, for what only its operator may do.
    pub token_file: PathBuf,
}

#[derive(Deserialize)]
struct WalletFile {
    unencrypted_seed: String,
}

impl Devnet {
    /// Starts `program`, and returns when all nodes are connected. The files are in `folder`; a network that is there already goes on. `more`
    /// may name other ports and numbers, such as `--nodes 1 --interval 500`.
    pub fn start(program: impl AsRef<OsStr>, folder: &Path, more: &[&str]) -> Result<Self, DevnetError> {
        let mut command = Command::new(&program);
        command.args(["devnet", "--json", "--until-eof", "--dir"]).arg(folder);
        if !more.contains(&"--base-port") {
            command.args(["--base-port", "0"]);
        }
        // Nothing is written to its input. The system closes that when this process is gone, which ends the network.
        let child = command.args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let program = || program.as_ref().to_string_lossy().into_owned();
        let child = child.map_err(|error| DevnetError::Start { program: program(), error })?;
        Connecting(Some(child)).told()
    }

    /// The URL of a node's API.
    pub fn api(&self, node: usize) -> Option<&str> {
        self.at.nodes.get(node).map(|node| node.api.as_str())
    }

    /// The key of a wallet.
    pub fn key(&self, name: &str) -> Result<SecretKey, DevnetError> {
        let wrong = |why: String| DevnetError::Wallet { name: name.to_owned(), why };
        let wallet = self.at.wallets.iter().find(|wallet| wallet.name == name);
        let wallet = wallet.ok_or_else(|| wrong("there is none".to_owned()))?;
        let text = fs::read_to_string(&wallet.file).map_err(|error| wrong(error.to_string()))?;
        let file: WalletFile = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let seed =
            HEXLOWER.decode(file.unencrypted_seed.as_bytes()).ok().and_then(|seed| seed.try_into().ok());
        let seed = seed.ok_or_else(|| wrong("its seed is not 64 digits".to_owned()))?;
        Ok(SecretKey::from_seed(&seed))
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A child that has not said anything yet. It ends if it never does.
struct Connecting(Option<Child>);

impl Connecting {
    fn told(mut self) -> Result<Devnet, DevnetError> {
        let out = self.0.as_mut().and_then(|child| child.stdout.take()).ok_or(DevnetError::Ended)?;
        let mut line = String::new();
        // An output that cannot be read is at its end.
        let _ = BufReader::new(out).read_line(&mut line);
        if line.is_empty() {
            return Err(DevnetError::Ended);
        }
        let at = serde_json::from_str(&line).map_err(|error| DevnetError::Line { line, error })?;
        self.0.take().map(|child| Devnet { at, child }).ok_or(DevnetError::Ended)
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
