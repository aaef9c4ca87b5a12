//! Reads a fuzzer's bytes as decisions. When the bytes are used up, every decision is zero, so every input means something.

use std::ops::Range;

/// The bytes that are left.
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Up to `count` bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        self.bytes(usize::MAX)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.bytes(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    pub(crate) fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub(crate) fn hash(&mut self) -> [u8; 32] {
        self.array()
    }

    /// One of `range`, which is not empty.
    pub(crate) fn within(&mut self, range: Range<usize>) -> usize {
        range.start + usize::from(self.u16()) % range.len()
    }

    /// True once in `n` times; never when the bytes are used up.
    pub(crate) fn one_in(&mut self, n: u8) -> bool {
        self.u8() % n == n - 1
    }

    pub(crate) fn pick<'b, T>(&mut self, items: &'b [T]) -> Option<&'b T> {
        if items.is_empty() { None } else { items.get(self.within(0..items.len())) }
    }

    /// A number of a kind that programs get wrong: small, at an edge, or any.
    pub(crate) fn number(&mut self) -> u64 {
        match self.u8() % 6 {
            0 => self.u8().into(),
            1 => self.u16().into(),
            2 => u64::MAX - u64::from(self.u8()),
            3 => 1_u64.rotate_left(self.u8().into()),
            4 => u64::from(self.u32()) + (1 << 31),
            _ => self.u64(),
        }
    }
}
