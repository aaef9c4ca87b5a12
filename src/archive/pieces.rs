//! What the files here are made of: a first line that says which kind of file it is and names the network, then pieces, each as u32 big-endian
//! length and bytes, and a length of 0 at the end.

use std::io::{self, ErrorKind, Read, Write};

use bouya_core::crypto::Hash;

/// Hexadecimal digits of a network's id, and a line break.
const ID: usize = 65;

pub(super) fn write_line(out: &mut impl Write, magic: &str, network: Hash) -> io::Result<()> {
    writeln!(out, "{magic}{network}")
}

/// The network that the first line names. None if the file is of another kind.
pub(super) fn read_line(from: &mut impl Read, magic: &str) -> Option<Hash> {
    let mut line = vec![0; magic.len().saturating_add(ID)];
    from.read_exact(&mut line).ok()?;
    std::str::from_utf8(&line).ok()?.strip_prefix(magic)?.strip_suffix('\n')?.parse().ok()
}

pub(super) fn write_piece(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(bytes)
}

/// The next piece. None at the end mark; the error is `UnexpectedEof` if the file ends before it, and `InvalidData` if the piece is longer than
/// `most`.
pub(super) fn read_piece(from: &mut impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length == 0 {
        return Ok(None);
    }
    if length > most {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
