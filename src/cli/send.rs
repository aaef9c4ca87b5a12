//! `send`: builds a transfer, shows it, signs it, submits it and, if wanted, waits for it.
//!
//! The node never sees the key: it gives status and nonce, and takes the signed bytes.

use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use bouya_core::codec::{Bounded, Text, encode};
use bouya_core::crypto::{Hash, SecretKey, Signature};
use bouya_core::ledger::{Action, Coin, Output as Payout, Transaction};
use bouya_core::limits::{MEMO_BYTES, OUTPUTS};
use clap::Args;

use crate::http::views::{self, Account, NetworkStatus, Status, Submitted};
use crate::wallet::{Wallet, WalletName, Wallets};

use super::ask::{ExistingPassphrase, confirm};
use super::client::{Answer, Client};
use super::error::Error;
use super::output::{Output, Progress, note};
use super::parse::{self, WalletsOption};

pub(crate) const EXAMPLES: &str = "\
Examples:
  bouya send --from alice --to bouya1…:12.5
  bouya send --from alice --to bob:1 --to carol:2.5 --memo \"October\"     bob and carol: wallets here
  bouya send --from alice --to bob:1 --yes --passphrase-file pass.txt --wait 6 --timeout 5m

Prints the transaction's id. How it fares later: bouya tx ID";

/// For so many blocks the transaction may be confirmed. Long enough for a busy or a sleeping network; short enough that a
/// payment given up as lost does not come back months later.
const VALID_BLOCKS: u64 = 1_000;
/// How often to look whether the transaction is confirmed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The wallet that pays
    #[arg(long, value_name = "WALLET")]
    from: WalletName,
    /// Whom to pay how much, in coins; may be given several times
    #[arg(long, required = true, value_name = "ADDRESS:AMOUNT")]
    to: Vec<Payment>,
    /// What the miner gets, in coins [default: the smallest unit per byte]
    #[arg(long, value_name = "AMOUNT")]
    fee: Option<String>,
    /// A note that everybody on the network can read
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    memo: String,
    /// Send without asking
    #[arg(long)]
    yes: bool,
    /// Wait until the transaction has N confirmations; 1 if no number is given
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) wait: Option<u64>,
    /// How long to wait, as in 60s or 5m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::duration, requires = "wait")]
    timeout: Duration,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

/// `ADDRESS:AMOUNT`, neither looked at yet: the amount's decimals are the network's business.
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
            _ => Err("a payment is written ADDRESS:AMOUNT, as in bouya1…:12.5".into()),
        }
    }
}

pub(crate) fn run(options: &Send, client: &Client, out: &mut Output) -> Result<(), Error> {
    let wallets = options.wallets.open()?;
    let wallet = wallets.open(&options.from)?;
    options.passphrase.check(&wallet)?;
    let status = client.status()?;
    let coin = coin(&status.network)?;
    // With the mempool, as the nonce is: what has been sent a moment ago is spent.
    let account =
        client.get_with(&format!("/v1/accounts/{}", wallet.address()), &[("confirmations", "0".into())])?;
    let account: Account = account.read()?;
    let draft = draft(options, &wallets, &wallet, &coin, &status, account.nonce)?;

    show(&draft, &wallet, &coin, &account);
    if !options.yes && !confirm("Send it?", "--yes")? {
        return Err(Error::Failed("nothing was sent".into()));
    }
    let key = wallet.unlock(options.passphrase.get(&wallet)?.as_ref())?;
    let (id, bytes) = sign(draft, &status.network, &key)?;
    let answer = client.submit(&bytes)?;
    let submitted: Submitted = answer.read()?;
    if submitted.id != id.to_string() {
        return Err(Error::Failed(format!(
            "the node took {} where {id} was sent; compare bouya --version with the node's",
            submitted.id
        )));
    }
    let Some(confirmations) = options.wait else {
        return out.show(&answer, |out, submitted: Submitted| out.line(submitted.id));
    };
    if !out.json {
        out.line(id)?;
    }
    let confirmed = wait(client, &id, confirmations, options.timeout)?;
    if out.json { out.line(confirmed.text()) } else { Ok(()) }
}

fn coin(network: &NetworkStatus) -> Result<Coin, Error> {
    let symbol = Text::try_from(network.symbol.clone());
    let symbol =
        symbol.map_err(|error| Error::Failed(format!("the node names a coin that cannot be: {error}")))?;
    Ok(Coin { symbol, decimals: network.decimals })
}

