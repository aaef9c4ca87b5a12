//! The formats, frozen: vectors for other implementations, and one hash per type over many values, so that no format drifts unseen.
//!
//! `tests/vectors.json` is the truth. A change of it is a change of the protocol and splits networks; if that is meant, write it anew with
//! `BOUYA_WRITE_VECTORS=1 cargo test --test vectors`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bouya_core::codec::{Bounded, Text, decode, encode};
use bouya_core::crypto::{Hash, PublicKey, SecretKey, Signature, sha256};
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{
    Action, Address, Allocation, Block, BlockRules, Body, Certificate, Checkpoint, Coin, CompactBlock,
    Content, Genesis, Header, HeaderRecord, Link, Member, NetworkSpec, Output, Proposal, Response, Reward,
    Roster, Schedule, SyncHeader, Transaction, Undo, Vote, root,
};
use bouya_core::time::Timestamp;
use bouya_core::wire::{
    self, Goodbye, GoodbyeReason, Hello, Item, Message, PeerEntry, TipSummary, frame, member_proof,
};
use data_encoding::HEXLOWER;

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::try_from(text.to_owned()).unwrap()
}

/// Numbers from a seed: SplitMix64.
struct Seeded(u64);

impl Seeded {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.number() as u8)
    }

    fn hash(&mut self) -> Hash {
        Hash(self.bytes())
    }

    fn list<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    fn transaction(&mut self) -> Transaction {
        let key = SecretKey::from_seed(&self.bytes());
        let output = |s: &mut Self| Output { to: Address::of(&PublicKey(s.bytes())), amount: s.number() };
        let outputs = Bounded::truncated(self.list(3, output));
        let memo = text(["", "rent", "Müller & Söhne"][self.below(3) as usize]);
        let (network, nonce, fee, until) = (self.hash(), self.number(), self.number(), self.number());
        Transaction::transfer(&network, &key, nonce, fee, until, outputs, memo)
    }

    /// One transaction of each kind but transfers.
    fn said(&mut self) -> Vec<Transaction> {
        let (agreement, document) = (self.hash(), self.hash());
        let parties = (0..2).map(|_| Address::of(&PublicKey(self.bytes())));
        let parties = Bounded::truncated(parties.collect::<Vec<_>>());
        let data = Content::Data(Bounded::truncated(self.bytes::<20>()));
        let named = Content::Document { hash: document, name: text("lease.pdf") };
        let record = |content| Action::Record { topic: text("contracts"), content };
        let proposal =
            Proposal { title: text("Lease"), document, parties, deadline: Timestamp(self.number()) };
        let respond = |response| Action::Respond { agreement, document, response };
        let actions = [
            record(data),
            record(named),
            Action::Propose(proposal),
            respond(Response::Sign),
            respond(Response::Refuse),
            Action::Withdraw { agreement },
        ];
        actions.into_iter().map(|action| self.signed(action)).collect()
    }

    /// A deployment and a call.
    fn contracts(&mut self) -> Vec<Transaction> {
        let deploy = Deploy {
            code: Bounded::truncated(self.bytes::<40>()),
            input: Bounded::truncated(self.bytes::<9>()),
            value: self.number(),
            gas: self.number(),
        };
        let deployed = self.signed(deploy.into());
        let contract = deployed.contract().unwrap();
        let call = Call {
            contract,
            code: self.hash(),
            size: self.number() as u32,
            input: Bounded::truncated(self.bytes::<30>()),
            value: self.number(),
            gas: self.number(),
        };
        vec![deployed, self.signed(call.into())]
    }

    fn signed(&mut self, action: Action) -> Transaction {
        let key = SecretKey::from_seed(&self.bytes());
        let (network, nonce, fee, until) = (self.hash(), self.number(), self.number(), self.number());
        Transaction::sign(&network, &key, nonce, fee, until, action)
    }

    fn header(&mut self) -> Header {
        let mut header = Header {
            version: 2,
            flags: 0,
            height: self.number(),
            time: Timestamp(self.number()),
            difficulty: self.number(),
            parent: self.hash(),
            body: self.hash(),
            history: self.hash(),
            commitments: self.hash(),
            miner: PublicKey::ZERO,
            seal: Signature::ZERO,
            nonce: self.number(),
        };
        let (network, key) = (self.hash(), SecretKey::from_seed(&self.bytes()));
        header.seal(&network, &key);
        header
    }

    fn block(&mut self) -> Block {
        let reward = Reward { to: Address::of(&PublicKey(self.bytes())), amount: self.number() };
        let transactions = Bounded::truncated(self.list(4, Self::transaction));
        Block {
            header: self.header(),
            body: Body { executed: self.hash(), reward, certificate: None, transactions },
        }
    }

    fn compact_block(&mut self) -> CompactBlock {
        let block = self.block();
        CompactBlock::new(&block, self.number()).expect("no two short ids are equal")
    }

    fn item(&mut self) -> Item {
        match self.below(2) {
            0 => Item::Transaction(self.hash()),
            _ => Item::Block { id: self.hash(), height: self.number(), work: self.number().into() },
        }
    }

    fn link(&mut self) -> Link {
        let point = |s: &mut Self| Checkpoint { epoch: s.number(), height: s.number(), block: s.hash() };
        Link { set: self.hash(), source: point(self), target: point(self) }
    }

    fn vote(&mut self) -> Vote {
        Vote { link: self.link(), voter: self.below(128) as u16, signature: Signature(self.bytes()) }
    }

    fn certificate(&mut self) -> Certificate {
        let signatures = Bounded::truncated(self.list(4, |s| Signature(s.bytes())));
        Certificate { link: self.link(), signers: Bounded::truncated([self.below(16) as u8]), signatures }
    }

    /// Messages 17 to 21.
    fn finality(&mut self) -> [Message; 5] {
        let finality = wire::Finality {
            set: self.hash(),
            handovers: Bounded::default(),
            newest: Some(self.certificate()),
            lock: None,
            seen: Some(self.vote()),
        };
        let votes =
            Bounded::truncated((0..self.below(4) as u16).map(|voter| (voter, Signature(self.bytes()))));
        [
            Message::Proposal(Arc::new(wire::Proposal {
                vote: self.vote(),
                proof: Some(self.certificate()),
            })),
            Message::Votes(Arc::new(wire::Votes { link: self.link(), votes })),
            Message::Certificate(Arc::new(self.certificate())),
            Message::GetFinality { set: self.hash(), voter: Some(PublicKey(self.bytes())) },
            Message::Finality(Arc::new(finality)),
        ]
    }

    fn entry(&mut self) -> PeerEntry {
        let (id, port) = (format!("node-{}", self.below(1000)), self.below(65_535) + 1);
        PeerEntry { id: id.parse().unwrap(), endpoint: format!("10.0.0.5:{port}").parse().unwrap() }
    }

    fn messages(&mut self) -> Vec<Message> {
        let reasons = [GoodbyeReason::Shutdown, GoodbyeReason::Banned, GoodbyeReason::Age];
        let reason = reasons[self.below(3) as usize];
        // Messages that came later take no numbers from those before: their hashes stay.
        let mut later = Self(!self.0);
        let mut messages = vec![
            Message::Ping(self.number()),
            Message::Pong(self.number()),
            Message::GetPeers,
            Message::Peers(Bounded::truncated(self.list(4, Self::entry))),
            Message::Announce(Bounded::truncated(self.list(4, Self::item))),
            Message::Request(Bounded::truncated(self.list(4, Self::hash))),
            Message::Transactions(Bounded::truncated(self.list(3, Self::transaction))),
            Message::GetHeaders { locator: Bounded::truncated(self.list(4, Self::hash)), stop: self.hash() },
            Message::Headers(Bounded::truncated(
                self.list(3, |s| SyncHeader { header: s.header(), executed: s.hash() }),
            )),
            Message::GetBlocks(Bounded::truncated(self.list(4, Self::hash))),
            Message::Block(Arc::new(self.block())),
            Message::NotFound(Bounded::truncated(self.list(4, Self::item))),
            Message::Revocations(Bounded::truncated([Bounded::truncated(self.bytes::<40>())])),
            Message::Goodbye(Goodbye::new(reason, "because")),
            Message::CompactBlock(Arc::new(later.compact_block())),
            Message::GetBlockTransactions {
                block: later.hash(),
                places: Bounded::truncated(later.list(4, |s| s.number() as u16)),
            },
            Message::BlockTransactions {
                block: later.hash(),
                transactions: Bounded::truncated(later.list(3, Self::transaction)),
            },
        ];
        messages.extend(later.finality());
        let outcome = later.below(6) as u8;
        messages.extend([Message::DialBack, Message::DialedBack(decode(&[outcome], "outcome").unwrap())]);
        messages
    }
}

