//! One node and its process: compares what it should do with what it does.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bouya_harness as harness;
use rustix::process::Signal;

use crate::error::Error;
use crate::seat::Seat;

/// A node must stop within 5 s. It gets more time here, because the machine is busy with all the nodes.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// How to run a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    /// How far its clock is ahead, in milliseconds. Needs [`faketime`].
    pub(crate) skew: i64,
}

pub(crate) struct Daemon {
    pub(crate) launch: Launch,
    pub(crate) process: harness::Daemon,
    seat: Arc<Seat>,
    /// When it was told to stop, until it has ended.
    ending: Option<Instant>,
    /// Start it again once it has ended.
    again: bool,
}

/// How the process ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It stopped as it was told to.
    AsTold,
    /// It was told to stop, but did not, or not with exit code 0.
    Badly(String),
    /// It ended without being told to.
    ByItself(String),
}

/// The library that shifts one process's clock, in the folders where distributions install it.
pub(crate) fn faketime() -> Option<PathBuf> {
    let roots = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let inner =
        |root: &PathBuf| std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders: Vec<PathBuf> = roots.iter().cloned().chain(roots.iter().flat_map(inner)).collect();
    folders.iter().map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.is_file())
}

impl Daemon {
    pub(crate) fn new(program: PathBuf, process: harness::Daemon, seat: Arc<Seat>) -> Self {
        Self { launch: Launch { program, skew: 0 }, process, seat, ending: None, again: false }
    }

    pub(crate) fn start(&mut self) -> Result<(), Error> {
        let command = self.command();
        let process = &mut self.process;
        // The thread enters the node's namespace, and the process that it starts inherits it.
        self.seat.plug.home.inside(|| Ok(process.spawn(command))).map_err(|error| {
            Error::System(format!("cannot enter {}'s network: {error}", self.process.member.id))
        })??;
        self.seat.plug.pid.store(self.process.pid().unwrap_or(0), Ordering::SeqCst);
        self.seat.plug.port.store(self.process.p2p.number(), Ordering::SeqCst);
        self.seat.api.store(self.process.api.number(), Ordering::SeqCst);
        self.seat.incarnation.fetch_add(1, Ordering::SeqCst);
        (self.ending, self.again) = (None, false);
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.launch.program);
        // Its own process group: Ctrl-C must reach only the tool, which stops its nodes itself.
        command.process_group(0);
        if let Some(library) = faketime().filter(|_| self.launch.skew != 0) {
            // Not with the program `faketime`: that would be a process in between, and a signal would kill it alone. Only the wall clock is
            // shifted; the monotonic clock of timers is not.
            let seconds = self.launch.skew as f64 / 1_000.0;
            command.env("LD_PRELOAD", library).env("FAKETIME", format!("{seconds:+}s"));
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    pub(crate) fn is_running(&self) -> bool {
        self.process.pid().is_some()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
        self.gone();
    }

    /// Sends SIGTERM. [`Self::look`] finds out when it has ended.
    pub(crate) fn stop(&mut self) {
        if self.is_running() && self.ending.is_none() {
            self.ending = Some(Instant::now());
            self.process.signal(Signal::TERM);
        }
    }

    /// Asks for it to be started again once it has ended.
    pub(crate) fn start_again(&mut self) {
        self.again = true;
    }

    /// Whether it must be started now.
    pub(crate) fn is_due(&self) -> bool {
        self.again && !self.is_running()
    }

    fn gone(&mut self) {
        for value in [&self.seat.plug.port, &self.seat.api] {
            value.store(0, Ordering::SeqCst);
        }
        self.seat.plug.pid.store(0, Ordering::SeqCst);
        self.ending = None;
    }

    /// Checks whether it has ended.
    pub(crate) fn look(&mut self) -> Option<Ended> {
        let Some(status) = self.process.ended() else {
            let since = self.ending.filter(|since| since.elapsed() > STOP_WITHIN)?;
            self.kill();
            return Some(Ended::Badly(format!(
                "did not stop within {} s of SIGTERM",
                since.elapsed().as_secs()
            )));
        };
        let told = self.ending.is_some();
        self.gone();
        Some(match told {
            true if status.success() => Ended::AsTold,
            true => Ended::Badly(format!("stopped with {status}")),
            false => Ended::ByItself(format!("{status}: {}", self.process.last_words())),
        })
    }
}
