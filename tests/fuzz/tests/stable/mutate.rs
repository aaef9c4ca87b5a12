//! Makes inputs from inputs, with the mistakes that bytes often hold. The seed is fixed.

use bouya_core::random::Random;

/// The longest input that is made.
const LONGEST: usize = 6_000;
/// Numbers that make lengths and counts lie.
const EDGES: [u64; 8] = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

pub(crate) struct Mutator(Random);

impl Mutator {
    /// The same stream for the same name and seed.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        let of_both = |state: u64, byte| state.wrapping_mul(31).wrapping_add(u64::from(byte));
        Self(Random::new(name.bytes().fold(seed, of_both)))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.index(end)
    }

    fn byte(&mut self) -> u8 {
        self.0.next_u64() as u8
    }

    /// A new input: one in eight is noise, the others are changed inputs of `pool`.
    pub(crate) fn next(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let at = self.below(pool.len());
        if pool.is_empty() || self.below(8) == 0 {
            let length = self.below(600);
            return (0..length).map(|_| self.byte()).collect();
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
                let noise: Vec<u8> = (0..=self.below(40)).map(|_| self.byte()).collect();
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
                    *byte = self.byte();
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
