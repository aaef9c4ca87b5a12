//! Network namespaces without a name: they exist while a process holds them, so nothing has to remove them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustix::process::geteuid;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Holds one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Namespace(Arc<File>);

/// The command `unshare`, which enters a new network namespace. A user who is not root becomes root in there only, if the system
/// allows it.
pub(crate) fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--net", "--"]);
    command
}

impl Namespace {
    /// The namespace of this process.
    pub(crate) fn own() -> io::Result<Self> {
        Ok(Self(Arc::new(File::open("/proc/self/ns/net")?)))
    }

    /// A new, empty namespace.
    pub(crate) fn make() -> io::Result<Self> {
        // This process keeps the namespace alive until it is held here. It ends when its input does, so also if this program ends.
        let mut keeper = unshare()
            .arg("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (mut input, mut output) = (keeper.stdin.take(), keeper.stdout.take());
        let mut held = || {
            // After it answers, it is in its namespace.
            let mut answer = [0];
            input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(b"?")?;
            output.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.read_exact(&mut answer)?;
            File::open(format!("/proc/{}/ns/net", keeper.id()))
        };
        let file = held();
        drop(input);
        let _ = keeper.wait();
        Ok(Self(Arc::new(file?)))
    }

    /// The path under which other processes can open it.
    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.0.as_raw_fd())
    }

    /// Runs `work` in the namespace, on a separate thread. Sockets and processes made there stay in the namespace.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        let thread = || {
            move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))?;
            work()
        };
        thread::scope(|scope| scope.spawn(thread).join())
            .unwrap_or_else(|_| Err(io::Error::other("a thread in a network namespace panicked")))
    }

    /// Runs commands of `ip` in the namespace, one a line.
    pub(crate) fn ip(&self, lines: &str) -> io::Result<()> {
        self.inside(|| {
            let mut ip = Command::new("ip");
            ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
            told(ip, lines)
        })
    }

    /// Makes a cable from this namespace to `other`, with names for its two ends.
    pub(crate) fn cable(&self, own_end: &str, other: &Self, other_end: &str) -> io::Result<()> {
        self.ip(&format!("link add {own_end} type veth peer name {other_end} netns {}\n", other.path()))
    }
}

/// Runs a command with this input. If it fails, its output is the error.
pub(crate) fn told(mut command: Command, input: &str) -> io::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // If the command does not read its input, its output says why.
        let _ = pipe.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// The address and the namespace of a node's sockets.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) address: Ipv4Addr,
    /// None: the tool's own namespace.
    pub(crate) namespace: Option<Namespace>,
}

impl Default for Home {
    fn default() -> Self {
        Self { address: Ipv4Addr::LOCALHOST, namespace: None }
    }
}

impl Home {
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        match &self.namespace {
            Some(namespace) => namespace.inside(work),
            None => work(),
        }
    }
}
