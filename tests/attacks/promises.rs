//! What a mad member must not achieve.

use std::time::Duration;

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::limits::{FRAME_BYTES, KNOWN_PER_SOURCE};
use bouya_core::testing;
use bouya_core::wire::{GoodbyeReason, Hello, Message, frame, member_proof};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::daemon::until;
use super::field::{Field, VICTIM};
use super::floods::{self, Means};
use super::member::{Ending, Mad, Manner, Report, Target, framed, pong, source};
use super::{chain, malformed};

/// No attack lasts longer. Most end at once.
const LONGEST: Duration = Duration::from_secs(80);
/// How much any attack may make the victim's memory grow. It is generous: a leak soon exceeds it, a debug build does not.
const MORE_MEMORY_KIB: u64 = 128 * 1024;

fn mad(n: usize) -> String {
    format!("mad-{n}")
}

/// Member number `n` sends a correct hello and behaves in this manner.
async fn attack(target: Target, n: usize, manner: Manner) -> Report {
    Mad::greeted(&target, &mad(n), source(n as u16)).await.unwrap().run(manner, LONGEST).await
}

struct Attacked {
    field: Field,
    runtime: Runtime,
    rss: u64,
}

impl Attacked {
    fn by(count: usize) -> Self {
        let ids: Vec<String> = (0..count).map(mad).collect();
        let field = Field::new(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        field.forget_peak();
        let rss = field.usage().rss;
        Self { field, runtime: Runtime::new().unwrap(), rss }
    }

    /// One member attacks.
    fn attack(&self, n: usize, manner: Manner) -> Report {
        self.runtime.block_on(attack(self.field.target(), n, manner))
    }

    /// The members `from`, `from` + 1, … attack, each in its manner, until the set is dropped.
    fn spawn(&self, from: usize, manners: impl IntoIterator<Item = Manner>) -> JoinSet<(usize, Report)> {
        let mut attacks = JoinSet::new();
        for (n, manner) in (from..).zip(manners) {
            let target = self.field.target();
            attacks.spawn_on(async move { (n, attack(target, n, manner).await) }, self.runtime.handle());
        }
        attacks
    }

    /// Members 0, 1, … attack at the same time, each in its manner.
    fn attack_at_once(&self, manners: Vec<Manner>) -> Vec<Report> {
        let mut reports = self.runtime.block_on(self.spawn(0, manners).join_all());
        reports.sort_by_key(|(n, _)| *n);
        reports.into_iter().map(|(_, report)| report).collect()
    }

    fn means(&self, n: usize) -> Means {
        self.runtime.block_on(Means::gather(&self.field, &mad(n), source(n as u16)))
    }

    /// Asserts that no honest member was harmed and that the victim's memory stayed within bounds.
    fn assert_held(&self) {
        self.field.assert_unharmed();
        let grown = self.field.usage().peak.saturating_sub(self.rss);
        assert!(grown < MORE_MEMORY_KIB, "memory grew by {grown} KiB");
        // The attackers' descriptors are closed; those of the honest members stay.
        let most = 128;
        until("descriptors return", || (self.field.usage().fds < most).then_some(()));
    }
}

#[test]
fn every_malformed_message_costs_the_connection_and_the_second_one_a_ban() {
    let frames = malformed::frames(&testing::genesis());
    let members = frames.len().div_ceil(2);
    let attacked = Attacked::by(members);
    let frames = malformed::frames(&attacked.field.consortium.genesis);
    for (n, pair) in frames.chunks(2).enumerate() {
        for (round, (what, bytes)) in pair.iter().enumerate() {
            let report = attacked.attack(n, Manner::list(vec![bytes.clone()]));
            let Ending::Goodbye(goodbye) = &report.ending else { panic!("{what}: {}", report.ending.text()) };
            // A message that is too long for its kind is not even decoded.
            let why = goodbye.detail.as_str();
            assert!(why.contains("undecodable") || why.contains("bytes, at most"), "{what}: {why}");
            let ban = attacked.field.ban(&mad(n));
            assert_eq!(ban.is_some(), round == 1, "{what}: {ban:?}");
        }
    }
    attacked.assert_held();
}

#[test]
fn a_length_that_lies_ends_the_connection_and_an_announced_frame_costs_what_has_arrived() {
    let attacked = Attacked::by(20);
    for (n, (what, bytes)) in malformed::lengths().into_iter().enumerate() {
        let report = attacked.attack(n, Manner::list(vec![bytes]));
        assert!(report.ending.text().contains("frame"), "{what}: {}", report.ending.text());
    }
    // Each of the others sends half of the longest frame and then keeps silent.
    let there = FRAME_BYTES / 2;
    let half = |_| Manner::list(vec![malformed::announced(there)]);
    let mut silent = attacked.spawn(4, (4..20).map(half));
    until("all are connected", || {
        (4..20).all(|n| attacked.field.victim.is_connected_to(&mad(n))).then_some(())
    });
    attacked.assert_held();
    silent.abort_all();
}

#[test]
fn a_flood_of_any_class_ends_in_a_named_cut() {
    let attacked = Attacked::by(floods::NAMES.len() + 1);
    let means = attacked.means(floods::NAMES.len());
    let reports =
        attacked.attack_at_once(floods::NAMES.iter().map(|name| floods::manner(name, &means)).collect());
    for (n, (name, mut report)) in floods::NAMES.iter().zip(reports).enumerate() {
        if !report.ending.is_cut() {
            // On a busy machine each of so many attackers may get too little of the victim's time to be a flood.
            report = attacked.attack(n, floods::manner(name, &means));
        }
        assert!(report.ending.is_cut(), "{name} is not cut");
        let why = attacked.field.why(&mad(n)).unwrap_or_default();
        let words =
            ["over budget", "unasked", "invalid", "bad address", "too slow", "does not read", "claimed work"];
        assert!(words.iter().any(|word| why.contains(word)), "{name}: {why:?}, {}", report.ending.text());
    }
    attacked.assert_held();
}

#[test]
fn who_asks_within_its_budget_and_does_not_read_is_cut_as_slow() {
    let attacked = Attacked::by(2);
    let means = attacked.means(1);
    // A hundred questions a second, each with an answer as long as itself: 3 MB, of which no budget runs out.
    let asks = floods::manner("request", &means).paced(Duration::from_millis(10)).deaf();
    attacked.attack(0, asks);
    let why = until("it is cut", || attacked.field.ears[0].lost(&mad(0))).1;
    assert!(why.contains("does not read"), "{why}");
    assert_eq!(attacked.field.ban(&mad(0)), None, "a slow link is no offence");
    attacked.assert_held();
}

#[test]
fn made_up_addresses_take_no_more_than_their_sources_share() {
    const SOURCES: usize = 3;
    let attacked = Attacked::by(SOURCES);
    let (told, heard) = std::sync::mpsc::channel();
    let liar = |n: usize| {
        let (told, mut state) = (told.clone(), (n as u64 + 1) << 40);
        Manner::polite().answering(move |message| match message {
            Message::GetPeers => {
                let _ = told.send(n);
                Some(framed(&floods::peers(&mut state)))
            }
            other => pong(other),
        })
    };
    let mut liars = attacked.spawn(0, (0..SOURCES).map(liar));
    let mut asked = [0; SOURCES];
    until("each was asked three times", || {
        heard.try_iter().for_each(|n: usize| asked[n] += 1);
        asked.iter().all(|count| *count >= 3).then_some(())
    });
    let fakes = until("some are believed", || {
        let peers = attacked.field.victim.peers();
        let fakes = peers.iter().filter(|peer| peer.id.starts_with("fake-")).count();
        (fakes > 0).then_some(fakes)
    });
    assert!(fakes <= SOURCES * KNOWN_PER_SOURCE, "{fakes} made-up members are known");
    attacked.assert_held();
    liars.abort_all();
}

#[test]
fn an_invalid_block_bans_its_sender_and_an_odd_one_nobody() {
    let genesis = testing::genesis();
    let (invalid, odd) =
        (chain::invalid(&genesis, &genesis.branch()).len(), chain::odd(&genesis, &genesis.branch()).len());
    let attacked = Attacked::by(invalid + odd);
    let genesis = &attacked.field.consortium.genesis;
    for n in 0..invalid + odd {
        // Some blocks are judged only if they extend the best chain, which may have grown: then it takes another try.
        let cut = |_| {
            let (what, report) = attacked.runtime.block_on(async {
                let mut mad =
                    Mad::greeted(&attacked.field.target(), &mad(n), source(n as u16)).await.unwrap();
                let branch = chain::branch(&mut mad, genesis).await;
                let (what, block) = if n < invalid {
                    chain::invalid(genesis, &branch).swap_remove(n)
                } else {
                    chain::odd(genesis, &branch).swap_remove(n - invalid)
                };
                let manner = Manner::list(vec![framed(&Message::Block(block.into()))]);
                (what, mad.run(manner, Duration::from_secs(2)).await)
            });
            let ban = attacked.field.ban(&mad(n));
            assert!(n < invalid || ban.is_none(), "{what} is nobody's fault: {ban:?}");
            (report.ending.is_cut() && ban.is_some_and(|why| why.contains("invalid block"))).then_some(())
        };
        if n < invalid {
            assert!((0..20).find_map(cut).is_some(), "number {n} is not banned");
        } else {
            assert!(cut(0).is_none());
        }
    }
    attacked.assert_held();
}

#[test]
fn a_ban_outlasts_another_address_a_new_certificate_and_a_restart_of_the_node() {
    let mut attacked = Attacked::by(1);
    let worthless =
        chain::unworked(&attacked.field.consortium.genesis, &attacked.field.consortium.genesis.branch());
    let report = attacked.attack(0, Manner::list(vec![framed(&Message::Block(worthless.into()))]));
    assert!(report.ending.is_cut());
    let why = attacked.field.ban(&mad(0)).unwrap();
    let from = std::cell::Cell::new(0);
    let refused = |attacked: &Attacked, when: &str| {
        // Each time from another address.
        from.set(from.get() + 1);
        let report = attacked.runtime.block_on(async {
            let mad = Mad::greeted(&attacked.field.target(), &mad(0), source(from.get())).await.unwrap();
            mad.run(Manner::list(Vec::new()), LONGEST).await
        });
        let Ending::Goodbye(goodbye) = &report.ending else { panic!("{when}: {}", report.ending.text()) };
        assert_eq!(goodbye.reason, GoodbyeReason::Banned, "{when}");
        assert!(goodbye.detail.as_str().contains(&why), "{when}: {}", goodbye.detail.as_str());
    };
    for _ in 0..5 {
        refused(&attacked, "from another address");
    }
    attacked.field.consortium.authority.renew(&mad(0).parse().unwrap(), 30).unwrap();
    refused(&attacked, "with a new certificate");
    attacked.assert_held();
    attacked.field.victim.stop();
    attacked.field.victim.start();
    refused(&attacked, "after a restart");
    until("the honest are back", || attacked.field.is_meshed().then_some(()));
}

#[test]
fn nobody_gets_in_under_another_name() {
    let attacked = Attacked::by(8);
    let lie = |n: usize, id: &str, change: &dyn Fn(&Mad, &mut Hello)| {
        attacked.runtime.block_on(async {
            let mut mad = Mad::connect(&attacked.field.target(), id, source(n as u16)).await.unwrap();
            let mut hello = mad.hello();
            change(&mad, &mut hello);
            mad.say(&frame(&hello.to_json())).await.unwrap();
            match mad.run(Manner::list(Vec::new()), LONGEST).await.ending {
                Ending::Goodbye(goodbye) => goodbye,
                other => panic!("{id}: {}", other.text()),
            }
        })
    };
    let amy = |_: &Mad, hello: &mut Hello| hello.id = "amy".parse().unwrap();
    let key = SecretKey::from_seed(&[77; 32]);
    let network = attacked.field.consortium.genesis.id();
    let proof =
        |secret: [u8; 32], id: &str| Some(member_proof(&key, &network, &secret, &id.parse().unwrap()));
    type Change<'a> = &'a dyn Fn(&Mad, &mut Hello);
    let lies: [(&str, Change<'_>, GoodbyeReason, &str); 6] = [
        ("another's id", &amy, GoodbyeReason::Identity, "your hello says amy"),
        (
            "another network",
            &|_, hello| hello.network = Hash([1; 32]),
            GoodbyeReason::Network,
            "you are on network",
        ),
        ("other rules", &|_, hello| hello.rules = Hash([1; 32]), GoodbyeReason::Rules, "your rules"),
        (
            "a later protocol",
            &|_, hello| hello.protocols = (9, 9),
            GoodbyeReason::Protocol,
            "you speak protocols",
        ),
        (
            "a proof made for another session",
            &|_, hello| hello.member = proof([1; 32], hello.id.as_str()),
            GoodbyeReason::Identity,
            "the proof of member key",
        ),
        (
            "a proof that another made",
            &|mad, hello| hello.member = proof(mad.secret(), "amy"),
            GoodbyeReason::Identity,
            "the proof of member key",
        ),
    ];
    for (n, (what, change, reason, words)) in lies.into_iter().enumerate() {
        let goodbye = lie(n, &mad(n), change);
        assert_eq!(goodbye.reason, reason, "{what}");
        assert!(goodbye.detail.as_str().contains(words), "{what}: {}", goodbye.detail.as_str());
    }
    // The victim's own certificate, stolen.
    let goodbye = lie(6, VICTIM, &|_, _| ());
    assert_eq!(goodbye.reason, GoodbyeReason::Identity);
    // A message before hello, and a second hello.
    let early = attacked.runtime.block_on(async {
        let mad = Mad::connect(&attacked.field.target(), &mad(6), source(6)).await.unwrap();
        mad.run(Manner::list(vec![framed(&Message::Ping(1))]), LONGEST).await.ending
    });
    assert!(early.text().contains("not a hello"), "{}", early.text());
    let again = attacked.runtime.block_on(async {
        let mad = Mad::greeted(&attacked.field.target(), &mad(7), source(7)).await.unwrap();
        let hello = frame(&mad.hello().to_json());
        mad.run(Manner::list(vec![hello]), LONGEST).await.ending
    });
    assert!(again.text().contains("undecodable"), "{}", again.text());
    attacked.assert_held();
}
