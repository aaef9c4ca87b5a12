//! A peer as the node under test sees it.

use super::*;

/// What a peer is like.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Manner {
    Honest,
    /// Says in hello that it has this.
    Claims(TipSummary),
    /// Says in hello that it has this, and answers GetHeaders with old headers from the genesis block on.
    Replays(TipSummary),
    /// Never answers GetHeaders.
    NoHeaders,
    /// Never answers GetBlocks, but for so many blocks.
    Withholds(usize),
    /// Answers GetBlocks with NotFound.
    Lacks,
    /// Says in hello that it serves blocks from `said` on, and serves them from `kept` on.
    Prunes {
        said: u64,
        kept: u64,
    },
    /// Its blocks have other bodies.
    WrongBodies,
}

pub(super) struct FakePeer {
    blocks: Blocks,
    heights: BTreeMap<Hash, usize>,
    /// Another chain that it has stored, with a lower rank.
    pub(super) side: Blocks,
    pub(super) manner: Manner,
    pub(super) latency: u64,
    /// The height of the last header sent.
    said: usize,
    /// Blocks asked for and not sent.
    pub(super) in_flight: usize,
    /// Blocks sent.
    pub(super) served: usize,
}

impl FakePeer {
    pub(super) fn new(blocks: &[Arc<Block>], manner: Manner, latency: u64) -> Self {
        let heights = BTreeMap::new();
        let (none, side) = (vec![], vec![]);
        let mut peer =
            Self { blocks: none, heights, side, manner, latency, said: 0, in_flight: 0, served: 0 };
        peer.reorganise(blocks);
        peer
    }

    pub(super) fn reorganise(&mut self, blocks: &[Arc<Block>]) {
        let heights = (1..).zip(blocks).map(|(height, block)| (block.id(), height));
        self.heights = heights.chain([(genesis().id(), 0)]).collect();
        self.blocks = blocks.to_vec();
    }

    /// What it does with a request.
    pub(super) fn answer(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::GetHeaders { locator, stop }
                if self.manner != Manner::NoHeaders && self.side.iter().any(|block| block.id() == stop) =>
            {
                let end = self.side.iter().position(|block| block.id() == stop).unwrap();
                let mut aside = Self::new(&self.side[..=end], Manner::Honest, 0);
                aside.answer(Message::GetHeaders { locator, stop: Hash::ZERO })
            }
            Message::GetHeaders { locator, .. } if self.manner != Manner::NoHeaders => {
                assert_eq!(locator.last(), Some(&genesis().id()));
                let found = *locator.iter().find_map(|id| self.heights.get(id)).unwrap();
                let is_replay = matches!(self.manner, Manner::Replays(_)) && found != self.said;
                let from = if is_replay { 0 } else { found };
                self.said = self.blocks.len().min(from + HEADERS_PER_MESSAGE);
                let headers = self.blocks[from..].iter().map(sync_header);
                vec![Message::Headers(Bounded::truncated(headers))]
            }
            Message::GetBlocks(ids) => ids.into_iter().filter_map(|id| self.block(id)).collect(),
            _ => vec![],
        }
    }

    fn block(&mut self, id: Hash) -> Option<Message> {
        let best = self.heights.get(&id).map(|height| &self.blocks[height - 1]);
        let found = best.or_else(|| self.side.iter().find(|block| block.id() == id)).cloned();
        let has = |block: &Arc<Block>| match self.manner {
            Manner::Lacks => false,
            Manner::Prunes { kept, .. } => block.header.height >= kept,
            _ => true,
        };
        let Some(block) = found.filter(has) else {
            self.in_flight -= 1;
            let item = Item::Block { id, height: 0, work: 0 };
            return Some(Message::NotFound(Bounded::truncated([item])));
        };
        match &mut self.manner {
            Manner::Withholds(0) => return None,
            Manner::Withholds(left) => *left -= 1,
            _ => {}
        }
        self.in_flight -= 1;
        self.served += 1;
        let mut block = (*block).clone();
        if self.manner == Manner::WrongBodies {
            block.body.reward.amount += 1;
        }
        Some(Message::Block(Arc::new(block)))
    }
}
