//! Any inputs in any order: the bounds hold.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::alone::Alone;
use super::world::{endpoint, hello, id, settings, verified};
use crate::codec::Bounded;
use crate::limits::{DIALS_IN_FLIGHT, KNOWN_PEERS};
use crate::overlay::{
    CloseReason, Command, ConnId, DialError, Fault, Input, Output, OverlaySettings, PeerStatus,
};
use crate::wire::{Goodbye, GoodbyeReason, Hello, Message, PeerEntry};

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Accept(u8),
    AnswerDial(bool, bool),
    Hello(u8, u8),
    Receive(u8, u8),
    Close(u8, u8),
    Command(u8, u8),
    Broken(u8),
    Reload(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u64..20_000).prop_map(Step::Pass),
        4 => (0_u8..12).prop_map(Step::Accept),
        4 => any::<(bool, bool)>().prop_map(|(a, b)| Step::AnswerDial(a, b)),
        6 => (any::<u8>(), 0_u8..4).prop_map(|(a, b)| Step::Hello(a, b)),
        6 => (any::<u8>(), 0_u8..6).prop_map(|(a, b)| Step::Receive(a, b)),
        3 => (any::<u8>(), 0_u8..5).prop_map(|(a, b)| Step::Close(a, b)),
        2 => (0_u8..5, 0_u8..12).prop_map(|(a, b)| Step::Command(a, b)),
        1 => any::<u8>().prop_map(Step::Broken),
        1 => any::<u8>().prop_map(Step::Reload),
    ]
}

/// What the shell would hold.
struct Shell {
    node: Alone,
    open: Vec<(ConnId, String)>,
    asked_to_close: Vec<ConnId>,
    dials: Vec<(crate::id::NodeId, crate::wire::Endpoint)>,
    ups: i64,
}

fn name(n: u8) -> String {
    std::format!("n{n}")
}

const MOST: usize = 5;

impl Shell {
    fn pick(&self, n: u8) -> Option<(ConnId, String)> {
        (!self.open.is_empty()).then(|| self.open[usize::from(n) % self.open.len()].clone())
    }

