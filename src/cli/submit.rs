//! What all commands that sign share: the wallet, the fee, whether to ask, what to wait for.
//!
//! The node never sees the key: it tells the status and the nonce, and takes the signed bytes.

use std::time::Duration;

use bouya_core::codec::{Text, encode};
use bouya_core::crypto::{Hash, Signature};
use bouya_core::ledger::{Action, Coin, RawTransaction, Transaction, TransactionError};
use clap::Args;
use serde_json::json;

use crate::http::views::{self, Account, NetworkStatus, Status, Submitted, TransactionCheck};
use crate::short::Named;
use crate::wallet::{Wallet, WalletError, WalletName, Wallets};

use super::client::{Answer, Client};
use super::error::Error;
use super::output::{Output, note};
use super::parse::{self, WalletsOption};
use super::prompt::{ExistingPassphrase, confirm};
use super::wait::{self, Wait};

/// The transaction can be confirmed in this many blocks. Long enough for a busy or idle network, and short enough that a
/// payment that everyone gave up does not come back months later.
const VALID_BLOCKS: u64 = 1_000;
/// How many nonces to try while others sign with the same wallet: more than anybody starts at once.
const NONCES: usize = 32;
/// What the node says if another transaction came first: its nonce waits, is confirmed, or is gone with the one that waited.
const OVERTAKEN: [&str; 3] = ["urn:bouya:nonce-taken", "urn:bouya:wrong-nonce", "urn:bouya:confirmed"];
/// What the node says if a fee is too low.
const LOW_FEE: &str = "urn:bouya:low-fee";
/// Which of the things that governors say need no fee.
const FREE: &str = "The wallet has no coins for it. Without a fee a node takes a governor's motion once a day, its first ballot on a motion, and its \
     member's new keys; those change once in 24 hours at most, with or without a fee";

/// Who signs, and for how much.
#[derive(Debug, Args)]
pub(crate) struct SignedBy {
    /// The wallet that signs and pays the fee
    #[arg(long, value_name = "WALLET")]
    from: WalletName,
    /// The fee for the miner, in coins [default: what the node asks for the bytes, and for the gas of a contract]
    #[arg(long, value_name = "AMOUNT")]
    fee: Option<String>,
    /// Send without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct Signing {
    #[command(flatten)]
    by: SignedBy,
    /// Take the place of this transaction of the wallet, which still waits; the fee is then at least 10 % higher
    #[arg(long, value_name = "ID", value_parser = parse::named)]
    replace: Option<Named>,
    /// Wait until the transaction is final, or has N confirmations; without a value: until it is final
    #[arg(long, value_name = "final|N")]
    pub(crate) wait: Option<Option<Wait>>,
    /// How long to wait, as in 60s or 5m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::duration, requires = "wait")]
    timeout: Duration,
}

/// A wallet, with its network and account as the node reports them.
pub(crate) struct Signer<'a> {
    by: &'a SignedBy,
    client: &'a Client,
    pub(crate) wallets: Wallets,
    pub(crate) wallet: Wallet,
    pub(crate) coin: Coin,
    status: Status,
    account: Account,
    wait: Option<Wait>,
    timeout: Duration,
    replaced: Option<Replaced>,
    /// What members must be able to say without coins is sent without a fee if there are too few.
    governs: bool,
}

/// The transaction whose place is taken, in smallest units.
struct Replaced {
    nonce: u64,
    least_fee: u64,
}

/// What a transaction costs, in smallest units.
pub(crate) struct Cost {
    pub(crate) fee: u64,
    /// What the node asks.
    pub(crate) least_fee: u64,
    /// With the coins that it moves.
    pub(crate) all: u64,
}

impl SignedBy {
    /// For a command that has asked about all that it sends.
    pub(crate) fn quiet(from: WalletName, passphrase: ExistingPassphrase, wallets: WalletsOption) -> Self {
        Self { from, fee: None, yes: true, passphrase, wallets }
    }
}

