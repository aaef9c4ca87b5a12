//! Values of the ledger: transactions, blocks, headers on a branch, Merkle trees, work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bouya_core::codec::{Bounded, Text, decode, encode};
use bouya_core::crypto::{Hash, PublicKey, Signature, sha256};
use bouya_core::ledger::{
    Action, Address, Block, Branch, Content, Frontier, Header, HeaderError, MemberChange, Motion, Output,
    Proposal, RawTransaction, Response, Schedule, Transaction, TransactionError, meets, root,
};
use bouya_core::limits::{DEPLOY_BYTES, HEADER_BYTES, TRANSACTION_BYTES};
use bouya_core::testing::text;
use bouya_core::time::Timestamp;

use crate::choices::Choices;
use crate::{small, tame};

/// Bytes that are accepted are the only encoding of their value. With a good signature the form alone decides, and any changed byte is noticed.
pub fn transaction(data: &[u8]) {
    let Ok(transaction) = decode::<Transaction>(data, "transaction") else { return };
    assert_eq!(encode(&transaction), data);
    assert_eq!(transaction.id(), sha256(data));
    let network = small::genesis().id();
    judge(transaction.clone(), &network);
    // The same transaction with a good signature.
    let key = small::key(data.first().copied().unwrap_or_default());
    let RawTransaction { nonce, fee, valid_until, action, .. } = RawTransaction::clone(&transaction);
    let signed = Transaction::sign(&network, &key, nonce, fee, valid_until, action);
    let sound = is_sound(&signed) && signed.cost().is_some() && encode(&signed).len() <= largest(&signed);
    assert_eq!(judge(signed.clone(), &network), sound);
    if sound {
        let at = usize::from(data.last().copied().unwrap_or_default());
        let mut bytes = encode(&signed);
        let at = at % bytes.len();
        bytes[at] ^= 1;
        if let Ok(changed) = decode::<Transaction>(&bytes, "transaction") {
            assert!(!judge(changed, &network), "byte {at} is not signed");
        }
        assert!(!judge(signed, &Hash::ZERO), "good on every network");
    }
}

/// The rules for the form of an action, written a second time.
fn is_sound(transaction: &Transaction) -> bool {
    match &transaction.action {
        Action::Transfer { outputs, .. } => {
            !outputs.is_empty() && outputs.iter().all(|output| output.amount > 0)
        }
        Action::Record { topic, .. } => !topic.as_str().is_empty(),
        Action::Propose(Proposal { title, parties, .. }) => {
            let all: BTreeSet<Address> =
                parties.iter().copied().chain([Address::of(&transaction.sender)]).collect();
            !title.as_str().is_empty() && !parties.is_empty() && all.len() == parties.len() + 1
        }
        Action::Respond { .. } | Action::Withdraw { .. } | Action::Ballot { .. } | Action::Deploy(_) => true,
        Action::Call(call) => call.contract.is_contract() && call.size <= 32 * 1024,
        // A form of governors and keys, and a proof by a key that nobody here has.
        Action::Motion(motion) => match &motion.change {
            MemberChange::Add { .. } => false,
            MemberChange::Governor { governor, .. } => governor.is_signed_for(),
            MemberChange::Remove { .. } | MemberChange::Upgrade(_) => true,
        },
        Action::Keys(keys) => {
            keys.key.is_none() && keys.governor.is_some_and(|governor| governor.is_signed_for())
        }
    }
}

fn largest(transaction: &Transaction) -> usize {
    if matches!(transaction.action, Action::Deploy(_)) { DEPLOY_BYTES } else { TRANSACTION_BYTES }
}

fn judge(transaction: Transaction, network: &Hash) -> bool {
    let (id, cost, bytes) = (transaction.id(), transaction.cost(), encode(&transaction));
    let most = largest(&transaction);
    match transaction.check(network) {
        Ok(checked) => {
            assert_eq!((checked.id(), Some(checked.cost()), checked.size()), (id, cost, bytes.len()));
            assert_eq!(encode(&checked.into_inner()), bytes);
            true
        }
        Err(error) => {
            assert_eq!(matches!(error, TransactionError::Large(..)), bytes.len() > most);
            tame(&error);
            false
        }
    }
}

