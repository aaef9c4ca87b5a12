//! Tests mkca against another implementation: the `openssl` command reads, checks and makes the same files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use mkca::{
    AUTHORITY_DAYS, Authority, CERTIFICATE_DAYS, CRL_DAYS, Error, NodeId, Passphrase, Reason, SigningRequest,
};
use tempfile::TempDir;

fn authority(name: &str) -> (TempDir, Authority) {
    let dir = tempfile::tempdir().unwrap();
    Authority::create(dir.path(), name, AUTHORITY_DAYS).unwrap();
    // Opened again, as every later command does: the name and the key must be read back correctly.
    let authority = Authority::open(dir.path()).unwrap();
    (dir, authority)
}

fn id(id: &str) -> NodeId {
    id.parse().unwrap()
}

fn openssl(dir: &Path, arguments: &str) -> Output {
    let mut command = Command::new("openssl");
    command.current_dir(dir).args(arguments.split_whitespace());
    command.output().expect("openssl is installed")
}

fn text(dir: &Path, arguments: &str) -> String {
    let output = openssl(dir, arguments);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {text}");
    text
}

const VERIFY: &str =
    "verify -x509_strict -check_ss_sig -CAfile ca.crt -CRLfile ca.crl -crl_check -verify_depth 0";

#[test]
fn the_good_pass_and_the_revoked_do_not() {
    for name in ["Acme", "Äcme & Söhne, \"Inc\" ⚓"] {
        let (dir, authority) = authority(name);
        let dir = dir.path();
        authority.issue(&[id("alice"), id("bob")], CERTIFICATE_DAYS).unwrap();
        for purpose in ["sslserver", "sslclient"] {
            text(dir, &format!("{VERIFY} -purpose {purpose} -verify_hostname alice alice.crt"));
        }
        assert!(!openssl(dir, &format!("{VERIFY} -verify_hostname bob alice.crt")).status.success());

        authority.revoke(&id("bob"), Reason::KeyCompromise, CRL_DAYS).unwrap();
        text(dir, &format!("{VERIFY} alice.crt"));
        let refused = openssl(dir, &format!("{VERIFY} bob.crt"));
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("certificate revoked"));
    }
}

#[test]
fn the_revocation_list_is_signed_numbered_and_dated() {
    let (dir, authority) = authority("Acme");
    let dir = dir.path();
    let empty = text(dir, "crl -in ca.crl -noout -text -CAfile ca.crt -verify");
    assert!(empty.contains("verify OK") && empty.contains("No Revoked Certificates"), "{empty}");

    authority.issue(&[id("alice")], CERTIFICATE_DAYS).unwrap();
    authority.revoke(&id("alice"), Reason::KeyCompromise, CRL_DAYS).unwrap();
    let list = text(dir, "crl -in ca.crl -noout -text -CAfile ca.crt -verify");
    let serial = authority.index().unwrap().certificates[0].serial.to_string().to_uppercase();
    for expected in [
        "verify OK",
        "Version 2",
        "X509v3 Authority Key Identifier",
        "X509v3 CRL Number: \n                2\n",
        "Key Compromise",
        &serial,
    ] {
        assert!(list.contains(expected), "{expected} in {list}");
    }

    for number in 3..=130 {
        assert_eq!(authority.write_crl(CRL_DAYS).unwrap().number, number);
    }
    let numbered = text(dir, "crl -in ca.crl -noout -crlnumber");
    // 0x82: needs a leading zero in DER to stay positive.
    assert!(
        numbered.to_lowercase().contains("crlnumber=0x82") || numbered.contains("crlNumber=82"),
        "{numbered}"
    );
}

#[test]
fn a_certificate_says_what_it_should_and_no_more() {
    let (dir, authority) = authority("Acme");
    let dir = dir.path();
    authority.issue(&[id("alice")], CERTIFICATE_DAYS).unwrap();
    let node = text(dir, "x509 -in alice.crt -noout -text -subject");
    for expected in [
        "subject=CN = alice\n",
        "X509v3 Subject Alternative Name: \n                DNS:alice\n",
        "X509v3 Extended Key Usage: \n                TLS Web Server Authentication, TLS Web Client Authentication\n",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
        "ASN1 OID: prime256v1",
    ] {
        assert!(node.replace("CN=alice", "CN = alice").contains(expected), "{expected} in {node}");
    }
    // Six, and the heading.
    assert_eq!(node.matches("X509v3 ").count(), 7, "{node}");
    text(dir, "x509 -in alice.crt -noout -checkend 31449600");
    assert!(!openssl(dir, "x509 -in alice.crt -noout -checkend 31536001").status.success());

    let root = text(dir, "x509 -in ca.crt -noout -text");
    for expected in [
        "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n",
        "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
    ] {
        assert!(root.contains(expected), "{expected} in {root}");
    }
    text(dir, "pkey -in ca.key -check -noout");
    text(dir, "pkey -in alice.key -check -noout");
}