impl<'a> Signer<'a> {
    pub(crate) fn open(options: &'a Signing, client: &'a Client) -> Result<Self, Error> {
        let mut signer = Self::of(&options.by, client)?;
        let replaced = options.replace.as_ref();
        signer.replaced =
            replaced.map(|id| replaced_by(client, &signer.wallet, &signer.coin, id)).transpose()?;
        signer.wait = options.wait.map(Option::unwrap_or_default);
        signer.timeout = options.timeout;
        Ok(signer)
    }

    /// For what members say about members.
    pub(crate) fn governing(by: &'a SignedBy, client: &'a Client) -> Result<Self, Error> {
        Ok(Self { governs: true, ..Self::of(by, client)? })
    }

    fn of(by: &'a SignedBy, client: &'a Client) -> Result<Self, Error> {
        let wallets = by.wallets.open()?;
        let wallet = wallets.open(&by.from).map_err(|error| match error {
            // A slip in an argument, like an unknown --to.
            WalletError::Unknown { .. } => Error::Usage(format!("--from: {error}")),
            error => error.into(),
        })?;
        by.passphrase.check(&wallet)?;
        let status = client.status()?;
        let coin = coin(&status.network)?;
        let account = account(client, &wallet)?;
        let (wait, timeout, replaced, governs) = (None, Duration::ZERO, None, false);
        Ok(Self { by, client, wallets, wallet, coin, status, account, wait, timeout, replaced, governs })
    }

    /// Shows what `action` will do, asks, signs, submits, and waits if asked to. `lines` describe the action.
    pub(crate) fn submit(
        &self,
        action: Action,
        lines: &[(&str, String)],
        question: &str,
        out: &mut Output,
    ) -> Result<(), Error> {
        let (sent, answer) = self.send(&|_| action.clone(), lines, question)?;
        let id = sent.id();
        // People and scripts go on with the agreement; the transaction that proposed it has another id.
        let proposed = sent.agreement().filter(|_| matches!(sent.action, Action::Propose(_)));
        if let (Some(agreement), false) = (proposed, out.json) {
            out.line(agreement)?;
            note(&format!(
                "Proposed by transaction {id}. The parties need the document and the agreement's id: \
                 bouya agree sign {agreement} --from …"
            ));
        }
        let Some(wanted) = self.wait else {
            return match proposed {
                Some(agreement) if out.json => {
                    out.line(json!({ "id": id.to_string(), "agreement": agreement.to_string() }))
                }
                Some(_) => Ok(()),
                None => out.show(&answer, |out, submitted: Submitted| out.line(submitted.id)),
            };
        };
        if !out.json && proposed.is_none() {
            out.line(id)?;
        }
        let confirmed = wait::wait(self.client, &id, wanted, self.timeout)?;
        if out.json { out.raw(confirmed.text()) } else { Ok(()) }
    }

    /// The network as the node reports it.
    pub(crate) fn status_of_network(&self) -> &NetworkStatus {
        &self.status.network
    }

    /// What the node says that a contract's action would lead to. What is signed for that has passed already, so no block can hold it.
    pub(crate) fn try_out(&self, action: Action) -> Result<TransactionCheck, Error> {
        let key = self.wallet.unlock(self.by.passphrase.get(&self.wallet)?)?;
        let signed = Transaction::sign(&self.network()?, &key, self.account.nonce, 0, 0, action);
        self.client.check(&encode(&*signed))?.read()
    }

    /// The transaction, once it is as sure as was asked; none if nobody asked to wait.
    pub(crate) fn awaited(&self, id: &Hash) -> Result<Option<Answer>, Error> {
        self.wait.map(|wanted| wait::wait(self.client, id, wanted, self.timeout)).transpose()
    }

    /// Shows what the action will do, asks, signs and submits. `action` makes it for a nonce.
    pub(crate) fn send(
        &self,
        action: &dyn Fn(u64) -> Action,
        lines: &[(&str, String)],
        question: &str,
    ) -> Result<(Transaction, Answer), Error> {
        let draft = self.draft(action)?;
        self.show(&draft, lines);
        if self.wait.is_some()
            && let Some(doubt) = wait::doubt(&self.status.state)
        {
            note(&format!("Note: {doubt}."));
        }
        if !self.by.yes && !confirm(question, "--yes")? {
            return Err(Error::Failed("nothing was sent".into()));
        }
        self.give(&draft, action)
    }

