//! `contract`: rules that members deploy and everybody calls.

use std::path::PathBuf;

use bouya_core::crypto::sha256;
use bouya_core::ledger::Address;
use bouya_core::ledger::contract::machine::Machine;
use bouya_core::limits::{CONTRACT_CODE_BYTES, GAS_TRANSLATE_BYTE};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::contract_project::{self, ProjectError};
use crate::http::views::{self, ContractAnswer, ContractSlot, ContractTold};

use super::client::Client;
use super::document;
use super::error::Error;
use super::node::{NodeOptions, PageOptions};
use super::output::{Output, cell, count, note};
use super::parse::{self, WalletsOption};

pub(super) mod messages;
mod send;
mod trial;

use messages::{AbiOption, Messages, note_bytes};

pub(crate) const EXAMPLES: &str = "\
Inputs are JSON, as the contract's ABI file says: --abi FILE, or a file
*.abi.json of this folder that is of the contract's code. Without one they are
bytes: 0xHEX. A deployment and a call are tried out first: that tells whether
they would fail, and how much gas they take.

Examples:
  bouya contract check escrow.wasm
  bouya contract deploy escrow.wasm --from alice --value 70 --wait \\
    --input '{\"seller\": \"bob\", \"arbiter\": \"carol\", …}'
  bouya contract call bouya1… '\"Release\"' --from bob --dry-run
  bouya contract call bouya1… '\"Release\"' --from bob --wait
  bouya contract view bouya1… null
  bouya contract events bouya1… --topic released";

#[derive(Debug, Subcommand)]
pub(crate) enum ContractCommand {
    /// Write the project of a new contract into a folder of its name
    #[command(after_help = "Example:\n  bouya contract new gift --sdk ~/bouya")]
    New(New),
    /// Say whether nodes would take a module, and what entering it costs
    #[command(after_help = "Example:\n  bouya contract check escrow.wasm")]
    Check(Check),
    /// Put a contract on the ledger; only governors of members may
    #[command(
        override_usage = "bouya contract deploy <MODULE> --from <WALLET> [OPTIONS]",
        after_help = "This prints the contract's address.\n\nExamples:\n  bouya contract deploy escrow.wasm --from alice --input 0x00ff --dry-run\n  bouya contract deploy counter.wasm --from alice --abi counter.abi.json --wait"
    )]
    Deploy(send::Deploying),
    /// Call a contract
    #[command(
        override_usage = "bouya contract call <CONTRACT> [INPUT] --from <WALLET> [OPTIONS]",
        after_help = "This prints the transaction's id.\n\nExamples:\n  bouya contract call bouya1… '\"Release\"' --from bob --dry-run\n  bouya contract call bouya1… 0x01 --from bob --value 12.5 --wait"
    )]
    Call(send::Calling),
    /// Ask a contract; nothing is sent, and nothing changes
    #[command(
        after_help = "Examples:\n  bouya contract view bouya1… null\n  bouya contract view bouya1… 0x01"
    )]
    View(View),
    /// Show a contract
    #[command(after_help = "Example:\n  bouya contract show bouya1…")]
    Show(Named),
    /// List the contracts, newest first
    #[command(after_help = "Example:\n  bouya contract list --limit 50")]
    List(PageOptions),
    /// List what a contract has said, newest first
    #[command(after_help = "Example:\n  bouya contract events bouya1… --topic released")]
    Events(Events),
    /// List what a contract keeps, in the order of its keys
    #[command(after_help = "Example:\n  bouya contract slots bouya1… --prefix 0x01")]
    Slots(Slots),
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// What it is called: 1 to 40 of a-z, 0-9 and _, with a letter first
    name: String,
    /// Bouya's source, or the folder sdk in it, which the contract is built with
    #[arg(long, value_name = "DIR", default_value = "sdk")]
    sdk: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The WebAssembly module
    module: PathBuf,
}

/// A contract, as people name it.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The contract's address, or a contact's name
    contract: String,
    #[command(flatten)]
    wallets: WalletsOption,
}

