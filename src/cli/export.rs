//! `bouya export`: the final transactions of a time as tables, for an auditor.

use std::fs;
use std::path::{Path, PathBuf};

use bouya_core::crypto::{Hash, SecretKey, sha256};
use bouya_core::ledger::Receipt;
use bouya_core::limits::API_FEED_PAGE;
use clap::Args;
use serde_json::json;

use super::client::Client;
use super::error::Error;
use super::node::NodeOptions;
use super::output::{Output, Progress, note};
use super::parse::WalletsOption;
use super::prompt::ExistingPassphrase;
use crate::clock::parse_rfc3339;
use crate::export::{self, Again, Count, End, Export, ExportError, Format, Manifest, Range};
use crate::files::{self, PUBLIC};
use crate::http::views::{Block, Feed, Finality, Transaction};
use crate::wallet::WalletName;
use bouya_client::receipt;

pub(crate) const EXAMPLES: &str = "\
It asks a running node, writes five tables (transactions, payments, records,
agreements, answers) into a new folder, and a manifest with the range, the hash
of each file and a digest of each table. Interrupted, it goes on where it was:
run it again. The same range has the same digests on every node and in every
format. What blocks pay their miners is in no table.

--check looks at a bundle's files, rows, receipts and signature, and compares
all of it with what the node has, if one answers. A receipt of the bundle leads
to the last block, which the manifest names (range, to, block); a final one is
to be had from a node: bouya receipt renew FILE

Examples:
  bouya export 2026 --from 2026-01-01 --to 2027-01-01
  bouya export audit --format sqlite --sign-with alice
  bouya export lease --from 1200 --to 1300 --receipts
  bouya export 2026 --check
  bouya receipt renew lease/receipts/5f0c21aa.receipt --out final.receipt";

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// The folder
    dir: PathBuf,
    /// The first block: a height, or a day or time [default: block 1]
    #[arg(long, value_name = "WHEN", conflicts_with = "check")]
    from: Option<When>,
    /// The last block: a height, or the day or time before which it was made [default: the newest final block]
    #[arg(long, value_name = "WHEN", conflicts_with = "check")]
    to: Option<When>,
    /// The form of the tables
    #[arg(long, value_enum, default_value_t = Format::Jsonl, conflicts_with = "check")]
    format: Format,
    /// Add each transaction's receipt under the last block, and a list of their hashes
    #[arg(long, conflicts_with = "check")]
    receipts: bool,
    /// The wallet that signs the manifest
    #[arg(long, value_name = "WALLET", conflicts_with = "check")]
    sign_with: Option<WalletName>,
    /// Look at a bundle instead of making one
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    passphrase: ExistingPassphrase,
    #[command(flatten)]
    wallets: WalletsOption,
}

/// A place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Height(u64),
    /// The beginning of what was made at this time or later, in milliseconds.
    Time(u64),
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(height) = text.parse() {
            return Ok(Self::Height(height));
        }
        let time = parse_rfc3339(text).or_else(|| parse_rfc3339(&format!("{text}T00:00:00Z")));
        time.map(|time| Self::Time(time.0)).ok_or_else(|| {
            "give a height, a day such as 2026-01-31 (UTC), or a time such as 2026-01-31T12:00:00Z".to_owned()
        })
    }
}

pub(crate) fn run(options: &ExportOptions, node: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    match options.check {
        true => check(&options.dir, node, out),
        false => make(options, &Client::new(node)?, out),
    }
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Occupied(_)
            | ExportError::Complete(_)
            | ExportError::Other { .. }
            | ExportError::Unfinished(_)
            | ExportError::Owner(_)
            | ExportError::Busy(_)
            | ExportError::Nothing(_) => Self::Usage(error.to_string()),
            error => Self::failed(error),
        }
    }
}

fn make(options: &ExportOptions, client: &Client, out: &mut Output) -> Result<(), Error> {
    let key = options.sign_with.as_ref().map(|name| signer(options, name)).transpose()?;
    let range = range(options, client)?;
    let mut bundle = Export::open(&options.dir, options.format, |before| {
        Ok(match before {
            Some(before) if goes_on(options, before, &range) => before.clone(),
            _ => range,
        })
    })?;
    let mut progress = Progress::new();
    let wanted = bundle.range().clone();
    // What an unfinished bundle says of itself is asked again.
    if end(client, wanted.to.height)? != wanted.to || wanted.to.height > newest_final(client)? {
        return Err(Error::Failed(format!(
            "the unfinished bundle in {} ends with a block that the node does not have as final; ask another node (--api), or name a new folder",
            options.dir.display()
        )));
    }
    let (receipts, begin) = (bundle.receipts(), bundle.next().map(ToOwned::to_owned));
    read(client, &wanted, begin, Some(&receipts), |rows, _, (next, height)| {
        bundle.take(&rows, next)?;
        progress.count(|| format!("block {height} of {}", wanted.to.height));
        Ok(())
    })?;
    let manifest = bundle.finish(key.as_ref())?;
    progress.done("written");
    show(&options.dir, &manifest, None, out)?;
    if !manifest.range.closed {
        note("No later block was final yet: what is made from now on may belong to the same time.");
    }
    note(&format!("Look at it again, here or elsewhere: bouya export {} --check", options.dir.display()));
    Ok(())
}

