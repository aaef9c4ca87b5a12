//! What is in a line: nothing that forges another line, or moves a terminal, whoever's text it shows.

use std::fmt::Write as _;
use std::io;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Gives out writers of single lines.
pub(super) struct Lines<W> {
    pub(super) inner: W,
    /// The formatter's own colours begin with an escape, which it escapes in what it shows.
    pub(super) colour: bool,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Lines<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { inner: self.inner.make_writer(), colour: self.colour }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        Line { inner: self.inner.make_writer_for(meta), colour: self.colour }
    }
}

/// Writes one line, which comes whole and ends with the only line break that it may have.
pub(super) struct Line<W> {
    inner: W,
    colour: bool,
}

impl<W: io::Write> io::Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut clean = String::with_capacity(text.len());
        for c in line.chars() {
            if is_dangerous(c) && !(self.colour && c == '\u{1b}') {
                // The form of JSON, where this may be inside a string. Writing to a string does not fail.
                let _ = write!(clean, "\\u{:04x}", u32::from(c));
            } else {
                clean.push(c);
            }
        }
        clean.push('\n');
        self.inner.write_all(clean.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Control characters, line breaks of any kind, and what turns the direction of reading.
fn is_dangerous(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
