//! How a member is written down for the others: ID:KEY:GOVERNOR[:PROOF][:NAME].

use std::fmt;
use std::str::FromStr;

use bouya_core::codec::Text;
use bouya_core::crypto::Signature;
use bouya_core::ledger::Member;

/// Hex digits of a proof. A name is shorter.
const PROOF_DIGITS: usize = 128;

/// What a member sends to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) member: Member,
    /// The member key's signature for one network, see [`bouya_core::ledger::MemberChange::prove`].
    pub(crate) proof: Option<Signature>,
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &dyn fmt::Display| format!("{text}: {why}");
        let form = "give ID:KEY:GOVERNOR, as bouya member new prints it";
        let (mut id_key_governor, rest) = (text.splitn(4, ':'), text.splitn(4, ':').nth(3));
        let mut part = || id_key_governor.next().ok_or_else(|| wrong(&form));
        let (id, key, governor) = (part()?, part()?, part()?);
        let (first, after) = rest.map_or((None, None), |rest| match rest.split_once(':') {
            Some((first, after)) => (Some(first), Some(after)),
            None => (Some(rest), None),
        });
        let is_proof =
            |text: &&str| text.len() == PROOF_DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let proof = first.filter(is_proof);
        let name = if proof.is_some() { after } else { rest };
        Ok(Self {
            member: Member {
                id: id.parse().map_err(|error| wrong(&error))?,
                key: key.parse().map_err(|error| wrong(&error))?,
                governor: governor.parse().map_err(|error| wrong(&error))?,
                name: Text::try_from(name.unwrap_or_default().to_owned()).map_err(|error| wrong(&error))?,
            },
            proof: proof.map(|proof| proof.parse().map_err(|error| wrong(&error))).transpose()?,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Member { id, key, governor, name } = &self.member;
        write!(f, "{id}:{key}:{governor}")?;
        if let Some(proof) = &self.proof {
            write!(f, ":{proof}")?;
        }
        match name.as_str() {
            "" => Ok(()),
            name => write!(f, ":{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use bouya_core::testing::{key, member, text};

    use super::*;

    #[test]
    fn a_line_reads_back_with_and_without_its_proof_and_name() {
        let proof = Some(key(1).sign(b"x"));
        for proof in [None, proof] {
            for name in ["", "Bob SA", "a:b", ":"] {
                let line = Line { member: Member { name: text(name), ..member(1) }, proof };
                assert_eq!(line.to_string().parse(), Ok(line.clone()), "{line}");
            }
        }
        for bad in ["", "bob", "bob:12:bouya1x", "Bob:::"] {
            assert!(bad.parse::<Line>().is_err(), "{bad}");
        }
    }
}
