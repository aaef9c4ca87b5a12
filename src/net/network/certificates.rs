//! Certificate files and revocation lists: read anew while the node runs, and every live session judged by them.

use std::time::Duration;

use bouya_core::overlay::Input;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};

use super::{REVOCATIONS, Running};
use crate::clock::{days_until, rfc3339};
use crate::net::tls::expiry::{Expiry, State, What};
use crate::net::tls::now;

/// What ends is told so often, and whenever its state changes.
const TELL_ENDS: Duration = Duration::from_secs(24 * 3600);

/// What was last said of what ends.
#[derive(Debug, Default)]
pub(super) struct Told {
    at: Option<Instant>,
    ends: Vec<(Expiry, State)>,
}

impl Running {
    /// A peer's revocation lists.
    pub(super) fn take_in(&mut self, lists: &[Vec<u8>]) {
        let (new, refused) = self.tls().take_in(lists);
        if let Some(error) = refused {
            debug!(%error, "a peer's revocation list was refused");
        }
        if new {
            info!(revoked = self.tls().revocations().len(), "a peer brought news of revocations");
            self.revocations_changed();
            self.tell_certificate();
            self.tell_ends();
        }
    }

    /// Certificates, keys, roots and lists are taken from their files again. Whatever comes of it, every live session is judged, by
    /// the clock too.
    pub(super) fn look_at_files(&mut self) {
        match self.tls().reload() {
            Ok(true) => {
                info!("certificate files were read anew");
                self.last_file_error = None;
                self.revocations_changed();
            }
            Ok(false) => self.last_file_error = None,
            Err(error) => {
                // Said once, not every second.
                let error = error.to_string();
                if self.last_file_error.as_ref() != Some(&error) {
                    error!(%error, "certificate files are not taken; the ones read before stay in use");
                    self.last_file_error = Some(error);
                }
            }
        }
        self.cut_refused();
        self.tell_certificate();
        self.tell_ends();
    }

    fn revocations_changed(&mut self) {
        self.keep(REVOCATIONS, self.tls().revocations().to_bytes());
        self.tell_crls();
        self.handle(Input::Reloaded);
        self.cut_refused();
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

    /// Says what ends, and when: once a day and when it has come nearer, louder when it is time to act.
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
