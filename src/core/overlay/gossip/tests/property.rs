//! Random histories against a model: who has what, what was submitted.

use alloc::collections::BTreeMap;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Up,
    Down(usize),
    Announce(usize, Vec<u64>),
    Send(usize, Vec<u64>),
    Done(u64, bool),
    Offer(Vec<u64>),
    Request(usize, Vec<u64>),
    NotFound(usize, u64),
    /// More than may be asked of one peer at a time.
    AnnounceMany(usize, u64),
    LackMany(usize, u64),
    Block(usize, u64),
    OfferBlock(u64),
    Advance(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let peer = 0..6_usize;
    let some = || prop::collection::vec(0..12_u64, 1..6);
    prop_oneof![
        Just(Op::Up),
        peer.clone().prop_map(Op::Down),
        (peer.clone(), some()).prop_map(|(p, t)| Op::Announce(p, t)),
        (peer.clone(), some()).prop_map(|(p, t)| Op::Send(p, t)),
        (0..12_u64, any::<bool>()).prop_map(|(t, taken)| Op::Done(t, taken)),
        some().prop_map(Op::Offer),
        (peer.clone(), some()).prop_map(|(p, t)| Op::Request(p, t)),
        (peer.clone(), 0..12_u64).prop_map(|(p, t)| Op::NotFound(p, t)),
        (peer.clone(), 0..200_u64).prop_map(|(p, t)| Op::AnnounceMany(p, t)),
        (peer.clone(), 0..200_u64).prop_map(|(p, t)| Op::LackMany(p, t)),
        (peer, 0..4_u64).prop_map(|(p, b)| Op::Block(p, b)),
        (0..4_u64).prop_map(Op::OfferBlock),
        prop_oneof![1..10_u64, 1_000..8_000_u64].prop_map(Op::Advance),
    ]
}

/// Ids of transactions that nobody ever sends.
fn many(from: u64, count: u64) -> Vec<Hash> {
    (from..from + count).map(|n| crate::crypto::sha256(&n.to_le_bytes())).collect()
}

#[derive(Default)]
struct Model {
    has: BTreeMap<ConnId, BTreeSet<Hash>>,
    submitted: BTreeSet<Hash>,
}

impl Model {
    /// The `n`th of the connected peers.
    fn peer(&self, n: usize) -> Option<ConnId> {
        self.has.keys().nth(n % self.has.len().max(1)).copied()
    }

    fn note(&mut self, conn: ConnId, ids: impl IntoIterator<Item = Hash>) {
        self.has.get_mut(&conn).unwrap().extend(ids);
    }

    /// `asked`: the peer that has just asked and may be sent what it has.
    fn take(&mut self, act: Act, asked: Option<ConnId>) {
        let (conn, ids) = match act {
            Act::Send(conn, Message::Transactions(list)) => (conn, list.iter().map(|t| t.id()).collect()),
            Act::Send(conn, Message::Block(block)) => (conn, vec![block.id()]),
            Act::Send(conn, Message::Announce(items)) => {
                let id = |item: &Item| match item {
                    Item::Transaction(id) | Item::Block { id, .. } => *id,
                    Item::Final(point) => point.block,
                };
                (conn, items.iter().map(id).collect())
            }
            Act::Send(conn, Message::Request(ids)) => {
                assert!(ids.iter().all(|id| self.has[&conn].contains(id)), "asked who never announced");
                assert!(ids.iter().all(|id| !self.submitted.contains(id)), "asked for what is here");
                return;
            }
            Act::Ask(Request::Pool(PoolRequest::Take { transactions, .. })) => {
                for transaction in transactions {
                    assert!(self.submitted.insert(transaction.id()), "submitted twice");
                }
                return;
            }
            Act::Send(_, Message::NotFound(_)) | Act::Blame(_, Fault::Withheld) => return,
            other => panic!("{other:?}"),
        };
        let has = self.has.get_mut(&conn).expect("sent to who is gone");
        for id in ids {
            assert!(has.insert(id) || asked == Some(conn), "sent or told twice, or back to the sender");
        }
    }
}

proptest! {
    #[test]
    fn once_to_each_and_never_back(ops in prop::collection::vec(op(), 1..120)) {
        let (mut gossip, mut model, mut now) = (Gossip::new(at(0), 1), Model::default(), 0);
        for (turn, op) in (0..).zip(ops) {
            let mut asked = None;
            match op {
                Op::Up => {
                    model.has.insert(ConnId(turn), BTreeSet::new());
                    gossip.peer_up(ConnId(turn), false);
                }
                Op::Advance(ms) => {
                    now += ms;
                    if gossip.next_wakeup().is_some_and(|due| due <= at(now)) {
                        gossip.wake(at(now));
                        let next = gossip.next_wakeup();
                        prop_assert!(next.is_none_or(|due| due > at(now)), "a wake-up that does nothing");
                    }
                }
                Op::Offer(list) => {
                    model.submitted.extend(list.iter().map(|n| transaction(*n).id()));
                    let list = list.into_iter().map(transaction).collect();
                    gossip.offer_transactions(at(now), list, vec![]);
                }
                Op::OfferBlock(n) => gossip.offer_block(&block(n), None),
                Op::Done(n, taken) => {
                    let id = transaction(n).id();
                    let outcome = if taken { TransactionOutcome::Taken } else { TransactionOutcome::Ignored };
                    if !taken {
                        model.submitted.remove(&id);
                    }
                    gossip.transactions_done(at(now), ConnId(0), vec![(id, outcome)]);
                }
                Op::Down(p) => if let Some(conn) = model.peer(p) {
                    model.has.remove(&conn);
                    gossip.peer_down(conn);
                },
                Op::Announce(p, list) => if let Some(conn) = model.peer(p) {
                    let list: Vec<_> = list.iter().map(|n| transaction(*n).id()).collect();
                    model.note(conn, list.iter().copied());
                    announce(&mut gossip, at(now), conn.0, &list);
                },
                Op::Send(p, list) => if let Some(conn) = model.peer(p) {
                    model.note(conn, list.iter().map(|n| transaction(*n).id()));
                    gossip.transactions(at(now), conn, list.into_iter().map(transaction).collect());
                },
                Op::Request(p, list) => if let Some(conn) = model.peer(p) {
                    asked = Some(conn);
                    let found = list.into_iter().map(transaction).collect();
                    for message in gossip.answer_transactions(conn, found, ids(20..22)) {
                        model.take(Act::Send(conn, message), asked);
                    }
                },
                Op::NotFound(p, n) => if let Some(conn) = model.peer(p) {
                    gossip.not_found(at(now), conn, &[Item::Transaction(transaction(n).id())]);
                },
                Op::AnnounceMany(p, from) => if let Some(conn) = model.peer(p) {
                    let list = many(from, 90);
                    model.note(conn, list.iter().copied());
                    announce(&mut gossip, at(now), conn.0, &list);
                },
                Op::LackMany(p, from) => if let Some(conn) = model.peer(p) {
                    let items: Vec<_> = many(from, 40).into_iter().map(Item::Transaction).collect();
                    gossip.not_found(at(now), conn, &items);
                },
                Op::Block(p, n) => if let Some(conn) = model.peer(p) {
                    model.note(conn, [block(n).id()]);
                    gossip.block_seen(at(now), conn, block(n).id());
                },
            }
            while let Some(act) = gossip.poll() {
                model.take(act, asked);
            }
            gossip.requests.check();
        }
    }
}
