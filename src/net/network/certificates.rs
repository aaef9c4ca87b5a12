//! Certificate files and revocation lists: read anew while the node runs, and every live session judged by them.

use bouya_core::overlay::{ConnId, Input};
use tracing::{debug, error, info, warn};

use super::{REVOCATIONS, Running};

impl Running {
    /// A peer's revocation lists.
    pub(super) fn take_in(&mut self, lists: &[Vec<u8>]) {
        let (new, refused) = self.tls().take_in(lists);
        if let Some(error) = refused {
            debug!(%error, "a peer's revocation list was refused");
        }
        if new {
            self.revocations_changed();
        }
    }

    /// Certificates, keys, roots and lists are taken from their files again, and every live session is judged by them.
    pub(super) fn look_at_files(&mut self) {
        match self.tls().reload() {
            Ok(true) => {
                info!("certificate files were read anew");
                self.last_file_error = None;
                self.actor.not_after.send_replace(self.tls().not_after());
                self.revocations_changed();
            }
            Ok(false) => {
                self.last_file_error = None;
                let revoked = self.refused_links();
                if !revoked.is_empty() {
                    self.handle(Input::Reloaded { revoked });
                }
            }
            Err(error) => {
                // Said once, not every second.
                let error = error.to_string();
                if self.last_file_error.as_ref() != Some(&error) {
                    error!(%error, "certificate files are not taken; the ones read before stay in use");
                    self.last_file_error = Some(error);
                }
            }
        }
    }

    pub(super) fn revocations_changed(&mut self) {
        self.keep(REVOCATIONS, self.tls().revocations().to_bytes());
        self.tell_crls();
        let revoked = self.refused_links();
        self.handle(Input::Reloaded { revoked });
    }

    pub(super) fn tell_crls(&mut self) {
        let crls = self.tls().revocations().summaries();
        self.handle(Input::Crls(crls));
    }

    pub(super) fn refused_links(&self) -> Vec<ConnId> {
        let refused = self.links.iter().filter_map(|(conn, link)| {
            let why = self.tls().refuses(&link.session)?;
            warn!(peer = %link.session.verified.id, %why, "cut");
            Some(*conn)
        });
        refused.collect()
    }
}
