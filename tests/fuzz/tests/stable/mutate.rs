//! Inputs from inputs: a few of the lies that bytes tell, from a fixed seed.

/// Longest input made.
const LONGEST: usize = 6_000;
/// Numbers that lengths and counts lie with.
const EDGES: [u64; 8] = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    /// The same stream for the same name and seed.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        Self { state: name.bytes().fold(seed, |state, b| state.wrapping_mul(31).wrapping_add(u64::from(b))) }
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.draw() % end as u64) as usize }
    }

    /// A new input: one in eight is noise, the others are changed ones.
    pub(crate) fn next(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let at = self.below(pool.len());
        if pool.is_empty() || self.below(8) == 0 {
            let length = self.below(600);
            return (0..length).map(|_| self.draw() as u8).collect();
        }
        let mut bytes = pool[at].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes, pool);
        }
        bytes.truncate(LONGEST.max(pool[at].len()));
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, pool: &[Vec<u8>]) {
        let at = self.below(bytes.len());
        match self.below(8) {
            0 => bytes.truncate(at),
            1 => {
                let noise: Vec<u8> = (0..=self.below(40)).map(|_| self.draw() as u8).collect();
                bytes.splice(at..at, noise);
            }
            2 => {
                let part = bytes[at..].iter().take(self.below(300)).copied().collect::<Vec<u8>>();
                bytes.splice(at..at, part);
            }
            3 => {
                let end = (at + self.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let other = &pool[self.below(pool.len())];
                let from = self.below(other.len());
                let end = (at + self.below(100)).min(bytes.len());
                bytes.splice(at..end, other[from..].iter().take(200).copied());
            }
            5 => {
                let (edge, width) = (EDGES[self.below(EDGES.len())].to_le_bytes(), 1 << self.below(4));
                for (byte, new) in bytes[at..].iter_mut().zip(&edge[..width]) {
                    *byte = *new;
                }
            }
            6 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = self.draw() as u8;
                }
            }
            _ => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
        }
    }
}
