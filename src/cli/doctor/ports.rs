//! Whether others can dial this node.
//!
//! Only others can tell: connected peers dial back. Where none can, that a peer has dialed since the start says yes, and that none has says
//! little: of two nodes one dials, whichever is faster. So silence counts only if nobody is connected at all.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bouya_core::wire::Endpoint;

use super::check::{Check, names};
use crate::cli::output;
use crate::http::views::{Reach, ReachedBy};

/// A node that other members look for is dialed within this time: they start, fail and try again.
const NOBODY_FOR: Duration = Duration::from_secs(600);

/// What was seen of a node that runs.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Where it listens, and where others are told to dial; none if it only dials.
    pub(super) listens: Option<(SocketAddr, Endpoint)>,
    pub(super) uptime: Duration,
    /// A peer has dialed it since the start.
    pub(super) dialed_in: bool,
    /// Connected peers.
    pub(super) connected: usize,
    /// There are other members.
    pub(super) has_others: bool,
    /// What connected peers say of dialing it back, or why they were not asked.
    pub(super) reached: Result<Vec<ReachedBy>, String>,
}

pub(super) fn judge(seen: &Seen) -> Check {
    let mut check = Check::new("ports");
    let Some((listen, advertise)) = &seen.listens else {
        check.skip("p2p.listen is off: this node only dials, which is enough");
        return check;
    };
    let port = listen.port();
    if local_only(listen, advertise) {
        let text = format!(
            "{listen} can be reached from this machine only, and others are told to dial {advertise}"
        );
        check.find("p2p.listen", text, &format!("listen on 0.0.0.0:{port}, and restart the node"));
    } else if let Some(tried) = Tried::of(&seen.reached) {
        if !tried.failed.is_empty() {
            check.find("p2p.advertise", tried.text(advertise), &tried.next(port));
        }
    } else if seen.dialed_in {
        return check;
    } else if seen.connected == 0 && seen.has_others && seen.uptime > NOBODY_FOR {
        let text = format!("nobody has dialed {advertise} since the start, and nobody is connected");
        check.find("p2p.advertise", text, &let_in(port));
    } else {
        let why = match &seen.reached {
            Err(why) => format!("peers were not asked to dial this node back: {why}"),
            Ok(_) => "no connected peer can dial this node back now, and none has dialed it since the start"
                .to_owned(),
        };
        check.skip(format!("{why}; type on a peer's machine: nc -zv {} {}", advertise.host, advertise.port));
    }
    check
}

/// What came of dialing back.
struct Tried {
    count: usize,
    /// Who could not connect, and why.
    failed: Vec<String>,
}

impl Tried {
    /// None if nobody has tried.
    fn of(reached: &Result<Vec<ReachedBy>, String>) -> Option<Self> {
        let mut tried = Self { count: 0, failed: Vec::new() };
        for ReachedBy { id, reach } in reached.as_ref().ok()? {
            let why = match reach {
                Reach::Cannot | Reach::Later | Reach::Waiting | Reach::Unable => continue,
                Reach::Connected => None,
                Reach::Refused => Some("nothing listens there"),
                Reach::NoAnswer => Some("no answer"),
                Reach::Stranger => Some("another answers there"),
            };
            tried.count += 1;
            tried.failed.extend(why.map(|why| format!("{id} ({why})")));
        }
        (tried.count > 0).then_some(tried)
    }

    fn text(&self, advertise: &Endpoint) -> String {
        let (failed, count) = (self.failed.len(), self.count);
        format!(
            "this node cannot be reached from outside at {advertise}: {failed} of {} could not connect, {}",
            output::count(count, "peer"),
            names(&self.failed)
        )
    }

    fn next(&self, port: u16) -> String {
        if self.failed.len() < self.count {
            return "others reach it: look at the firewalls and routers between".to_owned();
        }
        let_in(port)
    }
}

/// How members are let in.
fn let_in(port: u16) -> String {
    format!(
        "let members in: sudo ufw allow {port}/tcp, or with nftables: tcp dport {port} accept; forward the port where a \
         router stands before it; or correct p2p.advertise"
    )
}

