//! Transactions: what a key holder may ask the ledger to do.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use super::contract::Stated;
use super::{Action, ActionError, Address, Output, governance};
use crate::codec::{Bounded, Text, encode};
use crate::crypto::{Hash, PublicKey, SecretKey, Signature, Signed, sha256, verify_batch};
use crate::limits::{GAS_PER_BYTE, MEMO_BYTES, OUTPUTS};

const TAG: &[u8] = b"bouya transaction\0";

/// What a transaction says, in the order of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RawTransaction {
    /// Format version; 1 today.
    pub version: u8,
    /// Who pays and signs.
    pub sender: PublicKey,
    /// How many transactions the sender made before this one: prevents replays and gaps.
    pub nonce: u64,
    /// Paid to the block's miner, in the smallest unit.
    pub fee: u64,
    /// The last height at which it may be confirmed.
    pub valid_until: u64,
    /// What it does.
    pub action: Action,
    /// Over tag, network id and all the bytes before it.
    pub signature: Signature,
}

/// A signed request of one sender. Its id is the SHA-256 of all its bytes, signature included, so a changed copy is another transaction and
/// can never replace this one.
///
/// It never changes, so it is shared: a clone counts a reference, and id, sender's address and size are computed once, when it is made
/// or decoded.
#[derive(Clone, Debug)]
pub struct Transaction(Arc<Sealed>);

#[derive(Debug)]
struct Sealed {
    raw: RawTransaction,
    id: Hash,
    from: Address,
    size: u32,
    /// In a box: most transactions run no contract, and each that waits takes room for what it could be.
    stated: Option<Box<Stated>>,
}

/// Why a transaction is invalid everywhere and forever: its author is at fault, and every relayer could have known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransactionError {
    /// A version that is not known here.
    #[error("transaction version {0} is not known here; upgrade this node")]
    Version(u8),
    /// More than one that does this may have.
    #[error("the transaction has {0} bytes, at most {1} are allowed")]
    Large(usize, usize),
    /// Its action is invalid.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// Outputs and fee together exceed a u64.
    #[error("outputs and fee together are more than this ledger can count")]
    Overflow,
    /// Not signed by the sender for this network.
    #[error(
        "the signature is not the sender's for this network (another network's transaction, or a changed one)"
    )]
    Signature,
}

/// A transaction whose form and signature have been checked for one network. Only [`Transaction::check`] and
/// [`Transaction::check_batch`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTransaction(Transaction);

impl Transaction {
    /// A transfer, signed for `network`.
    pub fn transfer(
        network: &Hash,
        key: &SecretKey,
        nonce: u64,
        fee: u64,
        valid_until: u64,
        outputs: Bounded<Output, OUTPUTS>,
        memo: Text<MEMO_BYTES>,
    ) -> Self {
        Self::sign(network, key, nonce, fee, valid_until, Action::Transfer { outputs, memo })
    }

    /// A transaction, signed for `network`.
    pub fn sign(
        network: &Hash,
        key: &SecretKey,
        nonce: u64,
        fee: u64,
        valid_until: u64,
        action: Action,
    ) -> Self {
        let mut raw = RawTransaction {
            version: RawTransaction::VERSION,
            sender: key.public(),
            nonce,
            fee,
            valid_until,
            action,
            signature: Signature::ZERO,
        };
        raw.signature = key.sign(&raw.signed_bytes(network));
        raw.into()
    }

    /// The id: SHA-256 of all bytes.
    pub fn id(&self) -> Hash {
        self.0.id
    }

    /// The sender's address.
    pub fn payer(&self) -> Address {
        self.0.from
    }

    /// Encoded size in bytes.
    pub fn size(&self) -> usize {
        usize::try_from(self.0.size).unwrap_or(usize::MAX)
    }

    /// The work that running its contract is; none if it runs none.
    pub fn stated(&self) -> Option<Stated> {
        self.0.stated.as_deref().copied()
    }

    /// What it costs a block, in bytes: its own, and those that its gas is worth. Both are scarce, and one fee for each byte pays for both.
    pub fn burden(&self) -> u64 {
        let gas = self.stated().map_or(0, |stated| stated.all());
        let size = u64::try_from(self.size()).unwrap_or(u64::MAX);
        size.saturating_add(gas.div_ceil(GAS_PER_BYTE))
    }

    /// Checks all that can be known without the ledger's state: cheap things first, the signature last.
    pub fn check(self, network: &Hash) -> Result<CheckedTransaction, TransactionError> {
        let (checked, signed) = self.check_form(network)?;
        match signed.verify() {
            true => checked.proven(network),
            false => Err(TransactionError::Signature),
        }
    }

    /// Checks several like [`Self::check`], signatures together: less than half the work, with the same verdicts.
    pub fn check_batch(list: &[Self], network: &Hash) -> Vec<Result<CheckedTransaction, TransactionError>> {
        let formed: Vec<_> = list.iter().map(|transaction| transaction.clone().check_form(network)).collect();
        let all_good = verify_batch(formed.iter().flatten().map(|(_, signed)| signed));
        let verdict = |(checked, signed): (CheckedTransaction, Signed)| match all_good || signed.verify() {
            true => checked.proven(network),
            false => Err(TransactionError::Signature),
        };
        formed.into_iter().map(|formed| formed.and_then(verdict)).collect()
    }

    /// Checks everything but the signature. Returns what must be verified for that.
    fn check_form(self, network: &Hash) -> Result<(CheckedTransaction, Signed), TransactionError> {
        if self.version != RawTransaction::VERSION {
            return Err(TransactionError::Version(self.version));
        }
        let (size, room) = (self.size(), self.action.room());
        if size > room {
            return Err(TransactionError::Large(size, room));
        }
        self.action.check(&self.payer())?;
        self.cost().ok_or(TransactionError::Overflow)?;
        let (key, message, signature) = (self.sender, self.signed_bytes(network), self.signature);
        let signed = Signed { key, message, signature };
        Ok((CheckedTransaction(self), signed))
    }
}