fn spec() -> NetworkSpec {
    NetworkSpec {
        name: text("acme"),
        created: Timestamp(1_790_000_000_000),
        salt: [7; 16],
        coin: Coin { symbol: text("ACM"), decimals: 6 },
        blocks: BlockRules {
            interval_ms: 5_000,
            half_life: 32,
            initial_difficulty: 20_000_000,
            reward: 50_000_000,
            max_bytes: 1_900_000,
        },
        members: vec![Member {
            id: "alice".parse().unwrap(),
            key: SecretKey::from_seed(&[1; 32]).public(),
            governor: Address::of(&SecretKey::from_seed(&[3; 32]).public()),
            name: text("Alice SA"),
        }],
        allocations: vec![Allocation {
            address: Address::of(&SecretKey::from_seed(&[2; 32]).public()),
            amount: 1_000_000,
        }],
        version: Header::VERSION,
        gas_per_block: None,
    }
}

/// One hash over the encodings of many values.
fn conformance(mut values: impl FnMut(&mut Seeded) -> Vec<Vec<u8>>) -> String {
    let mut seeded = Seeded(1);
    let mut all = Vec::new();
    for _ in 0..64 {
        for value in values(&mut seeded) {
            all.extend_from_slice(&(value.len() as u32).to_le_bytes());
            all.extend_from_slice(&value);
        }
    }
    sha256(&all).to_string()
}