#[derive(Debug, Args)]
pub(crate) struct View {
    #[command(flatten)]
    named: Named,
    /// What it is asked: JSON, or bytes as 0xHEX
    input: Option<String>,
    #[command(flatten)]
    abi: AbiOption,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    #[command(flatten)]
    named: Named,
    /// Only those under this topic
    #[arg(long)]
    topic: Option<String>,
    #[command(flatten)]
    abi: AbiOption,
    #[command(flatten)]
    page: PageOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Slots {
    #[command(flatten)]
    named: Named,
    /// Only those whose keys begin with these bytes
    #[arg(long, value_name = "0xHEX")]
    prefix: Option<String>,
    #[command(flatten)]
    page: PageOptions,
}

impl Named {
    fn address(&self) -> Result<Address, Error> {
        parse::address(&self.contract, &self.wallets.open()?)
    }

    fn find(&self, client: &Client) -> Result<views::Contract, Error> {
        client.get(&format!("/v1/contracts/{}", self.address()?))?.read()
    }
}

pub(crate) fn run(command: ContractCommand, node: &NodeOptions, out: &mut Output) -> Result<(), Error> {
    let naming = |out: &mut Output| super::naming(node, out);
    match command {
        ContractCommand::New(new) => create(&new, out),
        ContractCommand::Check(check) => self::check(&check, out),
        ContractCommand::Deploy(deploy) => send::deploy(&deploy, &Client::new(node)?, out),
        ContractCommand::Call(call) => send::call(&call, &Client::new(node)?, out),
        ContractCommand::View(view) => ask(&view, &Client::new(node)?, out),
        ContractCommand::Show(named) => show(&named, &naming(out)?, out),
        ContractCommand::List(page) => list(&page, &naming(out)?, out),
        ContractCommand::Events(events) => self::events(&events, &Client::new(node)?, out),
        ContractCommand::Slots(slots) => self::slots(&slots, &Client::new(node)?, out),
    }
}

fn create(options: &New, out: &mut Output) -> Result<(), Error> {
    let New { name, sdk } = options;
    contract_project::write(&PathBuf::from(name), name, sdk).map_err(|error| match error {
        ProjectError::File { .. } => Error::failed(error),
        _ => Error::Usage(error.to_string()),
    })?;
    if out.json {
        return out.raw(json!({ "folder": name }));
    }
    out.line(format!("{name} is written. Next: cd {name} && cargo test && ./build"))
}

/// What every module begins with.
const MAGIC: &[u8] = b"\0asm";

/// A module's bytes, which nodes take, and the gas of entering it.
fn module(path: &std::path::Path) -> Result<(Vec<u8>, u64), Error> {
    let code = document::read(path, CONTRACT_CODE_BYTES)?;
    if !code.starts_with(MAGIC) {
        let path = path.display();
        return Err(Error::Usage(format!(
            "{path} is no WebAssembly module; ./build of a contract's project makes one, target/contracts/NAME.wasm"
        )));
    }
    let module = Machine::new()
        .translate(&code)
        .map_err(|error| Error::Failed(format!("nodes would refuse {}: {error}", path.display())))?;
    Ok((code, module.entering()))
}

fn check(options: &Check, out: &mut Output) -> Result<(), Error> {
    let (code, entering) = module(&options.module)?;
    let ready = u64::try_from(code.len()).unwrap_or(u64::MAX).saturating_mul(GAS_TRANSLATE_BYTE);
    let hash = sha256(&code);
    if out.json {
        return out.raw(json!({
            "code": hash.to_string(), "size": code.len(), "entering": entering, "making_ready": ready,
        }));
    }
    out.pairs(vec![
        ("verdict", cell("nodes take it")),
        ("code", cell(hash)),
        ("size", cell(format!("{}, at most {CONTRACT_CODE_BYTES}", count(code.len(), "byte")))),
        ("entering", cell(format!("{entering} gas of each call"))),
        ("making ready", cell(format!("{ready} gas, paid with each call beside what that states"))),
    ])
}

fn ask(options: &View, client: &Client, out: &mut Output) -> Result<(), Error> {
    let contract = options.named.find(client)?;
    let messages = Messages::to_read(&options.abi, (&contract.address, &contract.code), client)?;
    let wallets = options.named.wallets.open()?;
    let input = messages.input(options.input.as_deref(), |abi| &abi.view, &wallets)?;
    let path = format!("/v1/contracts/{}/view", contract.address);
    let answer = client.ask(&path, &views::ContractQuestion { input })?;
    if out.json {
        out.raw(
            messages
                .valued(&answer, |messages, told| messages.add(told, "output", |abi| Some(&abi.answer)))?,
        )?;
    }
    let answer: ContractAnswer = answer.read()?;
    match answer.why {
        Some(why) => Err(Error::Failed(format!("the contract does not answer: {why}"))),
        None if out.json => Ok(()),
        None => match messages.value(&answer.output, |abi| Some(&abi.answer)) {
            Some(value) => out.value(&value),
            None => {
                out.line(&answer.output)?;
                note_bytes(&messages);
                Ok(())
            }
        },
    }
}

fn show(options: &Named, client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.get(&format!("/v1/contracts/{}", options.address()?))?;
    out.show(&answer, |out, contract: views::Contract| {
        let symbol = client.status()?.network.symbol;
        out.pairs(vec![
            ("contract", cell(out.whole(&contract.address))),
            ("balance", cell(format!("{} {symbol}", contract.balance))),
            ("code", cell(&contract.code)),
            ("code size", cell(count(usize::try_from(contract.size).unwrap_or(usize::MAX), "byte"))),
            ("keeps", cell(format!("{} bytes of keys and values", contract.held))),
            ("deployer", cell(out.whole(&contract.deployer))),
            ("transaction", cell(&contract.transaction)),
            ("block", cell(contract.height)),
        ])
    })
}

fn list(page: &PageOptions, client: &Client, out: &mut Output) -> Result<(), Error> {
    let answer = client.page("/v1/contracts", &page.query())?;
    let empty = "No contracts yet. To deploy one: bouya contract deploy --help";
    let header = ["CONTRACT", "BALANCE", "BYTES", "BLOCK", "DEPLOYER", "CODE"];
    out.page(&answer, empty, &header, |out, contract: &views::Contract| {
        vec![
            cell(out.short(&contract.address)),
            cell(&contract.balance),
            cell(contract.held),
            cell(contract.height),
            cell(out.ends(&contract.deployer)),
            cell(out.ends(&contract.code)),
        ]
    })
}

fn events(options: &Events, client: &Client, out: &mut Output) -> Result<(), Error> {
    let contract = options.named.find(client)?;
    let messages = Messages::to_read(&options.abi, (&contract.address, &contract.code), client)?;
    let mut query = options.page.query();
    query.extend(options.topic.clone().map(|topic| ("topic", topic)));
    let answer = client.page(&format!("/v1/contracts/{}/events", contract.address), &query)?;
    if out.json {
        return out.raw(messages.valued(&answer, |messages, told| {
            let items = told.get_mut("items").and_then(Value::as_array_mut);
            items.into_iter().flatten().for_each(|event| messages.add_event(event));
        })?);
    }
    let about = options.topic.as_ref().map_or_else(String::new, |topic| format!(" under {topic}"));
    let empty = format!("The contract has said nothing{about}, in the blocks that this node has executed.");
    let header = ["BLOCK", "TIME", "TOPIC", "TRANSACTION", "WHAT"];
    out.page(&answer, &empty, &header, |out, event: &ContractTold| {
        vec![
            cell(event.height),
            cell(out.about(&event.time)),
            cell(&event.topic),
            cell(out.ends(&event.transaction)),
            cell(messages.said(&event.data, |abi| abi.events.get(&event.topic))),
        ]
    })
}

fn slots(options: &Slots, client: &Client, out: &mut Output) -> Result<(), Error> {
    let mut query = options.page.query();
    if let Some(prefix) = &options.prefix {
        query.push(("prefix", messages::hex(prefix)?));
    }
    let answer = client.page(&format!("/v1/contracts/{}/slots", options.named.address()?), &query)?;
    let such = if options.prefix.is_some() { " under such keys" } else { "" };
    let empty = format!("The contract keeps nothing{such}.");
    out.page(&answer, &empty, &["KEY", "VALUE"], |_, slot: &ContractSlot| {
        vec![cell(&slot.key), cell(&slot.data)]
    })?;
    if !out.json {
        note("Keys and values are in hex.");
    }
    Ok(())
}
