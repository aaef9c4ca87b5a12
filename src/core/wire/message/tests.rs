use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::codec::Text;
use crate::crypto::{PublicKey, Signature};
use crate::ledger::{Action, Address, Base, Body, Header, Member, Output, RawTransaction, Reward, Roster};
use crate::limits::{HEADER_BYTES, OUTPUTS};
use crate::testing::{member, text};
use crate::time::Timestamp;

const NUMBERS: [u8; 24] =
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

fn list<T: core::fmt::Debug, const MAX: usize>(
    item: impl Strategy<Value = T>,
) -> impl Strategy<Value = Bounded<T, MAX>> {
    prop::collection::vec(item, 0..5).prop_map(Bounded::truncated)
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        hash().prop_map(Item::Transaction),
        (hash(), any::<u64>(), any::<u128>()).prop_map(|(id, height, work)| Item::Block { id, height, work }),
        checkpoint().prop_map(Item::Final),
    ]
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    (any::<[u64; 2]>(), hash()).prop_map(|([epoch, height], block)| Checkpoint { epoch, height, block })
}

fn link() -> impl Strategy<Value = Link> {
    (hash(), checkpoint(), checkpoint()).prop_map(|(set, source, target)| Link { set, source, target })
}

fn signature() -> impl Strategy<Value = Signature> {
    any::<[u8; 32]>().prop_map(|half| Signature([half, half].concat().try_into().unwrap()))
}

fn vote() -> impl Strategy<Value = Vote> {
    (link(), any::<u16>(), signature()).prop_map(|(link, voter, signature)| Vote { link, voter, signature })
}

fn certificate() -> impl Strategy<Value = Certificate> {
    (link(), list(any::<u8>()), list(signature())).prop_map(|(link, signers, signatures)| Certificate {
        link,
        signers,
        signatures,
    })
}

/// Messages 17 to 21.
fn finality() -> impl Strategy<Value = Message> {
    let option = prop::option::of::<BoxedStrategy<Certificate>>;
    let proof = || option(certificate().boxed());
    prop_oneof![
        (vote(), proof()).prop_map(|(vote, proof)| Message::Proposal(Arc::new(Proposal { vote, proof }))),
        (link(), list((any::<u16>(), signature())))
            .prop_map(|(link, votes)| Message::Votes(Arc::new(Votes { link, votes }))),
        certificate().prop_map(|certificate| Message::Certificate(Arc::new(certificate))),
        (hash(), prop::option::of(any::<[u8; 32]>()))
            .prop_map(|(set, key)| Message::GetFinality { set, voter: key.map(PublicKey) }),
        (hash(), list(handover()), proof(), proof(), prop::option::of(vote())).prop_map(
            |(set, handovers, newest, lock, seen)| {
                Message::Finality(Arc::new(Finality { set, handovers, newest, lock, seen }))
            }
        ),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 32]>().prop_map(|key| Address::of(&PublicKey(key)))
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let output = (address(), any::<u64>()).prop_map(|(to, amount)| Output { to, amount });
    let action =
        (list(output), "[a-zé ]{0,20}").prop_map(|(outputs, memo): (Bounded<_, OUTPUTS>, String)| {
            Action::Transfer { outputs, memo: Text::try_from(memo).unwrap() }
        });
    (any::<[u8; 32]>(), any::<[u64; 3]>(), action, any::<[u8; 32]>()).prop_map(
        |(key, [a, b, c], action, half)| {
            let mut signature = [7; 64];
            signature[..32].copy_from_slice(&half);
            Transaction::from(RawTransaction {
                version: 1,
                sender: PublicKey(key),
                nonce: a,
                fee: b,
                valid_until: c,
                action,
                signature: Signature(signature),
            })
        },
    )
}

fn header() -> impl Strategy<Value = Header> {
    (any::<[u64; 4]>(), any::<[[u8; 32]; 4]>()).prop_map(
        |([height, time, difficulty, nonce], [a, b, c, d])| Header {
            version: 2,
            flags: 0,
            height,
            time: Timestamp(time),
            difficulty,
            parent: Hash(a),
            body: Hash(b),
            history: Hash(c),
            commitments: Hash::ZERO,
            miner: PublicKey(d),
            seal: Signature([9; 64]),
            nonce,
        },
    )
}

