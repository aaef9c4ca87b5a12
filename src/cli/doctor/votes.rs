//! The member key and the record of its votes.

use bouya_core::crypto::{Hash, PublicKey};

use super::check::Check;
use crate::config::Settings;
use crate::http::views::{FinalBlock, Voter, Voting};
use crate::voter::record::{Kept, RecordError, RecordFile, votes_of};
use crate::wallet::{self, FileError, WalletError};

/// What was seen in the files.
#[derive(Debug)]
pub(super) enum Files {
    /// It is not known where they are.
    Unread,
    /// Neither key nor record: the first start makes both.
    None,
    /// The key cannot be used, which the judge tells.
    Unusable(String),
    /// There is a key. Its record, if there is one, and whether some process holds it.
    Key { record: Result<Option<Kept>, RecordError>, held: bool },
    /// There is a record of a key that is not there.
    Orphan(RecordError),
}

/// What a node that runs says.
#[derive(Clone, Debug)]
pub(super) struct Says {
    /// This node's id.
    pub(super) own: String,
    pub(super) voting: Voting,
    /// The node's state says already that it is silent, or that there are two histories.
    pub(super) told: bool,
    pub(super) voters: Vec<Voter>,
    pub(super) rival: Option<FinalBlock>,
}

const RESUME: &str =
    "put it back; if it is lost and no other machine has the key: bouya final resume, once the node runs";
const TWIN: &str = "stop the other machine for good, then bouya final resume";

/// `runs`: some process works on the node's data.
pub(super) fn judge(files: &Files, says: Option<&Says>, runs: bool) -> Check {
    let mut check = Check::new("votes");
    match files {
        Files::Unread => check.skip("where the member key is cannot be read"),
        Files::None => check.skip("there is no member key yet: the first start makes it, with its record"),
        Files::Unusable(error) => check.refused("identity.member_key", error),
        Files::Orphan(error) | Files::Key { record: Err(error), .. } => {
            check.refused("identity.member_key", error)
        }
        Files::Key { record: Ok(record), held } => {
            // A node that runs says itself how it stands.
            if says.is_none() {
                stored(&mut check, record.as_ref());
            }
            if *held && !runs {
                let text = "another process uses the record of votes, and this node does not run";
                check.find(
                    "held",
                    text,
                    "a member key votes on one node only: find the other one and stop it",
                );
            }
        }
    }
    if let Some(says) = says {
        heard(&mut check, says);
    }
    check
}

fn stored(check: &mut Check, record: Option<&Kept>) {
    match record {
        None => check.find(
            "record",
            "there is no record of votes beside the member key, so the node will not vote",
            RESUME,
        ),
        Some(Kept { twin: true, .. }) => {
            check.find(
                "twin",
                "another machine has voted with this member key, so the node will not vote",
                TWIN,
            );
        }
        Some(_) => (),
    }
}

fn heard(check: &mut Check, says: &Says) {
    if !says.told {
        match says.voting {
            Voting::NoRecord => {
                check.find("record", "the node does not vote: no record of its votes was found", RESUME)
            }
            Voting::Twin => {
                check.find("twin", "the node does not vote: another machine votes with its key", TWIN);
            }
            Voting::RefusesFinal => check.find(
                "refuses-final",
                "the node does not vote: it finds a block invalid that the members have voted final",
                "stop it and run bouya verify --repair, for it may compute wrongly; if nothing is wrong there, run the version of bouya that the other members run",
            ),
            Voting::TwoHistories => check.find(
                "two-histories",
                "the node does not vote: the members have voted for two histories",
                "compare versions and final blocks with the other members (bouya final)",
            ),
            Voting::Votes | Voting::Observes | Voting::Asking => (),
        }
    }
    if let Some(rival) = &says.rival {
        let text = format!(
            "block {} ({}) is final elsewhere and contradicts this node's history",
            rival.height, rival.hash
        );
        check.find("rival", text, "compare versions and final blocks with the other members (bouya final)");
    }
    for Voter { id, fault, .. } in &says.voters {
        let Some(fault) = fault else { continue };
        let text = format!("{id} has signed two votes that no honest machine signs both ({fault})");
        let next = if *id == says.own {
            "stop any other machine with this key; a new one ends this: bouya member rotate"
        } else {
            "ask its operator: one key on two machines or an old record, nearly always; bouya member rotate ends it"
        };
        check.find("fault", text, next);
    }
}

