//! Requests and invitations: texts from a mail, and who reads them decides with whom to share a network.

use bouya::admission::{INVITATION, Invitation, REQUEST, Request};
use bouya::fuzzing::armoured;
use bouya_core::ledger::{Member, MemberChange};
use bouya_core::testing;
use serde_json::{Value, json};

use crate::{bounded, small};

/// A request gives a candidate whose key has signed, an invitation one CA and one list, or an error. The first byte says whether the rest is a
/// text, or what a text holds: else most inputs would only fail as a checksum.
pub fn admission(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let text = match kind % 3 {
        0 => String::from_utf8_lossy(rest).into_owned(),
        1 => armoured(REQUEST, rest),
        _ => armoured(INVITATION, rest),
    };
    match Request::read(&text) {
        Ok(request) => {
            assert_eq!(request.certificate.id().expect("it was read before"), request.id);
            if let Some(candidate) = &request.candidate {
                assert_eq!(candidate.member.id, request.id);
                assert!(candidate.change().is_proven(), "a key is asked in that has not signed");
            }
        }
        Err(error) => bounded(&error),
    }
    match Invitation::read(&text) {
        Ok(invitation) => {
            for (pem, label) in [
                (&invitation.certificate, "CERTIFICATE"),
                (&invitation.ca, "CERTIFICATE"),
                (&invitation.crl, "X509 CRL"),
            ] {
                assert_eq!(pem.matches(&format!("-----BEGIN {label}-----")).count(), 1, "{pem}");
                assert_eq!(pem.matches("-----BEGIN").count(), 1, "{pem}");
            }
            let again = invitation.write().expect("what was read can be written");
            assert_eq!(Invitation::read(&again).expect("what was written can be read"), invitation);
        }
        Err(error) => bounded(&error),
    }
}

fn of(member: &Member, proof: Option<String>) -> Value {
    json!({
        "key": member.key.to_string(),
        "governor": member.governor.to_string(),
        "name": "Al SA",
        "proof": proof,
    })
}

pub(crate) fn admission_seeds() -> Vec<Vec<u8>> {
    let member =
        Member { id: "alice".parse().expect("an id"), name: testing::text("Al SA"), ..testing::member(1) };
    let MemberChange::Add { proof, .. } = MemberChange::prove(member.clone(), &small::key(1)) else {
        panic!("another change")
    };
    // Certificate requests carry random signatures, so one is kept and not made.
    let certificate = include_str!("../cases/request/good");
    let request = |member| {
        let advertise = "10.0.0.6:7000";
        json!({ "format": 1, "id": "alice", "certificate": certificate, "advertise": advertise, "member": member })
    };
    let request = [request(Value::Null), request(of(&member, Some(proof.to_string())))];
    let pem = |label| mkca::pem(label, b"any bytes");
    let (other, network) = (of(&testing::member(2), None), "name = \"acme\"");
    let invitation = json!({
        "format": 1, "id": "alice", "certificate": pem("CERTIFICATE"), "ca": pem("CERTIFICATE"), "crl": pem("X509 CRL"),
        "network": network, "override": null, "bootstrap": ["bob@10.0.0.5:7000"], "advertise": "[fd00::1]:7000",
        "member": of(&member, None), "others": [{ "id": "m2", "member": other }],
    });
    let with = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let requests = request.iter().map(|request| with(1, request.to_string().as_bytes()));
    let invitation = invitation.to_string().into_bytes();
    let texts = [armoured(REQUEST, request[0].to_string().as_bytes()), armoured(INVITATION, &invitation)];
    let texts = texts.iter().map(|text| with(0, text.as_bytes()));
    let seeds: Vec<_> = requests.chain([with(2, &invitation)]).chain(texts).collect();
    for (text, kind) in
        [(armoured(REQUEST, &seeds[1][1..]), REQUEST), (armoured(INVITATION, &invitation), INVITATION)]
    {
        let reads =
            if kind == REQUEST { Request::read(&text).is_ok() } else { Invitation::read(&text).is_ok() };
        assert!(reads, "a seed that is refused reaches nothing: {text}");
    }
    seeds
}
