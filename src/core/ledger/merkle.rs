//! RFC 6962 Merkle trees: one definition for the transactions of a block and for the history of the chain.
//!
//! Leaves and inner nodes are hashed differently, so no inner node passes for a leaf. A growing tree is kept as its
//! [`Frontier`]: the roots of its perfect subtrees, which is also the Merkle mountain range of ZIP-221, bagged right to left.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::crypto::{Hash, sha256};

fn leaf_hash(data: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix([0]).chain_update(data).finalize().into())
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root over `leaves`; of none, the hash of nothing.
pub fn root<T: AsRef<[u8]>>(leaves: &[T]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(leaf.as_ref());
    }
    frontier.root()
}

/// A growing tree in logarithmic space: the number of leaves and the roots of its perfect subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    leaves: u64,
    peaks: Vec<Hash>,
}

/// A perfect subtree that a push completed: its height above the leaves, its index among those of its height, its root.
pub type Node = (u8, u64, Hash);

impl Frontier {
    /// The frontier of a tree with `leaves` leaves, whose perfect subtrees `node(height, index)` knows.
    pub fn read<E>(leaves: u64, mut node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Self, E> {
        let mut peaks = Vec::new();
        for height in (0..64_u8).rev() {
            let size = 1_u64 << height;
            if leaves & size != 0 {
                // Leaves before this peak are those of the higher ones: the higher bits of the count.
                let before = leaves.checked_shr(u32::from(height)).unwrap_or(0) & !1;
                peaks.push(node(height, before)?);
            }
        }
        Ok(Self { leaves, peaks })
    }

    /// How many leaves there are.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Adds a leaf; returns the perfect subtrees that it completed, the leaf itself first.
    pub fn push(&mut self, data: &[u8]) -> Vec<Node> {
        let mut hash = leaf_hash(data);
        let mut completed = Vec::from([(0, self.leaves, hash)]);
        let mut height = 0_u8;
        // Each one at the low end of the count is a subtree of the same size, waiting for its sibling.
        while self.leaves.checked_shr(u32::from(height)).unwrap_or(0) & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            height = height.saturating_add(1);
            completed.push((height, self.leaves.checked_shr(u32::from(height)).unwrap_or(0), hash));
        }
        self.peaks.push(hash);
        self.leaves = self.leaves.saturating_add(1);
        completed
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return sha256(&[]) };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The sibling hashes from leaf `index` up to the root over `leaves`. None if there is no such leaf.
pub fn inclusion_path<T: AsRef<[u8]>>(leaves: &[T], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut part, mut index) = (leaves, index);
    while part.len() > 1 {
        let (left, right) = part.split_at_checked(split(part.len()))?;
        (part, index) = match index.checked_sub(left.len()) {
            None => {
                path.push(root(right));
                (left, index)
            }
            Some(index) => {
                path.push(root(left));
                (right, index)
            }
        };
    }
    path.reverse();
    Some(path)
}

/// Whether `path` leads from leaf `index` of `count` with this `data` to `root` (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(root: &Hash, count: u64, index: u64, data: &[u8], path: &[Hash]) -> bool {
    let Some(mut last) = count.checked_sub(1).filter(|last| index <= *last) else { return false };
    let mut at = index;
    let mut hash = leaf_hash(data);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The largest power of two below `len`, which is at least 2.
fn split(len: usize) -> usize {
    len.checked_next_power_of_two().unwrap_or(usize::MAX) / 2
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    /// The definition of RFC 6962, 2.1, word by word.
    fn by_definition(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [one] => leaf_hash(one),
            many => {
                let (left, right) = many.split_at(split(many.len()));
                node_hash(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn certificate_transparency_vectors() {
        // The inputs and roots of the certificate-transparency reference tests.
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        for (count, expected) in [
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(root(&inputs[..count]).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn frontier_equals_definition(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..70)) {
            let mut nodes = std::collections::BTreeMap::new();
            let mut frontier = Frontier::default();
            for (count, leaf) in leaves.iter().enumerate() {
                prop_assert_eq!(frontier.root(), by_definition(&leaves[..count]));
                for (height, index, hash) in frontier.push(leaf) {
                    nodes.insert((height, index), hash);
                }
                let read = Frontier::read(frontier.leaves(), |height, index| nodes.get(&(height, index)).copied().ok_or((height, index)));
                prop_assert_eq!(read.as_ref(), Ok(&frontier));
            }
            prop_assert_eq!(frontier.root(), by_definition(&leaves));
        }

        #[test]
        fn paths_prove_and_nothing_else_does(count in 1_usize..40, pick: prop::sample::Index, bit in 0_u8..8) {
            let leaves: Vec<[u8; 2]> = (0..count).map(|n| (n as u16).to_be_bytes()).collect();
            let index = pick.index(count);
            let path = inclusion_path(&leaves, index).unwrap();
            let root = root(&leaves);
            let proves = |index: usize, data: &[u8], path: &[Hash]| verify_inclusion(&root, count as u64, index as u64, data, path);
            prop_assert!(proves(index, &leaves[index], &path));
            prop_assert!(!proves(index, b"other", &path));
            prop_assert!(count == 1 || !proves((index + 1) % count, &leaves[index], &path));
            let mut longer = path.clone();
            longer.push(Hash::ZERO);
            prop_assert!(!proves(index, &leaves[index], &longer));
            if let Some(first) = path.first() {
                let mut changed = path.clone();
                changed[0] = *first;
                changed[0].0[0] ^= 1 << bit;
                prop_assert!(!proves(index, &leaves[index], &changed));
                prop_assert!(!proves(index, &leaves[index], &path[1..]));
            }
        }
    }
}