fn local_only(listen: &SocketAddr, advertise: &Endpoint) -> bool {
    let is_here =
        advertise.host == "localhost" || advertise.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    listen.ip().is_loopback() && !is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that has run long, and that nobody has dialed.
    fn seen(connected: usize) -> Seen {
        Seen {
            listens: Some(("0.0.0.0:7000".parse().unwrap(), "10.0.0.6:7001".parse().unwrap())),
            uptime: NOBODY_FOR + Duration::from_secs(1),
            dialed_in: false,
            connected,
            has_others: true,
            reached: Ok(Vec::new()),
        }
    }

    #[test]
    fn a_node_that_nobody_dials_and_that_reaches_nobody_is_found() {
        let found = judge(&seen(0)).findings;
        assert!(found[0].text.starts_with("nobody has dialed 10.0.0.6:7001"), "{found:?}");
        assert!(found[0].next.as_ref().unwrap().contains("ufw allow 7000/tcp"), "{found:?}");
        assert_eq!(judge(&Seen { dialed_in: true, ..seen(0) }), Check::new("ports"));
        let unknown = [
            Seen { has_others: false, ..seen(0) },
            Seen { uptime: Duration::from_secs(30), ..seen(0) },
            // Whoever is faster dials.
            seen(3),
        ];
        for unknown in unknown {
            let check = judge(&unknown);
            assert!(
                check.findings.is_empty() && check.skipped[0].contains("nc -zv 10.0.0.6 7001"),
                "{check:?}"
            );
        }
    }

    #[test]
    fn peers_that_could_not_dial_back_are_found_and_those_that_cannot_tell_do_not_count() {
        let told = |all: &[(&str, Reach)]| {
            let by = |(id, reach): &(&str, Reach)| ReachedBy { id: (*id).to_owned(), reach: *reach };
            judge(&Seen { reached: Ok(all.iter().map(by).collect()), dialed_in: true, ..seen(3) })
        };
        use Reach::{Cannot, Connected, Later, NoAnswer, Refused, Stranger, Unable, Waiting};
        let good = told(&[
            ("bob", Connected),
            ("carol", Cannot),
            ("dave", Unable),
            ("eve", Waiting),
            ("fay", Later),
        ]);
        assert_eq!(good, Check::new("ports"));
        let found =
            told(&[("bob", NoAnswer), ("carol", Refused), ("dave", Stranger), ("eve", Unable)]).findings;
        assert_eq!(
            found[0].text,
            "this node cannot be reached from outside at 10.0.0.6:7001: 3 of 3 peers could not connect, bob (no answer), \
             carol (nothing listens there) and dave (another answers there)"
        );
        assert!(found[0].next.as_ref().unwrap().contains("ufw allow 7000/tcp"), "{found:?}");
        let some = told(&[("bob", NoAnswer), ("carol", Connected)]).findings;
        assert!(some[0].text.contains("1 of 2 peers") && some[0].next.as_ref().unwrap().contains("between"));
        // Who has dialed before says yes where nobody can say more.
        assert_eq!(told(&[("bob", Unable)]), Check::new("ports"));
        let unasked = judge(&Seen { reached: Err("no token".to_owned()), ..seen(3) });
        assert!(unasked.findings.is_empty() && unasked.skipped[0].contains("no token"), "{unasked:?}");
    }

    #[test]
    fn an_address_for_this_machine_only_is_found_and_a_node_that_only_dials_is_fine() {
        let local = Seen {
            listens: Some(("127.0.0.1:7000".parse().unwrap(), "10.0.0.6:7000".parse().unwrap())),
            dialed_in: true,
            ..seen(1)
        };
        assert_eq!(judge(&local).findings[0].key, "p2p.listen");
        let both = Some(("127.0.0.1:7000".parse().unwrap(), "127.0.0.1:7000".parse().unwrap()));
        assert!(judge(&Seen { listens: both, ..local }).findings.is_empty());
        assert!(judge(&Seen { listens: None, ..seen(0) }).skipped[0].contains("only dials"));
    }
}
