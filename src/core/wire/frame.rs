//! Frames: a big-endian u32 length, then that many bytes. TLS has authenticated them, but the length may still be a lie.

use alloc::vec::Vec;

use thiserror::Error;

use super::Message;
use crate::limits::{FRAME_BYTES, FRAME_STEP_BYTES};

const LENGTH_BYTES: usize = 4;

/// A frame that no honest peer sends: the connection is closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// An empty frame: it carries nothing and costs a wake-up.
    #[error("an empty frame")]
    Empty,
    /// Longer than is allowed at this point.
    #[error("a frame of {found} bytes, at most {allowed} are allowed here")]
    Long {
        /// What the length says.
        found: usize,
        /// What is allowed.
        allowed: usize,
    },
}

/// The bytes of one frame.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), body].concat()
}

/// Cuts a byte stream into frames. Memory grows with what has arrived, never with what a length announces: at most twice
/// `FRAME_STEP_BYTES` more is ever reserved, and the memory of a long frame is released with it.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameReader {
    /// Takes in bytes from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        // Bytes that were read are removed once in a while, not with every frame.
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.capacity().saturating_sub(self.buffer.len()) < bytes.len() {
            // Doubling, as a vector does by itself, would hold twice what has come.
            self.buffer.reserve_exact(bytes.len().max(FRAME_STEP_BYTES));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message. Its number says how long it can be, so a longer one is refused as soon as the number is there.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let number = self.buffer.get(self.start.saturating_add(LENGTH_BYTES));
        self.next(number.map_or(FRAME_BYTES, |number| Message::longest(*number)))
    }

    /// The next whole frame of at most `allowed` bytes. The length is checked as soon as it is there.
    pub fn next(&mut self, allowed: usize) -> Result<Option<Vec<u8>>, FrameError> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let found = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if found == 0 {
            return Err(FrameError::Empty);
        }
        if found > allowed {
            return Err(FrameError::Long { found, allowed });
        }
        let Some(body) = rest.get(..found) else { return Ok(None) };
        if found < FRAME_STEP_BYTES {
            let body = body.to_vec();
            self.start = self.start.saturating_add(LENGTH_BYTES).saturating_add(found);
            return Ok(Some(body));
        }
        // A long frame takes the buffer with it; the few bytes that follow it are copied.
        let begin = self.start.saturating_add(LENGTH_BYTES);
        let rest = self.buffer.split_off(begin.saturating_add(found));
        let mut body = core::mem::replace(&mut self.buffer, rest);
        self.start = 0;
        body.drain(..begin);
        Ok(Some(body))
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.buffer.len().saturating_sub(self.start)
    }

    #[cfg(test)]
    fn reserved(&self) -> usize {
        self.buffer.capacity()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn caps_are_exact() {
        let mut reader = FrameReader::default();
        reader.push(&frame(&[7; 10]));
        assert_eq!(reader.next(9), Err(FrameError::Long { found: 10, allowed: 9 }));
        assert_eq!(reader.next(10), Ok(Some([7; 10].to_vec())));
        reader.push(&[0, 0, 0, 0]);
        assert_eq!(reader.next(10), Err(FrameError::Empty));
    }

    #[test]
    fn a_lying_length_is_refused_before_its_body() {
        let mut reader = FrameReader::default();
        reader.push(&[255, 255, 255, 255]);
        assert!(matches!(reader.next(2_097_152), Err(FrameError::Long { .. })));
        assert_eq!(reader.held(), 4);
    }

    #[test]
    fn each_kind_of_message_has_its_own_cap() {
        for number in 0..=u8::MAX {
            let most = Message::longest(number);
            for (length, fits) in [(most, true), (most + 1, false)] {
                let mut reader = FrameReader::default();
                reader.push(&u32::try_from(length).unwrap().to_be_bytes());
                // Without the number only the frame's own cap is known.
                assert_eq!(reader.next_message().is_ok(), length <= FRAME_BYTES);
                reader.push(&[number]);
                assert_eq!(reader.next_message().is_ok(), fits, "{number}: {length}");
            }
        }
    }

    proptest! {
        #[test]
        fn memory_follows_what_has_come(
            lengths in prop::collection::vec(prop_oneof![1_usize..2_000, 60_000_usize..400_000], 1..8),
            chunk in 1_usize..40_000,
            claim in 1_u32..2_000_000,
        ) {
            let mut stream: Vec<u8> = lengths.iter().flat_map(|length| frame(&vec![7; *length])).collect();
            stream.extend_from_slice(&claim.to_be_bytes());
            let mut reader = FrameReader::default();
            for bytes in stream.chunks(chunk) {
                reader.push(bytes);
                prop_assert!(reader.reserved() <= reader.held() + 2 * FRAME_STEP_BYTES);
                while reader.next(FRAME_BYTES).unwrap().is_some() {}
            }
            // Long frames have taken their memory with them.
            prop_assert!(reader.reserved() <= 3 * FRAME_STEP_BYTES);
        }

        #[test]
        fn any_cut_gives_the_same_frames(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..10),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let stream: Vec<u8> = bodies.iter().flat_map(|body| frame(body)).collect();
            let mut reader = FrameReader::default();
            let (mut found, mut rest, mut cut) = (Vec::new(), stream.as_slice(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at((*cut.next().unwrap()).min(rest.len()));
                reader.push(now);
                rest = later;
                while let Some(body) = reader.next(50).unwrap() {
                    found.push(body);
                }
            }
            prop_assert_eq!(found, bodies);
            prop_assert_eq!(reader.held(), 0);
        }
    }
}
