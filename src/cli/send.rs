//! `send`: pays one or more addresses.

use std::str::FromStr;

use bouya_core::codec::Bounded;
use bouya_core::ledger::{Action, Output as Payout};
use bouya_core::limits::OUTPUTS;
use clap::Args;

use super::client::Client;
use super::error::Error;
use super::output::Output;
use super::parse;
use super::submit::{Signer, Signing};

pub(crate) const EXAMPLES: &str = "\
This prints the transaction's id. To see its state later: bouya tx ID

Examples:
  bouya send --from alice --to bouya1…:12.5
  bouya send --from alice --to bob:1 --to carol:2.5 --memo \"October\"
  bouya send --from alice --to bob:1 --wait final
  bouya send --from alice --to bob:1 --yes --passphrase-file pass.txt \\
    --wait 6 --timeout 5m";

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Who gets how many coins; may be given several times
    #[arg(long, required = true, value_name = "ADDRESS:AMOUNT")]
    to: Vec<Payment>,
    /// A note that every member of the network can read
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    memo: String,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `ADDRESS:AMOUNT`, both unparsed: parsing the amount needs the network's decimals.
#[derive(Clone, Debug)]
struct Payment {
    to: String,
    amount: String,
}

impl FromStr for Payment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.rsplit_once(':') {
            Some((to, amount)) if !to.is_empty() && !amount.is_empty() => {
                Ok(Self { to: to.to_owned(), amount: amount.to_owned() })
            }
            _ => Err("write a payment as ADDRESS:AMOUNT, as in bouya1…:12.5".into()),
        }
    }
}

pub(crate) fn run(options: &Send, client: &Client, out: &mut Output) -> Result<(), Error> {
    let signer = Signer::open(&options.signing, client)?;
    let outputs = outputs(options, &signer)?;
    let memo = parse::text("--memo", &options.memo)?;
    let symbol = signer.coin.symbol.as_str();
    let paid =
        |output: &Payout| ("to", format!("{}  {} {symbol}", output.to, signer.coin.format(output.amount)));
    let mut lines: Vec<_> = outputs.iter().map(paid).collect();
    if !options.memo.is_empty() {
        lines.push(("memo", options.memo.clone()));
    }
    signer.submit(Action::Transfer { outputs, memo }, &lines, "Send it?", out)
}

fn outputs(options: &Send, signer: &Signer<'_>) -> Result<Bounded<Payout, OUTPUTS>, Error> {
    let mut outputs = Vec::new();
    for payment in &options.to {
        let to = parse::address(&payment.to, &signer.wallets)?;
        let paid = Payout { to, amount: signer.amount(&payment.amount)? };
        if paid.amount == 0 {
            return Err(Error::Usage(format!(
                "--to {}:{} pays nothing; give an amount above 0",
                payment.to, payment.amount
            )));
        }
        outputs.push(paid);
    }
    outputs
        .try_into()
        .map_err(|error| Error::Usage(format!("too many --to: {error}; send several transactions")))
}
