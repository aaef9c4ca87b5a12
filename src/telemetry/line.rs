//! Cleans each line, so that no foreign text in it can forge another line or control the terminal.

use std::fmt::Write as _;
use std::io;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Makes writers for single lines.
pub(super) struct Lines<W> {
    pub(super) inner: W,
    /// Let the formatter's own colours pass. The formatter itself escapes only some of the text it shows.
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

/// Writes one line. The line arrives in one piece, and the only line break allowed in it is the last character.
pub(super) struct Line<W> {
    inner: W,
    colour: bool,
}

impl<W: io::Write> io::Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut clean = String::with_capacity(text.len());
        for (at, c) in line.char_indices() {
            let colour = self.colour && line.get(at..).is_some_and(is_colour);
            if is_dangerous(c) && !colour {
                // Escaped as in JSON, because this may be inside a JSON string. Writing to a String does not fail.
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

/// Whether a text begins with one of the formatter's colour codes, which only change the look of the text after them.
fn is_colour(text: &str) -> bool {
    let code = text.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m'));
    code.is_some_and(|(code, _)| matches!(code, "0" | "1" | "2" | "3" | "31" | "32" | "33" | "34" | "35"))
}

/// Control characters, line breaks of all kinds, and characters that turn the direction of writing.
fn is_dangerous(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
