//! A separate network for the nodes: a switch, and a cable from it to each node's network namespace.
//!
//! The whole tool first moves into a new namespace, so that neither a mistake nor a crash can affect the machine's own network. An
//! unplugged cable loses packets silently, which no proxy can do: neither end is closed, and nothing is answered, not even a dial.

use std::env;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use crate::error::Error;
use crate::namespace::{Home, Namespace, told, unshare};

const SWITCH: &str = "switch";
/// The node's end of its cable.
const PORT: &str = "eth0";
const OWN: &str = "/proc/self/ns/net";

/// The switch and the nodes that are connected to it.
pub(crate) struct Lan {
    hub: Namespace,
    homes: Vec<Home>,
}

/// The address of node number `n`. It exists only in the separate network.
pub(crate) fn address(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, node as u8 + 1)
}

/// The switch's end of a node's cable.
fn plug(node: usize) -> String {
    format!("node{node}")
}

/// Starts this program again in its own network namespace. The error says why it could not. `outside` is set in the restarted
/// program: it names the namespace that the program has left.
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
        Some(_) => return Err(refused(io::Error::other("still in the machine's own namespace"))),
        None => (),
    }
    let program = env::current_exe().map_err(refused)?;
    // Tries the next steps first, because the restart below replaces this program.
    let mut trial = unshare();
    trial.args(["ip", "-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    told(trial, &format!("link add {SWITCH} type bridge\nlink add one type veth peer name other\n"))
        .map_err(refused)?;
    Err(refused(unshare().arg(program).args(env::args_os().skip(1)).arg("--outside").arg(here).exec()))
}

impl Lan {
    /// Builds the network, with the switch in `hub`.
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

    /// Unplugs a node's cable, or plugs it in again.
    pub(crate) fn plug(&self, node: usize, is_in: bool) -> io::Result<()> {
        let state = if is_in { "up" } else { "down" };
        self.hub.ip(&format!("link set {} {state}\n", plug(node)))
    }
}

#[cfg(test)]
mod tests;
