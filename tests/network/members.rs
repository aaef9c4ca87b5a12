//! Three members become four over the command line, and then three others.

use std::process::{Command, Output};

use bouya::http::views::{Finality, Members, Motion, MotionState, NodeState, Transaction, Voting};
use bouya::wallet::{WalletName, Wallets};
use bouya_core::codec::encode;
use bouya_core::testing::{self, governor};

use super::daemon::{Consortium, Daemon, RESTS, bootstrap, network_of, pay, until};

const MINES: &str = "when = \"pending\"\nshare = 0.2";

const WAITS: &str = "when = \"pending\"\nshare = 0.1";

/// What people type, each at their own node.
struct People<'a> {
    consortium: &'a Consortium,
    governors: [(&'a str, u8); 4],
}

impl People<'_> {
    /// Everybody's governor in a wallet of its name. None holds coins.
    fn make_wallets(&self) {
        let wallets = Wallets::new(self.consortium.path("wallets"));
        for (name, n) in self.governors {
            let name: WalletName = name.parse().unwrap();
            wallets.create(&name, &governor(n), None).unwrap();
        }
    }

    fn try_type(&self, line: &str, at: Option<&Daemon>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bouya"));
        command.env("BOUYA_WALLETS", self.consortium.path("wallets")).args(line.split(' '));
        if let Some(daemon) = at {
            command.args(["--api", &format!("http://{}", daemon.api.address())]);
        }
        command.output().unwrap()
    }

    fn type_at(&self, daemon: &Daemon, line: &str) -> String {
        said(line, &self.try_type(line, Some(daemon)))
    }
}

fn said(line: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

fn members(daemon: &Daemon) -> Vec<String> {
    let members: Option<Members> = daemon.get("/v1/members");
    let mut ids: Vec<_> = members
        .filter(|members| members.finalized)
        .into_iter()
        .flat_map(|found| found.members)
        .map(|one| one.id)
        .collect();
    ids.sort_unstable();
    ids
}

fn is_open(daemon: &Daemon, motion: &str) {
    until(&format!("{} sees the motion", daemon.id), || {
        daemon
            .get::<Motion>(&format!("/v1/motions/{motion}"))
            .filter(|found| found.state == MotionState::Open)
            .map(drop)
    });
}

/// A payment is made, and becomes final by those that vote now.
fn becomes_final(consortium: &Consortium, nonce: u64, daemons: &[&Daemon]) {
    let transfer = pay(&consortium.genesis, 1, nonce, 2, 5);
    let id = transfer.id();
    assert_eq!(daemons[0].send("POST", "/v1/transactions", false, &encode(&transfer)).0, 202);
    for daemon in daemons {
        until(&format!("it is final at {}", daemon.id), || {
            daemon
                .get::<Transaction>(&format!("/v1/transactions/{id}"))
                .filter(|found| found.finalized)
                .map(drop)
        });
    }
}

/// Whether this voter's vote was heard by the others, in the set of now.
fn has_voted(daemon: &Daemon, id: &str) -> bool {
    let finality: Option<Finality> = daemon.get("/v1/finality");
    finality
        .is_some_and(|finality| finality.voters.iter().any(|voter| voter.id == id && voter.vote.is_some()))
}

#[test]
fn three_members_become_four_over_the_command_line_and_then_three_others() {
    let mut consortium = Consortium::new();
    let three = consortium.listed(&["a", "b", "c"]);
    consortium.genesis = network_of("acme", 40_000.0, 250, three);
    let consortium = &consortium;
    let people = People { consortium, governors: [("a", 1), ("b", 2), ("c", 3), ("d", 4)] };
    people.make_wallets();
    let mut a = consortium.member("a", "", MINES);
    let mut b = consortium.member("b", &bootstrap(&[&a]), RESTS);
    let mut c = consortium.member("c", &bootstrap(&[&a]), RESTS);
    let mut d = consortium.member("d", &bootstrap(&[&a, &b, &c]), WAITS);
    for daemon in [&mut a, &mut b, &mut c] {
        daemon.start();
    }

    // The newcomer asks, with the key that its node has, and runs as an observer.
    let asks = consortium.path("asks");
    let ask = format!("ask d --governor {} --dir {}", testing::member(4).governor, asks.display());
    said(&ask, &people.try_type(&ask, None));
    for file in ["d.member", "d.votes"] {
        std::fs::copy(asks.join("certs").join(file), d.dir.join(file)).unwrap();
    }
    d.start();
    let add = format!("member add {}/d.request --from a --reason welcome --yes", asks.display());
    let motion = people.type_at(&a, &add);
    for daemon in [&b, &c, &d] {
        is_open(daemon, &motion);
    }
    let waiting = people.type_at(&b, "vote list");
    assert!(waiting.contains("add d") && waiting.contains("1 of 3"), "{waiting}");
    let short = &motion[..8];
    people.type_at(&d, &format!("vote yes {short} --from d --yes"));
    people.type_at(&b, &format!("vote yes {short} --from b --yes"));
    let last = format!("vote yes {short} --from c --yes --wait --timeout 90s");
    people.type_at(&c, &last);
    for daemon in [&a, &b, &c, &d] {
        until(&format!("four at {}", daemon.id), || (members(daemon) == ["a", "b", "c", "d"]).then_some(()));
    }
    until("d votes", || {
        let finality: Finality = d.get("/v1/finality")?;
        (finality.voting == Voting::Votes && finality.voters.len() == 4).then_some(())
    });
    becomes_final(consortium, 0, &[&a, &b, &c, &d]);
    until("its vote is heard", || has_voted(&a, "d").then_some(()));

    // One leaves: three of the four are enough, and d is one of them.
    let motion = people.type_at(&a, "member remove c --from a --yes");
    for daemon in [&b, &d] {
        is_open(daemon, &motion);
        let line = format!("vote yes {motion} --from {} --yes", daemon.id);
        people.type_at(daemon, &line);
    }
    let others = [&a, &b, &d];
    for daemon in others {
        until(&format!("three at {}", daemon.id), || (members(daemon) == ["a", "b", "d"]).then_some(()));
    }
    let former: Members = a.get("/v1/members").unwrap();
    assert_eq!(former.former, ["c"]);
    until("the others have cut it off", || {
        others.iter().all(|daemon| !daemon.is_connected_to("c")).then_some(())
    });
    // It knows why nobody lets it in.
    let removed = until("c says so", || {
        let state = c.status().state;
        (state.name == NodeState::Removed).then_some(state)
    });
    assert!(removed.reason.contains("removed from the members by vote at height"), "{removed:?}");
    // All three are needed now.
    becomes_final(consortium, 1, &others);
    let listed = people.type_at(&d, "member list");
    assert!(!listed.lines().any(|line| line.starts_with("c ")), "{listed}");
    for daemon in [&mut a, &mut b, &mut d, &mut c] {
        daemon.stop();
    }
    // Whom the members have voted in is in the store.
    let check = |daemon: &Daemon| said("check", &daemon.command(&["check"]));
    assert!(!check(&d).contains("identity.member_key:"), "{}", check(&d));
    std::fs::rename(d.member.data().join("chain.redb"), d.dir.join("kept")).unwrap();
    assert!(check(&d).contains("no member's"), "{}", check(&d));
}