pub(crate) fn transaction_seeds() -> Vec<Vec<u8>> {
    let to = |n| Output { to: small::address(n), amount: u64::MAX };
    let many = Action::Transfer { outputs: Bounded::truncated(vec![to(2); 128]), memo: Text::default() };
    let huge =
        Action::Transfer { outputs: Bounded::truncated([to(3)]), memo: text(&"für Ärger ".repeat(19)) };
    let proposal = small::proposal(2, 3, Timestamp(1_700_000_009_000));
    let agreement = proposal.id(&small::key(1).public(), 7);
    let content = Content::Document { hash: Hash([9; 32]), name: text("plan") };
    let actions = [
        many,
        huge,
        small::record("log", &[7; 300]),
        Action::Record { topic: text("topic"), content },
        Action::Respond { agreement, document: proposal.document, response: Response::Sign },
        Action::Propose(proposal),
        Action::Withdraw { agreement },
        Action::from(Motion {
            change: MemberChange::Remove { id: "a".parse().unwrap() },
            reason: text("silent for a month"),
            until: Timestamp(1_700_000_009_000),
        }),
        Action::Ballot { motion: agreement, yes: true },
    ];
    let acts = actions.map(|action| small::act(1, 7, action, 300));
    [small::pay(0, 0, 1, 5, 300, 9)].iter().chain(&acts).map(encode).collect()
}

/// Bytes that are accepted are the only encoding of a block or a header, and what a header states is true.
pub fn block(data: &[u8]) {
    if let Ok(header) = decode::<Header>(data, "header") {
        assert_eq!(encode(&header), data);
        any_header(&header);
    }
    let Ok(block) = decode::<Block>(data, "block") else { return };
    assert_eq!(encode(&block), data);
    any_block(&block);
}

pub(crate) fn any_block(block: &Block) {
    any_header(&block.header);
    assert_eq!(block.id(), block.header.id());
    let height = block.header.height;
    let mut leaves = vec![block.body.reward.id(height)];
    leaves.extend(block.body.transactions.iter().map(Transaction::id));
    let leaves: Vec<[u8; 32]> = leaves.iter().map(|id| id.0).collect();
    assert_eq!(block.body.root(height), root(&leaves));
}

fn any_header(header: &Header) {
    let bytes = encode(header);
    assert_eq!(bytes.len(), HEADER_BYTES);
    assert_eq!(header.before_nonce().finish(&header.nonce.to_le_bytes()), header.id());
    let genesis = small::genesis();
    match header.check_alone(&genesis.rules) {
        Ok(()) => assert!(meets(&header.id(), header.difficulty) && header.is_sealed(&genesis.id())),
        Err(error) => tame(&error),
    }
    let mut sealed = header.clone();
    sealed.seal(&genesis.id(), &small::key(1));
    assert!(sealed.is_sealed(&genesis.id()) && !sealed.is_sealed(&Hash::ZERO));
    sealed.nonce ^= 1;
    assert!(sealed.is_sealed(&genesis.id()), "the seal does not cover the nonce");
    sealed.time = Timestamp(sealed.time.0 ^ 1);
    assert!(!sealed.is_sealed(&genesis.id()));
}

pub(crate) fn block_seeds() -> Vec<Vec<u8>> {
    let genesis = small::genesis();
    let pays = (0..3).map(|n| small::pay(0, n, 1, 5, 300, 9)).collect();
    let full = small::block(&genesis.branch(), pays, 2, 500);
    let empty = small::block(&genesis.branch(), vec![], 1, 1);
    vec![encode(&*full), encode(&*empty), encode(&empty.header), encode(&genesis.header)]
}

