//! One node as a process: started, stopped, frozen, killed, and ended with this value whatever happens.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::Error;
use crate::seat::Seat;

/// A node says that it stops within 5 s; a machine that is busy with all of them gets more.
const STOP_WITHIN: Duration = Duration::from_secs(30);
/// A port that was free a moment ago may be taken: so many times another is tried.
const TRIES: u32 = 5;

/// How a node is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    /// Milliseconds that its clock is ahead; needs [`faketime`].
    pub(crate) skew: i64,
}

pub(crate) struct Daemon {
    pub(crate) launch: Launch,
    config: PathBuf,
    pub(crate) log: PathBuf,
    seat: Arc<Seat>,
    child: Option<Child>,
    /// Set while it is meant to end: since when, and whether it was asked rather than killed.
    ending: Option<(Instant, bool)>,
    /// It is to be started once it has ended.
    again: bool,
    tries: u32,
    started: Instant,
}

/// What a look at the process found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As it was told to.
    AsTold,
    /// Told to stop it did not, or not with success.
    Badly(String),
    /// Nobody told it to.
    ByItself(String),
}

/// The library that moves one process' clock, where distributions put it.
pub(crate) fn faketime() -> Option<PathBuf> {
    let roots = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let inner =
        |root: &PathBuf| std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders: Vec<PathBuf> = roots.iter().cloned().chain(roots.iter().flat_map(inner)).collect();
    folders.iter().map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.is_file())
}

/// A port that is free now.
pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|at| at.port()).map_err(|error| Error::System(format!("no free port: {error}")))
}

impl Daemon {
    pub(crate) fn new(program: PathBuf, config: PathBuf, log: PathBuf, seat: Arc<Seat>) -> Self {
        Self {
            launch: Launch { program, skew: 0 },
            config,
            log,
            seat,
            child: None,
            ending: None,
            again: false,
            tries: 0,
            started: Instant::now(),
        }
    }

    /// Starts it; `configure` writes its file for a P2P and an API port.
    pub(crate) fn start(
        &mut self,
        configure: impl FnOnce(u16, u16) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // Other ports each time: while it was down, somebody's connection may have got the old ones.
        let (p2p, api) = (free_port()?, free_port()?);
        configure(p2p, api)?;
        let failed = |path: &PathBuf, error| Error::Write { path: path.clone(), error };
        let log =
            File::options().create(true).append(true).open(&self.log).map_err(|e| failed(&self.log, e))?;
        let mut command = self.command();
        command.args(["run", "--config"]).arg(&self.config);
        // A group of its own: Ctrl-C is for the tool, which ends its nodes itself.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
        let child = (self.seat.plug.home)
            .inside(|| command.spawn())
            .map_err(|error| Error::Program { program: self.launch.program.clone(), error })?;
        self.seat.plug.pid.store(child.id(), Ordering::SeqCst);
        self.seat.plug.port.store(p2p, Ordering::SeqCst);
        self.seat.api.store(api, Ordering::SeqCst);
        self.seat.incarnation.fetch_add(1, Ordering::SeqCst);
        (self.child, self.ending, self.again, self.started) = (Some(child), None, false, Instant::now());
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.launch.program);
        if let Some(library) = faketime().filter(|_| self.launch.skew != 0) {
            // Not by the program `faketime`, which stays between and dies alone. Only what people call the time: timers do not jump with it.
            let seconds = self.launch.skew as f64 / 1_000.0;
            command.env("LD_PRELOAD", library).env("FAKETIME", format!("{seconds:+}s"));
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    pub(crate) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Sends a signal; to nobody if it does not run.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            // It may have ended by itself, which the next look finds.
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.ending = Some((Instant::now(), false));
        self.signal(Signal::KILL);
        // A frozen one dies too. It is gone at once, but for the moment that the kernel takes.
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
        self.gone();
    }

    /// SIGTERM; a look finds when it has ended.
    pub(crate) fn stop(&mut self) {
        if self.child.is_some() && self.ending.is_none() {
            self.ending = Some((Instant::now(), true));
            self.signal(Signal::TERM);
        }
    }

    /// Starts it as soon as it has ended.
    pub(crate) fn start_again(&mut self) {
        self.again = true;
    }

    /// Whether it waits to be started.
    pub(crate) fn is_due(&self) -> bool {
        self.again && self.child.is_none()
    }

    fn gone(&mut self) {
        for value in [&self.seat.plug.port, &self.seat.api] {
            value.store(0, Ordering::SeqCst);
        }
        self.seat.plug.pid.store(0, Ordering::SeqCst);
        (self.child, self.ending) = (None, None);
    }

    /// Looks whether it has ended.
    pub(crate) fn look(&mut self) -> Option<Ended> {
        let child = self.child.as_mut()?;
        let Ok(Some(status)) = child.try_wait() else {
            let (since, _) = self.ending.filter(|(since, _)| since.elapsed() > STOP_WITHIN)?;
            let seconds = since.elapsed().as_secs();
            self.kill();
            return Some(Ended::Badly(format!("did not stop within {seconds} s of SIGTERM")));
        };
        let told = self.ending.is_some();
        let early = self.started.elapsed() < Duration::from_secs(10);
        self.gone();
        if told {
            return Some(match status.code() {
                Some(0) => Ended::AsTold,
                _ => Ended::Badly(format!("stopped with {}", shown(status))),
            });
        }
        let taken = early && self.tries < TRIES && self.last_words().contains("choose another port");
        if taken {
            self.tries += 1;
            self.again = true;
            return None;
        }
        Some(Ended::ByItself(format!("{}: {}", shown(status), self.last_words())))
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[text.len().saturating_sub(4_096)..]).into_owned();
        let mut lines: Vec<&str> = text.lines().rev().take(3).collect();
        lines.reverse();
        lines.join("\n")
    }
}

fn shown(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}
