//! Attacks by members gone mad.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bouya_core::crypto::Hash;
use bouya_core::limits::FRAME_BYTES;
use bouya_core::wire::{Message, TipSummary, frame};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::field::VICTIM;
use super::floods::{self, Means};
use super::measure::{Attack, Bench, LONGEST, Outcome, Row, WINDOW};
use super::member::{Ending, Mad, Manner, Target, framed};
use super::{chain, malformed};

/// Mad members at once where one alone shows little.
const GANG: usize = 8;
/// Between two tries of a member that is kept out.
const AGAIN: Duration = Duration::from_millis(20);
/// Silence is cut after 45 s.
const SILENCE: Duration = Duration::from_secs(50);

/// Every attack, with its name.
pub(crate) fn all() -> Vec<(String, Attack)> {
    let mut all: Vec<(String, Attack)> = vec![
        named("quiet", |bench, name| {
            bench.watch(name, || {
                std::thread::sleep(2 * WINDOW); // pace
                Outcome::default()
            })
        }),
        named("malformed", malformed_frames),
        named("lengths", lengths),
        named("announced, half sent, dribbled", announced),
    ];
    for flood in floods::NAMES {
        all.push(named(&format!("flood {flood}"), move |bench, name| {
            one_flood(bench, name, flood, 1, false)
        }));
    }
    for flood in ["announce", "request", "transactions_unfunded"] {
        all.push(named(&format!("gang {flood}"), move |bench, name| {
            one_flood(bench, name, flood, GANG, false)
        }));
    }
    for flood in ["request", "get_headers", "get_blocks"] {
        all.push(named(&format!("deaf {flood}"), move |bench, name| {
            one_flood(bench, name, flood, GANG, true)
        }));
    }
    all.push(named("fake addresses", fake_addresses));
    all.push(named("false claims", false_claims));
    all.push(named("invalid blocks", invalid_blocks));
    all.push(named("identity lies", identity));
    all.push(named("revocation", revocation));
    all
}

pub(crate) fn named(name: &str, attack: impl Fn(&mut Bench, &str) -> Row + 'static) -> (String, Attack) {
    (name.to_owned(), Box::new(attack))
}

/// One member, in one manner, until it is cut; then it comes back at once, again and again, with the same certificate.
async fn siege(target: Target, id: String, from: IpAddr, manner: Manner, longest: Duration) -> Outcome {
    let began = Instant::now();
    let mut outcome = Outcome::default();
    let report = match Mad::greeted(&target, &id, from).await {
        Ok(mad) => mad.run(manner, longest).await,
        Err(error) => {
            outcome.cuts.push((None, error.to_string()));
            return outcome;
        }
    };
    (outcome.sent, outcome.heard) = (report.sent, report.heard);
    outcome.cuts.push((report.ending.is_cut().then_some(report.after), report.ending.text()));
    while began.elapsed() < WINDOW {
        if let Ok(mad) = Mad::greeted(&target, &id, from).await {
            mad.run(Manner::list(Vec::new()), WINDOW.saturating_sub(began.elapsed())).await;
        }
        sleep(AGAIN).await; // pace
    }
    outcome
}

/// All of them at once.
fn besiege(
    runtime: &Handle,
    target: &Target,
    manners: Vec<((String, IpAddr), Manner)>,
    longest: Duration,
) -> Outcome {
    let mut sieges = JoinSet::new();
    for ((id, from), manner) in manners {
        sieges.spawn_on(siege(target.clone(), id, from, manner, longest), runtime);
    }
    let mut sum = Outcome::default();
    for outcome in runtime.block_on(sieges.join_all()) {
        sum.cuts.extend(outcome.cuts);
        sum.sent += outcome.sent;
        sum.heard += outcome.heard;
    }
    sum
}

/// The victim's own word where a cut came without one: a deaf member has read none.
fn explain(bench: &Bench, row: &mut Row, members: &[(String, IpAddr)]) {
    for ((_, why), (id, _)) in row.cuts().iter_mut().zip(members) {
        if why == "closed"
            && let Some((_, said)) = bench.field.ears[0].lost(id)
        {
            *why = said;
        }
    }
}