impl CheckedTransaction {
    /// Checks a second signature, where a new key has to take part.
    fn proven(self, network: &Hash) -> Result<Self, TransactionError> {
        let proof = governance::proof(&self.action, network, &self.payer(), self.nonce);
        match proof.is_none_or(|proof| proof.verify()) {
            true => Ok(self),
            false => Err(ActionError::Proof.into()),
        }
    }
}

impl RawTransaction {
    /// The only format version there is.
    pub const VERSION: u8 = 1;

    /// What the sender pays: all outputs, what comes with a call, and the fee. None if that exceeds a u64.
    pub fn cost(&self) -> Option<u64> {
        let begin = self.fee.checked_add(self.action.value())?;
        self.action.outputs().iter().try_fold(begin, |sum, output| sum.checked_add(output.amount))
    }

    /// The agreement that it proposes, answers or withdraws.
    pub fn agreement(&self) -> Option<Hash> {
        match &self.action {
            Action::Propose(proposal) => Some(proposal.id(&self.sender, self.nonce)),
            Action::Respond { agreement, .. } | Action::Withdraw { agreement } => Some(*agreement),
            _ => None,
        }
    }

    /// The motion that it makes or votes on.
    pub fn motion(&self) -> Option<Hash> {
        match &self.action {
            Action::Motion(motion) => Some(motion.id(&self.sender, self.nonce)),
            Action::Ballot { motion, .. } => Some(*motion),
            _ => None,
        }
    }

    /// The contract that it deploys or calls.
    pub fn contract(&self) -> Option<Address> {
        match &self.action {
            Action::Deploy(deploy) => Some(deploy.address(&Address::of(&self.sender), self.nonce)),
            Action::Call(call) => Some(call.contract),
            _ => None,
        }
    }

    fn signed_bytes(&self, network: &Hash) -> Vec<u8> {
        let mut bytes = [TAG, &network.0, &encode(self)].concat();
        // The signature is the last field: everything before it is signed.
        bytes.truncate(bytes.len().saturating_sub(Signature::ZERO.0.len()));
        bytes
    }
}

impl From<RawTransaction> for Transaction {
    fn from(raw: RawTransaction) -> Self {
        let bytes = encode(&raw);
        let (id, from) = (sha256(&bytes), Address::of(&raw.sender));
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let stated = Stated::of(&raw.action).map(Box::new);
        Self(Arc::new(Sealed { raw, id, from, size, stated }))
    }
}

impl Deref for Transaction {
    type Target = RawTransaction;

    fn deref(&self) -> &RawTransaction {
        &self.0.raw
    }
}

impl PartialEq for Transaction {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Transaction {}

impl BorshSerialize for Transaction {
    fn serialize<W: borsh::io::Write>(&self, writer: &mut W) -> borsh::io::Result<()> {
        self.0.raw.serialize(writer)
    }
}

impl BorshDeserialize for Transaction {
    fn deserialize_reader<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Self> {
        RawTransaction::deserialize_reader(reader).map(Self::from)
    }
}

impl CheckedTransaction {
    /// Outputs and fee together.
    pub fn cost(&self) -> u64 {
        // Always there after the check; if not, a cost of nothing would be the wrong default.
        self.0.cost().unwrap_or(u64::MAX)
    }

    /// The transaction itself.
    pub fn into_inner(self) -> Transaction {
        self.0
    }
}

impl Deref for CheckedTransaction {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::testing::{address, key};

    const NETWORK: Hash = Hash([7; 32]);

    fn transfer(amounts: &[u64], fee: u64) -> Transaction {
        let outputs =
            Bounded::truncated(amounts.iter().map(|amount| Output { to: address(5), amount: *amount }));
        Transaction::transfer(&NETWORK, &key(1), 3, fee, 100, outputs, Text::default())
    }

    #[test]
    fn a_good_one_passes() {
        let transaction = transfer(&[5, 6], 2);
        let checked = transaction.clone().check(&NETWORK).unwrap();
        assert_eq!(checked.cost(), 13);
        assert_eq!(checked.id(), transaction.id());
        assert_eq!(checked.size(), encode(&transaction).len());
        assert_eq!(checked.payer(), address(1));
    }

    #[test]
    fn form_is_checked() {
        assert_eq!(transfer(&[], 0).check(&NETWORK), Err(ActionError::NoOutput.into()));
        assert_eq!(transfer(&[1, 0], 0).check(&NETWORK), Err(ActionError::ZeroOutput(1).into()));
        assert_eq!(transfer(&[u64::MAX], 1).check(&NETWORK), Err(TransactionError::Overflow));
        let newer = RawTransaction { version: 2, ..(*transfer(&[1], 0)).clone() };
        assert_eq!(Transaction::from(newer).check(&NETWORK), Err(TransactionError::Version(2)));
    }

    #[test]
    fn every_byte_is_signed_and_so_is_the_network() {
        let transaction = transfer(&[5], 1);
        assert_eq!(transaction.clone().check(&Hash([8; 32])), Err(TransactionError::Signature));
        let bytes = encode(&transaction);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            if let Ok(other) = crate::codec::decode::<Transaction>(&changed, "transaction") {
                assert!(other.check(&NETWORK).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn outputs_are_bounded() {
        let output = Output { to: address(5), amount: 1 };
        assert!(Bounded::<Output, OUTPUTS>::try_from(vec![output; OUTPUTS + 1]).is_err());
    }
}
