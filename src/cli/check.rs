//! `bouya check`: shows the settings a node would start with, every mistake at once, and what may trouble it. The judge is the node's own
//! (`node::judge`, with the table of mistakes and warnings).

use std::net::SocketAddr;
use std::path::Path;

use bouya_core::code::Code;
use serde_json::{Map, Value, json};

use super::doctor;
use super::error::Error;
use super::output::Output;
use crate::clock::days_until;
use crate::config::network::spoken;
use crate::config::{Mistake, Mistakes, Settings};
use crate::net::crl::Revocations;
use crate::net::tls::Tls;
use crate::node::identity_files;
use crate::node::judge::{self, Finding};

pub(crate) const EXAMPLES: &str = "\
Before the first start, compare the network code with the other members by
phone. The exit code is 2 if there is a mistake; warnings do not count.

Examples:
  bouya check
  bouya check --config /var/lib/bouya/node.toml --json | jq .mistakes";

/// Checks a configuration and the files, ports and hosts it names.
pub(crate) fn run(config: &Path, out: &mut Output) -> Result<(), Error> {
    let settings = match Settings::load(config) {
        Ok(settings) => settings,
        Err(mistakes) => {
            if out.json {
                out.raw(report(None, &mistakes.list, &[]))?;
            }
            return Err(mistakes.into());
        }
    };
    let tls = Tls::open(identity_files(&settings), Revocations::default());
    let mut found = match &tls {
        Ok(tls) => [judge::settings(&settings, &tls.id()), judge::ends(tls.ends())].concat(),
        Err(error) => vec![judge::identity(error)],
    };
    // The definition names the first members only.
    found.extend(judge::not_listed(&settings).filter(|_| !doctor::knows_as_member(&settings)));
    found.extend(judge::world(&settings));
    let (list, warnings) = judge::sort(found);
    if out.json {
        out.raw(report(Some(&settings), &list, &warnings))?;
    } else {
        show(&settings, out)?;
        warn(&warnings, out)?;
    }
    let (Ok(tls), true) = (&tls, list.is_empty()) else {
        return Err(Mistakes { path: config.to_owned(), list }.into());
    };
    if out.json {
        return Ok(());
    }
    let genesis = &settings.network.genesis;
    if let Some(ca) = tls.ca() {
        out.line(format!(
            "network code               {}",
            Code::of_network(&ca, &genesis.id(), genesis.rules.overrides.hash())
        ))?;
    }
    let listens =
        settings.p2p.listen.map_or_else(|| "dials only".to_owned(), |address| format!("listens {address}"));
    out.line(format!(
        "ok: {}, network {} {}…, certificate {} days, {listens}",
        tls.id(),
        genesis.spec.name.as_str(),
        genesis.id().short(),
        days_until(tls.not_after()),
    ))
}

/// Tells what does not keep the node from starting.
pub(super) fn warn(warnings: &[Finding], out: &mut Output) -> Result<(), Error> {
    warnings.iter().try_for_each(|found| out.line(format!("warning: {}: {}", found.key, found.text)))
}

/// The findings for programs. `settings` is none if the file does not say enough to have any.
fn report(settings: Option<&Settings>, mistakes: &[Mistake], warnings: &[Finding]) -> Value {
    let found = |key: &str, text: &str| json!({ "key": key, "text": text });
    let mistakes: Vec<_> = mistakes.iter().map(|one| found(&one.key, &one.text)).collect();
    let warnings: Vec<_> = warnings.iter().map(|one| found(one.key, &one.text)).collect();
    let network = settings.map(|settings| {
        let genesis = &settings.network.genesis;
        json!({ "name": genesis.spec.name.as_str(), "id": genesis.id().to_string() })
    });
    // The network's name and id have their own place.
    let settings = settings.map(|settings| {
        let rows = rows(settings).into_iter().filter(|(key, _)| !key.starts_with("network"));
        rows.map(|(key, value)| (key.to_owned(), value.into())).collect::<Map<String, Value>>()
    });
    json!({
        "ok": mistakes.is_empty(),
        "mistakes": mistakes,
        "warnings": warnings,
        "network": network,
        "settings": settings,
    })
}

fn show(settings: &Settings, out: &mut Output) -> Result<(), Error> {
    rows(settings).into_iter().try_for_each(|(key, value)| out.line(format!("{key:<26} {value}")))
}

/// Every setting, as text.
fn rows(settings: &Settings) -> Vec<(&'static str, String)> {
    let (p2p, identity, miner) = (&settings.p2p, &settings.identity, &settings.miner);
    let genesis = &settings.network.genesis;
    let join = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let address = |address: Option<SocketAddr>| address.map_or_else(|| "off".to_owned(), |a| a.to_string());
    let bootstrap = p2p.bootstrap.iter().map(|b| format!("{}@{}", b.id, b.endpoint)).collect();
    let crls = identity.crls.iter().map(|path| path.display().to_string()).collect();
    let limits = &settings.mempool;
    vec![
        ("network", genesis.spec.name.as_str().to_owned()),
        ("network id", spoken(&genesis.id())),
        ("data_dir", settings.data_dir.display().to_string()),
        ("identity.ca", identity.ca.display().to_string()),
        ("identity.certificate", identity.certificate.display().to_string()),
        ("identity.key", identity.key.display().to_string()),
        ("identity.crl", join(crls)),
        ("identity.crl_overdue", if identity.refuse_overdue { "refuse" } else { "warn" }.to_owned()),
        ("identity.member_key", identity.member_key.display().to_string()),
        ("p2p.listen", address(p2p.listen)),
        ("p2p.advertise", p2p.advertise.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        ("p2p.bootstrap", join(bootstrap)),
        ("p2p.blacklist", join(p2p.blacklist.iter().map(ToString::to_string).collect())),
        ("p2p.max_peers", p2p.max_peers.to_string()),
        ("p2p.proxy", p2p.proxy.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        ("mempool.max_bytes", limits.max_bytes.to_string()),
        ("mempool.max_transactions", limits.max_transactions.to_string()),
        ("mempool.max_per_sender", limits.max_per_sender.to_string()),
        ("mempool.expiry_s", limits.expiry.as_secs().to_string()),
        ("miner.enabled", miner.enabled.to_string()),
        ("miner.threads", miner.threads.to_string()),
        ("miner.share", miner.share.to_string()),
        ("miner.when", format!("{:?}", miner.when).to_lowercase()),
        (
            "miner.reward_to",
            miner.reward_to.map_or_else(|| "the member key's address".to_owned(), |a| a.to_string()),
        ),
        (
            "chain.checkpoint",
            settings.chain.checkpoint.map_or_else(|| "none".to_owned(), |(h, id)| format!("{h}:{id}")),
        ),
        (
            "chain.override",
            genesis.rules.overrides.hash().map_or_else(|| "none".to_owned(), |hash| spoken(&hash)),
        ),
        (
            "chain.keep",
            settings.chain.keep.map_or_else(|| "all".to_owned(), |keep| format!("the last {keep} blocks")),
        ),
        ("chain.cache_bytes", settings.chain.cache_bytes.to_string()),
        ("api.listen", address(settings.api.listen)),
        ("api.hosts", join(settings.api.hosts.clone())),
        ("api.token_file", settings.api.token_file.display().to_string()),
        ("log.level", settings.log.level.clone()),
        ("log.format", if settings.log.json { "json" } else { "text" }.to_owned()),
    ]
}
