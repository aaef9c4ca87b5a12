//! A disk in memory that remembers what it was told, and can lose, tear or refuse what was not synced.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// What a disk writes at once or not at all.
const SECTOR: usize = 512;

/// Numbers from a seed: SplitMix64.
pub(super) struct Seeded(pub(super) u64);

impl Seeded {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    /// A seed for others.
    pub(super) fn seed(&mut self) -> u64 {
        self.below(1 << 48) as u64
    }
}

/// Something that a disk was told and has done.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Write(usize, Vec<u8>),
    Length(usize),
    Sync,
    /// It said that it failed: what was written before it may be there or not, for ever.
    FailedSync,
}

/// How a disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// One operation does nothing.
    Once,
    /// One operation does nothing, and none after it.
    FromThenOn,
    /// One write is done in part.
    Part,
}

/// What becomes of one operation that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Lost,
    /// The first so many bytes.
    Prefix(usize),
    /// Some of the sectors, by this seed.
    Sectors(u64),
}

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    ops: Vec<Op>,
    /// Nothing reaches it any more.
    off: bool,
    /// How many more operations it does before it fails.
    failing: Option<(usize, Failure)>,
}

/// A handle on a disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(super) fn holding(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { live: image, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// From now on nothing reaches it: closing a database writes, a power cut does not.
    pub(super) fn cut_power(&self) {
        self.state().off = true;
    }

    /// Fails after so many more operations, reading among them.
    pub(super) fn fail_after(&self, ops: usize, failure: Failure) {
        self.state().failing = Some((ops, failure));
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state().failing, None | Some((0, Failure::FromThenOn)))
    }

    pub(super) fn works_again(&self) {
        self.state().failing = None;
    }

    /// How many operations it has done.
    pub(super) fn done(&self) -> usize {
        self.state().ops.len()
    }

    pub(super) fn ops(&self) -> Vec<Op> {
        self.state().ops.clone()
    }

    fn change(&self, op: Op) -> io::Result<()> {
        let mut state = self.state();
        let failed = state.failure()?;
        let done = match (failed, op) {
            (None, op) => op,
            (Some(Failure::Part), Op::Write(at, mut bytes)) => {
                bytes.truncate(bytes.len() / 2);
                Op::Write(at, bytes)
            }
            (Some(_), Op::Sync) => Op::FailedSync,
            (Some(_), _) => return Err(io::ErrorKind::StorageFull.into()),
        };
        apply(&mut state.live, &done, Fate::Done);
        state.ops.push(done);
        if failed.is_some() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl State {
    /// Whether the operation that comes now fails.
    fn failure(&mut self) -> io::Result<Option<Failure>> {
        if self.off {
            return Err(io::Error::other("the power is out"));
        }
        Ok(match &mut self.failing {
            Some((0, failure)) => {
                let failure = *failure;
                if failure != Failure::FromThenOn {
                    self.failing = None;
                }
                Some(failure)
            }
            Some((more, _)) => {
                *more -= 1;
                None
            }
            None => None,
        })
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.failure()?.is_some() {
            return Err(io::Error::other("a bad sector"));
        }
        let from = usize::try_from(offset).unwrap();
        let bytes = state.live.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Op::Length(usize::try_from(len).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Op::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Op::Write(usize::try_from(offset).unwrap(), data.to_vec()))
    }
}

/// Does to an image what came of an operation.
pub(super) fn apply(image: &mut Vec<u8>, op: &Op, fate: Fate) {
    match (op, fate) {
        (_, Fate::Lost) | (Op::Sync | Op::FailedSync, _) => (),
        (Op::Length(len), _) => image.resize(*len, 0),
        (Op::Write(at, bytes), Fate::Done) => put(image, *at, bytes),
        (Op::Write(at, bytes), Fate::Prefix(len)) => put(image, *at, &bytes[..len.min(bytes.len())]),
        (Op::Write(at, bytes), Fate::Sectors(seed)) => {
            let mut seeded = Seeded(seed);
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                if seeded.below(2) == 0 {
                    put(image, at + number * SECTOR, sector);
                }
            }
        }
    }
}

/// A write beyond the end makes the file longer.
fn put(image: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[at..end].copy_from_slice(bytes);
}

/// Any fate, being done likelier than the others.
pub(super) fn any_fate(op: &Op, seeded: &mut Seeded) -> Fate {
    let len = if let Op::Write(_, bytes) = op { bytes.len() } else { 0 };
    match seeded.below(8) {
        0..=3 => Fate::Done,
        4..=5 => Fate::Lost,
        6 => Fate::Prefix(seeded.below(len + 1)),
        _ => Fate::Sectors(seeded.seed()),
    }
}
