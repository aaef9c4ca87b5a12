//! Frames: a u32 big-endian length, then so many bytes. TLS has authenticated them; the length still may lie.

use alloc::vec::Vec;

use thiserror::Error;

const LENGTH_BYTES: usize = 4;

/// A frame that no honest peer sends: the connection is closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A frame of nothing carries nothing and costs a wake-up.
    #[error("an empty frame")]
    Empty,
    /// Longer than allowed now.
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

/// Cuts a byte stream into frames. Memory grows with what has arrived, never with what a length announces.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameReader {
    /// Takes in bytes from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        // What has been read moves out of the way once, not with every frame.
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
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
        self.start = self.start.saturating_add(LENGTH_BYTES).saturating_add(found);
        Ok(Some(body.to_vec()))
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.buffer.len().saturating_sub(self.start)
    }
}

#[cfg(test)]
mod tests {
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

    proptest! {
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
