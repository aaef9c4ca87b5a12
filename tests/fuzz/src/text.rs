//! What people write, also in files: configuration, addresses, amounts, names.

use std::fmt::Debug;
use std::fs;
use std::str::FromStr;

use bouya::clock::{parse_rfc3339, rfc3339};
use bouya::config::node::Bootstrap;
use bouya::config::{NetworkFile, Settings};
use bouya::wallet::WalletName;
use bouya_core::codec::Text;
use bouya_core::crypto::{Hash, PublicKey, Signature};
use bouya_core::id::NodeId;
use bouya_core::ledger::{Address, Coin};
use bouya_core::wire::Endpoint;

use crate::choices::Choices;
use crate::{bounded, scratch, tame};

const NETWORK: &str = include_str!("../../../config/network.example.toml");
const NODE: &str = include_str!("../../../config/node.example.toml");

/// If a network's file is accepted and written again, it describes the same network.
pub fn network_toml(data: &[u8]) {
    let dir = scratch();
    let path = dir.join("network.toml");
    fs::write(&path, data).expect("a scratch file");
    match NetworkFile::load(&path) {
        Ok(file) => {
            let text = NetworkFile::render(&file.genesis.spec, file.min_fee_per_byte);
            fs::write(&path, &text).expect("a scratch file");
            let again = NetworkFile::load(&path).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again.genesis.id(), file.genesis.id());
            assert_eq!(again.genesis.spec.name, file.genesis.spec.name);
            assert_eq!(again.min_fee_per_byte, file.min_fee_per_byte);
        }
        Err(mistakes) => {
            assert!(!mistakes.list.is_empty());
            bounded(&mistakes);
        }
    }
}

/// The example without its comments and with every optional key set.
fn bare(text: &str) -> String {
    let lines =
        text.lines().map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line));
    lines.filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| format!("{line}\n")).collect()
}

pub(crate) fn network_seeds() -> Vec<Vec<u8>> {
    let members = "[[members]]\nid = \"alice\"\nkey = \"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c\"\ngovernor = \"bouya1qp3zdjyz0armf2xd7q4l4765hv67sjgu3tkr2485f85xttyt0ldz55v8vkt\"\nname = \"Alice SA\"\n";
    let allocation = "[[allocations]]\naddress = \"bouya1qp3zdjyz0armf2xd7q4l4765hv67sjgu3tkr2485f85xttyt0ldz55v8vkt\"\namount = \"1.5\"\n";
    let short = "name = \"a\"\ncreated = \"2026-11-20T00:00:00Z\"\n[coin]\nsymbol = \"A\"\n";
    let all = format!(
        "{}{members}{allocation}",
        bare(NETWORK).split("\n[[").next().unwrap_or_default().to_owned() + "\n"
    );
    [NETWORK.to_owned(), all, format!("{short}{members}")].map(String::into_bytes).into()
}

/// A node's file gives settings within their bounds, or mistakes that can be shown.
pub fn node_toml(data: &[u8]) {
    let dir = scratch();
    let path = dir.join("node.toml");
    fs::write(&path, data).expect("a scratch file");
    fs::write(dir.join("network.example.toml"), NETWORK).expect("a scratch file");
    match Settings::load(&path) {
        Ok(settings) => {
            assert!((9..=512).contains(&settings.p2p.max_peers));
            assert!(settings.miner.share > 0.0 && settings.miner.share <= 1.0);
            assert!(settings.mempool.max_bytes >= 1_000_000 && settings.mempool.max_transactions > 0);
            assert!(settings.p2p.listen.is_some() || settings.p2p.advertise.is_none());
            assert_eq!(settings.network.genesis.rules.checkpoint, settings.chain.checkpoint);
        }
        Err(mistakes) => {
            assert!(!mistakes.list.is_empty());
            bounded(&mistakes);
        }
    }
}

pub(crate) fn node_seeds() -> Vec<Vec<u8>> {
    let bare = bare(NODE);
    vec![NODE.as_bytes().to_vec(), bare.into_bytes()]
}

/// A value that was read, shown and read again is the same value. An error is safe to show.
pub fn text(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (decimals, amount) = (choices.u8() % 10, choices.number());
    let coin = Coin { symbol: Text::default(), decimals };
    let shown = coin.format(amount);
    assert_eq!(coin.parse(&shown), Ok(amount), "{shown}");
    let Ok(text) = str::from_utf8(choices.rest()) else { return };
    match coin.parse(text) {
        Ok(amount) => assert_eq!(coin.parse(&coin.format(amount)), Ok(amount)),
        Err(error) => tame(&error),
    }
    same::<Address>(text, ToString::to_string);
    same::<Endpoint>(text, ToString::to_string);
    same::<Hash>(text, |value| exactly(value.to_string(), text));
    same::<PublicKey>(text, |value| exactly(value.to_string(), text));
    same::<Signature>(text, |value| exactly(value.to_string(), text));
    same::<NodeId>(text, |value| exactly(value.to_string(), text));
    if let Some(name) = same::<WalletName>(text, |value| exactly(value.to_string(), text)) {
        assert!(
            !name.as_str().contains('/') && !name.as_str().starts_with('.'),
            "the name leads out of its folder"
        );
    }
    // This line is from the operator's own file, and its error repeats all of it.
    if text.len() < 300 {
        same::<Bootstrap>(text, |value| format!("{}@{}", value.id, value.endpoint));
    }
    if let Some(time) = parse_rfc3339(text) {
        assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time), "{}", rfc3339(time));
    }
    if let Ok(short) = Text::<256>::try_from(text.to_owned()) {
        tame(&short.as_str());
    }
}

fn exactly(shown: String, text: &str) -> String {
    assert_eq!(shown, text, "two texts for one value");
    shown
}

fn same<T: FromStr<Err: std::fmt::Display> + PartialEq + Debug>(
    text: &str,
    show: impl Fn(&T) -> String,
) -> Option<T> {
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(show(&value).parse::<T>().ok().as_ref(), Some(&value));
            Some(value)
        }
        Err(error) => {
            tame(&error);
            None
        }
    }
}

pub(crate) fn text_seeds() -> Vec<Vec<u8>> {
    let hash = "ab".repeat(32);
    let texts = [
        "bouya1qp3zdjyz0armf2xd7q4l4765hv67sjgu3tkr2485f85xttyt0ldz55v8vkt",
        "10.0.0.5:7000",
        "[fd00::5]:7000",
        "alice@node.example:7000",
        "12.5",
        "18446744073709551615",
        "2026-11-20T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "my-wallet_1.x",
        &hash,
    ];
    texts.map(|text| [&[6, 0, 5], text.as_bytes()].concat()).into()
}
