//! Certificate files and revocation lists: reloaded while the node runs, and every live session is judged by them.

use std::sync::Arc;
use std::time::Duration;

use bouya_core::limits::CRL_MESSAGES_AT_ONCE;
use bouya_core::overlay::Input;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use super::{REVOCATIONS, Running};
use crate::clock::{days_until, rfc3339};
use crate::net::NetEvent;
use crate::net::crl::CrlError;
use crate::net::tls::IdentityError;
use crate::net::tls::expiry::{Expiry, State, What};
use crate::net::tls::now;

/// How often expiry is logged, in addition to whenever its state changes.
const TELL_ENDS: Duration = Duration::from_secs(24 * 3600);

/// What is being read beside the hub's work.
#[derive(Debug)]
pub(super) struct Looks {
    at_files: bool,
    lists: Arc<Semaphore>,
}

impl Default for Looks {
    fn default() -> Self {
        Self { at_files: false, lists: Arc::new(Semaphore::new(CRL_MESSAGES_AT_ONCE)) }
    }
}

/// What was last logged about expiry.
#[derive(Debug, Default)]
pub(super) struct Told {
    at: Option<Instant>,
    ends: Vec<(Expiry, State)>,
}

impl Running {
    /// A peer's revocation lists. Their signatures are checked in separate tasks, a few lists at a time. If there are more, the hub waits,
    /// and so do the peers.
    pub(super) fn take_in(&mut self, lists: Vec<Vec<u8>>) {
        let Ok(permit) = self.looks.lists.clone().try_acquire_owned() else {
            let (new, refused) = self.tls().take_in(&lists);
            return self.taken_in(new, refused);
        };
        let (tls, hub) = (self.actor.shared.tls.clone(), self.actor.shared.hub.clone());
        tokio::spawn(async move {
            let taken = tokio::task::spawn_blocking(move || tls.take_in(&lists)).await;
            drop(permit);
            if let Ok((new, refused)) = taken {
                // If the hub is gone, there is nobody to tell.
                let _ = hub.send(NetEvent::TakenIn(new, refused)).await;
            }
        });
    }

    pub(super) fn taken_in(&mut self, new: bool, refused: Option<CrlError>) {
        if let Some(error) = refused {
            debug!(%error, "a peer's revocation list was refused");
        }
        if new {
            info!(revoked = self.tls().revocations().len(), "a peer brought news of revocations");
            self.revocations_changed();
            self.cut_refused();
            self.tell_certificate();
            self.tell_ends();
        }
    }

    /// Reads certificates, keys, roots and lists from their files again, in a separate task. One look at a time: the next one, within a
    /// second, sees what this one missed.
    pub(super) fn look_at_files(&mut self) {
        if std::mem::replace(&mut self.looks.at_files, true) {
            return;
        }
        let (tls, hub) = (self.actor.shared.tls.clone(), self.actor.shared.hub.clone());
        tokio::spawn(async move {
            let looked = tokio::task::spawn_blocking(move || tls.reload()).await;
            // A look that panicked has been logged, and found nothing.
            let _ = hub.send(NetEvent::Files(looked.unwrap_or(Ok(false)))).await;
        });
    }

    /// Whether the look found anything or not, every live session is judged again, because time has passed.
    pub(super) fn files_looked_at(&mut self, looked: Result<bool, IdentityError>) {
        self.looks.at_files = false;
        match looked {
            Ok(true) => {
                info!("certificate files were reloaded");
                self.last_file_error = None;
            }
            Ok(false) => self.last_file_error = None,
            Err(error) => {
                // Logged once, not every second.
                let error = error.to_string();
                if self.last_file_error.as_ref() != Some(&error) {
                    error!(%error, "certificate files are not taken; the ones read before stay in use");
                    self.last_file_error = Some(error);
                }
            }
        }
        // Lists may count even if the other files are not accepted.
        if !Arc::ptr_eq(&self.kept_revocations, &self.tls().revocations()) {
            self.revocations_changed();
        }
        self.cut_refused();
        self.tell_certificate();
        self.tell_ends();
    }

    fn revocations_changed(&mut self) {
        self.keep_revocations();
        self.tell_crls();
        self.handle(Input::Reloaded);
    }

    /// Saves the lists for the next start. Done at this start too: by the next one, the list in the file may be an older one.
    pub(super) fn keep_revocations(&mut self) {
        self.kept_revocations = self.tls().revocations();
        self.keep(REVOCATIONS, self.kept_revocations.to_bytes());
    }

    pub(super) fn tell_crls(&mut self) {
        let crls = self.tls().revocations().summaries();
        self.handle(Input::Crls(crls));
    }

    fn tell_certificate(&self) {
        let certificate = self.tls().certificate();
        self.actor.certificate.send_if_modified(|told| std::mem::replace(told, certificate) != certificate);
    }

    fn cut_refused(&mut self) {
        let judge = |link: &super::Link| Some(self.tls().refuses(&link.session)?.to_string());
        let refused = self.links.iter().filter_map(|(conn, link)| Some((*conn, judge(link)?)));
        for (conn, why) in refused.collect::<Vec<_>>() {
            self.handle(Input::Revoked { conn, why });
        }
    }

    /// Logs what expires and when: once a day, and whenever its state changes. The level rises when it is time to act.
    fn tell_ends(&mut self) {
        let now = now();
        let with_state = |end: Expiry| (end.clone(), end.state(now));
        let ends: Vec<_> = self.tls().ends().into_iter().map(with_state).collect();
        if self.told.ends == ends && self.told.at.is_some_and(|at| at.elapsed() < TELL_ENDS) {
            return;
        }
        ends.iter().for_each(|(end, state)| tell(end, *state, self.tls().refuses_overdue()));
        self.told = Told { at: Some(Instant::now()), ends };
    }
}

fn tell(end: &Expiry, state: State, refuses_overdue: bool) {
    let (of, days, until) = (end.name.as_str(), days_until(end.ends), rfc3339(end.ends));
    match (end.what, state) {
        (What::Certificate, State::Good) => info!(days, until, "certificate"),
        // That it has ended is a state of the node, which the log is told of by `Health`.
        (What::Root | What::List, State::Good) | (What::Certificate, State::Over) => (),
        (What::Certificate, State::Near) => warn!(
            days,
            until,
            "the certificate ends soon: ask the CA for a new one (mkca renew); it is taken without a restart"
        ),
        (What::Root, State::Near) => {
            warn!(
                ca = of,
                days,
                until,
                "the CA's own certificate ends soon, and with it every certificate: change the root"
            );
        }
        (What::Root, State::Over) => {
            error!(
                ca = of,
                until, "the CA's own certificate has ended: nobody of it is let in; change the root"
            );
        }
        (What::List, State::Near) => {
            warn!(ca = of, days, until, "a new revocation list is due soon; get one from the CA (mkca crl)");
        }
        (What::List, State::Over) if refuses_overdue => {
            error!(
                ca = of,
                until,
                "a revocation list is overdue and crl_overdue is refuse: nobody of this CA is let in; get a new one (mkca crl)"
            );
        }
        (What::List, State::Over) => {
            warn!(
                ca = of,
                until,
                "a revocation list is overdue and used all the same; get a new one from the CA (mkca crl)"
            );
        }
    }
}