    /// Signs and submits. The caller has shown it and asked.
    pub(crate) fn send_quietly(&self, action: Action) -> Result<Transaction, Error> {
        let action = |_| action.clone();
        Ok(self.give(&self.draft(&action)?, &action)?.0)
    }

    fn give(
        &self,
        draft: &RawTransaction,
        action: &dyn Fn(u64) -> Action,
    ) -> Result<(Transaction, Answer), Error> {
        self.try_nonces(draft, action).map_err(|error| match error {
            Error::Refused { kind, detail, .. } if self.governs && draft.fee == 0 && kind == LOW_FEE => {
                Error::Failed(format!("{detail}. {FREE}"))
            }
            error => error,
        })
    }

    /// The transaction without its signature.
    fn draft(&self, action: &dyn Fn(u64) -> Action) -> Result<RawTransaction, Error> {
        let nonce = self.replaced.as_ref().map_or(self.account.nonce, |replaced| replaced.nonce);
        let mut draft = RawTransaction {
            version: RawTransaction::VERSION,
            sender: *self.wallet.public_key(),
            nonce,
            fee: 0,
            valid_until: self.status.tip.height.saturating_add(VALID_BLOCKS),
            action: action(nonce),
            signature: Signature::ZERO,
        };
        draft.fee = match &self.by.fee {
            Some(fee) => self.amount(fee)?,
            // The fee and the signature have fixed sizes, so this is also the size of the signed transaction.
            None => self.least_fee(&draft),
        };
        if self.governs && self.by.fee.is_none() && self.balance() < draft.fee {
            draft.fee = 0;
        }
        // Every mistake but the missing signature, before anybody is asked for a passphrase.
        match Transaction::from(draft.clone()).check(&self.network()?) {
            Ok(_) | Err(TransactionError::Signature) => Ok(draft),
            Err(error) => Err(Error::Usage(error.to_string())),
        }
    }

    /// What the node asks for a transaction.
    fn least_fee(&self, draft: &RawTransaction) -> u64 {
        Transaction::from(draft.clone())
            .burden()
            .saturating_mul(self.status.network.min_fee_per_byte)
            .max(self.replaced.as_ref().map_or(0, |replaced| replaced.least_fee))
    }

    /// What a transaction would cost.
    pub(crate) fn cost(&self, action: &dyn Fn(u64) -> Action) -> Result<Cost, Error> {
        let draft = self.draft(action)?;
        let all = draft.cost().unwrap_or(u64::MAX);
        Ok(Cost { fee: draft.fee, least_fee: self.least_fee(&draft), all })
    }

    /// What the wallet has, in smallest units, without what waits already.
    pub(crate) fn balance(&self) -> u64 {
        self.coin.parse(&self.account.balance).unwrap_or(u64::MAX)
    }

    /// An amount as people read it.
    pub(crate) fn coins(&self, amount: u64) -> String {
        format!("{} {}", self.coin.format(amount), self.coin.symbol.as_str())
    }

    /// Parses an amount of coins as people type it.
    pub(crate) fn amount(&self, text: &str) -> Result<u64, Error> {
        self.coin.parse(text).map_err(|error| Error::Usage(error.to_string()))
    }

    /// Shows what the transaction will do, before the question.
    fn show(&self, draft: &RawTransaction, lines: &[(&str, String)]) {
        let symbol = self.coin.symbol.as_str();
        let total = draft.cost().map(|cost| self.coin.format(cost)).unwrap_or_default();
        let from = ("from", format!("{} ({})", self.wallet.name(), self.wallet.address()));
        let last = [
            ("fee", self.coins(draft.fee)),
            ("total", format!("{total} {symbol} of the {} {symbol} in the wallet", self.account.balance)),
            ("valid", format!("until block {}: after that it can no longer be confirmed", draft.valid_until)),
        ];
        let all = std::iter::once(&from).chain(lines).chain(&last);
        let width = all.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
        let further = format!("\n{:width$}  ", "");
        let all: Vec<_> =
            all.map(|(name, text)| format!("{name:width$}  {}", text.replace('\n', &further))).collect();
        note(&all.join("\n"));
    }

