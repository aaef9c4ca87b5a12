//! Certificates and revocation lists, from peers that are not trusted yet, and requests from members who ask for a certificate.

use std::sync::OnceLock;

use bouya::fuzzing::{Roots, leaf, take_in};
use bouya::net::crl::Revocations;
use bouya_core::crypto::{SecretKey, sha256};
use mkca::SigningRequest;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose as Usage, IsCa, KeyIdMethod, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, ServerName};
use rustls::server::ParsedCertificate;

use crate::choices::Choices;
use crate::tame;

/// The CA's seed. The CA is the same in every run, so that kept cases keep their meaning.
const CA_SEED: [u8; 32] = [77; 32];

fn key(seed: [u8; 32]) -> rcgen::KeyPair {
    let header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    rcgen::KeyPair::try_from([header.as_slice(), &seed].concat()).expect("an ed25519 key")
}

fn authority() -> &'static CertifiedIssuer<'static, rcgen::KeyPair> {
    static CA: OnceLock<CertifiedIssuer<'static, rcgen::KeyPair>> = OnceLock::new();
    CA.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Fuzz CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2046, 1, 1));
        CertifiedIssuer::self_signed(params, key(CA_SEED)).expect("a CA")
    })
}

pub(crate) fn roots() -> &'static Roots {
    static ROOTS: OnceLock<Roots> = OnceLock::new();
    ROOTS.get_or_init(|| Roots::read(authority().der()).expect("a CA's certificate"))
}

fn list(number: &[u8], serials: &[&[u8]]) -> Vec<u8> {
    let revoked = |serial: &&[u8]| RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: date_time_ymd(2026, 2, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2027, 1, 1),
        crl_number: SerialNumber::from_slice(number),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(authority()).expect("a list").der().to_vec()
}

/// A few good lists.
pub(crate) fn lists() -> Vec<Vec<u8>> {
    vec![list(&[1], &[]), list(&[2], &[&[1], &[2, 3]]), list(&[1, 0], &[&[9; 20], &[127; 16], &[1]])]
}

/// A list from a peer is taken in or refused. What is taken in can be used for handshakes, by peers, and after a restart.
/// If the first byte is odd, the CA signs the rest, so that the parser behind the signature check is reached.
pub fn crl(data: &[u8]) {
    let mut choices = Choices::new(data);
    let signed = choices.u8() % 2 == 1;
    let der = if signed { sign(choices.rest()) } else { choices.rest().to_vec() };
    let mut revocations = Revocations::default();
    let [first, ..] = lists().try_into().unwrap_or_else(|_| [vec![], vec![], vec![]]);
    assert_eq!(take_in(&mut revocations, &first, roots()), Ok(true));
    let before = revocations.clone();
    match take_in(&mut revocations, &der, roots()) {
        Ok(new) => {
            let all = all_of(lists().iter().chain([&der]));
            assert_eq!(all, all_of([&der].into_iter().chain(&lists())), "another order, other revocations");
            // At most two lists are passed on, even if more of them have revocations of their own.
            let passed_on = all.lacking(&[]);
            assert!(passed_on.len() == 2 || all == all_of(&passed_on), "not all that is known is passed on");
            assert_eq!(new, revocations != before);
            assert!(revocations.len() >= before.len(), "a revocation was lost");
            assert_eq!(take_in(&mut revocations, &der, roots()), Ok(false), "the same list is new twice");
            assert_eq!(Revocations::from_bytes(&revocations.to_bytes()).as_ref(), Ok(&revocations));
            let summaries = revocations.summaries();
            assert!((1..=2).contains(&summaries.len()));
            assert!(revocations.lacking(&summaries).is_empty());
            let lists = revocations.lacking(&before.summaries());
            assert!(lists.iter().all(|list| summaries.iter().any(|summary| sha256(list) == summary.hash)));
            // Another node takes these lists too.
            let mut other = before;
            for list in lists {
                assert!(take_in(&mut other, &list, roots()).is_ok(), "it keeps a list that others refuse");
            }
        }
        Err(error) => {
            assert_eq!(revocations, before, "a refused list left a trace");
            tame(&error);
        }
    }
}

/// The revocations after taking in these lists, one after the other.
fn all_of<'a>(lists: impl IntoIterator<Item = &'a Vec<u8>>) -> Revocations {
    let mut revocations = Revocations::default();
    for list in lists {
        assert!(take_in(&mut revocations, list, roots()).is_ok(), "good alone, refused after others");
    }
    revocations
}

