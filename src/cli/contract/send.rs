//! `contract deploy` and `contract call`: tried out first, then sent.

use std::path::PathBuf;

use bouya_core::codec::Bounded;
use bouya_core::crypto::sha256;
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{Action, Header};
use bouya_core::limits::{API_TRIED_GAS, GAS_TRANSLATE_BYTE};
use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::abi::{Abi, Type};
use crate::http::views::{ContractOutcome, Transaction};

use super::super::client::Client;
use super::super::error::Error;
use super::super::govern;
use super::super::output::{Output, note};
use super::super::parse;
use super::super::submit::{Signer, Signing};
use super::messages::{AbiOption, Messages, code_of};
use super::module;
use super::trial::Trial;

/// Governors that are named to who is none: they fit a few lines.
const GOVERNORS_TOLD: usize = 4;

#[derive(Debug, Args)]
pub(crate) struct Deploying {
    /// The WebAssembly module
    module: PathBuf,
    /// What it begins with: JSON, or bytes as 0xHEX
    #[arg(long, value_name = "INPUT")]
    input: Option<String>,
    #[command(flatten)]
    running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Calling {
    /// The contract's address, or a contact's name
    contract: String,
    /// What it is told: JSON, or bytes as 0xHEX
    input: Option<String>,
    #[command(flatten)]
    running: Running,
}

#[derive(Debug, Args)]
struct Running {
    /// Coins that come with it
    #[arg(long, value_name = "AMOUNT", default_value = "0", allow_hyphen_values = true)]
    value: String,
    /// Gas that it may take, and pays for [default: what it takes when tried out, and a fifth]
    #[arg(long, value_name = "GAS", value_parser = parse::gas)]
    gas: Option<u64>,
    /// Only say what it would lead to
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    abi: AbiOption,
    #[command(flatten)]
    signing: Signing,
}

/// What is to be run, still without its gas.
struct Task<'a> {
    running: &'a Running,
    messages: Messages,
    /// Bytes of the code.
    size: u64,
    /// Coins that come with it, in smallest units.
    value: u64,
    action: &'a dyn Fn(u64) -> Action,
    lines: Vec<(&'static str, String)>,
    question: &'static str,
}

pub(super) fn deploy(options: &Deploying, client: &Client, out: &mut Output) -> Result<(), Error> {
    let running = &options.running;
    let (code, _) = module(&options.module)?;
    let (hash, size) = (sha256(&code), code.len());
    let messages = Messages::of(&running.abi, &hash)?;
    let signer = Signer::open(&running.signing, client)?;
    may_deploy(&signer, client, out)?;
    let input = messages.input(options.input.as_deref(), |abi| &abi.init, &signer.wallets)?;
    let value = signer.amount(&running.value)?;
    let deploy = Deploy { code: bounded(code)?, input: bounded(bytes(&input))?, value, gas: 0 };
    let action = |gas| Deploy { gas, ..deploy.clone() }.into();
    let mut lines = vec![("code", hash.to_string()), ("size", format!("{size} bytes"))];
    lines.extend(said(&messages, &deploy.input, |abi| &abi.init));
    let question = "Deploy it? It cannot be changed or removed.";
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    Task { running, messages, size, value, action: &action, lines, question }.run(&signer, out)
}

/// Anybody's deployment may be in a block, where it fails.
fn may_deploy(signer: &Signer<'_>, client: &Client, out: &Output) -> Result<(), Error> {
    let members = govern::members(client)?;
    if govern::speaker(&members, signer).is_ok() {
        return Ok(());
    }
    let governors = members.members.iter().take(GOVERNORS_TOLD);
    let told: Vec<_> =
        governors.map(|one| format!("{} of member {}", out.short(&one.governor), one.id)).collect();
    let more = if members.members.len() > GOVERNORS_TOLD { ", and others" } else { "" };
    Err(Error::Failed(format!(
        "only governors of members deploy contracts, and wallet {} is none. They are {}{more}",
        signer.wallet.name(),
        told.join(", ")
    )))
}

/// The line for an input, as it is encoded.
fn said(
    messages: &Messages,
    input: &[u8],
    kind: impl for<'a> FnOnce(&'a Abi) -> &'a Type,
) -> Option<(&'static str, String)> {
    let hex = HEXLOWER.encode(input);
    let said = match messages.value(&hex, |abi| Some(kind(abi))) {
        // A form to be read before it is signed.
        Some(form @ (Value::Object(_) | Value::Array(_))) => format!("{form:#}"),
        Some(word) => word.to_string(),
        None => hex,
    };
    Some(("input", said)).filter(|_| !input.is_empty())
}

