//! A network of their own for the nodes: a switch, and a cable from it to each node's network namespace.
//!
//! The whole tool moves into a fresh namespace first, so that neither a mistake nor a crash reaches the machine's own network. A cable that
//! is out takes packets without a word, which no proxy can do: no end is closed, nothing is answered, even to a dial.

use std::env;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use crate::error::Error;
use crate::namespace::{Home, Namespace, told, unshare};

const SWITCH: &str = "switch";
/// A node's end of its cable.
const PORT: &str = "eth0";
const OWN: &str = "/proc/self/ns/net";

/// The switch and who is on it.
pub(crate) struct Lan {
    hub: Namespace,
    homes: Vec<Home>,
}

/// Node number `n`'s address: private, and seen by nobody else.
pub(crate) fn address(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, node as u8 + 1)
}

/// The switch's end of a node's cable.
fn plug(node: usize) -> String {
    format!("node{node}")
}

/// Starts this program again in a network namespace of its own, or says why not. `outside` is what the program started so is told: the
/// namespace that it has left.
pub(crate) fn enter(outside: Option<&str>) -> Result<(), Error> {
    let refused = |error: io::Error| {
        Error::System(format!(
            "no network namespaces: {error}. They need root (or user namespaces), and the programs ip and unshare (packages iproute2 and \
             util-linux). Without --namespaces all nodes run on loopback"
        ))
    };
    let here = fs::read_link(OWN).map_err(refused)?;
    match outside {
        Some(outside) if here.as_os_str() != outside => return Ok(()),
        Some(_) => return Err(refused(io::Error::other("still in the machine's own"))),
        None => (),
    }
    let program = env::current_exe().map_err(refused)?;
    // What follows is tried first: this program is gone once it becomes another.
    let mut trial = unshare();
    trial.args(["ip", "-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    told(trial, &format!("link add {SWITCH} type bridge\nlink add one type veth peer name other\n"))
        .map_err(refused)?;
    Err(refused(unshare().arg(program).args(env::args_os().skip(1)).arg("--outside").arg(here).exec()))
}

impl Lan {
    /// Lays it out, with its switch in `hub`.
    pub(crate) fn build(hub: Namespace, nodes: usize) -> io::Result<Self> {
        hub.ip(&format!("link set lo up\nlink add {SWITCH} type bridge\nlink set {SWITCH} up\n"))?;
        let mut homes = Vec::with_capacity(nodes);
        for node in 0..nodes {
            let (namespace, address, end) = (Namespace::make()?, address(node), plug(node));
            namespace.cable(PORT, &hub, &end)?;
            namespace
                .ip(&format!("link set lo up\naddr add {address}/24 dev {PORT}\nlink set {PORT} up\n"))?;
            hub.ip(&format!("link set {end} master {SWITCH} up\n"))?;
            homes.push(Home { address, namespace: Some(namespace) });
        }
        Ok(Self { hub, homes })
    }

    pub(crate) fn homes(&self) -> &[Home] {
        &self.homes
    }

    /// Takes a node's cable out, or puts it in again.
    pub(crate) fn plug(&self, node: usize, is_in: bool) -> io::Result<()> {
        let state = if is_in { "up" } else { "down" };
        self.hub.ip(&format!("link set {} {state}\n", plug(node)))
    }
}

#[cfg(test)]
mod tests;
