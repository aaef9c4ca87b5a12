//! No secret is logged, however much is logged and whatever the environment asks for.

use std::fs;
use std::process::Command;

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, until};

/// Starts it with the environment that makes other programs write down the keys of TLS sessions.
fn run(daemon: &mut Daemon) {
    let text = fs::read_to_string(daemon.config()).unwrap() + "[log]\nlevel = \"trace\"\n";
    fs::write(daemon.config(), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
    command.env("SSLKEYLOGFILE", daemon.dir.join("keys")).env("RUST_LOG", "trace");
    daemon.start_as(command);
}

#[test]
fn a_log_at_trace_holds_no_secret() {
    let consortium = Consortium::new();
    let mut b = consortium.member("b", "", RESTS);
    let mut a = consortium.member("a", &bootstrap(&[&b]), "when = \"always\"\nshare = 0.2");
    run(&mut a);
    run(&mut b);
    until("they mine and meet", || {
        let status: bouya::http::views::Status = b.get("/v1/status")?;
        (b.is_connected_to("a") && status.tip.height >= 2).then_some(())
    });
    let wrong = "f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f";
    for daemon in [&a, &b] {
        // A good token is accepted, a wrong one is refused.
        assert_eq!(daemon.send("PUT", "/v1/blacklist/mallory", true, b"").0, 204);
        assert_eq!(daemon.send("POST", "/v1/transactions", false, wrong.as_bytes()).0, 400);
        let refused = daemon.client.send("PUT", "/v1/blacklist/eve", Some(wrong), b"").unwrap();
        assert_eq!(refused.status, 401);
    }
    for daemon in [&mut a, &mut b] {
        daemon.kill();
        let log = daemon.log();
        assert!(log.contains("DEBUG mined height=") || daemon.id != "a", "the log level is not in effect");
        let read = |path: &str| fs::read_to_string(daemon.dir.join(path)).unwrap();
        let (token, seed) = (read("data/api.token"), read(&format!("{}.member", daemon.id)));
        let key = read(&format!("{}.key", daemon.id));
        // The lines of the key between BEGIN and END. The first 16 characters of any secret would already do harm.
        let key: Vec<&str> = key.lines().filter(|line| !line.starts_with("--")).collect();
        for secret in [vec![token.trim(), seed.trim(), wrong], key].concat() {
            assert!(secret.len() >= 16, "{secret}");
            let part = &secret[..16];
            assert!(!log.to_lowercase().contains(&part.to_lowercase()), "{} logs a secret", daemon.id);
        }
        let bytes = data_encoding::HEXLOWER.decode(seed.trim().as_bytes()).unwrap();
        let numbers = format!("{:?}", &bytes[..8]);
        assert!(!log.contains(numbers.trim_matches(['[', ']'])), "{} logs its seed as numbers", daemon.id);
        assert!(!daemon.dir.join("keys").exists(), "SSLKEYLOGFILE is not honoured");
    }
}
