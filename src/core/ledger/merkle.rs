//! RFC 6962 Merkle trees: one definition for the transactions of a block and for the history of the chain.
//!
//! Leaves and inner nodes are hashed differently, so no inner node can pass for a leaf. A growing tree is kept as its
//! [`Frontier`]: the roots of its perfect subtrees, which is also the Merkle mountain range of ZIP-221, bagged right to left.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::ops::Range;

use sha2::{Digest, Sha256};

use crate::crypto::{Hash, sha256};

fn leaf_hash(data: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix([0]).chain_update(data).finalize().into())
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root over `leaves`; without leaves, the hash of the empty string.
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

/// A step from a node up to its parent: the other child, and whether that is the left one. Because it holds the side, a path can be checked
/// without index or count, and no part of it can be changed without changing the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// Whether it is on the left.
    pub left: bool,
    /// Its hash.
    pub hash: Hash,
}

/// The steps from leaf `index` up to the root over `count` leaves, where `root` gives the root over a range of them. None if there is
/// no such leaf.
pub(super) fn path<E>(
    count: u64,
    index: u64,
    mut root: impl FnMut(Range<u64>) -> Result<Hash, E>,
) -> Result<Option<Vec<Sibling>>, E> {
    if index >= count {
        return Ok(None);
    }
    let mut path = Vec::new();
    let mut part = 0..count;
    while part.end.saturating_sub(part.start) > 1 {
        let middle = middle(&part);
        let (left, right) = (part.start..middle, middle..part.end);
        if index < middle {
            path.push(Sibling { left: false, hash: root(right)? });
            part = left;
        } else {
            path.push(Sibling { left: true, hash: root(left)? });
            part = right;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// The same over leaves that are all at hand.
pub(super) fn path_among<T: AsRef<[u8]>>(leaves: &[T], index: u64) -> Option<Vec<Sibling>> {
    let range = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let found = path(count, index, |part| {
        let part = leaves.get(range(part.start)..range(part.end)).unwrap_or_default();
        Ok::<_, Infallible>(root(part))
    });
    found.unwrap_or_else(|never| match never {})
}

/// The root over the leaves in `part`, which is not empty, from the perfect subtrees that `node(height, index)` knows.
pub(super) fn root_of<E>(
    part: Range<u64>,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let count = part.end.saturating_sub(part.start);
    if count.is_power_of_two() {
        let height = count.trailing_zeros();
        let index = part.start.checked_shr(height).unwrap_or(0);
        return node(u8::try_from(height).unwrap_or(u8::MAX), index);
    }
    let middle = middle(&part);
    let left = root_of(part.start..middle, node)?;
    Ok(node_hash(&left, &root_of(middle..part.end, node)?))
}

/// The root to which `path` leads from a leaf with this `data`.
pub(super) fn climb(data: &[u8], path: &[Sibling]) -> Hash {
    path.iter().fold(leaf_hash(data), |hash, sibling| match sibling.left {
        true => node_hash(&sibling.hash, &hash),
        false => node_hash(&hash, &sibling.hash),
    })
}

/// Where a range of at least two leaves is split: after the largest power of two below their number.
fn middle(part: &Range<u64>) -> u64 {
    let count = part.end.saturating_sub(part.start);
    part.start.saturating_add(count.checked_next_power_of_two().map_or(1 << 63, |power| power >> 1))
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
                let (left, right) = many.split_at(middle(&(0..many.len() as u64)) as usize);
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
        fn paths_lead_to_the_root_and_no_other_does(count in 1_u64..70, pick: prop::sample::Index, bit in 0_u8..8) {
            let leaves: Vec<[u8; 2]> = (0..count).map(|n| (n as u16).to_be_bytes()).collect();
            let mut nodes = std::collections::BTreeMap::new();
            let mut frontier = Frontier::default();
            for leaf in &leaves {
                nodes.extend(frontier.push(leaf).into_iter().map(|(height, index, hash)| ((height, index), hash)));
            }
            let mut node = |height: u8, index: u64| nodes.get(&(height, index)).copied().ok_or((height, index));
            let index = pick.index(leaves.len()) as u64;
            let steps = path(count, index, |part| root_of(part, &mut node)).unwrap().unwrap();
            let range = |part: &Range<u64>| part.start as usize..part.end as usize;
            let plain = path(count, index, |part| Ok::<_, ()>(root(&leaves[range(&part)]))).unwrap().unwrap();
            prop_assert_eq!(&steps, &plain);
            let (data, root) = (leaves[index as usize], root(&leaves));
            prop_assert_eq!(climb(&data, &steps), root);
            prop_assert_ne!(climb(b"other", &steps), root);
            for at in 0..steps.len() {
                let mut changed = steps.clone();
                changed[at].hash.0[0] ^= 1 << bit;
                prop_assert_ne!(climb(&data, &changed), root);
                changed = steps.clone();
                changed[at].left = !changed[at].left;
                prop_assert_ne!(climb(&data, &changed), root);
            }
            prop_assert!(steps.is_empty() || climb(&data, &steps[1..]) != root);
            prop_assert_eq!(path(count, count, |_| Ok::<_, ()>(root)), Ok(None));
        }
    }
}
