//! Contracts: which there are, what they keep and say, and what they would do.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::Response;
use bouya_core::ledger::contract::{Contract, Report, ask, code as code_of};
use bouya_core::ledger::{self, Address, Header, Transaction, View};
use bouya_core::limits::{API_TRIED_GAS, API_VIEW_GAS, CONTRACT_INPUT};
use bouya_core::time::Timestamp;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::Api;
use super::extract::{Options, PageOptions, Segment};
use super::lists::{self, Part};
use super::names::Names;
use super::problem::Problem;
use super::transactions::output;
use super::views::{self, ContractAnswer, ContractEvent, ContractOutcome, ContractQuestion, Page};
use crate::abi;
use crate::clock::wall;
use crate::store::{List, Snapshot};

/// Where the operator keeps ABI files, in the node's data folder.
const ABIS: &str = "abis";

pub(super) mod events;
pub(super) mod slots;

/// What a deployment or a call has led to, as people see it.
pub(super) fn outcome(api: &Api, names: &Names, report: &Report) -> ContractOutcome {
    let Report { outcome, gas, why } = report;
    let done = outcome.done.clone().unwrap_or_default();
    let said = |event: &ledger::contract::Event| ContractEvent {
        topic: event.topic.as_str().to_owned(),
        data: HEXLOWER.encode(&event.data),
    };
    ContractOutcome {
        done: outcome.done.is_some(),
        gas: *gas,
        why: outcome.done.is_none().then(|| why.as_str().to_owned()),
        output: HEXLOWER.encode(&done.output),
        payments: done.payments.iter().map(|one| output(api, names, one)).collect(),
        events: done.events.iter().map(said).collect(),
    }
}

/// What a transaction would lead to in the next block. None if it runs no contract, is valid nowhere, cannot be paid, or states more gas than is
/// tried out.
pub(super) async fn try_out(api: &Api, transaction: Transaction) -> Result<Option<ContractOutcome>, Problem> {
    let branch = api.head.borrow().branch.clone();
    let version = branch.members.roster().version_at(branch.height.saturating_add(1));
    let is_tried = transaction.stated().is_some_and(|stated| stated.gas <= API_TRIED_GAS);
    if !is_tried || version < Header::CONTRACTS {
        return Ok(None);
    }
    let network = api.genesis.id();
    let run = api.run(move |snapshot| {
        let Ok(checked) = transaction.check(&network) else { return Ok(None) };
        let time = wall().max(Timestamp(tip(snapshot)?.time.0.saturating_add(1)));
        Ok(ledger::contract::try_out(snapshot, &checked, time)?)
    });
    Ok(run.await?.map(|report| outcome(api, &api.names(), &report)))
}

fn tip(snapshot: &Snapshot) -> Result<Header, Problem> {
    let record = snapshot.record(&snapshot.tip()?.1)?;
    record.map(|record| record.header).ok_or_else(|| Problem::internal("the newest block has no header"))
}

fn found(snapshot: &Snapshot, address: &Address) -> Result<Contract, Problem> {
    Contract::read(snapshot, address)?.ok_or_else(|| {
        Problem::not_found(format!(
            "no contract is at {address} on this node's chain; see which there are: bouya contract list (in the API: GET /v1/contracts)"
        ))
    })
}

fn shown(
    api: &Api,
    names: &Names,
    snapshot: &Snapshot,
    address: &Address,
    contract: &Contract,
) -> Result<views::Contract, Problem> {
    Ok(views::Contract {
        address: address.to_string(),
        code: contract.code.to_string(),
        size: contract.size,
        deployer: contract.deployer.to_string(),
        deployer_name: names.of(&contract.deployer),
        transaction: contract.transaction.to_string(),
        height: contract.height,
        held: contract.held,
        balance: api.amount(snapshot.account(address)?.balance),
    })
}

/// The contracts, newest first: those that were deployed in blocks whose content this node has. A page may be short, or even empty, and still
/// have a `next`
#[utoipa::path(get, path = "/v1/contracts", tag = "contracts", params(PageOptions), responses(
    (status = 200, description = "a page", body = Page<views::Contract>),
))]
pub(super) async fn list(
    State(api): State<Api>,
    Options(options): Options<PageOptions>,
) -> Result<Response, Problem> {
    let (limit, from) = (options.limit()?, lists::cursor(&options)?.unwrap_or((u64::MAX, 0)));
    let own = api.clone();
    api.read_json(move |snapshot| {
        let names = own.names();
        let part = Part { list: &List::Contracts, from, lowest: 0, limit, bytes: own.limits.page_bytes };
        lists::page(snapshot, part, |_, transaction| {
            let Some(address) = transaction.contract() else { return Ok(None) };
            // A deployment that failed has left none.
            let contract = Contract::read(snapshot, &address)?;
            contract.map(|contract| shown(&own, &names, snapshot, &address, &contract)).transpose()
        })
    })
    .await
}

