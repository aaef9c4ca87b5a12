//! `tx` and `mempool`: transactions, confirmed or waiting.

use clap::Args;
use comfy_table::Cell;

use crate::http::views::{Action, MemberChange, Transaction, TransactionStatus};
use crate::short::Named;

use super::client::{Answer, Client};
use super::contract::messages::{AbiOption, Messages};
use super::error::Error;
use super::node::PageOptions;
use super::output::{Mood, Output, cell, coloured, depth, or_dash};
use super::parse;

pub(super) mod outcome;

pub(crate) const EXAMPLES: &str = "\
On a terminal, tables shorten ids; a shortened one is taken too, if it is of
a transaction that waits or is in one of the newest blocks. `tx`, pipes and
--json print ids in full, for scripts to use.

Examples:
  bouya mempool
  bouya tx 5f0c21aa…9e31
  bouya tx 5f0c21aa --json | jq .confirmations";

const HEADER: [&str; 6] = ["ID", "FROM", "TO", "AMOUNT", "FEE", "BYTES"];

#[derive(Debug, Args)]
pub(crate) struct Tx {
    /// The transaction's id, whole or shortened
    #[arg(value_parser = parse::named)]
    id: Named,
    #[command(flatten)]
    abi: AbiOption,
}

pub(crate) fn show(tx: &Tx, client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.get(&format!("/v1/transactions/{}", tx.id))?;
    if out.json {
        return out.raw(valued(&answer, &tx.abi, client)?);
    }
    out.show(&answer, |out, transaction: Transaction| {
        let transaction = read(transaction, &tx.abi, client)?;
        let symbol = client.status()?.network.symbol;
        let mood = match transaction.status {
            TransactionStatus::Confirmed => Mood::Good,
            TransactionStatus::Pending => Mood::Waiting,
        };
        let mut pairs = vec![
            ("id", cell(&transaction.id)),
            ("status", coloured(transaction.status, mood)),
            ("block", or_dash(transaction.height)),
            ("confirmations", cell(depth(transaction.confirmations, transaction.finalized))),
            ("from", cell(out.whole(&transaction.sender))),
        ];
        pairs.extend(details(out, &transaction.action, &symbol));
        pairs.extend(transaction.outcome.iter().flat_map(|outcome| outcome::lines(out, outcome, &symbol)));
        pairs.extend([
            ("fee", cell(format!("{} {symbol}", transaction.fee))),
            ("nonce", cell(transaction.nonce)),
            ("valid until", cell(format!("block {}", transaction.valid_until))),
            ("bytes", cell(transaction.size)),
        ]);
        out.pairs(pairs)
    })
}

/// The same as JSON, with what a contract's messages say where an ABI file is of its code.
fn valued(answer: &Answer, abi: &AbiOption, client: &Client) -> Result<String, Error> {
    let transaction: Transaction = answer.read()?;
    let is_call = matches!(transaction.action, Action::Call { .. });
    let (Action::Deploy { contract, code, .. } | Action::Call { contract, code, .. }) = &transaction.action
    else {
        return Ok(answer.text().to_owned());
    };
    let messages = Messages::to_read(abi, (contract, code), client)?;
    messages.valued(answer, |messages, told| {
        if let Some(action) = told.get_mut("action") {
            messages.add(action, "input", |abi| Some(if is_call { &abi.call } else { &abi.init }));
        }
        told.get_mut("outcome").into_iter().for_each(|outcome| messages.add_outcome(outcome));
    })
}

/// The same with a contract's messages as people write them, where an ABI file is of its code.
fn read(mut transaction: Transaction, abi: &AbiOption, client: &Client) -> Result<Transaction, Error> {
    let is_call = matches!(transaction.action, Action::Call { .. });
    if let Action::Deploy { contract, code, input, .. } | Action::Call { contract, code, input, .. } =
        &mut transaction.action
    {
        let messages = Messages::to_read(abi, (contract, code), client)?;
        *input = messages.said(input, |abi| Some(if is_call { &abi.call } else { &abi.init }));
        transaction.outcome = transaction.outcome.map(|outcome| messages.outcome(outcome));
    }
    Ok(transaction)
}

pub(crate) fn mempool(client: &Client, out: &mut Output, page: &PageOptions) -> Result<(), Error> {
    let answer = client.get_with("/v1/transactions", &page.query())?;
    let empty = "No transactions are waiting. To make one: bouya send --from WALLET --to ADDRESS:AMOUNT";
    out.page(&answer, empty, &HEADER, row)
}

pub(crate) fn table(out: &mut Output, transactions: &[Transaction]) -> Result<(), Error> {
    let rows = transactions.iter().map(|transaction| row(out, transaction)).collect();
    out.table(&HEADER, rows)
}

