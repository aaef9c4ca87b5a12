//! Transactions that are not taken.

use bouya_core::ledger::ExecutionError;
use bouya_core::mempool::MempoolError;
use bouya_core::node::pool::Refusal;

use super::{Name, Problem};
use crate::http::views::ProblemValues;

impl Problem {
    /// A transaction that was not taken; amounts are written as people write them.
    pub(in crate::http) fn refused(error: Refusal, amount: impl Fn(u64) -> String) -> Self {
        let name = name(&error);
        match error {
            Refusal::Mempool(error) => waits_not(name, error, amount),
            Refusal::Taken { nonce, by, next } => Self::new(name, format!(
                "nonce {nonce} is taken by transaction {by}, which waits; to send this one too, sign it with nonce {next}; \
                 to send it instead, pay a fee that is 10 % higher and say so: --replace {by} (in the API: ?replace=true)"
            ))
            .with(ProblemValues { next_nonce: Some(next), by: Some(by.to_string()), ..ProblemValues::default() }),
            error => Self::new(name, error),
        }
    }

    /// A transaction that is on the chain already.
    pub(in crate::http) fn confirmed(height: u64) -> Self {
        let detail = format!("this transaction is confirmed already, at height {height}");
        let values = ProblemValues { height: Some(height), ..ProblemValues::default() };
        Self::new(Name::Confirmed, detail).with(values)
    }
}

fn name(error: &Refusal) -> Name {
    match error {
        Refusal::Invalid(_) => Name::InvalidTransaction,
        Refusal::Taken { .. } => Name::NonceTaken,
        Refusal::DiskFull => Name::DiskFull,
        Refusal::Mempool(error) => match error {
            MempoolError::Known | MempoolError::Slot { .. } => Name::SlotTaken,
            MempoolError::Fee { .. } => Name::LowFee,
            MempoolError::Version { .. } => Name::NoContracts,
            MempoolError::Gas { .. } => Name::TooMuchGas,
            MempoolError::Deployer(_) => Name::NoGovernor,
            MempoolError::Sender(_) => Name::TooManyWaiting,
            MempoolError::Full => Name::MempoolFull,
            MempoolError::Execution(error) => match error {
                ExecutionError::Nonce { .. } => Name::WrongNonce,
                ExecutionError::Expired { .. } => Name::Expired,
                ExecutionError::Balance { .. } => Name::InsufficientBalance,
            },
        },
    }
}

/// What the mempool says against it.
fn waits_not(name: Name, error: MempoolError, amount: impl Fn(u64) -> String) -> Problem {
    let none = ProblemValues::default();
    let (detail, values) = match error {
        MempoolError::Execution(ExecutionError::Balance { balance, cost }) => {
            let (balance, cost) = (amount(balance), amount(cost));
            let detail = format!(
                "costs {cost}, the sender has {balance} (what waits in the mempool counted); send less or wait for coins"
            );
            (detail, ProblemValues { balance: Some(balance), cost: Some(cost), ..none })
        }
        MempoolError::Execution(ExecutionError::Nonce { expected, found }) => {
            let detail = format!(
                "nonce {found} where the sender's next is {expected}; ask for the account again and sign anew"
            );
            (detail, ProblemValues { expected_nonce: Some(expected), ..none })
        }
        MempoolError::Execution(error @ ExecutionError::Expired { .. }) => {
            (format!("{error}; sign it anew with a later height"), none)
        }
        MempoolError::Fee { fee, least, size, gas } => {
            let (fee, least) = (amount(fee), amount(least));
            let gas = if gas == 0 { String::new() } else { format!(" and {gas} gas") };
            let detail = format!(
                "the fee is {fee}, this node wants at least {least} for {size} bytes{gas}; sign it anew with a higher fee"
            );
            (detail, ProblemValues { least_fee: Some(least), ..none })
        }
        MempoolError::Slot { nonce, by, least } => {
            let least = amount(least);
            let detail =
                format!("nonce {nonce} is taken by {by}; to replace it the fee must be at least {least}");
            (detail, ProblemValues { by: Some(by.to_string()), least_fee: Some(least), ..none })
        }
        error => (error.to_string(), none),
    };
    Problem::new(name, detail).with(values)
}
