//! What happened in a run: one number, and text if a file is given.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};

/// Folds every event into a digest, and writes lines of text if it has a file.
pub(crate) struct Log {
    digest: u64,
    file: Option<BufWriter<File>>,
}

impl Log {
    pub(crate) fn new(file: Option<File>) -> Self {
        Self { digest: 0xcbf2_9ce4_8422_2325, file: file.map(BufWriter::new) }
    }

    /// Like FNV-1a, over words: equal runs give equal digests.
    pub(crate) fn fold(&mut self, word: u64) {
        self.digest = (self.digest ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Writes a line of text, if there is a file.
    pub(crate) fn line(&mut self, now: u64, text: fmt::Arguments<'_>) {
        if let Some(file) = &mut self.file {
            // If the real disk is full, the text is lost and the run goes on.
            let _ = writeln!(file, "{:>9.3} {text}", now as f64 / 1_000.0);
        }
    }
}