    fn give(&mut self, input: Input) {
        if let Input::Closed { conn, .. } = &input {
            self.open.retain(|(open, _)| open != conn);
            self.asked_to_close.retain(|open| open != conn);
        }
        for output in self.node.give(input) {
            match output {
                Output::Dial { id, endpoint, .. } => self.dials.push((id, endpoint)),
                Output::Close { conn, .. } => {
                    assert!(!self.asked_to_close.contains(&conn), "closed twice");
                    self.asked_to_close.push(conn);
                }
                Output::Send { conn, .. } | Output::Greet { conn, .. } => {
                    assert!(self.open.iter().any(|(open, _)| *open == conn), "sent to nobody");
                    assert!(!self.asked_to_close.contains(&conn), "sent after close");
                }
                Output::Event(crate::overlay::NetworkEvent::PeerUp { .. }) => self.ups += 1,
                Output::Event(crate::overlay::NetworkEvent::PeerDown { .. }) => self.ups -= 1,
                _ => (),
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Pass(ms) => {
                self.node.now += ms;
                self.give(Input::Wake);
            }
            Step::Accept(n) => {
                let name = name(n);
                self.node.conns += 1;
                let conn = ConnId(self.node.conns);
                self.open.push((conn, name.clone()));
                self.give(Input::Accepted { conn, peer: verified(&name), address: [10, 0, 0, 1].into() });
            }
            Step::AnswerDial(works, certificate) => self.answer_dial(works, certificate),
            Step::Hello(n, kind) => {
                let Some((conn, name)) = self.pick(n) else { return };
                let mut hello = Hello { instance: std::format!("{}", kind % 3), ..hello(&name) };
                if kind == 3 {
                    hello.network = crate::crypto::Hash::ZERO;
                }
                self.give(Input::Hello { conn, hello });
            }
            Step::Receive(n, kind) => self.receive(n, kind),
            Step::Close(n, kind) => {
                let Some((conn, _)) = self.pick(n) else { return };
                let goodbye = |reason| CloseReason::Goodbye(Goodbye::new(reason, ""));
                let why = match kind {
                    0 => CloseReason::Lost(String::new()),
                    1 => CloseReason::Certificate(String::new()),
                    2 => goodbye(GoodbyeReason::Duplicate),
                    3 => goodbye(GoodbyeReason::Shutdown),
                    _ => CloseReason::Asked,
                };
                self.give(Input::Closed { conn, why });
            }
            Step::Command(kind, n) => {
                let id = id(&name(n));
                self.give(Input::Command(match kind {
                    0 => Command::AddPeer(id, endpoint(&name(n))),
                    1 => Command::RemovePeer(id),
                    2 => Command::Blacklist(id),
                    _ => Command::Unblacklist(id),
                }));
            }
            Step::Broken(n) => {
                let Some((conn, _)) = self.pick(n) else { return };
                self.give(Input::Broken { conn, fault: Fault::Frame });
            }
            Step::Reload(n) => {
                self.give(Input::Reloaded);
                let Some((conn, _)) = self.pick(n) else { return };
                self.give(Input::Revoked { conn, why: String::from("revoked") });
            }
        }
    }

    fn answer_dial(&mut self, works: bool, certificate: bool) {
        let Some((id, endpoint)) = self.dials.pop() else { return };
        if !works {
            let text = String::new();
            let why = if certificate { DialError::Certificate(text) } else { DialError::Unreachable(text) };
            return self.give(Input::DialFailed { id, endpoint, why });
        }
        self.node.conns += 1;
        let conn = ConnId(self.node.conns);
        self.open.push((conn, id.as_str().into()));
        let peer = verified(id.as_str());
        self.give(Input::Dialed { conn, peer, endpoint });
    }

    fn receive(&mut self, n: u8, kind: u8) {
        let Some((conn, _)) = self.pick(n) else { return };
        let told = (0..3).map(|k| name(n.wrapping_add(k) % 40));
        let entry = |name: String| PeerEntry { id: id(&name), endpoint: endpoint(&name) };
        let message = match kind {
            0 => Message::Ping(1),
            1 => Message::Pong(1),
            2 => Message::GetPeers,
            3 => Message::Peers(Bounded::truncated(told.map(entry))),
            4 => Message::Goodbye(Goodbye::new(GoodbyeReason::Full, "")),
            _ => Message::GetBlocks(Bounded::truncated([crate::crypto::Hash::ZERO])),
        };
        self.give(Input::Received { conn, message, size: 100 });
    }

    fn check(&self) {
        let views = self.node.overlay.peers(self.node.time());
        assert!(views.windows(2).all(|pair| pair[0].id < pair[1].id), "one for each id");
        assert!(views.iter().all(|view| view.id != id("n5")), "never itself");
        let up = views.iter().filter(|view| view.status == PeerStatus::Connected).count();
        assert_eq!(up, self.node.overlay.connected());
        assert_eq!(i64::try_from(up).unwrap(), self.ups, "ups and downs are paired");
        assert!(up <= MOST);
        assert!(self.dials.len() <= DIALS_IN_FLIGHT);
        assert!(self.node.overlay.known() <= KNOWN_PEERS);
        let dialing = views.iter().filter(|view| view.status == PeerStatus::Dialing);
        for view in dialing {
            let is_dialed = self.dials.iter().any(|(id, _)| *id == view.id);
            let is_greeting = self.open.iter().any(|(_, name)| *name == view.id.as_str());
            assert!(is_dialed || is_greeting, "{} waits for nothing", view.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bounds_hold_whatever_comes(steps in prop::collection::vec(step(), 1..120)) {
        let settings = OverlaySettings { max_connected: MOST, ..settings("n5", &["n1", "n8"]) };
        let mut shell = Shell {
            node: Alone::new(settings), open: Vec::new(), asked_to_close: Vec::new(), dials: Vec::new(), ups: 0,
        };
        for step in steps {
            shell.step(step);
            shell.check();
        }
        // When all is quiet, whoever is not kept out is dialed again.
        for (conn, _) in shell.open.clone() {
            shell.give(Input::Closed { conn, why: CloseReason::Asked });
        }
        while !shell.dials.is_empty() {
            shell.answer_dial(false, false);
        }
        let idle = |shell: &Shell, name: &str| {
            let views = shell.node.overlay.peers(shell.node.time());
            views.into_iter().any(|view| view.id == id(name) && view.endpoint.is_some() && view.status != PeerStatus::Banned)
        };
        let expected = idle(&shell, "n8");
        let mut dialed = false;
        for _ in 0..4_000 {
            shell.node.now += 100;
            shell.give(Input::Wake);
            dialed |= shell.dials.iter().any(|(to, _)| *to == id("n8"));
            while !shell.dials.is_empty() {
                shell.answer_dial(false, false);
            }
        }
        prop_assert!(dialed || !expected);
    }
}