/// `wrong`: what the judge says of the member key, if that cannot be used.
pub(super) fn look(settings: &Settings, network: Hash, wrong: Option<String>) -> Files {
    if let Some(wrong) = wrong {
        return Files::Unusable(wrong);
    }
    let path = &settings.identity.member_key;
    let beside = |key: PublicKey| RecordFile::beside(path, network, key);
    match wallet::member_key_load(path) {
        Ok(key) => {
            let file = beside(key.public());
            Files::Key { record: file.read(), held: file.is_held() }
        }
        Err(WalletError::File(FileError::Missing(_))) => {
            let votes = votes_of(path);
            if votes.exists() { Files::Orphan(RecordError::Orphan(votes)) } else { Files::None }
        }
        Err(error) => Files::Unusable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(check: &Check) -> Vec<&str> {
        check.findings.iter().map(|found| found.key.as_str()).collect()
    }

    fn key(record: Option<Kept>, held: bool) -> Files {
        Files::Key { record: Ok(record), held }
    }

    fn fresh() -> Option<Kept> {
        Some(Kept::default())
    }

    fn says(voting: Voting) -> Says {
        Says { own: "alice".to_owned(), voting, told: false, voters: Vec::new(), rival: None }
    }

    #[test]
    fn a_record_beside_its_key_is_fine_and_so_is_neither() {
        assert_eq!(judge(&key(fresh(), false), None, false), Check::new("votes"));
        assert_eq!(judge(&key(fresh(), true), Some(&says(Voting::Votes)), true), Check::new("votes"));
        assert_eq!(judge(&key(fresh(), true), Some(&says(Voting::Asking)), true), Check::new("votes"));
        assert!(judge(&Files::None, None, false).findings.is_empty());
    }

    #[test]
    fn a_missing_damaged_or_lone_record_a_twin_and_a_second_holder_are_found() {
        let damaged = Files::Key { record: Err(RecordError::Damaged("a.votes".into())), held: false };
        for (files, expected) in [
            (key(None, false), "record"),
            (key(Some(Kept { twin: true, ..Kept::default() }), false), "twin"),
            (key(fresh(), true), "held"),
            (damaged, "identity.member_key"),
            (Files::Orphan(RecordError::Orphan("a.votes".into())), "identity.member_key"),
            (Files::Unusable("no key".to_owned()), "identity.member_key"),
        ] {
            assert_eq!(keys(&judge(&files, None, false)), [expected], "{files:?}");
        }
    }

    #[test]
    fn why_a_node_that_runs_does_not_vote_is_told_once() {
        let files = key(None, true);
        for (voting, expected) in [
            (Voting::NoRecord, "record"),
            (Voting::Twin, "twin"),
            (Voting::RefusesFinal, "refuses-final"),
            (Voting::TwoHistories, "two-histories"),
        ] {
            assert_eq!(keys(&judge(&files, Some(&says(voting)), true)), [expected]);
            let told = Says { told: true, ..says(voting) };
            assert_eq!(judge(&files, Some(&told), true), Check::new("votes"));
        }
    }

    #[test]
    fn another_history_and_votes_for_two_are_found() {
        let voter = |id: &str, fault: Option<&str>| Voter {
            id: id.to_owned(),
            number: 0,
            vote: None,
            fault: fault.map(str::to_owned),
        };
        let rival = FinalBlock {
            height: 7,
            hash: "ab".to_owned(),
            epoch: 1,
            signers: Vec::new(),
            certificate: String::new(),
            since: None,
        };
        let voters = vec![voter("alice", None), voter("bob", Some("double"))];
        let says = Says { voters, rival: Some(rival), ..says(Voting::Votes) };
        let check = judge(&key(fresh(), true), Some(&says), true);
        assert_eq!(keys(&check), ["rival", "fault"]);
        assert!(check.findings[1].text.starts_with("bob has signed two votes"));
    }
}