/// Every malformed message, one after the other, two from each member: the second one bans.
fn malformed_frames(bench: &mut Bench, name: &str) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let frames = malformed::frames(&target.genesis);
    let members = bench.recruit(frames.len().div_ceil(2));
    bench.watch(name, move || {
        runtime.block_on(async {
            let mut outcome = Outcome::default();
            for ((id, from), frames) in members.iter().zip(frames.chunks(2)) {
                for (_, bytes) in frames {
                    let mad = Mad::greeted(&target, id, *from).await.unwrap();
                    let report = mad.run(Manner::list(vec![bytes.clone()]), LONGEST).await;
                    let why =
                        if report.ending.is_cut() { "protocol broken".into() } else { report.ending.text() };
                    outcome.cuts.push((report.ending.is_cut().then_some(report.after), why));
                    outcome.sent += report.sent;
                    outcome.heard += report.heard;
                }
            }
            outcome
        })
    })
}

fn lengths(bench: &mut Bench, name: &str) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let lies = malformed::lengths();
    let members = bench.recruit(lies.len());
    let manners =
        members.into_iter().zip(lies.into_iter().map(|(_, bytes)| Manner::list(vec![bytes]))).collect();
    bench.watch(name, move || besiege(&runtime, &target, manners, LONGEST))
}

/// Two MiB announced by 64 members: a quarter sends nothing of it, a quarter half, a quarter all but a byte, and a quarter dribbles.
fn announced(bench: &mut Bench, name: &str) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let manner = |n: usize| match n % 4 {
        0 => Manner::list(vec![malformed::announced(0)]),
        1 => Manner::list(vec![malformed::announced(FRAME_BYTES / 2)]),
        2 => Manner::list(vec![malformed::announced(FRAME_BYTES - 1)]),
        _ => {
            let mut start = Some(malformed::announced(0));
            Manner::endless(move || start.take().or(Some(vec![6]))).paced(Duration::from_millis(500))
        }
    };
    let manners = bench.recruit(64).into_iter().zip((0..64).map(manner)).collect();
    bench.watch(name, move || besiege(&runtime, &target, manners, SILENCE))
}

fn one_flood(bench: &mut Bench, name: &str, flood: &'static str, count: usize, deaf: bool) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let members = bench.recruit(count + 1);
    let (id, from) = &members[count];
    let means = runtime.block_on(Means::gather(&bench.field, id, *from));
    let manner = || {
        let manner = floods::manner(flood, &means);
        if deaf { manner.deaf() } else { manner }
    };
    let manners = members[..count].iter().cloned().map(|member| (member, manner())).collect();
    let mut row = bench.watch(name, move || besiege(&runtime, &target, manners, LONGEST));
    explain(bench, &mut row, &members);
    row
}

/// Every question of whom they know is answered with other members that do not exist. They stay: it is no fault to be wrong.
fn fake_addresses(bench: &mut Bench, name: &str) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let liar = |n: u64| {
        let mut state = (n + 1) << 40;
        Manner::list(Vec::new()).answering(move |message| match message {
            Message::GetPeers => Some(framed(&floods::peers(&mut state))),
            Message::Ping(nonce) => Some(framed(&Message::Pong(*nonce))),
            _ => None,
        })
    };
    let manners = bench.recruit(GANG).into_iter().zip((0..).map(liar)).collect();
    bench.watch(name, move || besiege(&runtime, &target, manners, Duration::from_secs(8)))
}

/// One member tells every node that it has far more work than they, never shows it, and comes back before it can be blamed.
fn false_claims(bench: &mut Bench, name: &str) -> Row {
    let runtime = bench.runtime.handle().clone();
    let nodes: Vec<Target> = bench.field.nodes().map(|node| bench.field.target_of(node)).collect();
    let (id, from) = bench.recruit(1).remove(0);
    bench.watch(name, move || {
        let began = Instant::now();
        let mut outcome = Outcome::default();
        while began.elapsed() < LONGEST {
            let mut links = JoinSet::new();
            for node in nodes.clone() {
                let id = id.clone();
                links.spawn_on(async move { claim(&node, &id, from).await }, &runtime);
            }
            for ending in runtime.block_on(links.join_all()) {
                if outcome.cuts.is_empty() && ending.is_cut() {
                    outcome.cuts.push((Some(began.elapsed()), ending.text()));
                }
            }
        }
        if outcome.cuts.is_empty() {
            outcome.cuts.push((None, "claims and withholds".into()));
        }
        outcome
    })
}