/// One row. A transfer to several addresses has several lines in it.
fn row(out: &Output, transaction: &Transaction) -> Vec<Cell> {
    let (to, amounts) = match &transaction.action {
        Action::Transfer { outputs, .. } => {
            let to: Vec<_> = outputs.iter().map(|output| out.short(&output.to)).collect();
            let amounts: Vec<_> = outputs.iter().map(|output| output.amount.as_str()).collect();
            (to.join("\n"), amounts.join("\n"))
        }
        Action::Record { topic, .. } => (format!("record: {topic}"), String::new()),
        Action::Propose { title, .. } => (format!("proposal: {title}"), String::new()),
        Action::Respond { agreement, response, .. } => {
            (format!("{response} agreement {}", out.short(agreement)), String::new())
        }
        Action::Withdraw { agreement } => {
            (format!("withdraw agreement {}", out.short(agreement)), String::new())
        }
        Action::Motion { change, .. } => (format!("motion: {}", changes(out, change)), String::new()),
        Action::Ballot { motion, yes } => {
            (format!("{} to motion {}", yes_or_no(*yes), out.short(motion)), String::new())
        }
        Action::Keys { member, .. } => (format!("new keys of {member}"), String::new()),
        Action::Deploy { contract, value, .. } => (format!("deploy {}", out.short(contract)), value.clone()),
        Action::Call { contract, value, .. } => (format!("call {}", out.short(contract)), value.clone()),
    };
    vec![
        cell(out.short(&transaction.id)),
        cell(out.short(&transaction.sender)),
        cell(to),
        cell(amounts),
        cell(&transaction.fee),
        cell(transaction.size),
    ]
}

/// What a transaction does, line by line.
fn details(out: &Output, action: &Action, symbol: &str) -> Vec<(&'static str, Cell)> {
    match action {
        Action::Transfer { outputs, memo } => {
            let paid = outputs.iter();
            let paid = paid
                .map(|output| ("to", cell(format!("{}  {} {symbol}", out.whole(&output.to), output.amount))));
            let memo = or_dash(Some(memo).filter(|memo| !memo.is_empty()));
            paid.chain([("memo", memo)]).collect()
        }
        Action::Record { topic, content } => {
            let mut lines = vec![("topic", cell(topic)), ("hash", cell(&content.hash))];
            lines.extend(content.name.as_ref().map(|name| ("document", cell(name))));
            let data = content.text.as_ref().or(content.data.as_ref());
            lines.extend(data.map(|data| ("data", cell(data))));
            lines
        }
        Action::Propose { agreement, title, document, parties, deadline } => {
            let mut lines = vec![
                ("agreement", cell(agreement)),
                ("title", cell(title)),
                ("document", cell(document)),
                ("deadline", cell(deadline)),
            ];
            lines.extend(parties.iter().map(|party| ("party", cell(out.whole(party)))));
            lines
        }
        Action::Respond { agreement, document, response } => {
            vec![("agreement", cell(agreement)), ("document", cell(document)), ("answer", cell(response))]
        }
        Action::Withdraw { agreement } => vec![("withdraws", cell(agreement))],
        Action::Motion { motion, change, reason, until } => vec![
            ("motion", cell(motion)),
            ("change", cell(said(change))),
            ("reason", or_dash(Some(reason).filter(|reason| !reason.is_empty()))),
            ("until", cell(until)),
        ],
        Action::Ballot { motion, yes } => vec![("motion", cell(motion)), ("says", cell(yes_or_no(*yes)))],
        Action::Keys { member, key, governor } => vec![
            ("member", cell(member)),
            ("new key", or_dash(key.as_ref())),
            ("new governor", or_dash(governor.as_ref())),
        ],
        Action::Deploy { contract, code, size, input, value, gas }
        | Action::Call { contract, code, size, input, value, gas } => vec![
            ("contract", cell(out.whole(contract))),
            ("code", cell(code)),
            ("code size", cell(format!("{size} bytes"))),
            ("input", or_dash(Some(input).filter(|input| !input.is_empty()))),
            ("value", cell(format!("{value} {symbol}"))),
            ("gas", cell(gas)),
        ],
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// What changes, in a few words that fit a line of the terminal.
pub(crate) fn changes(out: &Output, change: &MemberChange) -> String {
    match change {
        MemberChange::Governor { id, governor } => format!("{} governs {id}", out.short(governor)),
        change => said(change),
    }
}

/// What changes, in a few words.
pub(crate) fn said(change: &MemberChange) -> String {
    match change {
        MemberChange::Add { id, .. } => format!("add {id}"),
        MemberChange::Remove { id } => format!("remove {id}"),
        MemberChange::Governor { id, governor } => format!("{governor} governs {id}"),
        MemberChange::Upgrade { version, height } => format!("version {version} from height {height}"),
        MemberChange::Keys { id, .. } => format!("new keys of {id}"),
    }
}
