//! What whoever accepts an invitation says: yes to itself, and, as soon as it is a member, yes to those who were admitted together with it.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use bouya_core::code::Code;
use bouya_core::ledger::{Action, Member};
use tracing::{info, warn};

use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::cli::govern;
use crate::cli::output::Progress;
use crate::cli::submit::{SignedBy, Signer};
use crate::cli::vote;
use crate::http::views::{Members, Motion};

/// How often to look at what is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Yes {
    pub(super) by: SignedBy,
    /// The network's, so that nothing is signed for another that happens to answer.
    pub(super) code: Code,
    pub(super) own: Member,
    pub(super) others: Vec<Member>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// All is said, and this is a member for good.
    Done,
    /// What is waited for.
    Waits(String),
}

impl Yes {
    /// Says it while the node runs in this process; the log tells how far it is.
    pub(super) fn beside(self, client: Client) -> Result<(), Error> {
        let talk = move || {
            let (mut said, mut last) = (BTreeSet::new(), None);
            loop {
                match self.step(&client, &mut said) {
                    Ok(Step::Done) => {
                        return info!("{} is a member, and has said what it was asked", self.own.id);
                    }
                    Ok(Step::Waits(what)) if last.as_ref() != Some(&what) => {
                        info!("to become a member: {what}");
                        last = Some(what);
                    }
                    Ok(Step::Waits(_)) | Err(Error::Unreachable { .. }) => (),
                    Err(error) => {
                        let text = error.to_string();
                        if last.as_ref() != Some(&text) {
                            warn!("cannot say yes: {text}");
                            last = Some(text);
                        }
                    }
                }
                thread::sleep(LOOK_EVERY);
            }
        };
        // It ends with the process.
        thread::Builder::new().name("yes".into()).spawn(talk)?;
        Ok(())
    }

    /// Says it to a node that runs, and waits until this is a member.
    pub(super) fn within(&self, client: &Client, timeout: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + timeout;
        let (mut progress, mut said) = (Progress::new(), BTreeSet::new());
        loop {
            match self.step(client, &mut said)? {
                Step::Done => {
                    progress.done("is a member, and has said what it was asked");
                    return Ok(());
                }
                Step::Waits(what) if Instant::now() >= deadline => {
                    return Err(Error::Failed(format!(
                        "{} is no member after {} s: {what}. Nothing is lost: see bouya vote, bouya member list",
                        self.own.id,
                        timeout.as_secs()
                    )));
                }
                Step::Waits(what) => progress.say(&what),
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Says what can be said now. `said` holds the motions that it has said yes to.
    fn step(&self, client: &Client, said: &mut BTreeSet<String>) -> Result<Step, Error> {
        if !super::runs(client, &self.own.id, self.code) {
            return Ok(Step::Waits(format!("{}'s node does not answer where its API is", self.own.id)));
        }
        // First: who is a member here has a voice in the motions that are asked for next.
        let members = govern::members(client)?;
        let open = vote::open(client)?;
        let governor = self.own.governor.to_string();
        let all: Vec<&Member> = std::iter::once(&self.own).chain(&self.others).collect();
        for motion in &open {
            let is_shown = all.iter().any(|member| vote::adds(&motion.change, member));
            if !is_shown || !vote::is_asked(motion, &governor) || said.contains(&motion.id) {
                continue;
            }
            let id = motion.id.parse();
            let id = id.map_err(|error| Error::Failed(format!("the node names a motion {error}")))?;
            Signer::governing(&self.by, client)?.send_quietly(Action::Ballot { motion: id, yes: true })?;
            said.insert(motion.id.clone());
        }
        Ok(self.standing(&members, &open))
    }

    fn standing(&self, members: &Members, open: &[Motion]) -> Step {
        let own = self.own.key.to_string();
        let is_member = members.members.iter().any(|member| member.key == own);
        let waits = members.waiting.iter().any(|one| vote::adds(&one.change, &self.own));
        match open.iter().find(|motion| vote::adds(&motion.change, &self.own)) {
            _ if is_member && members.finalized => Step::Done,
            _ if is_member => Step::Waits("in force, and not final yet".into()),
            _ if waits => Step::Waits("decided, waiting until that is final".into()),
            Some(motion) => Step::Waits(format!(
                "{} of the {} members that it needs have said yes, and {}",
                motion.vote.yes,
                motion.vote.needed,
                match motion.vote.candidate.as_ref().and_then(|own| own.yes) {
                    Some(_) => "so has its own governor",
                    None => "its own governor's yes is on its way",
                }
            )),
            None => Step::Waits(
                "no motion for it is open here yet: the node is not there yet, or nobody has moved it".into(),
            ),
        }
    }
}
