//! Parses arguments as people type them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bouya_core::codec::Text;
use bouya_core::crypto::Hash;
use bouya_core::id::NodeId;
use bouya_core::ledger::Address;
use bouya_core::time::Timestamp;
use clap::Args;

use crate::clock::{parse_rfc3339, wall};
use crate::http::views::NewPeer;
use crate::short::Named;
use crate::wallet::{Contacts, Wallet, WalletError, WalletName, Wallets};

use super::error::Error;
use super::output::Called;

/// Where the wallets are stored.
#[derive(Clone, Debug, Args)]
pub(crate) struct WalletsOption {
    /// Folder of the wallets [default: ~/.local/share/bouya/wallets]
    #[arg(long, value_name = "DIR", env = "BOUYA_WALLETS")]
    wallets: Option<PathBuf>,
}

impl WalletsOption {
    pub(crate) fn open(&self) -> Result<Wallets, Error> {
        let dir = self.wallets.clone().map_or_else(Wallets::default_dir, Ok)?;
        Ok(Wallets::new(dir))
    }
}

/// The address in `text`, or the address of the wallet or contact with this name.
pub(crate) fn address(text: &str, wallets: &Wallets) -> Result<Address, Error> {
    let error = match text.parse::<Address>() {
        Ok(address) => return Ok(address),
        Err(error) => error,
    };
    let Ok(name) = text.parse::<WalletName>() else {
        return Err(Error::Usage(error.to_string()));
    };
    if wallets.has(&name) {
        return Ok(wallets.open(&name)?.address());
    }
    Contacts::open(wallets.dir())?.get(&name).ok_or_else(|| {
        Error::Usage(format!(
            "\"{name}\" is neither an address (bouya1…) nor a wallet or contact in {}; to list those: bouya wallet list, bouya contacts list",
            wallets.dir().display()
        ))
    })
}

/// The names of all addresses that have one here.
pub(crate) fn names() -> BTreeMap<String, Called> {
    default_wallets().map(|wallets| names_in(&wallets)).unwrap_or_default()
}

/// The wallets of a command that takes no folder of them.
pub(crate) fn default_wallets() -> Result<Wallets, WalletError> {
    let dir = std::env::var_os("BOUYA_WALLETS").map(PathBuf::from).map_or_else(Wallets::default_dir, Ok);
    dir.map(Wallets::new)
}

/// The same in one folder. A wallet that cannot be read is left out: a missing label is no reason to fail.
pub(crate) fn names_in(wallets: &Wallets) -> BTreeMap<String, Called> {
    let mut names = BTreeMap::new();
    if let Ok(contacts) = Contacts::open(wallets.dir()) {
        let called = |(name, address): (&WalletName, &Address)| {
            (address.to_string(), Called::Contact(name.to_string()))
        };
        names.extend(contacts.iter().map(called));
    }
    let own = wallets.list().unwrap_or_default();
    let called = |wallet: Wallet| (wallet.address().to_string(), Called::Wallet(wallet.name().to_string()));
    names.extend(own.into_iter().flatten().map(called));
    names
}

/// A block's height, its hash, or `latest`.
pub(crate) fn block_ref(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    if text == "latest" || text.parse::<u64>().is_ok() {
        return Ok(text);
    }
    let hash = named(&text).map(|named| named.to_string());
    hash.map_err(|why| format!("name a block by its height, its hash, or latest; {why}"))
}

/// An id or a hash of something on the ledger, whole or as tables shorten it.
pub(crate) fn named(text: &str) -> Result<Named, String> {
    // Not everybody can type the one character that tables print.
    text.to_ascii_lowercase().replace("...", "…").parse()
}

/// A whole hash, of something that may not be on the ledger: nothing could be found by its beginning.
pub(crate) fn hash(text: &str) -> Result<Hash, String> {
    text.to_ascii_lowercase().parse().map_err(|_| "64 hex digits are expected; copy all of them".into())
}

/// Gas of a contract's run.
pub(crate) fn gas(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write gas as a whole number, as in 500000".into())
}

/// A time in RFC 3339, passed on unchanged.
pub(crate) fn time(text: &str) -> Result<String, String> {
    let known = crate::clock::parse_rfc3339(text).map(|_| text.to_owned());
    known.ok_or_else(|| "write a time as in 2026-11-20T00:00:00Z".into())
}

/// Bounded text of an option.
pub(crate) fn text<const MAX: usize>(option: &str, text: &str) -> Result<Text<MAX>, Error> {
    text.to_owned().try_into().map_err(|error| Error::Usage(format!("{option}: {error}")))
}

/// `ID@HOST:PORT`.
pub(crate) fn peer(text: &str) -> Result<NewPeer, String> {
    let form = || "write a peer as ID@HOST:PORT, as in bob@10.0.0.6:7000".to_owned();
    let (id, address) = text.split_once('@').ok_or_else(form)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(form)?;
    let id: NodeId = id.parse().map_err(|error| format!("{error}"))?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(form)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(form());
    }
    Ok(NewPeer { id: id.into(), host: host.to_owned(), port })
}

/// A time, or a span from now.
pub(crate) fn deadline(text: &str) -> Result<Timestamp, String> {
    let form = || "a deadline is a time like 2026-12-24T12:00:00Z, or a span like 48h or 14d".to_owned();
    if let Some(time) = parse_rfc3339(text) {
        return Ok(time);
    }
    let span = match text.strip_suffix('d') {
        Some(days) => days.parse::<u32>().ok().map(|days| Duration::from_secs(u64::from(days) * 86_400)),
        None => duration(text).ok(),
    };
    span.filter(|span| !span.is_zero()).map(|span| wall().after(span)).ok_or_else(form)
}

/// `90s`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let form = || "write a time as a number and s, m or h, as in 60s".to_owned();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let seconds = match text.strip_prefix(digits) {
        Some("s") => 1,
        Some("m") => 60,
        Some("h") => 3_600,
        _ => return Err(form()),
    };
    let count: u64 = digits.parse().map_err(|_| form())?;
    count
        .checked_mul(seconds)
        .filter(|s| (1..=31_536_000).contains(s))
        .map(Duration::from_secs)
        .ok_or_else(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("1h", 3_600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for bad in ["", "s", "60", "0s", "-1s", "1.5m", "1d", "1 s", "99999999999999999999h", "9999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn peers() {
        let bob = peer("bob@10.0.0.6:7000").unwrap();
        assert_eq!((bob.id.as_str(), bob.host.as_str(), bob.port), ("bob", "10.0.0.6", 7000));
        assert_eq!(peer("bob@[fd00::6]:7000").unwrap().host, "fd00::6");
        for bad in ["bob", "bob@10.0.0.6", "Bob@a:1", "bob@a:0", "bob@:7", "@a:7", "bob@a:70000"] {
            assert!(peer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn references() {
        let hash = "AB".repeat(32);
        assert_eq!(block_ref(&hash), Ok(hash.to_lowercase()));
        assert_eq!(block_ref("12"), Ok("12".into()));
        assert_eq!(block_ref("01234567"), Ok("01234567".into()), "a height, or a hash without a letter");
        assert_eq!(block_ref("01234567...CDEF"), Ok("01234567…cdef".into()));
        assert_eq!(block_ref("latest"), Ok("latest".into()));
        for bad in ["", "-1", "abc", "../status", "12?x"] {
            assert!(block_ref(bad).is_err(), "{bad}");
        }
    }
}
