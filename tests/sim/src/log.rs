//! What happened, as one number and, if wanted, as text.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};

/// Folds every event into a digest and writes it down where a file is given.
pub(crate) struct Log {
    digest: u64,
    file: Option<BufWriter<File>>,
}

impl Log {
    pub(crate) fn new(file: Option<File>) -> Self {
        Self { digest: 0xcbf2_9ce4_8422_2325, file: file.map(BufWriter::new) }
    }

    /// FNV-1a over words: equal runs give equal digests.
    pub(crate) fn fold(&mut self, word: u64) {
        self.digest = (self.digest ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// A line of text, where somebody reads it.
    pub(crate) fn line(&mut self, now: u64, text: fmt::Arguments<'_>) {
        if let Some(file) = &mut self.file {
            // A full disk spoils the text, not the run.
            let _ = writeln!(file, "{:>9.3} {text}", now as f64 / 1_000.0);
        }
    }
}
