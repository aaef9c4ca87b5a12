//! The store of a node that is down: whether it opens, and what it knows that other checks need.

use bouya_core::ledger::View;
use bouya_core::ledger::governance::roster;
use bouya_core::time::Timestamp;

use super::check::{Check, Finding};
use crate::config::Settings;
use crate::net::crl::Revocations;
use crate::net::network::REVOCATIONS;
use crate::store::{self, Store, StoreError};
use crate::wallet;

/// What was seen.
#[derive(Debug)]
pub(super) enum Seen {
    /// Some process has it open.
    Held,
    /// The first start makes it.
    None,
    Opens(Known),
    Refused(String),
}

impl Seen {
    /// Whether it says that this node's member key is a member's.
    pub(super) fn knows_as_member(&self) -> bool {
        matches!(self, Self::Opens(known) if known.is_member)
    }
}

/// What is in it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// When the newest block was made, as that says.
    pub(super) tip: Timestamp,
    /// This node's member key is a member's.
    pub(super) is_member: bool,
    /// What earlier lists have revoked.
    pub(super) revocations: Revocations,
}

/// `owner`: what the judge says of whose it is.
pub(super) fn judge(seen: &Seen, owner: Vec<Finding>) -> Check {
    let mut check = Check::new("store");
    check.findings = owner;
    match seen {
        Seen::Held => check.skip("the node that runs has it open, and ends if it meets damage"),
        Seen::None => check.skip("there is none yet: the first start makes it"),
        // That it opens says little of what is in it.
        Seen::Opens(_) => (),
        Seen::Refused(error) => check.refused("data_dir", error),
    }
    check
}

/// Opens it, if nobody has it open and it is there.
pub(super) fn look(settings: &Settings) -> Seen {
    let dir = &settings.data_dir;
    if store::is_held(dir) {
        return Seen::Held;
    }
    match dir.join(store::FILE).try_exists() {
        Ok(true) => (),
        Ok(false) => return Seen::None,
        Err(error) => return Seen::Refused(format!("cannot look into {}: {error}", dir.display())),
    }
    match known(settings) {
        Ok(known) => Seen::Opens(known),
        // Somebody was faster.
        Err(StoreError::Locked { .. }) => Seen::Held,
        Err(error) => Seen::Refused(error.to_string()),
    }
}

fn known(settings: &Settings) -> Result<Known, StoreError> {
    let store = Store::open_with_cache(
        &settings.data_dir,
        settings.network.genesis.clone(),
        settings.chain.cache_bytes,
    )?;
    let reader = store.reader();
    let snapshot = reader.snapshot()?;
    let (_, tip) = snapshot.tip()?;
    let tip = snapshot.record(&tip).ok().flatten().map_or(Timestamp(0), |record| record.header.time);
    let key = wallet::member_key_load(&settings.identity.member_key).ok();
    let members = roster(&snapshot).ok();
    let is_member = key.zip(members).is_some_and(|(key, members)| members.by_key(&key.public()).is_some());
    let saved = reader.kept(REVOCATIONS)?.and_then(|bytes| Revocations::from_bytes(&bytes).ok());
    Ok(Known { tip, is_member, revocations: saved.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_does_not_open_and_one_of_another_node_are_found() {
        assert_eq!(judge(&Seen::Refused("damaged".to_owned()), vec![]).findings[0].text, "damaged");
        let owner = Finding { key: "data_dir".to_owned(), text: "of bob".to_owned(), next: None };
        assert_eq!(judge(&Seen::None, vec![owner]).findings.len(), 1);
        for seen in [Seen::Held, Seen::None] {
            let check = judge(&seen, vec![]);
            assert!(check.findings.is_empty() && check.skipped.len() == 1);
        }
        let known = Known { tip: Timestamp(0), is_member: true, revocations: Revocations::default() };
        assert_eq!(judge(&Seen::Opens(known), vec![]), Check::new("store"));
    }
}
