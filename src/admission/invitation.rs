//! What somebody gets who was admitted.

use std::path::Path;

use bouya_core::id::NodeId;
use bouya_core::ledger::Member;
use bouya_core::wire::Endpoint;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::armour::{self, ArmourError, INVITATION};
use super::request::{FormError, FormMember, read_form};
use crate::config::node::Bootstrap;

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// Why there is no invitation to read.
#[derive(Debug, Error)]
pub enum InvitationError {
    #[error(transparent)]
    Armour(#[from] ArmourError),
    #[error("it has format {0}, this version knows format {FORMAT}; use a newer bouya")]
    Format(u32),
    #[error("it is no invitation ({0}); have it made anew with: bouya admit")]
    Form(String),
}

/// All that a node needs besides its own keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: NodeId,
    /// The node's certificate, PEM.
    pub certificate: String,
    /// The CA's certificate, PEM.
    pub ca: String,
    /// The CA's revocation list, PEM.
    pub crl: String,
    /// The text of network.toml.
    pub network: String,
    /// The text of override.toml, if the network follows one.
    pub overrides: Option<String>,
    /// Whom to dial first.
    pub bootstrap: Vec<Bootstrap>,
    /// What the request said.
    pub advertise: Option<Endpoint>,
    /// As whom the node was admitted; none if it observes.
    pub member: Option<Member>,
    /// Who else is admitted: whoever accepts says yes to them as well.
    pub others: Vec<Member>,
}

/// The invitation's bytes, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: u32,
    id: String,
    certificate: String,
    ca: String,
    crl: String,
    network: String,
    #[serde(rename = "override")]
    overrides: Option<String>,
    bootstrap: Vec<String>,
    advertise: Option<String>,
    member: Option<FormMember>,
    others: Vec<FormOther>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormOther {
    id: String,
    member: FormMember,
}

impl Invitation {
    /// Its text.
    pub fn write(&self) -> Result<String, InvitationError> {
        let form = Form {
            format: FORMAT,
            id: self.id.to_string(),
            certificate: self.certificate.clone(),
            ca: self.ca.clone(),
            crl: self.crl.clone(),
            network: self.network.clone(),
            overrides: self.overrides.clone(),
            bootstrap: self.bootstrap.iter().map(ToString::to_string).collect(),
            advertise: self.advertise.as_ref().map(ToString::to_string),
            member: self.member.as_ref().map(FormMember::of),
            others: self
                .others
                .iter()
                .map(|one| FormOther { id: one.id.to_string(), member: FormMember::of(one) })
                .collect(),
        };
        let bytes = serde_json::to_vec(&form).map_err(|error| InvitationError::Form(error.to_string()))?;
        Ok(armour::wrap(INVITATION, &bytes))
    }

    /// Reads one. Whether its certificates hold is found where they are used.
    pub fn read(text: &str) -> Result<Self, InvitationError> {
        let bytes = armour::unwrap(INVITATION, text)?;
        let form: Form = read_form(&bytes, FORMAT).map_err(|error| match error {
            FormError::Format(format) => InvitationError::Format(format),
            FormError::Form(why) => InvitationError::Form(why),
        })?;
        form.read().map_err(InvitationError::Form)
    }

    /// The file that a member gets.
    pub fn file(folder: &Path, id: &NodeId) -> std::path::PathBuf {
        folder.join(format!("{id}.invite"))
    }
}

impl Form {
    fn read(self) -> Result<Invitation, String> {
        let id: NodeId = self.id.parse().map_err(|error| format!("id: {error}"))?;
        let other = |one: FormOther| {
            let id: NodeId = one.id.parse().map_err(|error| format!("others: {error}"))?;
            one.member.read(&id)
        };
        Ok(Invitation {
            member: self.member.map(|member| member.read(&id)).transpose()?,
            others: self.others.into_iter().map(other).collect::<Result<_, _>>()?,
            bootstrap: self.bootstrap.iter().map(|peer| peer.parse()).collect::<Result<_, _>>()?,
            advertise: self
                .advertise
                .map(|text| text.parse().map_err(|error| format!("advertise: {error}")))
                .transpose()?,
            id,
            certificate: self.certificate,
            ca: self.ca,
            crl: self.crl,
            network: self.network,
            overrides: self.overrides,
        })
    }
}

#[cfg(test)]
mod tests {
    use bouya_core::testing::member;

    use super::super::request::tests::candidate;
    use super::*;

    #[test]
    fn an_invitation_reads_back() {
        for (member, others, overrides) in [
            (None, vec![], None),
            (Some(candidate(1).member), vec![member(2), member(3)], Some("format = 1\n".to_owned())),
        ] {
            let invitation = Invitation {
                id: "m1".parse().unwrap(),
                certificate: "c".into(),
                ca: "a".into(),
                crl: "l\n".into(),
                network: "name = \"é\"".into(),
                overrides,
                bootstrap: vec!["alice@10.0.0.5:7000".parse().unwrap()],
                advertise: Some("[fd00::1]:7000".parse().unwrap()),
                member,
                others,
            };
            assert_eq!(Invitation::read(&invitation.write().unwrap()).unwrap(), invitation);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let read = |json: &str| Invitation::read(&armour::wrap(INVITATION, json.as_bytes())).unwrap_err();
        assert!(matches!(read(r#"{"format":9}"#), InvitationError::Format(9)));
        assert!(matches!(read("{\"format\":1}"), InvitationError::Form(_)));
    }
}