pub(super) fn call(options: &Calling, client: &Client, out: &mut Output) -> Result<(), Error> {
    let running = &options.running;
    let signer = Signer::open(&running.signing, client)?;
    let contract = parse::address(&options.contract, &signer.wallets)?;
    let known: crate::http::views::Contract = client.get(&format!("/v1/contracts/{contract}"))?.read()?;
    let code = code_of(&known.code)?;
    let messages = Messages::of(&running.abi, &code)?;
    let input = messages.input(options.input.as_deref(), |abi| &abi.call, &signer.wallets)?;
    let value = signer.amount(&running.value)?;
    let (input, size) = (bounded(bytes(&input))?, known.size);
    let call = Call { contract, code, size, input, value, gas: 0 };
    let action = |gas| Call { gas, ..call.clone() }.into();
    let mut lines = vec![("contract", contract.to_string())];
    lines.extend(said(&messages, &call.input, |abi| &abi.call));
    let task =
        Task { running, messages, size: size.into(), value, action: &action, lines, question: "Call it?" };
    task.run(&signer, out)
}

fn bytes(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap_or_default()
}

fn bounded<const MAX: usize>(bytes: Vec<u8>) -> Result<Bounded<u8, MAX>, Error> {
    let length = bytes.len();
    let large = |_| Error::Usage(format!("the input has {length} bytes; at most {MAX} are allowed"));
    Bounded::try_from(bytes).map_err(large)
}

impl Task<'_> {
    fn run(self, signer: &Signer<'_>, out: &mut Output) -> Result<(), Error> {
        let most = self.check(signer)?;
        let given = self.running.gas;
        if !self.running.dry_run
            && let Some(gas) = given
        {
            return self.send(signer, gas, out);
        }
        let outcome = self.try_out(signer, given.unwrap_or(most.min(API_TRIED_GAS)))?;
        let stated = given.unwrap_or(outcome.gas.saturating_add(outcome.gas.div_ceil(5)).min(most));
        if self.running.dry_run {
            let cost = signer.cost(&|_| (self.action)(stated))?;
            return Trial { outcome, stated, cost }.show(&self.messages, signer, out);
        }
        match outcome.why {
            None => self.send(signer, stated, out),
            Some(why) => Err(Error::Failed(format!(
                "it would fail: {why} ({} gas). Nothing was sent; to send it all the same, and pay for it: --gas N",
                outcome.gas
            ))),
        }
    }

    /// What can be known before anything is tried out. Returns the most gas that a block has for it.
    fn check(&self, signer: &Signer<'_>) -> Result<u64, Error> {
        let network = signer.status_of_network();
        if network.version < Header::CONTRACTS {
            return Err(Error::Failed(format!(
                "blocks of this network are of version {} and run no contracts; the members decide for version {}: bouya member upgrade",
                network.version,
                Header::CONTRACTS
            )));
        }
        let ready = self.size.saturating_mul(GAS_TRANSLATE_BYTE);
        let most = network.gas_per_block.saturating_sub(ready);
        match self.running.gas {
            Some(0) => {
                Err(Error::Usage("--gas 0 runs nothing; leave --gas out, and it is tried out first".into()))
            }
            Some(gas) if gas > most => Err(Error::Usage(format!(
                "--gas {gas} is more than a block has room for: {most}, beside {ready} to make the code ready"
            ))),
            _ if self.value > signer.balance() => Err(Error::Failed(format!(
                "wallet {} has {}, and {} are to come with it",
                signer.wallet.name(),
                signer.coins(signer.balance()),
                signer.coins(self.value)
            ))),
            _ => Ok(most),
        }
    }

    /// What the node says that it would lead to.
    fn try_out(&self, signer: &Signer<'_>, gas: u64) -> Result<ContractOutcome, Error> {
        let check = signer.try_out((self.action)(gas))?;
        check.outcome.ok_or_else(|| {
            let why = check.problem.map_or_else(
                || format!("it states {gas} gas, and at most {API_TRIED_GAS} are tried out"),
                |problem| problem.detail,
            );
            Error::Failed(format!("the node did not try it out: {why}"))
        })
    }

    fn send(mut self, signer: &Signer<'_>, gas: u64, out: &mut Output) -> Result<(), Error> {
        if self.value > 0 {
            self.lines.push(("value", signer.coins(self.value)));
        }
        self.lines.push(("gas", format!("{gas} at most, which is paid whole")));
        let (sent, _) = signer.send(&|_| (self.action)(gas), &self.lines, self.question)?;
        let (id, contract) = (sent.id(), sent.contract().map(|contract| contract.to_string()));
        let is_deployed = matches!(sent.action, Action::Deploy(_));
        if !out.json {
            match contract.as_ref().filter(|_| is_deployed) {
                Some(contract) => {
                    out.line(contract)?;
                    note(&format!("Deployed by transaction {id}."));
                }
                None => out.line(id)?,
            }
        }
        let Some(confirmed) = signer.awaited(&id)? else {
            return if out.json {
                out.raw(json!({ "id": id.to_string(), "contract": contract }))
            } else {
                Ok(())
            };
        };
        if out.json {
            out.raw(confirmed.text())?;
        }
        let found: Transaction = confirmed.read()?;
        match found.outcome.and_then(|outcome| outcome.why) {
            Some(why) => Err(Error::Failed(format!(
                "it is in block {}, and failed: {why}. It has cost its fee and changed nothing else; see bouya tx {id}",
                found.height.unwrap_or_default()
            ))),
            None => Ok(()),
        }
    }
}
