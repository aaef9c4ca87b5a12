//! What somebody sends who wants to be admitted.

use bouya_core::code::Code;
use bouya_core::codec::Text;
use bouya_core::crypto::Signature;
use bouya_core::id::NodeId;
use bouya_core::ledger::{Member, MemberChange};
use bouya_core::wire::Endpoint;
use mkca::{KeyPair, SigningRequest};
use serde::{Deserialize, Serialize};

use super::armour::{self, REQUEST};
use super::{AdmissionError, FORMAT};

/// Who asks, and for what.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: NodeId,
    /// What the CA signs: the node's key, and its signature.
    pub certificate: SigningRequest,
    /// Where other members reach the node; none if it only dials.
    pub advertise: Option<Endpoint>,
    /// None: it wants to observe.
    pub candidate: Option<Candidate>,
    code: Code,
}

/// A member to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub member: Member,
    /// See [`MemberChange::prove`].
    pub proof: Signature,
}

impl Candidate {
    /// What the members are asked to decide.
    pub fn change(&self) -> MemberChange {
        MemberChange::Add { member: self.member.clone(), proof: self.proof }
    }
}

/// The request's bytes, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: u32,
    id: String,
    /// PKCS #10, PEM.
    certificate: String,
    advertise: Option<String>,
    member: Option<FormMember>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormMember {
    pub(super) key: String,
    pub(super) governor: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) proof: Option<String>,
}

#[derive(Deserialize)]
struct OnlyFormat {
    format: u32,
}

impl Request {
    /// The text of a new request, and its code.
    pub fn write(
        id: &NodeId,
        key: &KeyPair,
        advertise: Option<&Endpoint>,
        candidate: Option<&Candidate>,
    ) -> Result<(String, Code), AdmissionError> {
        let certificate = SigningRequest::pem_for(id, key)?;
        let member = candidate.map(|Candidate { member, proof }| FormMember {
            proof: Some(proof.to_string()),
            ..FormMember::of(member)
        });
        let advertise = advertise.map(ToString::to_string);
        let form = Form { format: FORMAT, id: id.to_string(), certificate, advertise, member };
        let bytes =
            serde_json::to_vec(&form).map_err(|error| AdmissionError::no_request(error.to_string()))?;
        Ok((armour::wrap(REQUEST, &bytes), Code::of_request(&bytes)))
    }

    /// Reads a request and checks all that it proves.
    pub fn read(text: &str) -> Result<Self, AdmissionError> {
        let bytes = armour::unwrap(REQUEST, text)?;
        let form: Form = read_form(&bytes, AdmissionError::no_request)?;
        let wrong = AdmissionError::no_request;
        let id: NodeId = form.id.parse().map_err(|error| wrong(format!("id: {error}")))?;
        let certificate = SigningRequest::from_pem(form.certificate.as_bytes())?;
        let found = certificate.id()?;
        if found != id {
            return Err(AdmissionError::Id { asked: id, found });
        }
        let advertise = form.advertise.map(|text| text.parse()).transpose();
        let advertise = advertise.map_err(|error| wrong(format!("advertise: {error}")))?;
        let candidate = form.member.map(|member| read_candidate(&id, &member)).transpose()?;
        if candidate.as_ref().is_some_and(|candidate| !candidate.change().is_proven()) {
            return Err(AdmissionError::Proof(id));
        }
        Ok(Self { id, certificate, advertise, candidate, code: Code::of_request(&bytes) })
    }

    /// What the two who know each other compare: it covers all of the request.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl FormMember {
    pub(super) fn of(member: &Member) -> Self {
        Self {
            key: member.key.to_string(),
            governor: member.governor.to_string(),
            name: member.name.as_str().to_owned(),
            proof: None,
        }
    }

    pub(super) fn read(&self, id: &NodeId) -> Result<Member, String> {
        Ok(Member {
            id: id.clone(),
            key: self.key.parse().map_err(|error| format!("member.key: {error}"))?,
            governor: self.governor.parse().map_err(|error| format!("member.governor: {error}"))?,
            name: Text::try_from(self.name.clone()).map_err(|error| format!("member.name: {error}"))?,
        })
    }
}

fn read_candidate(id: &NodeId, form: &FormMember) -> Result<Candidate, AdmissionError> {
    let member = form.read(id).map_err(AdmissionError::no_request)?;
    let proof = form.proof.as_deref().unwrap_or_default().parse();
    let proof = proof.map_err(|error| AdmissionError::no_request(format!("member.proof: {error}")))?;
    Ok(Candidate { member, proof })
}

/// The format is looked at first: what a later one holds is not known.
pub(super) fn read_form<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    wrong: fn(String) -> AdmissionError,
) -> Result<T, AdmissionError> {
    let wrong = |error: serde_json::Error| wrong(error.to_string());
    let OnlyFormat { format } = serde_json::from_slice(bytes).map_err(wrong)?;
    if format != FORMAT {
        return Err(AdmissionError::Format(format));
    }
    serde_json::from_slice(bytes).map_err(wrong)
}

#[cfg(test)]
pub(super) mod tests {
    use bouya_core::testing::{key, member, text};

    use super::*;

    pub(in crate::admission) fn candidate(n: u8) -> Candidate {
        let member = Member { name: text("Bob SA"), ..member(n) };
        let MemberChange::Add { member, proof } = MemberChange::prove(member, &key(n)) else {
            unreachable!()
        };
        Candidate { member, proof }
    }

    fn write(asked: &str, candidate: Option<&Candidate>) -> (String, Code) {
        let advertise = "10.0.0.6:7000".parse().unwrap();
        let key = KeyPair::generate().unwrap();
        Request::write(&asked.parse().unwrap(), &key, Some(&advertise), candidate).unwrap()
    }

    #[test]
    fn a_request_reads_back_with_its_code() {
        let candidate = candidate(1);
        for candidate in [None, Some(&candidate)] {
            let (text, code) = write("m1", candidate);
            let read = Request::read(&text).unwrap();
            assert_eq!((read.id.as_str(), read.code(), read.candidate.as_ref()), ("m1", code, candidate));
            assert_eq!(read.advertise.unwrap().to_string(), "10.0.0.6:7000");
        }
    }

    #[test]
    fn a_key_that_has_not_signed_is_refused() {
        let other = Candidate { proof: candidate(2).proof, ..candidate(1) };
        assert!(matches!(Request::read(&write("m1", Some(&other)).0), Err(AdmissionError::Proof(_))));
        // Signed for another id.
        assert!(matches!(Request::read(&write("m2", Some(&candidate(1))).0), Err(AdmissionError::Proof(_))));
    }

    #[test]
    fn a_later_format_and_strange_fields_are_told_apart() {
        let read = |json: &str| Request::read(&armour::wrap(REQUEST, json.as_bytes())).unwrap_err();
        assert!(matches!(read(r#"{"format":2,"new":1}"#), AdmissionError::Format(2)));
        for json in [
            "",
            "{}",
            r#"{"format":1}"#,
            r#"{"format":1,"id":"a","certificate":"","advertise":null,"member":null,"x":1}"#,
        ] {
            assert!(matches!(read(json), AdmissionError::NoRequest(_)), "{json}");
        }
    }
}
