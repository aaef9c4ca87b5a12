//! What crosses the network: frames, hellos, messages.

use bouya_core::codec::{Bounded, Text};
use bouya_core::crypto::Hash;
use bouya_core::ledger::{
    Address, Block, Branch, Certificate, Checkpoint, CompactBlock, Link, Member, Voters,
};
use bouya_core::limits::{FRAME_BYTES, HELLO_BYTES};
use bouya_core::testing;
use bouya_core::time::Timestamp;
use bouya_core::wire::{
    self, CLOCK_FEATURE, CrlSummary, DialOutcome, Endpoint, FrameError, FrameReader, Goodbye, GoodbyeReason,
    Hello, Item, Message, PeerEntry, TipSummary, frame as framed, member_proof,
};

use crate::choices::Choices;
use crate::{small, tame};

/// However a stream is cut, it gives the same frames and the same end. Frames are what the stream holds, and no more is held than has come.
pub fn frame(data: &[u8]) {
    let mut choices = Choices::new(data);
    let allowed = 1 + usize::from(choices.u16() % 2_048);
    let cuts = choices.bytes(6);
    let stream = choices.rest();
    let whole = read(stream, allowed, &[]);
    assert_eq!(whole, read(stream, allowed, cuts));
    let (frames, end) = whole;
    let again: Vec<u8> = frames.iter().flat_map(|body| framed(body)).collect();
    let rest = stream.strip_prefix(again.as_slice()).expect("frames are what the stream holds");
    assert!(frames.iter().all(|body| (1..=allowed).contains(&body.len())));
    match (end, rest.first_chunk::<4>().map(|length| u32::from_be_bytes(*length) as usize)) {
        (Ok(held), length) => {
            assert_eq!(held, rest.len());
            assert!(length.is_none_or(|length| length + 4 > rest.len() && (1..=allowed).contains(&length)));
        }
        (Err(FrameError::Empty), length) => assert_eq!(length, Some(0)),
        (Err(FrameError::Long { found, allowed: most }), length) => {
            assert_eq!((Some(found), most), (length, allowed));
            assert!(found > allowed);
        }
    }
}

