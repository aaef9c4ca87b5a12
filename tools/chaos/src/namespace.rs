//! Network namespaces that have no name: there as long as a process holds them, so nobody has to remove them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustix::process::geteuid;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// One namespace, held.
#[derive(Clone, Debug)]
pub(crate) struct Namespace(Arc<File>);

/// `unshare` into a network namespace of its own; whoever is not root becomes it only there, where the system lets him.
pub(crate) fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--net", "--"]);
    command
}

impl Namespace {
    /// The one that this process is in.
    pub(crate) fn own() -> io::Result<Self> {
        Ok(Self(Arc::new(File::open("/proc/self/ns/net")?)))
    }

    /// A fresh one, with nothing in it.
    pub(crate) fn make() -> io::Result<Self> {
        // A process that is in it, until it is held here. It ends with its input, so with this process too.
        let mut keeper = unshare()
            .arg("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (mut input, mut output) = (keeper.stdin.take(), keeper.stdout.take());
        let mut held = || {
            // Once it answers, it is in its namespace.
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

    /// Where other processes find it.
    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.0.as_raw_fd())
    }

    /// Does something in it, on a thread of its own: sockets and processes made there stay there.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        let thread = || {
            move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))?;
            work()
        };
        thread::scope(|scope| scope.spawn(thread).join())
            .unwrap_or_else(|_| Err(io::Error::other("a thread in a network namespace panicked")))
    }

    /// Runs commands of `ip` in it, one a line.
    pub(crate) fn ip(&self, lines: &str) -> io::Result<()> {
        self.inside(|| {
            let mut ip = Command::new("ip");
            ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
            told(ip, lines)
        })
    }

    /// A cable from it to `other`, and the names of its ends.
    pub(crate) fn cable(&self, own_end: &str, other: &Self, other_end: &str) -> io::Result<()> {
        self.ip(&format!("link add {own_end} type veth peer name {other_end} netns {}\n", other.path()))
    }
}

/// Runs a command with this input; what it says is the error if it does not succeed.
pub(crate) fn told(mut command: Command, input: &str) -> io::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // If it does not read it has said why.
        let _ = pipe.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// Where a node's sockets are.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) address: Ipv4Addr,
    /// None: with everybody else.
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
