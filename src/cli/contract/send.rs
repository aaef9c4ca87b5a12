//! `contract deploy` and `contract call`: tried out first, then sent.

use std::path::PathBuf;

use bouya_core::codec::Bounded;
use bouya_core::crypto::sha256;
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::ledger::{Action, Header};
use bouya_core::limits::{API_TRIED_GAS, GAS_TRANSLATE_BYTE};
use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::json;

use crate::http::views::{ContractOutcome, Transaction, TransactionCheck};

use super::super::client::{Answer, Client};
use super::super::error::Error;
use super::super::output::{Output, cell, note};
use super::super::submit::{Signer, Signing};
use super::super::transaction::outcome;
use super::messages::{AbiOption, Messages, code_of, note_bytes};
use super::module;

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
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    value: String,
    /// Gas that it may take, and pays for [default: what it takes when tried out, and a fifth]
    #[arg(long, value_name = "GAS")]
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
    action: &'a dyn Fn(u64) -> Action,
    lines: Vec<(&'static str, String)>,
    question: &'static str,
}

pub(super) fn deploy(options: &Deploying, client: &Client, out: &mut Output) -> Result<(), Error> {
    let running = &options.running;
    let (code, _) = module(&options.module)?;
    let (hash, size) = (sha256(&code), code.len());
    let messages = Messages::of(&running.abi, &hash)?;
    let input = messages.input(options.input.as_deref(), |abi| &abi.init)?;
    let signer = Signer::open(&running.signing, client)?;
    let value = signer.amount(&running.value)?;
    let deploy = Deploy { code: bounded(code)?, input: bounded(bytes(&input))?, value, gas: 0 };
    let action = |gas| Deploy { gas, ..deploy.clone() }.into();
    let lines = vec![("code", format!("{hash} ({size} bytes)"))];
    let question = "Deploy it? It cannot be changed or removed.";
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    let task = Task { running, messages, size, action: &action, lines, question };
    task.run(&signer, options.input.as_deref(), out)
}

pub(super) fn call(options: &Calling, client: &Client, out: &mut Output) -> Result<(), Error> {
    let running = &options.running;
    let signer = Signer::open(&running.signing, client)?;
    let contract = super::parse::address(&options.contract, &signer.wallets)?;
    let known: crate::http::views::Contract = client.get(&format!("/v1/contracts/{contract}"))?.read()?;
    let code = code_of(&known.code)?;
    let messages = Messages::of(&running.abi, &code)?;
    let input = messages.input(options.input.as_deref(), |abi| &abi.call)?;
    let value = signer.amount(&running.value)?;
    let (input, size) = (bounded(bytes(&input))?, known.size);
    let call = Call { contract, code, size, input, value, gas: 0 };
    let action = |gas| Call { gas, ..call.clone() }.into();
    let lines = vec![("contract", contract.to_string())];
    let task = Task { running, messages, size: size.into(), action: &action, lines, question: "Call it?" };
    task.run(&signer, options.input.as_deref(), out)
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
    fn run(mut self, signer: &Signer<'_>, input: Option<&str>, out: &mut Output) -> Result<(), Error> {
        let network = signer.status_of_network();
        if network.version < Header::CONTRACTS {
            return Err(Error::Failed(format!(
                "blocks of this network are of version {} and run no contracts; the members decide for version {}: bouya member upgrade",
                network.version,
                Header::CONTRACTS
            )));
        }
        let most = network.gas_per_block.saturating_sub(self.size.saturating_mul(GAS_TRANSLATE_BYTE));
        let gas = match (self.running.gas, self.running.dry_run) {
            (Some(gas), false) => gas,
            (given, is_dry) => {
                let (tried, answer) = self.try_out(signer, given.unwrap_or(most.min(API_TRIED_GAS)))?;
                if is_dry {
                    return self.show_tried(&tried, &answer, signer, out);
                }
                tried.gas.saturating_add(tried.gas.div_ceil(5)).min(most)
            }
        };
        self.lines.extend(input.map(|input| ("input", input.to_owned())));
        if self.running.value != "0" {
            self.lines.push(("value", format!("{} {}", self.running.value, signer.coin.symbol.as_str())));
        }
        self.lines.push(("gas", format!("{gas} at most, which is paid whole")));
        self.send(signer, gas, out)
    }

    /// What the node says that it would lead to. One that would fail is an error, with the reason.
    fn try_out(&self, signer: &Signer<'_>, gas: u64) -> Result<(ContractOutcome, Answer), Error> {
        let answer = signer.try_out((self.action)(gas))?;
        let check: TransactionCheck = answer.read()?;
        let Some(outcome) = check.outcome else {
            let why = check.problem.map_or_else(
                || format!("{gas} gas are more than it tries out: give less with --gas"),
                |problem| problem.detail,
            );
            return Err(Error::Failed(format!(
                "the node could not try it out; does the wallet have the coins that come with it? {why}"
            )));
        };
        match &outcome.why {
            Some(why) => Err(Error::Failed(format!(
                "it would fail: {why} ({} gas). Nothing was sent; whoever sends it all the same states --gas",
                outcome.gas
            ))),
            None => Ok((outcome, answer)),
        }
    }

    fn show_tried(
        self,
        tried: &ContractOutcome,
        answer: &Answer,
        signer: &Signer<'_>,
        out: &mut Output,
    ) -> Result<(), Error> {
        if out.json {
            return out.raw(answer.text());
        }
        let outcome = self.messages.outcome(tried.clone());
        let mut pairs = vec![("tried out", cell("nothing was sent"))];
        pairs.extend(outcome::lines(out, &outcome, signer.coin.symbol.as_str()));
        out.pairs(pairs)?;
        note_bytes(&self.messages);
        Ok(())
    }

    fn send(self, signer: &Signer<'_>, gas: u64, out: &mut Output) -> Result<(), Error> {
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
