//! Stopping, backing off, keeping out.

use std::fs;
use std::net::TcpListener;

use bouya::http::views::{Peer, PeerStatus};

use super::daemon::{Consortium, RESTS, bootstrap, until};

#[test]
fn a_stop_is_clean_in_the_middle_of_work() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "when = \"always\"");
    let mut b = consortium.member("b", &bootstrap(&[&a]), "when = \"always\"");
    a.start();
    b.start();
    until("they work", || (b.is_connected_to("a") && b.height() > 3).then_some(()));
    a.stop();
    until("the other heard why", || b.log().contains("shutting down").then_some(()));
    let height = b.height();
    a.start();
    until("it goes on where it was", || (a.height() > height).then_some(()));
}

#[test]
fn a_dead_peer_is_dialed_at_a_pace() {
    let consortium = Consortium::new();
    // It accepts and closes at once, so TLS never begins.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    dead.set_nonblocking(true).unwrap();
    let at = format!("bootstrap = [\"dead@{}\"]", dead.local_addr().unwrap());
    let mut a = consortium.member("a", &at, RESTS);
    a.start();
    let mut dials = Vec::new();
    let began = std::time::Instant::now();
    until("five dials", || {
        while let Ok((socket, _)) = dead.accept() {
            dials.push(began.elapsed());
            drop(socket);
        }
        (dials.len() >= 5).then_some(())
    });
    // Backoff doubles from one second, with full jitter. After the fifth failure the node waits up to 16 s, and shows that.
    until("it backs off", || (a.peer("dead")?.status == PeerStatus::Backoff).then_some(()));
    assert!(a.peer("dead").unwrap().until.is_some());
}

#[test]
fn who_is_blacklisted_stays_out_across_a_restart() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", RESTS);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    a.start();
    b.start();
    until("they are connected", || a.is_connected_to("b").then_some(()));
    assert_eq!(a.send("PUT", "/v1/blacklist/b", false, b"").0, 401);
    assert_eq!(a.send("PUT", "/v1/blacklist/b", true, b"").0, 204);
    let banned = |peer: Option<Peer>| peer.is_some_and(|peer| peer.status == PeerStatus::Banned);
    // What the API has confirmed holds even if the process is killed right after.
    a.kill();
    a.start();
    assert!(banned(a.peer("b")));
    until("the other one hears why", || b.log().contains("banned").then_some(()));
    assert!(!a.is_connected_to("b"));
    assert_eq!(a.send("DELETE", "/v1/blacklist/b", true, b"").0, 204);
    until("it may come back", || a.is_connected_to("b").then_some(()));
}

#[test]
fn a_damaged_store_is_told_in_one_line_and_repaired_when_asked() {
    let consortium = Consortium::new();
    let mut a = consortium.member("a", "", "when = \"always\"");
    a.start();
    until("it mines", || (a.height() > 3).then_some(()));
    a.stop();
    let file = a.dir.join("data/chain.redb");
    let mut bytes = fs::read(&file).unwrap();
    // All of the tables: the database panics over them.
    bytes[4_096..].fill(0);
    fs::write(&file, &bytes).unwrap();
    let run = |arguments: &[&str], code: i32| {
        let output = a.command(arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains("chain.redb"), "{arguments:?}: {text}");
        text
    };
    for command in ["run", "verify"] {
        let text = run(&[command], 1);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("bouya verify --repair"), "{text}");
    }
    let asked = run(&["verify", "--repair"], 2);
    assert!(asked.contains("--yes") && !asked.contains("bouya verify --repair"), "{asked}");
    let files = fs::read_dir(a.dir.join("data")).unwrap();
    let aside = files.filter(|file| file.as_ref().unwrap().file_name().to_str().unwrap().contains("damaged"));
    assert_eq!(aside.count(), 0, "nothing is replaced unasked");
    let repaired = run(&["verify", "--repair", "--yes"], 0);
    assert!(repaired.contains("0 blocks kept") && repaired.contains("chain.redb.damaged-"), "{repaired}");
    a.verify();
    a.start();
    until("it mines again", || (a.height() > 1).then_some(()));
}
