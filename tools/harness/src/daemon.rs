//! A daemon's process.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::{Client, Error, Member, Port, until};

/// How long to wait for an answer. Generous, because the machine may be busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How many bytes at the end of the log to show.
const WORDS: usize = 4_096;

/// A member's daemon, running or not. Dropping this value kills it.
pub struct Daemon {
    /// The member's files.
    pub member: Member,
    /// The port for peers.
    pub p2p: Port,
    /// The port of the API.
    pub api: Port,
    /// A client of its API. Replaced at each start.
    pub client: Client,
    child: Option<Child>,
}

impl Daemon {
    /// A daemon that is not started yet.
    pub fn new(member: Member, p2p: Port, api: Port) -> Self {
        let client = Client::new(api.number(), ANSWER_WITHIN);
        Self { member, p2p, api, client, child: None }
    }

    /// Writes its configuration: `p2p` as more lines of that section, and `sections` unchanged.
    pub fn configure(&self, p2p: &str, sections: &str) -> Result<(), Error> {
        self.member.configure(self.p2p.address(), self.api.address(), p2p, sections)
    }

    /// Its id and address, as in others' `bootstrap`.
    pub fn at(&self) -> String {
        format!("{}@{}", self.member.id, self.p2p.address())
    }

    /// Starts it: `program` with `run` and its configuration. Its output is appended to its log. If it is running, it is killed first.
    pub fn spawn(&mut self, mut program: Command) -> Result<(), Error> {
        self.kill();
        let path = self.member.log();
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(|error| Error::Write { path, error })?;
        program.args(["run", "--config"]).arg(self.member.config());
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = program.spawn();
        let failed = |error| Error::Start { program: program.get_program().into(), error };
        self.child = Some(child.map_err(failed)?);
        self.client = Client::new(self.api.number(), ANSWER_WITHIN);
        Ok(())
    }

    /// Its process id, if it is running.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// How it ended, if it has ended since the last call.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        self.child = None;
        Some(status)
    }

    /// Fails if it is not running.
    pub fn check(&mut self) -> Result<(), Error> {
        let how = match self.ended() {
            Some(status) => status.to_string(),
            None if self.child.is_none() => "not started".to_owned(),
            None => return Ok(()),
        };
        Err(Error::Ended { id: self.member.id.clone(), how, words: self.last_words() })
    }

    /// Whether it answers. Fails if it is not running.
    pub fn answers(&mut self) -> Result<bool, Error> {
        self.check()?;
        Ok(self.client.bytes("/v1/status").is_ok())
    }

    /// Sends a signal. Does nothing if it is not running.
    pub fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            // It may have just ended by itself, which the next call of `ended` finds.
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }

    /// Waits until it has ended.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus, Error> {
        let ended = until(within, || self.ended());
        ended.ok_or_else(|| Error::Late {
            id: self.member.id.clone(),
            seconds: within.as_secs(),
            words: self.last_words(),
        })
    }

    /// `kill -9`, which works on a frozen process too. When this returns, the process is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its whole log, over all its starts.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.member.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The last lines of its log.
    pub fn last_words(&self) -> String {
        let bytes = fs::read(self.member.log()).unwrap_or_default();
        let end = bytes.get(bytes.len().saturating_sub(WORDS)..).unwrap_or_default();
        let text = String::from_utf8_lossy(end);
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