/// The frames, and how the stream ends: with a fault, or with this many bytes held.
fn read(stream: &[u8], allowed: usize, cuts: &[u8]) -> (Vec<Vec<u8>>, Result<usize, FrameError>) {
    let (mut reader, mut frames, mut rest) = (FrameReader::default(), Vec::new(), stream);
    let mut cuts = cuts.iter().cycle().map(|cut| usize::from(*cut) + 1);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(cuts.next().unwrap_or(rest.len()).min(rest.len()));
        reader.push(now);
        rest = later;
        loop {
            match reader.next(allowed) {
                Ok(Some(body)) => frames.push(body),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
        assert!(reader.held() <= stream.len());
    }
    (frames, Ok(reader.held()))
}

pub(crate) fn frame_seeds() -> Vec<Vec<u8>> {
    let of = |head: &[u8], bodies: &[&[u8]]| {
        let bodies: Vec<u8> = bodies.iter().flat_map(|body| framed(body)).collect();
        [head, &[3, 1, 0, 255, 4, 9], &bodies].concat()
    };
    vec![
        of(&[255, 7], &[b"one", b"two", &[7; 300]]),
        of(&[9, 0], &[&[1; 10], &[2; 11]]),
        of(&[50, 0], &[b"a", b"", b"b"]),
    ]
}

/// The secret of the only session here.
const SESSION: [u8; 32] = [5; 32];

/// The hello of `name` on the small network, with this tip.
pub(crate) fn hello_of(name: &str, tip: &Branch) -> Hello {
    Hello {
        features: vec![CLOCK_FEATURE.to_owned()],
        listen: Some(endpoint_of(name)),
        tip: TipSummary { height: tip.height, hash: tip.id, work: tip.work },
        time_ms: 1_700_000_000_000,
        ..testing::hello(&small::genesis(), name)
    }
}

pub(crate) fn endpoint_of(name: &str) -> Endpoint {
    format!("{name}.example:7000").parse().expect("a good endpoint")
}

/// A hello that was read can be written and read again. If it fits this node's hello, it has the same network, rules and protocol, and its id is
/// proven.
pub fn hello(data: &[u8]) {
    let hello = match Hello::from_json(data) {
        Ok(hello) => hello,
        Err(error) => return tame(&error),
    };
    let bytes = hello.to_json();
    if bytes.len() <= HELLO_BYTES {
        assert_eq!(Hello::from_json(&bytes).as_ref(), Ok(&hello));
    }
    let _ = hello.clock_offset_ms(Timestamp(0));
    let _ = hello.clock_offset_ms(Timestamp(u64::MAX));
    let ours = hello_of("node0", &small::genesis().branch());
    for proven in ["alice", hello.id.as_str()] {
        let proven = proven.parse().expect("an id");
        match hello.check(&ours, &proven, &SESSION) {
            Ok(()) => {
                assert_eq!((&hello.network, &hello.rules, &hello.id), (&ours.network, &ours.rules, &proven));
                assert!(hello.protocols.0 <= ours.protocols.1 && ours.protocols.0 <= hello.protocols.1);
                // A member proof holds for this session and for no other.
                let other = hello.check(&ours, &proven, &[6; 32]);
                assert_eq!(other.is_ok(), hello.member.is_none());
            }
            Err(error) => tame(&error),
        }
    }
}

pub(crate) fn hello_seeds() -> Vec<Vec<u8>> {
    let plain = hello_of("alice", &small::genesis().branch());
    let member = member_proof(&small::key(1), &plain.network, &SESSION, &plain.id);
    let crls = vec![CrlSummary { issuer: Hash([1; 32]), number: "7".to_owned(), hash: Hash([2; 32]) }];
    let full = Hello { features: vec!["x".to_owned()], member: Some(member), crls, ..plain.clone() };
    let foreign = Hello { network: Hash([3; 32]), listen: None, ..plain.clone() };
    let old = Hello { protocols: (0, 0), ..plain.clone() };
    [plain, full, foreign, old].iter().map(Hello::to_json).collect()
}

/// Bytes that are accepted are the only encoding of their message.
pub fn message(data: &[u8]) {
    if data.len() > FRAME_BYTES {
        return;
    }
    let Ok(message) = Message::from_bytes(data) else { return };
    assert_eq!(message.to_bytes(), data, "{}", message.name());
    match &message {
        Message::Goodbye(goodbye) => {
            assert_eq!(*goodbye, Goodbye::new(goodbye.reason, goodbye.detail.as_str()));
            tame(&goodbye.detail.as_str());
        }
        Message::Peers(entries) => {
            for PeerEntry { id, endpoint } in entries.iter() {
                assert_eq!(endpoint.to_string().parse().as_ref(), Ok(endpoint));
                assert_eq!(id.as_str().parse().as_ref(), Ok(id));
            }
        }
        Message::Block(block) => crate::ledger::any_block(block),
        _ => (),
    }
}

pub(crate) fn message_seeds() -> Vec<Vec<u8>> {
    let blocks = small::chain(&small::genesis().branch(), 3, 1);
    let pays = || (0..3).map(|n| small::pay(0, n, 1, 5, 300, 9));
    let (block, branch) = &blocks[0];
    let hashes = || [Hash([1; 32]), Hash([2; 32])];
    let target = Checkpoint { epoch: 2, height: branch.height, block: branch.id };
    let member = |n: u8| Member {
        id: format!("m{n}").parse().expect("an id"),
        key: small::key(n).public(),
        governor: Address::of(&small::key(n ^ 0x80).public()),
        name: Text::default(),
    };
    let voters = Voters::new(Hash::ZERO, 0, [1, 2].map(member));
    let link = Link { set: voters.id(), source: voters.root(), target };
    let vote = link.sign(&small::genesis().id(), 0, &small::key(1));
    let certificate =
        Some(Certificate::new(&voters, link, &[(0, vote.signature), (1, vote.signature)].into()));
    let finality = wire::Finality {
        set: link.set,
        handovers: Bounded::default(),
        newest: certificate.clone(),
        lock: None,
        seen: Some(vote),
    };
    let items = [
        Item::Transaction(Hash([1; 32])),
        Item::Block { id: branch.id, height: branch.height, work: branch.work },
        Item::Final(target),
    ];
    let entry = |name: &str| PeerEntry { id: name.parse().expect("an id"), endpoint: endpoint_of(name) };
    let list = Bounded::truncated([1, 2, 3]);
    let mut full = Block::clone(block);
    full.body.transactions = Bounded::truncated(pays());
    let messages = [
        Message::Ping(1),
        Message::Pong(2),
        Message::GetPeers,
        Message::DialBack,
        Message::DialedBack(DialOutcome::NoAnswer),
        Message::Peers(Bounded::truncated(["alice", "bob"].map(entry))),
        Message::Announce(Bounded::truncated(items)),
        Message::Request(Bounded::truncated(hashes())),
        Message::Transactions(Bounded::truncated(pays())),
        Message::GetHeaders { locator: Bounded::truncated(hashes()), stop: Hash::ZERO },
        Message::Headers(Bounded::truncated(blocks.iter().map(|(block, _)| testing::sync_header(block)))),
        Message::GetBlocks(Bounded::truncated(hashes())),
        Message::CompactBlock(CompactBlock::new(&full, 9).expect("no two are equal").into()),
        Message::GetBlockTransactions { block: branch.id, places: Bounded::truncated([0, 2]) },
        Message::BlockTransactions { block: branch.id, transactions: Bounded::truncated(pays()) },
        Message::Block(full.into()),
        Message::NotFound(Bounded::truncated(items)),
        Message::Revocations(Bounded::truncated([list])),
        Message::Goodbye(Goodbye::new(GoodbyeReason::Fault, "über")),
        Message::Proposal(wire::Proposal { vote, proof: certificate.clone() }.into()),
        Message::Votes(wire::Votes { link, votes: Bounded::truncated([(0, vote.signature)]) }.into()),
        Message::Certificate(certificate.clone().expect("two votes").into()),
        Message::GetFinality { set: link.set, voter: Some(small::key(1).public()) },
        Message::Finality(finality.into()),
    ];
    messages.iter().map(Message::to_bytes).collect()
}