/// Whether the options still mean what was begun: without --to, or with a time, it ended at the newest final block of then.
fn goes_on(options: &ExportOptions, before: &Range, now: &Range) -> bool {
    let ended = parse_rfc3339(&before.to.time).map_or(u64::MAX, |time| time.0);
    let same = match options.to {
        None => true,
        Some(When::Height(height)) => before.to.height == height,
        Some(When::Time(time)) => !before.closed && ended < time || before.to == now.to,
    };
    same && (&before.network, &before.from, before.receipts) == (&now.network, &now.from, now.receipts)
}

fn signer(options: &ExportOptions, name: &WalletName) -> Result<SecretKey, Error> {
    let wallet = options.wallets.open()?.open(name)?;
    Ok(wallet.unlock(options.passphrase.get(&wallet)?)?)
}

fn newest_final(client: &Client) -> Result<u64, Error> {
    let finality: Finality = client.get("/v1/finality")?.read()?;
    Ok(finality.finalized.map_or(0, |block| block.height))
}

/// The range that the options name, with its blocks.
fn range(options: &ExportOptions, client: &Client) -> Result<Range, Error> {
    let network = client.status()?.network.id;
    let newest = newest_final(client)?;
    let first = options.from.map_or(Ok(1), |from| height(client, from, newest))?.max(1);
    let last = match options.to {
        None => newest,
        Some(When::Height(height)) => height,
        Some(time @ When::Time(_)) => height(client, time, newest)?.saturating_sub(1),
    };
    if last > newest {
        return Err(Error::Failed(format!(
            "block {last} is not final yet: the newest final block is {newest}; wait, or give a lower --to"
        )));
    }
    if first > last {
        return Err(Error::Usage(format!(
            "no block was made in this range: the newest final block is {newest}; give another --from or --to"
        )));
    }
    let (from, to) = (end(client, first)?, end(client, last)?);
    Ok(Range { network, from, to, closed: last < newest, receipts: options.receipts })
}

