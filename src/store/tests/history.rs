//! A history of commits of every kind, and what the store holds after each.

use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use bouya_core::codec::{Bounded, Text, decode};
use bouya_core::ledger::{Action, Block, Content, Key, Proposal, Ready, Response, Step};
use redb::{ReadTransaction, TableDefinition, TableHandle};

use super::disk::{Disk, Op};
use super::*;
use bouya_core::testing::key;

/// Something that changes the store in one commit.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A block arrives.
    Give(Arc<Block>),
    /// The chain goes on to the best branch.
    Reorganise,
    /// A block off the best chain is cleaned away.
    Remove(Hash),
    /// The body of the first block leaves.
    Prune,
    /// All rows of the state are written anew.
    Rewrite,
    Keep(&'static str, Vec<u8>),
    /// Closed and opened again: changes nothing.
    Restart,
}

/// What a store holds: a digest of all rows, table by table.
pub(super) type Contents = BTreeMap<String, u64>;

/// A store on a disk in memory, and the chain over it.
pub(super) struct Node {
    pub(super) disk: Disk,
    store: Store,
    chain: Chain,
}

impl Node {
    pub(super) fn open(disk: &Disk) -> Result<Self, StoreError> {
        let genesis = network("test", 1_000_000);
        let guard = Guard::new(Path::new("in memory"));
        let db = guard.run(|| Ok(Database::builder().create_with_backend(disk.clone())?))?;
        let store = Store::over(Db::new(db, guard), genesis, None)?;
        let chain = load(&store)?;
        Ok(Self { disk: disk.clone(), store, chain })
    }

    /// True once it is durable; false if there was nothing to do.
    pub(super) fn act(&mut self, act: &Act) -> Result<bool, StoreError> {
        let snapshot = self.store.reader().snapshot()?;
        let mut check = check_inline(self.chain.genesis().id());
        let failed = |what: String| StoreError::Failed { path: PathBuf::new(), what };
        match act {
            Act::Give(block) => {
                let now = Timestamp(u64::MAX / 2);
                let plan = self.chain.plan(&snapshot, &mut check, now, block.clone(), Origin::Synced);
                match plan.map_err(|error| failed(error.to_string()))? {
                    Plan::Ready(ready) => self.take(ready),
                    _ => Ok(false),
                }
            }
            Act::Reorganise => loop {
                let step = self.chain.step(&snapshot, &mut check);
                match step.map_err(|error| failed(error.to_string()))? {
                    Step::Ready(ready) => break self.take(ready),
                    Step::Idle => break Ok(false),
                    Step::Working => (),
                    Step::Invalid { error, .. } => panic!("{error}"),
                }
            },
            Act::Remove(id) => {
                self.store.commit(&Change { removed: vec![*id], ..Change::default() })?;
                self.chain = load(&self.store)?;
                Ok(true)
            }
            Act::Prune => {
                let first = snapshot.block_at(1)?.unwrap().id();
                let (dropped_bodies, lowest) = (vec![first], Some(2));
                self.store.commit(&Change { dropped_bodies, lowest, ..Change::default() })?;
                self.chain = load(&self.store)?;
                Ok(true)
            }
            Act::Rewrite => {
                let mut rows = BTreeMap::new();
                for row in snapshot.rows()? {
                    let (key, value) = row?;
                    rows.insert(decode::<Key>(&key, "key").unwrap(), Some(value));
                }
                self.store.commit(&Change { replace_rows: true, rows, ..Change::default() })?;
                Ok(true)
            }
            Act::Keep(name, bytes) => self.store.reader().keep(name, bytes).map(|()| true),
            Act::Restart => {
                drop(snapshot);
                // Closing writes to the disk: another node stands in until that is over.
                let disk = self.disk.clone();
                drop(std::mem::replace(self, Self::open(&Disk::default())?));
                *self = Self::open(&disk)?;
                Ok(true)
            }
        }
    }

    fn take(&mut self, ready: Ready) -> Result<bool, StoreError> {
        self.store.commit(ready.change())?;
        self.chain.accept(ready);
        Ok(true)
    }

    pub(super) fn contents(&self) -> Result<Contents, StoreError> {
        contents(&self.store)
    }

    /// The power goes: nothing that is not on the disk by now will be.
    pub(super) fn cut(self) {
        self.disk.cut_power();
    }
}

/// Everything in all tables.
pub(super) fn contents(store: &Store) -> Result<Contents, StoreError> {
    store.db.guard.run(|| {
        let tx = store.db.get()?.begin_read()?;
        let mut contents = Contents::new();
        digest(&tx, META, &mut contents)?;
        digest(&tx, HEADERS, &mut contents)?;
        digest(&tx, HANDOVERS, &mut contents)?;
        digest(&tx, HANDED_OVER, &mut contents)?;
        digest(&tx, BODIES, &mut contents)?;
        digest(&tx, LEAVES, &mut contents)?;
        digest(&tx, SIDE, &mut contents)?;
        digest(&tx, HEIGHTS, &mut contents)?;
        digest(&tx, NODES, &mut contents)?;
        digest(&tx, STATE, &mut contents)?;
        digest(&tx, UNDO, &mut contents)?;
        digest(&tx, RESULTS, &mut contents)?;
        digest(&tx, ENDED, &mut contents)?;
        digest(&tx, ENDED_AT, &mut contents)?;
        digest(&tx, RUNS, &mut contents)?;
        digest(&tx, CHUNKS, &mut contents)?;
        digest(&tx, DEADLINES, &mut contents)?;
        let tables = tx.list_tables()?.map(|table| table.name().to_owned());
        assert!(tables.eq(contents.keys().cloned()), "a table that nobody compares");
        Ok(contents)
    })
}