/// A request made by openssl for the id alice that asks for everything it must not get.
fn greedy_request(dir: &Path, key: &str) -> String {
    text(dir, &format!("genpkey {key} -out her.key"));
    text(
        dir,
        "req -new -key her.key -out alice.csr -subj /O=Evil/CN=alice -addext basicConstraints=critical,CA:TRUE \
         -addext subjectAltName=DNS:bob,DNS:*,IP:10.0.0.1 -addext keyUsage=keyCertSign -addext subjectKeyIdentifier=hash",
    );
    fs::read_to_string(dir.join("alice.csr")).unwrap()
}

#[test]
fn a_greedy_request_gets_what_every_node_gets() {
    for key in ["-algorithm ed25519", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"] {
        let (dir, authority) = authority("Acme");
        let dir = dir.path();
        let request = SigningRequest::from_pem(greedy_request(dir, key).as_bytes()).unwrap();
        let asked = request.id_in(Path::new("alice.csr")).unwrap();
        let issued = authority.sign(&request, &asked, CERTIFICATE_DAYS).unwrap();
        text(dir, &format!("{VERIFY} -verify_hostname alice alice.crt"));

        let certificate = text(dir, "x509 -in alice.crt -noout -text");
        assert!(certificate.contains("                DNS:alice\n"), "{certificate}");
        for foreign in ["bob", "10.0.0.1", "CA:TRUE", "Certificate Sign", "Evil", "DNS:*"] {
            assert!(!certificate.contains(foreign), "{foreign} in {certificate}");
        }
        assert_eq!(issued.fingerprint, openssl_fingerprint(dir, "her.key"));
    }
}

#[test]
fn a_request_with_another_kind_of_key_is_refused() {
    for key in
        ["-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"]
    {
        let dir = tempfile::tempdir().unwrap();
        let request = SigningRequest::from_pem(greedy_request(dir.path(), key).as_bytes());
        assert!(matches!(request, Err(Error::KeyAlgorithm)), "{key}");
    }
}

#[test]
fn openssl_reads_our_request() {
    let dir = tempfile::tempdir().unwrap();
    mkca::request(dir.path(), &id("alice")).unwrap();
    let request = text(dir.path(), "req -in alice.csr -noout -verify -subject -text");
    assert!(request.contains("verify OK") && request.contains("alice"), "{request}");
}

#[test]
fn a_renewed_certificate_passes_with_the_same_key() {
    let (dir, authority) = authority("Acme");
    let dir = dir.path();
    authority.issue(&[id("alice")], 1).unwrap();
    let issued = authority.renew(&id("alice"), CERTIFICATE_DAYS).unwrap();
    text(dir, &format!("{VERIFY} alice.crt"));
    assert_eq!(issued.fingerprint, openssl_fingerprint(dir, "alice.key"));
    // Both the old and the new certificate are revoked.
    let revoked = authority.revoke(&id("alice"), Reason::Superseded, CRL_DAYS).unwrap();
    assert_eq!(revoked.added.len(), 2);
}

/// SHA-256 of the SubjectPublicKeyInfo, computed without any of our code.
fn openssl_fingerprint(dir: &Path, key: &str) -> String {
    text(dir, &format!("pkey -in {key} -pubout -outform DER -out public.der"));
    let line = text(dir, "dgst -sha256 -r public.der");
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn openssl_opens_a_sealed_key_and_we_open_what_it_sealed() {
    let (dir, authority) = authority("Acme");
    let dir = dir.path();
    let passphrase = |text: &str| Passphrase::new(text.to_owned());
    let public = text(dir, "x509 -in ca.crt -pubkey -noout");
    authority.reseal(Some(&passphrase("a pass"))).unwrap();
    fs::write(dir.join("pass"), "a pass\n").unwrap();
    assert_eq!(text(dir, "pkey -in ca.key -passin file:pass -pubout"), public);
    assert!(!openssl(dir, "pkey -in ca.key -passin pass:other -pubout").status.success());
    fs::write(dir.join("other"), "another\n").unwrap();
    text(
        dir,
        "pkcs8 -topk8 -in ca.key -passin file:pass -v2 aes256 -scrypt -passout file:other -out theirs.key",
    );
    fs::rename(dir.join("theirs.key"), dir.join("ca.key")).unwrap();
    assert!(matches!(Authority::open(dir), Err(Error::Sealed { .. })));
    let again = Authority::open_sealed(dir, |_| Ok(passphrase("another"))).unwrap();
    again.issue(&[id("alice")], CERTIFICATE_DAYS).unwrap();
    text(dir, &format!("{VERIFY} alice.crt"));
}
