//! `balance` and `history`: what an address holds, and the payments that led to it.

use clap::Args;

use crate::http::views::{Account, Movement, MovementAction, MovementDirection};

use super::client::Client;
use super::error::Error;
use super::node::PageOptions;
use super::output::{Mood, Output, cell, coloured, count, note, or_dash};
use super::parse::{self, WalletsOption};

pub(crate) const EXAMPLES: &str = "\
With N confirmations, the balance is the one of N - 1 blocks ago. With 0,
waiting transactions count too. With --final it is the one that never changes.

Examples:
  bouya balance alice                    # the wallet called alice
  bouya balance bouya1… --confirmations 6
  bouya balance alice --final
  bouya history alice --limit 20";

#[derive(Debug, Args)]
pub(crate) struct Balance {
    /// An address (bouya1…), or a wallet's name
    address: String,
    /// Count only what has at least N confirmations
    #[arg(long, value_name = "N", default_value_t = 1)]
    confirmations: u64,
    /// Count only what the members have voted final
    #[arg(long = "final", conflicts_with = "confirmations")]
    finalized: bool,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// An address (bouya1…), or a wallet's name
    address: String,
    #[command(flatten)]
    page: PageOptions,
    #[command(flatten)]
    wallets: WalletsOption,
}

pub(crate) fn balance(options: &Balance, client: &Client, out: &mut Output) -> Result<(), Error> {
    let address = parse::address(&options.address, &options.wallets.open()?)?;
    let path = format!("/v1/accounts/{address}");
    let query = match options.finalized {
        true => ("final", true.to_string()),
        false => ("confirmations", options.confirmations.to_string()),
    };
    out.show(&client.get_with(&path, &[query])?, |out, account: Account| {
        let symbol = client.status()?.network.symbol;
        out.line(format!("{} {symbol}", account.balance))?;
        let above = account.confirmations.saturating_sub(1);
        if options.finalized && above > 0 {
            let tip: Account = client.get(&path)?.read()?;
            let blocks = count(usize::try_from(above).unwrap_or(usize::MAX), "block");
            note(&format!(
                "At the tip, {blocks} above the final one: {} {symbol}, not final yet",
                tip.balance
            ));
        }
        Ok(())
    })
}

pub(crate) fn history(options: &History, client: &Client, out: &mut Output) -> Result<(), Error> {
    let address = parse::address(&options.address, &options.wallets.open()?)?;
    let answer = client.page(&format!("/v1/accounts/{address}/transactions"), &options.page.query())?;
    let empty = "This address has not paid or received anything yet. Waiting transactions: bouya mempool";
    let header = ["HEIGHT", "TIME", "", "AMOUNT", "FEE", "WITH", "TRANSACTION", "MEMO"];
    out.page(&answer, empty, &header, |out, movement: &Movement| {
        let (sign, mood) = match movement.direction {
            MovementDirection::In | MovementDirection::Reward => ("+", Mood::Good),
            MovementDirection::Out | MovementDirection::Own => ("-", Mood::Plain),
        };
        // A contract that was called is no richer for that, and a call that failed has moved nothing.
        let moves = movement.amount.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
        let asked = matches!(movement.action, MovementAction::Call | MovementAction::Deploy);
        let (word, amount) = match (moves, asked) {
            (false, true) => (coloured(movement.action, Mood::Plain), or_dash(None::<&str>)),
            _ => (coloured(movement.direction, mood), cell(format!("{sign}{}", movement.amount))),
        };
        let with: Vec<_> = movement.counterparties.iter().map(|address| out.short(address)).collect();
        vec![
            cell(movement.height),
            cell(out.when(&movement.time)),
            word,
            amount,
            cell(&movement.fee),
            or_dash(Some(with.join("\n")).filter(|with| !with.is_empty())),
            or_dash(movement.transaction.as_deref().map(|id| out.short(id))),
            cell(&movement.memo),
        ]
    })
}
