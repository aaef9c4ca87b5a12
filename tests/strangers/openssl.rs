//! What OpenSSL, another implementation of TLS, finds at the port. Without OpenSSL this test shows nothing, so it fails.

use std::path::Path;
use std::process::{Command, Stdio};

use super::daemon::{Consortium, Daemon, RESTS};

/// The output of `openssl s_client`, which closes at once.
fn s_client(daemon: &Daemon, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &daemon.p2p.address().to_string(), "-servername", &daemon.id])
        .args(["-CAfile", "ca.crt"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is installed");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn another_hands_tls_finds_one_version_one_protocol_and_nothing_to_resume() {
    let consortium = Consortium::new();
    let mut alice = consortium.member("alice", "", RESTS);
    alice.start();
    let bob = consortium.member("bob", "", "");
    let own = ["-cert", "bob.crt", "-key", "bob.key"];
    let ask = |more: &[&str]| s_client(&alice, &bob.dir, &[&own[..], more].concat());

    let good = ask(&["-alpn", "bouya/1", "-sess_out", "session", "-verify_hostname", "alice"]);
    for text in ["New, TLSv1.3", "ALPN protocol: bouya/1", "Verification: OK"] {
        assert!(good.contains(text), "{text}: {good}");
    }
    assert!(!good.contains("New Session Ticket") && !bob.dir.join("session").exists(), "{good}");
    assert!(good.contains("No client certificate CA names sent"), "{good}");
    for version in ["-tls1_2", "-tls1_1", "-tls1"] {
        let old = ask(&[version, "-alpn", "bouya/1"]);
        assert!(!old.contains("BEGIN CERTIFICATE"), "{version}: {old}");
    }
    let other = ask(&["-alpn", "h2"]);
    assert!(other.contains("no application protocol") && !other.contains("ALPN protocol"), "{other}");
    assert_eq!(alice.status().peers.connected, 0);
}
