//! What somebody gets who was admitted.

use bouya_core::id::NodeId;
use bouya_core::ledger::Member;
use bouya_core::wire::Endpoint;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::{Deserialize, Serialize};

use super::armour::{self, INVITATION};
use super::request::{FormMember, read_form};
use super::{AdmissionError, FORMAT};
use crate::config::node::Bootstrap;

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
    pub fn write(&self) -> Result<String, AdmissionError> {
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
        let bytes =
            serde_json::to_vec(&form).map_err(|error| AdmissionError::no_invitation(error.to_string()))?;
        Ok(armour::wrap(INVITATION, &bytes))
    }

    /// Reads one. Whether its certificates hold is found where they are used.
    pub fn read(text: &str) -> Result<Self, AdmissionError> {
        let bytes = armour::unwrap(INVITATION, text)?;
        let form: Form = read_form(&bytes, AdmissionError::no_invitation)?;
        form.read().map_err(AdmissionError::no_invitation)
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
            certificate: only(
                "certificate",
                "CERTIFICATE",
                CertificateDer::pem_slice_iter(self.certificate.as_bytes()),
            )?,
            // The code stands for one CA: a second one beside it would admit anybody.
            ca: only("ca", "CERTIFICATE", CertificateDer::pem_slice_iter(self.ca.as_bytes()))?,
            crl: only("crl", "X509 CRL", CertificateRevocationListDer::pem_slice_iter(self.crl.as_bytes()))?,
            network: self.network,
            overrides: self.overrides,
        })
    }
}

/// The only one of its kind in a text, as PEM of our own: nothing else of the text is kept.
fn only<T: AsRef<[u8]>>(
    what: &str,
    label: &str,
    found: impl Iterator<Item = Result<T, pem::Error>>,
) -> Result<String, String> {
    let all: Vec<T> = found.collect::<Result<_, _>>().map_err(|error| format!("{what}: {error}"))?;
    match all.as_slice() {
        [one] => Ok(mkca::pem(label, one.as_ref())),
        all => Err(format!("{what}: it holds {}, and one is expected", all.len())),
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
                certificate: mkca::pem("CERTIFICATE", b"c"),
                ca: mkca::pem("CERTIFICATE", b"a"),
                crl: mkca::pem("X509 CRL", b"l"),
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

    /// The code covers one CA. Whoever is on the way could add one of its own.
    #[test]
    fn a_second_ca_or_list_in_an_invitation_is_refused() {
        let (one, other) = (mkca::pem("CERTIFICATE", b"a"), mkca::pem("CERTIFICATE", b"b"));
        let list = mkca::pem("X509 CRL", b"l");
        let invitation = Invitation {
            id: "m1".parse().unwrap(),
            certificate: one.clone(),
            ca: one.clone(),
            crl: list.clone(),
            network: String::new(),
            overrides: None,
            bootstrap: vec![],
            advertise: None,
            member: None,
            others: vec![],
        };
        let read = |changed: Invitation| Invitation::read(&changed.write().unwrap());
        assert_eq!(
            read(Invitation { ca: format!("junk\n{one}"), ..invitation.clone() }).unwrap(),
            invitation
        );
        for changed in [
            Invitation { ca: format!("{one}{other}"), ..invitation.clone() },
            Invitation { crl: format!("{list}{list}"), ..invitation.clone() },
            Invitation { certificate: format!("{one}{other}"), ..invitation.clone() },
            Invitation { ca: String::new(), ..invitation.clone() },
        ] {
            assert!(
                matches!(read(changed), Err(AdmissionError::NoInvitation(why)) if why.contains("one is expected"))
            );
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let read = |json: &str| Invitation::read(&armour::wrap(INVITATION, json.as_bytes())).unwrap_err();
        assert!(matches!(read(r#"{"format":9}"#), AdmissionError::Format(9)));
        assert!(matches!(read("{\"format\":1}"), AdmissionError::NoInvitation(_)));
    }
}