fn vectors() -> BTreeMap<String, String> {
    let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
    let genesis = Genesis::new(spec()).unwrap();
    let running = NetworkSpec { version: 3, gas_per_block: Some(30_000_000), ..spec() };
    let running = Genesis::new(running).unwrap();
    let (key, miner) = (SecretKey::from_seed(&[2; 32]), SecretKey::from_seed(&[1; 32]));
    let output = Output { to: Address::of(&miner.public()), amount: 12_500_000 };
    let transfer =
        Transaction::transfer(&genesis.id(), &key, 0, 171, 1_000, Bounded::truncated([output]), text("rent"));
    let body = Body {
        executed: Hash([6; 32]),
        reward: Reward { to: Address::of(&miner.public()), amount: 50_000_171 },
        certificate: None,
        transactions: Bounded::truncated([transfer.clone()]),
    };
    let proposal = Proposal {
        title: text("Lease"),
        document: sha256(b"lease"),
        parties: Bounded::truncated([Address::of(&miner.public())]),
        deadline: Timestamp(1_800_000_000_000),
    };
    let proposing = Transaction::sign(&genesis.id(), &key, 1, 300, 1_000, Action::Propose(proposal));
    let branch = genesis.branch();
    let mut header = Header {
        version: 2,
        flags: 0,
        height: 1,
        time: Timestamp(1_790_000_005_000),
        difficulty: 20_000_000,
        parent: genesis.id(),
        body: body.root(1),
        history: branch.frontier.root(),
        commitments: Header::commit(branch.members.commitment(), &body.executed),
        miner: PublicKey::ZERO,
        seal: Signature::ZERO,
        nonce: 0x0123_4567_89ab_cdef,
    };
    header.seal(&genesis.id(), &miner);
    let alice = "alice".parse().unwrap();
    let proof = member_proof(&miner, &genesis.id(), &[5; 32], &alice);
    let schedule = Schedule::new(5_000, 32, 20_000_000);
    let difficulties: Vec<String> = [-2_560_000_i64, -160_000, -5_000, 0, 5_000, 80_000, 160_000, 2_560_000]
        .iter()
        .map(|lateness| format!("{lateness}:{}", schedule.difficulty(*lateness)))
        .collect();
    let gaps = [(64, 1, false), (64, 4_750, false), (65, 1, false), (65, 20_000, false), (65, 20_000, true)];
    let latenesses = gaps.map(|(height, gap, told)| {
        format!("{height}:{gap}:{told}:{}", schedule.lateness(0, height, gap, told))
    });
    let hello = Hello {
        protocols: Hello::PROTOCOLS,
        features: vec![],
        network: genesis.id(),
        id: alice,
        agent: "bouya/0.1.0".to_owned(),
        instance: "00".repeat(8),
        listen: Some("10.0.0.5:7000".parse().unwrap()),
        tip: TipSummary { height: 0, hash: genesis.id(), work: 0 },
        lowest_block: 0,
        rules: genesis.rules_digest(),
        overrides: genesis.rules.overrides.hash(),
        crls: vec![],
        member: Some(proof),
        time_ms: 1_790_000_000_000,
        finalized: None,
    };
    let mut found = BTreeMap::from([
        ("address of seed 02*32".to_owned(), Address::of(&key.public()).to_string()),
        ("public key of seed 02*32".to_owned(), key.public().to_string()),
        ("network id of the example".to_owned(), genesis.id().to_string()),
        ("genesis header of the example".to_owned(), hex(&encode(&genesis.header))),
        ("network id of the example that runs contracts".to_owned(), running.id().to_string()),
        ("rules digest of the example".to_owned(), genesis.rules_digest().to_string()),
        ("transfer bytes".to_owned(), hex(&encode(&transfer))),
        ("transfer id".to_owned(), transfer.id().to_string()),
        ("proposal bytes".to_owned(), hex(&encode(&proposing))),
        ("agreement id".to_owned(), proposing.agreement().unwrap().to_string()),
        ("reward id".to_owned(), body.reward.id(1).to_string()),
        ("body root".to_owned(), body.root(1).to_string()),
        ("history leaf of the genesis block".to_owned(), hex(&branch.leaf())),
        ("history root after the genesis block".to_owned(), branch.frontier.root().to_string()),
        ("header bytes".to_owned(), hex(&encode(&header))),
        ("header id".to_owned(), header.id().to_string()),
        ("merkle root of a, b, c".to_owned(), root(&["a", "b", "c"]).to_string()),
        ("difficulty after lateness".to_owned(), difficulties.join(" ")),
        ("lateness after 0, by height:gap:told".to_owned(), latenesses.join(" ")),
        ("ping 1 as frame".to_owned(), hex(&frame(&Message::Ping(1).to_bytes()))),
        ("hello".to_owned(), String::from_utf8(hello.to_json()).unwrap()),
    ]);
    let undo = |s: &mut Seeded| Undo(vec![(bouya_core::ledger::Key::Supply, Some(s.bytes::<9>().to_vec()))]);
    let record = |s: &mut Seeded| HeaderRecord {
        header: s.header(),
        executed: s.hash(),
        work: s.number().into(),
        lateness: s.number() as i64,
        bytes: s.number() as u32,
        base: s.hash(),
        roster: Some(Roster::new(Default::default(), [bouya_core::testing::member(1)]).unwrap()),
    };
    let mut type_hash = |name: &str, hash: String| found.insert(format!("conformance of {name}"), hash);
    type_hash("Transaction", conformance(|s| vec![encode(&s.transaction())]));
    let said = |s: &mut Seeded| s.said().iter().map(encode).collect();
    type_hash("records and agreements", conformance(said));
    type_hash("deployments and calls", conformance(|s| s.contracts().iter().map(encode).collect()));
    type_hash("Header", conformance(|s| vec![encode(&s.header())]));
    type_hash("Block", conformance(|s| vec![encode(&s.block())]));
    type_hash("HeaderRecord", conformance(|s| vec![encode(&record(s))]));
    type_hash("Undo", conformance(|s| vec![encode(&undo(s))]));
    for (number, message) in Seeded(0).messages().iter().enumerate() {
        let of_one = |s: &mut Seeded| vec![s.messages()[number].to_bytes()];
        type_hash(&format!("message {}", message.name()), conformance(of_one));
    }
    found
}

#[test]
fn the_formats_are_frozen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors.json");
    let found = vectors();
    if std::env::var_os("BOUYA_WRITE_VECTORS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let frozen: BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (name, value) in &found {
        assert_eq!(frozen.get(name), Some(value), "{name} has changed: that splits networks");
    }
    assert_eq!(frozen.len(), found.len());
}

#[test]
fn every_value_reads_back_and_no_cut_of_it_does() {
    let mut seeded = Seeded(7);
    for _ in 0..32 {
        for message in seeded.messages() {
            let bytes = message.to_bytes();
            assert_eq!(Message::from_bytes(&bytes).unwrap(), message);
            for cut in 0..bytes.len() {
                assert!(Message::from_bytes(&bytes[..cut]).is_err(), "{} cut at {cut}", message.name());
            }
        }
        let block = seeded.block();
        assert_eq!(decode::<Block>(&encode(&block), "block").unwrap(), block);
    }
}