fn load(store: &Store) -> Result<Chain, StoreError> {
    let snapshot = store.reader().snapshot()?;
    let chain = Chain::load(store.genesis.clone(), &snapshot);
    chain.map_err(|error| StoreError::Failed { path: PathBuf::new(), what: error.to_string() })
}

fn digest<K: redb::Key + 'static, V: redb::Value + 'static>(
    tx: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
    contents: &mut Contents,
) -> Result<(), Fault> {
    let mut hasher = DefaultHasher::new();
    for row in tx.open_table(table)?.iter()? {
        let (key, value) = row?;
        K::as_bytes(&key.value()).as_ref().hash(&mut hasher);
        V::as_bytes(&value.value()).as_ref().hash(&mut hasher);
    }
    contents.insert(table.name().to_owned(), hasher.finish());
    Ok(())
}

/// Acts as they were done on a disk that works.
pub(super) struct History {
    pub(super) acts: Vec<Act>,
    /// What the store held in the beginning, and after each act.
    pub(super) states: Vec<Contents>,
    /// All that the disk was told.
    pub(super) ops: Vec<Op>,
    /// How much of that when the store was open, and when each act was acknowledged.
    pub(super) acknowledged: Vec<usize>,
}

impl History {
    pub(super) fn new() -> Self {
        let mut node = Node::open(&Disk::default()).unwrap();
        let mut history = Self {
            acts: Vec::new(),
            states: vec![node.contents().unwrap()],
            ops: Vec::new(),
            acknowledged: vec![node.disk.done()],
        };
        for act in script() {
            history.add(&mut node, act);
            while history.add(&mut node, Act::Reorganise) {}
        }
        history.ops = node.disk.ops();
        node.cut();
        let later = &history.ops[history.acknowledged[0]..];
        assert!(later.iter().any(|op| matches!(op, Op::Length(_))), "the file never grew");
        assert!(history.acts.iter().any(|act| matches!(act, Act::Reorganise)), "no branch ever won");
        history
    }

    fn add(&mut self, node: &mut Node, act: Act) -> bool {
        if !node.act(&act).unwrap() {
            return false;
        }
        self.acts.push(act);
        self.states.push(node.contents().unwrap());
        self.acknowledged.push(node.disk.done());
        true
    }

    /// How many acts a disk may hold that was told so many operations: those that were acknowledged, and the one under way.
    /// None: the store was never open.
    pub(super) fn promised(&self, told: usize) -> Option<RangeInclusive<usize>> {
        let acknowledged = self.acknowledged.iter().rposition(|at| *at <= told)?;
        Some(acknowledged..=(acknowledged + 1).min(self.acts.len()))
    }
}

/// Payments, records and agreements; a fork that wins, one that is cleaned away; a block that is pruned; rows kept, small and large.
fn script() -> Vec<Act> {
    let genesis = network("test", 1_000_000);
    let text = |text: &str| Text::try_from(text.to_owned()).unwrap();
    let sign =
        |from, nonce, action| Transaction::sign(&genesis.id(), &key(from), nonce, 1_000, u64::MAX, action);
    let document = Hash([9; 32]);
    let parties = Bounded::truncated([address(1), address(2)]);
    let proposal =
        Proposal { title: text("lease"), document, parties, deadline: Timestamp(1_700_000_090_000) };
    let agreement = proposal.id(&key(3).public(), 0);
    let respond = |response| Action::Respond { agreement, document, response };
    let record = |size: usize| {
        let content = Content::Data(Bounded::truncated(vec![7; size]));
        Action::Record { topic: Text::try_from("log".to_owned()).unwrap(), content }
    };
    let mut branch = genesis.branch();
    let grow = |branch: &mut Branch, transactions, miner| {
        let block = block_on(&genesis, branch, 1_000, transactions, miner);
        branch.push(&genesis.rules, &block.header, None);
        Act::Give(block)
    };
    let mut acts = vec![
        grow(
            &mut branch,
            vec![
                pay(&genesis, 1, 0, 2, 500, 1_000),
                sign(2, 0, record(40)),
                sign(3, 0, Action::Propose(proposal)),
            ],
            9,
        ),
        grow(&mut branch, vec![sign(1, 1, respond(Response::Sign)), pay(&genesis, 4, 0, 7, 11, 1_000)], 9),
        Act::Keep("book", vec![1; 300]),
    ];
    let mut rival = branch.clone();
    acts.push(grow(
        &mut branch,
        vec![pay(&genesis, 1, 2, 3, 5, 1_000), sign(2, 1, respond(Response::Refuse))],
        9,
    ));
    let lost = branch.id;
    acts.extend([
        grow(&mut rival, vec![pay(&genesis, 4, 1, 6, 70, 1_000)], 8),
        grow(&mut rival, vec![sign(2, 1, respond(Response::Sign))], 8),
        grow(&mut rival, vec![], 7),
        Act::Keep("book", vec![2; 200]),
        Act::Remove(lost),
        Act::Prune,
        Act::Restart,
        Act::Rewrite,
    ]);
    let many = (0..40).map(|n| pay(&genesis, 1, 2 + n, 10 + n as u8, 3, 1_000)).collect();
    acts.push(grow(&mut rival, many, 6));
    // The file has to grow within one commit.
    acts.push(Act::Keep("revocations", vec![3; 1_200_000]));
    acts.push(grow(&mut rival, vec![sign(3, 1, record(9_000)), pay(&genesis, 4, 2, 8, 9, 1_000)], 9));
    acts.push(Act::Keep("revocations", vec![4; 10]));
    acts.push(grow(&mut rival, vec![pay(&genesis, 4, 3, 8, 9, 1_000)], 9));
    acts
}
