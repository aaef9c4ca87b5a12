use core::fmt;

use borsh::io::{Read, Result, Write};
use borsh::{BorshDeserialize, BorshSerialize};

/// Who owns coins: a key of somebody, or a contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 33]);

impl Address {
    /// Whether it is a contract's. All others are of keys.
    pub fn is_contract(&self) -> bool {
        self.0.first() == Some(&1)
    }
}

/// 32 bytes that stand for others: of an agreement, a document, an invoice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// The first bytes in hex, which is enough to tell values of a test apart.
fn short(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().take(5).try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short(&self.0, f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short(&self.0, f)
    }
}

impl BorshSerialize for Address {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        writer.write_all(&self.0)
    }
}

impl BorshDeserialize for Address {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let mut bytes = [0; 33];
        reader.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl BorshSerialize for Hash {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        writer.write_all(&self.0)
    }
}

impl BorshDeserialize for Hash {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let mut bytes = [0; 32];
        reader.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// How an agreement on the ledger stands: before this transaction, at the block's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The ledger does not know it.
    Unknown,
    /// Some of its parties have yet to sign.
    Open,
    /// All have signed.
    Effective,
    /// A party refused.
    Refused,
    /// Who proposed it took it back.
    Withdrawn,
    /// Its time ran out.
    Expired,
}