fn handover() -> impl Strategy<Value = Handover> {
    (header(), hash(), 1..9_u8, certificate()).prop_map(|(header, executed, count, certificate)| {
        let base = Base::Block { parent: header.parent, height: header.height };
        let roster = Roster::new(base, (1..=count).map(member)).unwrap();
        Handover { header, executed, roster, certificate }
    })
}

fn message() -> impl Strategy<Value = Message> {
    let endpoint = ("[a-z0-9]{1,9}\\.example", 1_u16..).prop_map(|(host, port)| Endpoint { host, port });
    let id = "[a-z][a-z0-9]{0,20}x".prop_map(|id: String| id.parse().unwrap());
    let entry = (id, endpoint).prop_map(|(id, endpoint)| PeerEntry { id, endpoint });
    let block =
        (header(), address(), any::<u64>(), list(transaction())).prop_map(|(header, to, amount, list)| {
            let reward = Reward { to, amount };
            let body = Body { executed: header.body, reward, certificate: None, transactions: list };
            Message::Block(Arc::new(Block { header, body }))
        });
    let short = list(any::<u64>().prop_map(ShortId));
    let compact =
        (header(), address(), any::<[u64; 2]>(), short).prop_map(|(header, to, [amount, salt], ids)| {
            let (executed, reward) = (header.body, Reward { to, amount });
            Message::CompactBlock(Arc::new(CompactBlock {
                header,
                executed,
                reward,
                certificate: None,
                salt,
                ids,
            }))
        });
    let asked = (hash(), list(any::<u16>()))
        .prop_map(|(block, places)| Message::GetBlockTransactions { block, places });
    let rest = (hash(), list(transaction()))
        .prop_map(|(block, transactions)| Message::BlockTransactions { block, transactions });
    let revocations = list(prop::collection::vec(any::<u8>(), 0..50).prop_map(Bounded::truncated));
    prop_oneof![
        any::<u64>().prop_map(Message::Ping),
        any::<u64>().prop_map(Message::Pong),
        Just(Message::GetPeers),
        list(entry).prop_map(Message::Peers),
        list(item()).prop_map(Message::Announce),
        list(hash()).prop_map(Message::Request),
        list(transaction()).prop_map(Message::Transactions),
        (list(hash()), hash()).prop_map(|(locator, stop)| Message::GetHeaders { locator, stop }),
        list((header(), hash()).prop_map(|(header, executed)| SyncHeader { header, executed }))
            .prop_map(Message::Headers),
        list(hash()).prop_map(Message::GetBlocks),
        block,
        compact,
        asked,
        rest,
        list(item()).prop_map(Message::NotFound),
        revocations.prop_map(Message::Revocations),
        (any::<u8>(), "[a-zé ]{0,40}").prop_map(|(reason, detail)| {
            let reason = decode(&[reason], "reason").unwrap();
            Message::Goodbye(Goodbye::new(reason, &detail))
        }),
        finality(),
        Just(Message::DialBack),
        (0..6_u8).prop_map(|outcome| Message::DialedBack(decode(&[outcome], "outcome").unwrap())),
    ]
}

/// Bytes before a list's count.
fn before(message: &Message) -> usize {
    match message {
        Message::CompactBlock(block) => {
            1 + SYNC_HEADER_BYTES + 33 + 8 + 1 + block.certificate.as_ref().map_or(0, Certificate::size) + 8
        }
        Message::GetBlockTransactions { .. } | Message::BlockTransactions { .. } => 1 + 32,
        Message::Votes(_) => 1 + 128,
        _ => 1,
    }
}