    /// The network that is signed for.
    pub(crate) fn network(&self) -> Result<Hash, Error> {
        let id = self.status.network.id.parse();
        id.map_err(|error| Error::Failed(format!("the node names no network to sign for: {error}")))
    }

    /// Signs and submits. Between the question for the nonce and this, somebody may have used it with the same wallet. Then this signs
    /// again with the next one: neither payment replaces the other.
    fn try_nonces(
        &self,
        draft: &RawTransaction,
        action: &dyn Fn(u64) -> Action,
    ) -> Result<(Transaction, Answer), Error> {
        let network = self.network()?;
        let key = self.wallet.unlock(self.by.passphrase.get(&self.wallet)?)?;
        let RawTransaction { mut nonce, fee, valid_until, .. } = *draft;
        for _ in 0..NONCES {
            let signed = Transaction::sign(&network, &key, nonce, fee, valid_until, action(nonce));
            let id = signed.id();
            match self.client.submit(&encode(&*signed), self.replaced.is_some()) {
                Ok(answer) => {
                    let submitted: Submitted = answer.read()?;
                    if submitted.id != id.to_string() {
                        return Err(Error::Failed(format!(
                            "{id} was sent, but the node took it as {}; compare bouya --version with the node's",
                            submitted.id
                        )));
                    }
                    // If it was known, somebody made the same payment with the same nonce: that one counts once, for them.
                    if !submitted.known || self.replaced.is_some() {
                        return Ok((signed, answer));
                    }
                }
                Err(Error::Refused { kind, .. })
                    if self.replaced.is_none() && OVERTAKEN.contains(&kind.as_str()) => {}
                Err(error) => return Err(error),
            }
            nonce = account(self.client, &self.wallet)?.nonce;
            note(&format!(
                "Wallet {} has sent something else meanwhile: signing with nonce {nonce}.",
                self.wallet.name()
            ));
        }
        Err(Error::Failed(format!(
            "nothing was sent: wallet {} is in use elsewhere, and {NONCES} nonces were taken before this could use them; try again",
            self.wallet.name()
        )))
    }
}

/// The wallet's account. It includes the mempool, as the nonce does: coins sent a moment ago are already spent.
fn account(client: &Client, wallet: &Wallet) -> Result<Account, Error> {
    let path = format!("/v1/accounts/{}", wallet.address());
    client.get_with(&path, &[("confirmations", "0".into())])?.read()
}

/// The waiting transaction `id` of the wallet, which is to be replaced.
fn replaced_by(client: &Client, wallet: &Wallet, coin: &Coin, id: &Named) -> Result<Replaced, Error> {
    let found: views::Transaction = client.get(&format!("/v1/transactions/{id}"))?.read()?;
    if let Some(height) = found.height {
        return Err(Error::Failed(format!(
            "{id} is in block {height} already: it can no longer be replaced"
        )));
    }
    if found.sender != wallet.address().to_string() {
        return Err(Error::Usage(format!(
            "--replace: {id} is from {}, not from wallet {}; give that one's wallet as --from",
            found.sender,
            wallet.name()
        )));
    }
    let fee = coin.parse(&found.fee);
    let fee = fee.map_err(|error| Error::Failed(format!("the node names no fee of {id}: {error}")))?;
    Ok(Replaced { nonce: found.nonce, least_fee: fee.saturating_add(fee.div_ceil(10)) })
}

fn coin(network: &NetworkStatus) -> Result<Coin, Error> {
    let symbol = Text::try_from(network.symbol.clone());
    let symbol = symbol.map_err(|error| Error::Failed(format!("the node names an invalid coin: {error}")))?;
    Ok(Coin { symbol, decimals: network.decimals })
}
