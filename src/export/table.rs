//! The tables, and the rows that a transaction makes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::views::{Action, Response, Transaction};

/// A table of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// Every transaction.
    Transactions,
    /// What was paid: a row for each payee of a transfer, for the coins that came with a call, and for each payment of a contract.
    Payments,
    Records,
    /// What was proposed.
    Agreements,
    /// Who signed, refused or withdrew.
    Answers,
    /// What contracts said.
    Events,
}

impl Table {
    pub const ALL: [Self; 6] =
        [Self::Transactions, Self::Payments, Self::Records, Self::Agreements, Self::Answers, Self::Events];

    pub fn name(self) -> &'static str {
        match self {
            Self::Transactions => "transactions",
            Self::Payments => "payments",
            Self::Records => "records",
            Self::Agreements => "agreements",
            Self::Answers => "answers",
            Self::Events => "events",
        }
    }

    /// The columns. The first of them, as many as [`Table::key`] says, name a row.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Transactions => {
                &["transaction_id", "height", "time", "block", "kind", "sender", "nonce", "fee"]
            }
            Self::Payments => {
                &["transaction_id", "number", "height", "time", "sender", "payee", "amount", "memo"]
            }
            Self::Records => {
                &["transaction_id", "height", "time", "sender", "topic", "hash", "document", "data"]
            }
            Self::Agreements => &[
                "agreement_id",
                "transaction_id",
                "height",
                "time",
                "proposer",
                "title",
                "document",
                "parties",
                "deadline",
            ],
            Self::Answers => &["transaction_id", "agreement_id", "height", "time", "sender", "answer"],
            Self::Events => &["transaction_id", "number", "height", "time", "contract", "topic", "data"],
        }
    }

    /// How many columns name a row.
    pub fn key(self) -> usize {
        if matches!(self, Self::Payments | Self::Events) { 2 } else { 1 }
    }
}

/// A row: its cells in the order of the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub table: Table,
    pub cells: Vec<Value>,
}

impl Row {
    /// The row as a line of JSON, in one form: this is what the digest is over, and what the format `jsonl` holds.
    pub fn line(&self) -> String {
        let columns = self.table.columns().iter().zip(&self.cells);
        let fields: Vec<String> = columns.map(|(name, cell)| format!("\"{name}\":{cell}")).collect();
        format!("{{{}}}\n", fields.join(","))
    }
}

/// What a final transaction adds.
pub fn rows(transaction: &Transaction) -> Vec<Row> {
    let Transaction { id, height, time, block, sender, .. } = transaction;
    let kind = match &transaction.action {
        Action::Transfer { .. } => "transfer",
        Action::Record { .. } => "record",
        Action::Propose { .. } => "propose",
        Action::Respond { .. } => "respond",
        Action::Withdraw { .. } => "withdraw",
        Action::Motion { .. } => "motion",
        Action::Ballot { .. } => "ballot",
        Action::Keys { .. } => "keys",
        Action::Deploy { .. } => "deploy",
        Action::Call { .. } => "call",
    };
    let row = |table, cells: Vec<Value>| Row { table, cells };
    let mut rows = vec![row(
        Table::Transactions,
        vec![
            json!(id),
            json!(height),
            json!(time),
            json!(block),
            json!(kind),
            json!(sender),
            json!(transaction.nonce),
            json!(transaction.fee),
        ],
    )];
    match &transaction.action {
        Action::Transfer { outputs, memo } => {
            let paid =
                outputs.iter().map(|output| (sender.as_str(), output.to.as_str(), output.amount.as_str()));
            rows.extend(payments(transaction, paid, memo));
        }
        Action::Record { topic, content } => {
            let cells = vec![
                json!(id),
                json!(height),
                json!(time),
                json!(sender),
                json!(topic),
                json!(content.hash),
                json!(content.name),
                json!(content.data),
            ];
            rows.push(row(Table::Records, cells));
        }
        Action::Propose { agreement, title, document, parties, deadline } => {
            let cells = vec![
                json!(agreement),
                json!(id),
                json!(height),
                json!(time),
                json!(sender),
                json!(title),
                json!(document),
                json!(parties),
                json!(deadline),
            ];
            rows.push(row(Table::Agreements, cells));
        }
        Action::Respond { agreement, response, .. } => {
            let answer = match response {
                Response::Sign => "signed",
                Response::Refuse => "refused",
            };
            rows.push(row(Table::Answers, answered(transaction, agreement, answer)));
        }
        Action::Withdraw { agreement } => {
            rows.push(row(Table::Answers, answered(transaction, agreement, "withdrawn")));
        }
        // Who the members were, and why, is told with its proofs by the members' history.
        Action::Motion { .. } | Action::Ballot { .. } | Action::Keys { .. } => (),
        Action::Deploy { contract, value, .. } | Action::Call { contract, value, .. } => {
            let Some(outcome) = transaction.outcome.as_ref().filter(|outcome| outcome.done) else {
                return rows;
            };
            let came = (sender.as_str(), contract.as_str(), value.as_str());
            let came = Some(came).filter(|_| value.bytes().any(|digit| matches!(digit, b'1'..=b'9')));
            let went = outcome.payments.iter();
            let went = went.map(|paid| (contract.as_str(), paid.to.as_str(), paid.amount.as_str()));
            rows.extend(payments(transaction, came.into_iter().chain(went), ""));
            rows.extend((0..).zip(&outcome.events).map(|(number, event): (u32, _)| {
                let (topic, data) = (&event.topic, &event.data);
                let cells =
                    [json!(number), json!(height), json!(time), json!(contract), json!(topic), json!(data)];
                row(Table::Events, [vec![json!(id)], cells.into()].concat())
            }));
        }
    }
    rows
}

/// Rows of payments: from whom, to whom and how much.
fn payments<'a>(
    transaction: &'a Transaction,
    paid: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
    memo: &'a str,
) -> impl Iterator<Item = Row> {
    let Transaction { id, height, time, .. } = transaction;
    (0..).zip(paid).map(move |(number, (from, to, amount)): (u32, _)| {
        let cells =
            [json!(id), json!(number), json!(height), json!(time), json!(from), json!(to), json!(amount)];
        Row { table: Table::Payments, cells: [cells.into(), vec![json!(memo)]].concat() }
    })
}

/// Whether a transaction's rows cannot be told: it ran a contract, and the node that was asked did not execute its block itself.
pub fn is_untold(transaction: &Transaction) -> bool {
    matches!(transaction.action, Action::Deploy { .. } | Action::Call { .. }) && transaction.outcome.is_none()
}

fn answered(transaction: &Transaction, agreement: &str, answer: &str) -> Vec<Value> {
    let Transaction { id, height, time, sender, .. } = transaction;
    vec![json!(id), json!(agreement), json!(height), json!(time), json!(sender), json!(answer)]
}