/// One contract
#[utoipa::path(get, path = "/v1/contracts/{address}", tag = "contracts", params(("address" = String, Path, description = "bouya1…")), responses(
    (status = 200, description = "the contract", body = views::Contract),
    (status = 404, description = "there is no contract at this address", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
) -> Result<Json<views::Contract>, Problem> {
    let own = api.clone();
    let read = api.read(move |snapshot| {
        let contract = found(snapshot, &address)?;
        shown(&own, &own.names(), snapshot, &address, &contract)
    });
    Ok(Json(read.await?))
}

/// A contract's code: a WebAssembly module
#[utoipa::path(get, path = "/v1/contracts/{address}/code", tag = "contracts", params(("address" = String, Path, description = "bouya1…")), responses(
    (status = 200, description = "the bytes", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 404, description = "there is no contract at this address", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn code(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
) -> Result<Response, Problem> {
    let read = api.read(move |snapshot| {
        let contract = found(snapshot, &address)?;
        code_of(snapshot, &contract.code)?
            .ok_or_else(|| Problem::internal(format!("the code of {address} is missing; run `bouya verify`")))
    });
    api.answer("application/octet-stream", read.await?)
}

/// A contract's ABI file: how its inputs, outputs and events are encoded. Nothing on the ledger vouches for it: this node's operator does
#[utoipa::path(get, path = "/v1/contracts/{address}/abi", tag = "contracts", params(("address" = String, Path, description = "bouya1…")), responses(
    (status = 200, description = "the file; docs/CONTRACTS.md describes it", body = Object, content_type = "application/json"),
    (status = 404, description = "there is no contract at this address, or this node has no ABI file of its code", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn abi(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
) -> Result<Response, Problem> {
    let folder = api.data_dir.join(ABIS);
    let read = api.read(move |snapshot| {
        let Contract { code, .. } = found(snapshot, &address)?;
        let missing = || Problem::not_found(format!(
            "this node has no ABI file of the code {code}; its operator may put the *.abi.json that was built with the contract into the folder {ABIS} of its data_dir"
        ));
        abi::beside(&folder, &code).map(|(_, text)| text).ok_or_else(missing)
    });
    api.answer("application/json", read.await?)
}

/// Ask a contract: its `view` is run on the newest block, and nothing of that stays
#[utoipa::path(post, path = "/v1/contracts/{address}/view", tag = "contracts", params(("address" = String, Path, description = "bouya1…")),
    request_body = ContractQuestion, responses(
    (status = 200, description = "what it says, or why it does not", body = ContractAnswer),
    (status = 404, description = "there is no contract at this address", body = views::Problem, content_type = "application/problem+json"),
    (status = 415, description = "not JSON", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn view(
    State(api): State<Api>,
    Segment(address): Segment<Address>,
    question: Result<Json<ContractQuestion>, JsonRejection>,
) -> Result<Json<ContractAnswer>, Problem> {
    let Json(ContractQuestion { input }) = question?;
    let input = HEXLOWER_PERMISSIVE
        .decode(input.as_bytes())
        .map_err(|error| Problem::bad_request(format!("input is not hex: {error}")))?;
    if input.len() > CONTRACT_INPUT {
        let length = input.len();
        let detail = format!("the input has {length} bytes; a contract reads at most {CONTRACT_INPUT}");
        return Err(Problem::bad_request(detail));
    }
    let run = api.run(move |snapshot| {
        found(snapshot, &address)?;
        let Header { height, time, .. } = tip(snapshot)?;
        let answer = ask(snapshot, time, &address, &input, API_VIEW_GAS)?;
        let answer = answer.ok_or_else(|| Problem::internal("a contract that was found is gone"))?;
        Ok(ContractAnswer {
            done: answer.output.is_ok(),
            gas: answer.gas,
            why: answer.output.as_ref().err().map(|why| why.as_str().to_owned()),
            output: HEXLOWER.encode(answer.output.as_deref().unwrap_or_default()),
            height,
        })
    });
    Ok(Json(run.await?))
}