/// Most that decoding these bytes held at once.
fn held(bytes: &[u8]) -> u64 {
    allocation_counter::measure(|| drop(Message::from_bytes(bytes))).bytes_max
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read_and_nothing_shorter_or_longer(message in message(), cut in any::<prop::sample::Index>()) {
        let (mut bytes, name) = (message.to_bytes(), message.name());
        prop_assert!(bytes.len() <= Message::longest(bytes[0]));
        prop_assert_eq!(Message::from_bytes(&bytes), Ok(message));
        prop_assert!(Message::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert_eq!(Message::from_bytes(&bytes).unwrap_err().what, name);
    }

    #[test]
    fn whatever_is_accepted_is_canonical(
        message in message(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = message.to_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Objects in memory are larger than their bytes, and a vector grows by doubling; a lying count adds what 64 items need.
        prop_assert!(held(&bytes) <= 64 * 1024 + 16 * bytes.len() as u64);
        if let Ok(read) = Message::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_count_that_lies_costs_next_to_nothing(message in message(), count in prop_oneof![Just(u32::MAX), 0..2_000_u32]) {
        let mut bytes = message.to_bytes();
        prop_assume!(bytes.len() >= 5 && !matches!(bytes[0], 0 | 1 | 10 | 16 | 17 | 19..));
        let at = before(&message);
        let truth = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
        prop_assert!(held(&bytes) <= 64 * 1024 + 16 * bytes.len() as u64);
        prop_assert_eq!(Message::from_bytes(&bytes).is_ok(), count == truth);
    }
}

#[test]
fn the_longest_of_each_kind_fits_and_one_item_more_does_not() {
    let id = crate::id::NodeId::try_from("a".repeat(63)).unwrap();
    let endpoint = Endpoint { host: "h".repeat(253), port: 1 };
    let block = Item::Block { id: Hash::ZERO, height: 0, work: 0 };
    let crl: Bounded<u8, CRL_BYTES> = Bounded::truncated(vec![0; CRL_BYTES]);
    let header: Header = decode(&[0; HEADER_BYTES], "header").unwrap();
    let point = Checkpoint { epoch: 0, height: 0, block: Hash::ZERO };
    let link = Link { set: Hash::ZERO, source: point, target: point };
    let vote = Vote { link, voter: 0, signature: Signature::ZERO };
    let certificate = Some(Certificate {
        link,
        signers: Bounded::truncated([0; VOTER_BYTES]),
        signatures: Bounded::truncated(vec![Signature::ZERO; VOTERS]),
    });
    let long = |n: u8| Member {
        id: alloc::format!("{n:a>63}").parse().unwrap(),
        name: text(&"n".repeat(64)),
        ..member(n)
    };
    let roster = Roster::new(Base::default(), (0..128).map(long)).unwrap();
    let versions = (3..).take(UPGRADES).map(|version| (version, u64::MAX));
    let handover = Handover {
        header: header.clone(),
        executed: Hash::ZERO,
        roster: versions.fold(roster, |roster, (version, height)| roster.with_version(version, height)),
        certificate: certificate.clone().unwrap(),
    };
    let compact = CompactBlock {
        header: header.clone(),
        executed: Hash::ZERO,
        reward: Reward { to: Address::of(&PublicKey::ZERO), amount: 0 },
        certificate: certificate.clone(),
        salt: 0,
        ids: Bounded::truncated(vec![ShortId(0); TRANSACTIONS_PER_BLOCK]),
    };
    let longest = [
        Message::Ping(0),
        Message::Pong(0),
        Message::GetPeers,
        Message::Peers(Bounded::truncated(vec![PeerEntry { id, endpoint }; PEERS_PER_MESSAGE])),
        Message::Announce(Bounded::truncated(vec![block; IDS_PER_MESSAGE])),
        Message::Request(Bounded::truncated(vec![Hash::ZERO; IDS_PER_MESSAGE])),
        Message::GetHeaders {
            locator: Bounded::truncated(vec![Hash::ZERO; LOCATOR_HASHES]),
            stop: Hash::ZERO,
        },
        Message::Headers(Bounded::truncated(vec![
            SyncHeader { header, executed: Hash::ZERO };
            HEADERS_PER_MESSAGE
        ])),
        Message::GetBlocks(Bounded::truncated(vec![Hash::ZERO; BLOCKS_PER_REQUEST])),
        Message::CompactBlock(Arc::new(compact)),
        Message::GetBlockTransactions {
            block: Hash::ZERO,
            places: Bounded::truncated(vec![0; TRANSACTIONS_PER_BLOCK]),
        },
        Message::NotFound(Bounded::truncated(vec![block; IDS_PER_MESSAGE])),
        Message::Revocations(Bounded::truncated(vec![crl; CRLS_PER_MESSAGE])),
        Message::Goodbye(Goodbye::new(GoodbyeReason::Fault, &"x".repeat(300))),
        Message::Votes(Arc::new(Votes {
            link,
            votes: Bounded::truncated(vec![(0, Signature::ZERO); VOTERS]),
        })),
        Message::Proposal(Arc::new(Proposal { vote, proof: certificate.clone() })),
        Message::Certificate(Arc::new(certificate.clone().unwrap())),
        Message::GetFinality { set: Hash::ZERO, voter: Some(PublicKey::ZERO) },
        Message::Finality(Arc::new(Finality {
            set: Hash::ZERO,
            handovers: Bounded::truncated(vec![handover; HANDOVERS]),
            newest: certificate.clone(),
            lock: certificate,
            seen: Some(vote),
        })),
        Message::DialBack,
        Message::DialedBack(DialOutcome::Connected),
    ];
    for message in longest {
        let mut bytes = message.to_bytes();
        assert_eq!(bytes.len(), Message::longest(bytes[0]), "{}", message.name());
        assert!(bytes.len() <= FRAME_BYTES, "{}", message.name());
        if matches!(bytes[0], 0 | 1 | 2 | 16 | 17 | 19..) {
            continue;
        }
        let at = before(&message);
        let count = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        bytes[at..at + 4].copy_from_slice(&(count + 1).to_le_bytes());
        let behind = if matches!(message, Message::GetHeaders { .. }) { 32 } else { 0 };
        let first = at + 4;
        let item = (bytes.len() - first - behind) / usize::try_from(count).unwrap();
        let one_more = bytes[first..first + item].to_vec();
        bytes.splice(first..first, one_more);
        assert!(Message::from_bytes(&bytes).is_err(), "{}", message.name());
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let mut names: Vec<_> =
        NUMBERS.map(|number| Message::from_bytes(&[number, 255]).unwrap_err().what).to_vec();
    names.dedup();
    assert_eq!(names.len(), NUMBERS.len());
    for unknown in [24, 255] {
        assert_eq!(Message::from_bytes(&[unknown, 0, 0, 0, 0]).unwrap_err().what, "message");
    }
    assert!(Message::from_bytes(&[]).is_err());
}

#[test]
fn numbers_are_the_format() {
    assert_eq!(Message::Ping(1).to_bytes(), [0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Message::GetPeers.to_bytes(), [2]);
    assert_eq!(Message::DialedBack(DialOutcome::Later).to_bytes(), [23, 5]);
    assert!(Message::from_bytes(&[23, 6]).is_err());
    assert_eq!(Message::NotFound(Bounded::default()).to_bytes(), [14, 0, 0, 0, 0]);
    assert_eq!(Message::Goodbye(Goodbye::new(GoodbyeReason::Age, "")).to_bytes(), [16, 12, 0, 0, 0, 0]);
}

#[test]
fn a_goodbye_is_cut_and_cleaned() {
    let goodbye = Goodbye::new(GoodbyeReason::Fault, &"é\n".repeat(200));
    assert!(goodbye.detail.as_str().len() <= GOODBYE_BYTES);
    assert!(!goodbye.detail.as_str().contains('\n'));
}

#[test]
fn a_reason_of_later_software_is_read_and_kept() {
    let later = [16, 200, 2, 0, 0, 0, b'h', b'i'];
    let Ok(Message::Goodbye(goodbye)) = Message::from_bytes(&later) else { panic!("refused") };
    assert_eq!(goodbye.reason, GoodbyeReason::Unknown(200));
    assert_eq!(Message::Goodbye(goodbye).to_bytes(), later);
}

#[test]
fn endpoints_are_checked_on_the_way_in() {
    let good = Message::Peers(Bounded::truncated([PeerEntry {
        id: "bob".parse().unwrap(),
        endpoint: "10.0.0.6:7000".parse().unwrap(),
    }]));
    let bytes = good.to_bytes();
    assert_eq!(Message::from_bytes(&bytes).unwrap(), good);
    let mut port_zero = bytes.clone();
    let end = port_zero.len();
    port_zero[end - 2..].copy_from_slice(&[0, 0]);
    assert!(Message::from_bytes(&port_zero).is_err());
}