/// The transaction, but for the signature.
fn draft(
    options: &Send,
    wallets: &Wallets,
    wallet: &Wallet,
    coin: &Coin,
    status: &Status,
    nonce: u64,
) -> Result<Transaction, Error> {
    let amount = |text: &str| coin.parse(text).map_err(|error| Error::Usage(error.to_string()));
    let mut outputs = Vec::new();
    for payment in &options.to {
        let paid = Payout { to: parse::address(&payment.to, wallets)?, amount: amount(&payment.amount)? };
        if paid.amount == 0 {
            return Err(Error::Usage(format!(
                "--to {}:{} pays nothing; give an amount above 0",
                payment.to, payment.amount
            )));
        }
        outputs.push(paid);
    }
    let outputs: Bounded<Payout, OUTPUTS> = outputs.try_into().map_err(|error| {
        Error::Usage(format!("--to is given too often: {error}; send several transactions"))
    })?;
    let memo: Text<MEMO_BYTES> =
        options.memo.clone().try_into().map_err(|error| Error::Usage(format!("--memo: {error}")))?;
    let mut draft = Transaction {
        version: Transaction::VERSION,
        sender: *wallet.public_key(),
        nonce,
        fee: 0,
        valid_until: status.tip.height.saturating_add(VALID_BLOCKS),
        action: Action::Transfer { outputs, memo },
        signature: Signature::ZERO,
    };
    draft.fee = match &options.fee {
        Some(fee) => amount(fee)?,
        // Fee and signature have a fixed size, so this is the size of the signed transaction.
        None => u64::try_from(encode(&draft).len())
            .unwrap_or(u64::MAX)
            .saturating_mul(status.network.min_fee_per_byte),
    };
    if draft.cost().is_none() {
        return Err(Error::Usage(
            "the amounts and the fee together are more than this ledger can count".into(),
        ));
    }
    Ok(draft)
}

/// What it will do, for whoever is asked.
fn show(draft: &Transaction, wallet: &Wallet, coin: &Coin, account: &Account) {
    let symbol = coin.symbol.as_str();
    let Action::Transfer { outputs, memo } = &draft.action;
    let mut lines = vec![format!("from   {} ({})", wallet.name(), wallet.address())];
    lines.extend(
        outputs.iter().map(|output| format!("to     {}  {} {symbol}", output.to, coin.format(output.amount))),
    );
    if !memo.as_str().is_empty() {
        lines.push(format!("memo   {}", memo.as_str()));
    }
    lines.push(format!("fee    {} {symbol}", coin.format(draft.fee)));
    let total = draft.cost().map(|cost| coin.format(cost)).unwrap_or_default();
    lines.push(format!("total  {total} {symbol}, of {} {symbol} there", account.balance));
    lines.push(format!(
        "valid  until block {}: if it is in none by then, it never will be",
        draft.valid_until
    ));
    note(&lines.join("\n"));
}

fn sign(draft: Transaction, network: &NetworkStatus, key: &SecretKey) -> Result<(Hash, Vec<u8>), Error> {
    let network: Hash = network
        .id
        .parse()
        .map_err(|error| Error::Failed(format!("the node names no network to sign for: {error}")))?;
    let Action::Transfer { outputs, memo } = draft.action;
    let signed =
        Transaction::transfer(&network, key, draft.nonce, draft.fee, draft.valid_until, outputs, memo);
    let checked = signed.check(&network).map_err(|error| Error::Usage(error.to_string()))?;
    Ok((checked.id(), encode(&*checked)))
}

/// Waits until the transaction has `wanted` confirmations; the answer that said so.
fn wait(client: &Client, id: &Hash, wanted: u64, timeout: Duration) -> Result<Answer, Error> {
    let deadline = Instant::now() + timeout;
    let mut progress = Progress::new();
    loop {
        let (state, done) = match client.get(&format!("/v1/transactions/{id}")) {
            Ok(answer) => {
                let transaction: views::Transaction = answer.read()?;
                let count = transaction.confirmations;
                let state = match transaction.height {
                    Some(height) => format!("in block {height}, {count} of {wanted} confirmations"),
                    None => "waiting for a block".to_owned(),
                };
                (state, (count >= wanted).then_some(answer))
            }
            // Dropped, or just moving between mempool and chain.
            Err(Error::Refused { status: 404, .. }) => {
                ("not known to the node at the moment".to_owned(), None)
            }
            Err(error) => return Err(error),
        };
        progress.say(&state);
        if let Some(answer) = done {
            progress.done(&state);
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            return Err(Error::Failed(format!(
                "{id} has not {wanted} confirmations after {} s ({state}). It may still get them; see: bouya tx {id}",
                timeout.as_secs()
            )));
        }
        thread::sleep(LOOK_EVERY);
    }
}