/// The height of a place: the first block that is not before a time, or one above the newest final block.
fn height(client: &Client, when: When, newest: u64) -> Result<u64, Error> {
    let time = match when {
        When::Height(height) => return Ok(height),
        When::Time(time) => time,
    };
    // Times rise strictly from block to block.
    let (mut low, mut high) = (1, newest + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let made = parse_rfc3339(&end(client, middle)?.time).map_or(0, |time| time.0);
        if made < time { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

fn end(client: &Client, height: u64) -> Result<End, Error> {
    let block: Block = client.get(&format!("/v1/blocks/{height}"))?.read()?;
    Ok(End { height, block: block.hash, time: block.time })
}

/// Reads a range from the feed: hands on the rows of each page, the hashes of its receipts, the cursor behind it and the height. Receipts are
/// kept in a folder, if there is one.
fn read(
    client: &Client,
    range: &Range,
    begin: Option<String>,
    keep: Option<&Path>,
    mut take: impl FnMut(Vec<export::Row>, Vec<(String, Hash)>, (String, u64)) -> Result<(), Error>,
) -> Result<(), Error> {
    let last = range.to.height;
    let mut after = begin.unwrap_or_else(|| (range.from.height - 1).to_string());
    loop {
        let query = [("after", after), ("limit", API_FEED_PAGE.to_string())];
        let feed: Feed = client.get_with("/v1/feed", &query)?.read()?;
        let (mut rows, mut receipts) = (Vec::new(), Vec::new());
        let inside = |transaction: &&Transaction| transaction.height.is_some_and(|height| height <= last);
        for transaction in feed.items.iter().map(|item| &item.transaction).filter(inside) {
            if range.receipts {
                receipts.push((transaction.id.clone(), proof(client, keep, &transaction.id, last)?));
            }
            if export::is_untold(transaction) {
                let height = transaction.height.unwrap_or_default();
                return Err(Error::Failed(format!(
                    "block {height} ran contracts, and this node has it from others without executing it: it does not know what they paid and said; ask a node that was there: --api"
                )));
            }
            rows.extend(export::rows(transaction));
        }
        let height = place(&feed.next)?;
        take(rows, receipts, (feed.next.clone(), height.min(last)))?;
        if height > last || (height == last && !feed.more) {
            return Ok(());
        }
        if !feed.more {
            return Err(Error::Failed(format!(
                "the node has block {height} as its newest final one, and not {last} yet; run this again when it is up to date, or ask another: --api"
            )));
        }
        after = feed.next;
    }
}

/// The height in a cursor.
fn place(cursor: &str) -> Result<u64, Error> {
    let height = cursor.split('-').next().and_then(|height| height.parse().ok());
    height.ok_or_else(|| Error::Failed(format!("the node gave a cursor that names no block: {cursor}")))
}

/// The hash of a transaction's receipt under the last block, which is kept in a folder if there is one.
fn proof(client: &Client, keep: Option<&Path>, id: &str, last: u64) -> Result<Hash, Error> {
    let answer =
        client.get_with(&format!("/v1/transactions/{id}/receipt"), &[("under", last.to_string())])?;
    let wrong = |error| Error::Failed(format!("the node gave a wrong receipt of {id}: {error}"));
    // Who has signed that the last block is final is another answer from each node. The manifest names that block, and it is trusted.
    let bare = Receipt { finality: None, ..receipt::read(answer.text()).map_err(wrong)? };
    if bare.transaction.id().to_string() != id {
        return Err(Error::Failed(format!("the node gave the receipt of another transaction than {id}")));
    }
    let text = receipt::write(&bare).into_bytes();
    if let Some(dir) = keep {
        let path = dir.join(format!("{id}.receipt"));
        let cannot = |error| Error::Failed(format!("cannot write {}: {error}", path.display()));
        fs::create_dir_all(dir).map_err(cannot)?;
        files::replace(&path, PUBLIC, &text).map_err(cannot)?;
    }
    Ok(sha256(&text))
}

fn check(dir: &Path, node: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    let (manifest, signed) = export::check(dir)?;
    let same = match compare(&manifest, node) {
        Ok(()) => Some(()),
        Err(Error::Unreachable { .. }) => None,
        Err(error) => return Err(error),
    };
    show(dir, &manifest, Some(&Checked { by: signed.map(|signed| signed.address), same }), out)
}

/// Reads the range once more from a node, and compares the digests.
fn compare(manifest: &Manifest, node: &NodeOptions) -> Result<(), Error> {
    let (client, range) = (Client::new(node)?, &manifest.range);
    let network = client.status()?.network.id;
    let other = |why: String| Err(Error::Failed(format!("the bundle is not what this node has: {why}")));
    if network != range.network {
        return other(format!("it is of network {}, the node of {network}", range.network));
    }
    for stated in [&range.from, &range.to] {
        let found = end(&client, stated.height)?;
        if found != *stated {
            return other(format!("block {} is {} there", stated.height, found.block));
        }
    }
    let (mut again, mut progress) = (Again::new(manifest), Progress::new());
    read(&client, range, None, None, |rows, receipts, (_, height)| {
        again.take(&rows, receipts);
        progress.count(|| format!("block {height} of {}", range.to.height));
        Ok(())
    })?;
    progress.done("compared");
    again.differs().map_or(Ok(()), other)
}

/// What a look at a bundle has found: who signed it, and whether a node has the same; none if no node answered.
struct Checked {
    by: Option<String>,
    same: Option<()>,
}

fn show(dir: &Path, manifest: &Manifest, checked: Option<&Checked>, out: &mut Output) -> Result<(), Error> {
    if out.json {
        let checked =
            checked.map(|checked| json!({ "signed_by": checked.by, "compared": checked.same.is_some() }));
        return out
            .raw(json!({ "folder": dir.display().to_string(), "manifest": manifest, "checked": checked }));
    }
    let Range { from, to, .. } = &manifest.range;
    out.line(format!(
        "{}: blocks {} to {}, {} to {}",
        dir.display(),
        from.height,
        to.height,
        from.time,
        to.time
    ))?;
    for (table, Count { rows, digest }) in &manifest.tables {
        out.line(format!("  {:<13}{rows:>10} rows   digest {}", table.name(), out.short(digest)))?;
    }
    let Some(checked) = checked else { return Ok(()) };
    out.line("The files are those of the manifest.")?;
    out.line(match &checked.by {
        Some(address) => format!("It is signed by {address}."),
        None => "It is not signed.".to_owned(),
    })?;
    out.line(match checked.same {
        Some(()) => "The node has the same rows.",
        None => "No node answered, so the rows were compared with none: --api URL names one.",
    })
}