async fn claim(node: &Target, id: &str, from: IpAddr) -> Ending {
    let Ok(mut mad) = Mad::connect(node, id, from).await else { return Ending::Open };
    let mut hello = mad.hello();
    hello.tip = TipSummary { height: 1 << 40, hash: Hash([1; 32]), work: 1 << 100 };
    if mad.say(&frame(&hello.to_json())).await.is_err() {
        return Ending::Open;
    }
    let polite = Manner::list(Vec::new()).answering(|message| match message {
        Message::Ping(nonce) => Some(framed(&Message::Pong(*nonce))),
        _ => None,
    });
    mad.run(polite, Duration::from_secs(3)).await.ending
}

/// Each kind of invalid block from a member of its own, on top of the chain as it is.
fn invalid_blocks(bench: &mut Bench, name: &str) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let count = chain::invalid(&target.genesis, &target.genesis.branch()).len();
    let members = bench.recruit(count + 1);
    let branch = runtime.block_on(async {
        let (id, from) = &members[count];
        let mut mad = Mad::greeted(&target, id, *from).await.unwrap();
        chain::branch(&mut mad, &target.genesis).await
    });
    let blocks = chain::invalid(&target.genesis, &branch);
    let manner = |(_, block): (&str, bouya_core::ledger::Block)| {
        Manner::list(vec![framed(&Message::Block(block.into()))])
    };
    let manners = members.into_iter().zip(blocks.into_iter().map(manner)).collect();
    bench.watch(name, move || besiege(&runtime, &target, manners, WINDOW))
}

/// The victim's own certificate from another address, as fast as addresses may come.
fn identity(bench: &mut Bench, name: &str) -> Row {
    let (target, runtime) = (bench.field.target(), bench.runtime.handle().clone());
    let from = bench.recruit(1)[0].1;
    bench.watch(name, move || {
        let manners = vec![((VICTIM.to_owned(), from), Manner::list(Vec::new()))];
        besiege(&runtime, &target, manners, WINDOW)
    })
}

/// Members who behave, connected to all four nodes: one node is given a list that revokes one of them, several times.
fn revocation(bench: &mut Bench, name: &str) -> Row {
    const RUNS: usize = 5;
    let runtime = bench.runtime.handle().clone();
    let members = bench.recruit(RUNS);
    let nodes: Vec<Target> = bench.field.nodes().map(|node| bench.field.target_of(node)).collect();
    let list = bench.field.consortium.authority.crl_path();
    let authority = mkca::Authority::open(list.parent().unwrap()).unwrap();
    let told_members: Vec<_> = bench.field.honest.iter().map(|node| node.member.clone()).collect();
    bench.watch(name, move || {
        let mut outcome = Outcome::default();
        for (run, (id, from)) in members.into_iter().enumerate() {
            let mut links = JoinSet::new();
            for node in &nodes {
                let mad = runtime.block_on(Mad::greeted(node, &id, from)).unwrap();
                let polite = Manner::list(Vec::new()).answering(|message| match message {
                    Message::Ping(nonce) => Some(framed(&Message::Pong(*nonce))),
                    _ => None,
                });
                links.spawn_on(
                    async move { (mad.run(polite, SILENCE).await.ending, Instant::now()) },
                    &runtime,
                );
            }
            std::thread::sleep(Duration::from_secs(1)); // pace
            authority.revoke(&id.parse().unwrap(), mkca::Reason::default(), mkca::CRL_DAYS).unwrap();
            told_members[run % told_members.len()].take(&list).unwrap();
            let told = Instant::now();
            let ends = runtime.block_on(links.join_all());
            let last = ends.iter().map(|(_, at)| *at).max().unwrap();
            let all = ends.iter().all(|(ending, _)| ending.is_cut());
            let why = ends.iter().find_map(|(ending, _)| match ending {
                Ending::Goodbye(_) => Some(ending.text()),
                _ => None,
            });
            outcome.cuts.push((all.then(|| last.duration_since(told)), why.unwrap_or_default()));
        }
        outcome
    })
}

/// Where a node listens.
pub(crate) fn address(bench: &Bench) -> SocketAddr {
    bench.field.target().address
}