/// Headers one after the other, some of them spoilt in one way. Exactly those are refused, for that reason, and they leave no trace.
pub fn branch(data: &[u8]) {
    let mut choices = Choices::new(data);
    let genesis = small::genesis();
    let (mut branch, mut known) = (genesis.branch(), genesis.branch());
    for _ in 0..40 {
        // A header may have the last time there is: then no other can follow.
        if choices.is_empty() || branch.time.0 > u64::MAX / 2 {
            break;
        }
        let gap = match choices.u8() % 4 {
            0 => 1,
            1 => u64::from(choices.u16()),
            2 => 1_000,
            _ => u64::from(choices.u32()),
        };
        let mut block = Arc::unwrap_or_clone(small::block(&branch, vec![], choices.u8(), gap));
        let spoilt = spoil(&mut block.header, &mut choices);
        if spoilt.is_some() && spoilt != Some(Spoilt::Work) {
            if spoilt != Some(Spoilt::Seal) {
                let key = small::key(1);
                block.header.seal(&genesis.id(), &key);
            }
            small::mine_again(&mut block);
        }
        let before = branch.clone();
        match branch.check(&genesis.rules, &block.header) {
            Ok(()) => {
                let nodes = branch.push(&genesis.rules, &block.header, None);
                assert_eq!(spoilt.filter(|_| !is_as_good(&before, &block.header)), None);
                assert_eq!(nodes, known.push(&genesis.rules, &block.header, None));
                assert_eq!(branch, known);
                assert_eq!((branch.id, branch.height), (block.id(), before.height + 1));
                assert_eq!(branch.work, before.work + u128::from(block.header.difficulty));
                assert_eq!(branch.frontier.leaves(), branch.height + 1);
                assert!(branch.beats(&before) && !before.beats(&branch) && !branch.beats(&branch));
            }
            Err(error) => {
                assert_eq!(branch, before, "a refused header left a trace");
                assert!(spoilt.is_some_and(|spoilt| spoilt.shows_as(&error)), "{spoilt:?}: {error}");
                tame(&error);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spoilt {
    Version,
    Parent,
    Height,
    Time,
    Difficulty,
    History,
    Seal,
    Work,
}

impl Spoilt {
    fn shows_as(self, error: &HeaderError) -> bool {
        match self {
            Self::Version => matches!(error, HeaderError::Version { .. } | HeaderError::Rest { .. }),
            Self::Parent => matches!(error, HeaderError::Parent { .. }),
            Self::Height => matches!(error, HeaderError::Height { .. }),
            Self::Time => matches!(error, HeaderError::Time { .. } | HeaderError::Rest { .. }),
            Self::Difficulty => matches!(error, HeaderError::Difficulty { .. }),
            Self::History => matches!(error, HeaderError::History),
            Self::Seal => matches!(error, HeaderError::Seal | HeaderError::Member(_)),
            Self::Work => matches!(error, HeaderError::Work(_)),
        }
    }
}

/// Whether a change came to nothing: another nonce may show work too, another time may do as well, a rest may be told.
fn is_as_good(branch: &Branch, header: &Header) -> bool {
    header.parent == branch.id
        && header.height == branch.height + 1
        && header.time > branch.time
        && header.difficulty == branch.next_difficulty(&small::genesis().rules)
        && header.history == branch.frontier.root()
        && (header.version, header.flags & !Header::TOLD) == (2, 0)
        && (!header.is_told()
            || header.time.millis_since(branch.time) >= small::genesis().rules.schedule.shortest_rest_ms())
        && header.check_alone(&small::genesis().rules).is_ok()
}

fn spoil(header: &mut Header, choices: &mut Choices<'_>) -> Option<Spoilt> {
    let spoilt = match choices.u8() % 24 {
        0 => {
            match choices.u8() % 2 {
                0 => header.version ^= 1 << (choices.u8() % 32),
                _ => header.flags ^= 1 << (choices.u8() % 32),
            }
            Spoilt::Version
        }
        1 => {
            header.parent = Hash(choices.hash());
            Spoilt::Parent
        }
        2 => {
            header.height = choices.number();
            Spoilt::Height
        }
        3 => {
            header.time = Timestamp(choices.number());
            Spoilt::Time
        }
        4 => {
            header.difficulty = choices.number();
            Spoilt::Difficulty
        }
        5 => {
            header.history = Hash(choices.hash());
            Spoilt::History
        }
        6 => {
            let at = usize::from(choices.u8() % 64);
            header.seal.0[at] ^= 1 << (choices.u8() % 8);
            Spoilt::Seal
        }
        7 => {
            header.miner = PublicKey(choices.hash());
            header.seal = Signature([choices.u8(); 64]);
            Spoilt::Seal
        }
        8 => {
            header.nonce = header.nonce.wrapping_add(1 + u64::from(choices.u8()));
            Spoilt::Work
        }
        _ => return None,
    };
    Some(spoilt)
}

pub(crate) fn branch_seeds() -> Vec<Vec<u8>> {
    // The bytes: gap, miner, spoilt. Some good headers and one fault of each kind, then two long good chains.
    let good = |n: usize| [2, 1, 20].repeat(n);
    let faults = (0..9).map(|fault| [good(3), vec![2, 1, fault, 1, 1, 1, 1], good(2)].concat());
    faults.chain([good(40), [0, 1, 20].repeat(40)]).collect()
}

/// A tree's root, its growth and what is read back agree. A tree that lost a node is an error.
pub fn merkle(data: &[u8]) {
    let mut choices = Choices::new(data);
    let count = choices.within(1..70);
    let leaves: Vec<&[u8]> = (0..count).map(|_| choices.bytes(2)).collect();
    let (mut frontier, mut nodes) = (Frontier::default(), BTreeMap::new());
    for (at, leaf) in leaves.iter().enumerate() {
        assert_eq!(frontier.root(), root(&leaves[..at]));
        nodes.extend(frontier.push(leaf).into_iter().map(|(height, index, hash)| ((height, index), hash)));
    }
    let (top, total) = (root(&leaves), frontier.leaves());
    assert_eq!((top, total), (frontier.root(), count as u64));
    let mut used = Vec::new();
    let read = Frontier::read(total, |height, index| {
        used.push((height, index));
        nodes.get(&(height, index)).copied().ok_or("a node that was never completed")
    });
    assert_eq!(read.as_ref(), Ok(&frontier));
    // Another leaf, another root.
    let other = choices.within(0..count);
    let mut changed = leaves.clone();
    changed[other] = b"other";
    assert_ne!(root(&changed), top);
    if let Some(lost) = choices.pick(&used) {
        let read = Frontier::read(total, |height, index| {
            nodes.get(&(height, index)).filter(|_| (height, index) != *lost).copied().ok_or(())
        });
        assert_eq!(read, Err(()));
    }
    let found =
        Frontier::read(choices.number(), |height, index| nodes.get(&(height, index)).copied().ok_or(()));
    assert!(found.is_err() || found.is_ok_and(|found| found.leaves() <= total));
}

pub(crate) fn merkle_seeds() -> Vec<Vec<u8>> {
    [0_u8, 1, 2, 6, 7, 62, 63, 64].map(|n| [vec![n, 0], (0..=255).collect(), vec![n; 200]].concat()).into()
}

/// Difficulty falls with lateness and never below its floor, and no gap adds more than its bound; a hash meets exactly the difficulties that its number allows.
pub fn work(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (interval, half_life, initial) = (choices.u32(), choices.u16(), choices.number());
    let schedule = Schedule::new(interval, half_life, initial);
    let (mut lateness, mut height) = (0_i64, choices.number());
    for _ in 0..64 {
        if choices.is_empty() {
            break;
        }
        let difficulty = schedule.difficulty(lateness);
        assert!(difficulty >= (initial >> 16).max(1), "below the floor");
        let earlier = lateness.saturating_sub(i64::from(choices.u32()));
        assert!(schedule.difficulty(earlier) >= difficulty, "easier the later the chain is");
        let next = schedule.lateness(lateness, height, choices.number(), choices.one_in(2));
        let (least, most) = (-4 * i64::from(interval.max(1)), 9 * i64::from(interval.max(1)));
        assert!((least..=most).contains(&(next - lateness)) || lateness > 0 && next < lateness);
        (lateness, height) = (next, height.saturating_add(1));
    }
    let id = Hash(choices.hash());
    let difficulty = choices.number();
    assert_eq!(meets(&id, difficulty), difficulty > 0 && product_fits(&id, difficulty));
}

/// Whether id x difficulty < 2^256, in another arithmetic.
fn product_fits(id: &Hash, difficulty: u64) -> bool {
    let limbs = id.0.rchunks_exact(8).map(|limb| u64::from_be_bytes(limb.try_into().unwrap_or_default()));
    let carry = limbs.fold(0_u128, |carry, limb| (u128::from(limb) * u128::from(difficulty) + carry) >> 64);
    carry == 0
}

pub(crate) fn work_seeds() -> Vec<Vec<u8>> {
    let head =
        |interval: u32, half_life: u16| [&interval.to_le_bytes()[..], &half_life.to_le_bytes()].concat();
    let steps = |kind: u8| [kind, 9, 200, 3, 0, 0].repeat(20);
    [(5_000, 32), (100, 1), (600_000, 65_535), (0, 0)]
        .iter()
        .zip(0..)
        .map(|((interval, half_life), kind)| [head(*interval, *half_life), steps(kind), vec![0; 64]].concat())
        .collect()
}