/// `content` as the CA would sign it.
fn sign(content: &[u8]) -> Vec<u8> {
    let algorithm = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
    let signature = SecretKey::from_seed(&CA_SEED).sign(content).0;
    let body = [content, &algorithm, &[3, 0x41, 0], &signature].concat();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    // DER wants the shortest form of a length.
    let head: Vec<u8> = match length {
        [0, 0, 0, short @ 0..0x80] => vec![0x30, short],
        [0, 0, 0, one] => vec![0x30, 0x81, one],
        [0, 0, a, b] => vec![0x30, 0x82, a, b],
        [0, a, b, c] => vec![0x30, 0x83, a, b, c],
        [a, b, c, d] => vec![0x30, 0x84, a, b, c, d],
    };
    [head, body].concat()
}

/// The part of a list that is signed: its first element.
fn content(der: &[u8]) -> &[u8] {
    let inside = &der[header(der).0..];
    let (head, length) = header(inside);
    &inside[..head + length]
}

/// The bytes of an element's header, and of its content.
fn header(der: &[u8]) -> (usize, usize) {
    match der {
        [_, 0x81, a, ..] => (3, usize::from(*a)),
        [_, 0x82, a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        [_, short, ..] => (2, usize::from(*short)),
        _ => (0, 0),
    }
}

pub(crate) fn crl_seeds() -> Vec<Vec<u8>> {
    let plain = lists().into_iter().map(|list| [vec![0], list].concat());
    let signed = lists().into_iter().map(|list| {
        assert_eq!(sign(content(&list)), list, "not the CA's own encoding");
        [&[1], content(&list)].concat()
    });
    plain.chain(signed).collect()
}

/// A certificate gives an id only if TLS reads the same name from it.
pub fn certificate(data: &[u8]) {
    match leaf(data) {
        Ok((id, serial)) => {
            assert_eq!(id.as_str().parse().as_ref(), Ok(&id));
            assert!(serial.len() <= 20 && serial.first() != Some(&0));
            let der = CertificateDer::from(data);
            if let Ok(parsed) = ParsedCertificate::try_from(&der) {
                let name = ServerName::try_from(id.as_str()).expect("every id is a server name");
                let verified = verify_server_name(&parsed, &name);
                assert!(verified.is_ok(), "{id} for Bouya, but for TLS {verified:?}");
                let other = ServerName::try_from("somebody-else").expect("a server name");
                assert!(verify_server_name(&parsed, &other).is_err(), "it is valid for another name too");
            }
        }
        Err(error) => tame(&error),
    }
    match Roots::read(data) {
        Ok(roots) => {
            let refused = take_in(&mut Revocations::default(), &list(&[1], &[]), &roots);
            // The operator chose the root, so only its key counts.
            let key = authority().key().public_key_raw();
            let is_own = data.windows(key.len()).any(|part| part == key);
            assert!(refused.is_err() || is_own, "a root with another key accepted the list");
        }
        Err(error) => tame(&error),
    }
}

pub(crate) fn certificate_seeds() -> Vec<Vec<u8>> {
    let issue = |change: fn(&mut CertificateParams)| {
        let mut params = CertificateParams::new(["alice".to_owned()]).expect("good names");
        params.distinguished_name.push(DnType::CommonName, "alice");
        params.extended_key_usages = vec![Usage::ServerAuth, Usage::ClientAuth];
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
        change(&mut params);
        params.signed_by(&key([78; 32]), authority()).expect("a certificate").der().to_vec()
    };
    vec![
        issue(|_| ()),
        issue(|params| params.serial_number = Some(SerialNumber::from_slice(&[255; 20]))),
        issue(|params| params.extended_key_usages = vec![]),
        issue(|params| params.is_ca = IsCa::ExplicitNoCa),
        issue(|params| {
            let names = ["bob".to_owned(), "10.0.0.1".to_owned(), "a@b".to_owned()];
            params.subject_alt_names = CertificateParams::new(names).expect("good names").subject_alt_names;
        }),
        authority().der().to_vec(),
    ]
}

/// A member's request gives a key and one id, or an error.
pub fn request(data: &[u8]) {
    let pem = match data.split_first() {
        // Without this, most inputs would only fail as base64.
        Some((0, der)) => mkca::pem("CERTIFICATE REQUEST", der).into_bytes(),
        _ => data.to_vec(),
    };
    match SigningRequest::from_pem(&pem) {
        Ok(request) => match request.id() {
            Ok(id) => assert_eq!(id.as_str().parse().as_ref(), Ok(&id)),
            Err(error) => tame(&error),
        },
        Err(error) => tame(&error),
    }
}

pub(crate) fn request_seeds() -> Vec<Vec<u8>> {
    // A good one for alice. Requests carry random signatures, so it is kept and not made.
    let pem = include_bytes!("../cases/request/good");
    let der = CertificateSigningRequestDer::from_pem_slice(pem).expect("a request");
    vec![pem.to_vec(), [&[0], der.as_ref()].concat()]
}
