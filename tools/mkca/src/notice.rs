//! Notices: mkca goes ahead, but a person should check these, because a mistaken or stolen identity starts like this.

use std::fmt;

use time::{Date, OffsetDateTime};

use crate::{
    NodeId,
    index::{Index, Status},
    keys::PublicKey,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The id has a certificate in force with another key.
    NewKey { id: NodeId, old: String, until: Date },
    /// The key has a certificate under another id.
    SharedKey { other: NodeId },
    /// The certificate would outlive the authority, so it is shorter than asked for.
    EndsWithAuthority { on: Date },
}

impl Notice {
    pub(crate) fn about(index: &Index, id: &NodeId, key: &PublicKey, now: OffsetDateTime) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut in_force = index.of(id).filter(|entry| entry.status(now) == Status::Valid);
        if let Some(entry) = in_force.rfind(|entry| &entry.public_key != key) {
            notices.push(Notice::NewKey {
                id: id.clone(),
                old: entry.fingerprint.clone(),
                until: entry.not_after.date(),
            });
        }
        let mut others = index.certificates.iter().filter(|entry| &entry.id != id);
        if let Some(entry) = others.find(|entry| &entry.public_key == key) {
            notices.push(Notice::SharedKey { other: entry.id.clone() });
        }
        notices
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::NewKey { id, old, until } => write!(
                f,
                "{id} gets a new key. The certificate of its old key {old} stays valid until {until}: if {id} did not ask \
                 for this, or the old key is lost, revoke {id} and issue again"
            ),
            Notice::SharedKey { other } => write!(
                f,
                "{other} has a certificate for the same key, so its holder can act as both. Each node should have its \
                 own key"
            ),
            Notice::EndsWithAuthority { on } => write!(
                f,
                "the certificate expires on {on}, together with the authority's own. Plan a new authority before then"
            ),
        }
    }
}
