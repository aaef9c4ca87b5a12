//! What became of a deployment or a call, as its receipt shows it.

use bouya_core::ledger::contract::{Done, Outcome};
use bouya_core::ledger::{Action, Coin, Proof};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::super::contract::messages::{AbiOption, Messages};
use super::super::error::Error;
use super::what::amount;

/// How the messages of the contract that the transaction runs are read. None if it runs none.
pub(super) fn messages(option: &AbiOption, proof: &Proof) -> Result<Option<Messages>, Error> {
    let code = match &proof.transaction.action {
        Action::Deploy(deploy) => deploy.hash(),
        Action::Call(call) => call.code,
        _ if option.is_given() => {
            return Err(Error::Usage("the transaction runs no contract; leave out --abi".into()));
        }
        _ => return Ok(None),
    };
    Messages::of(option, &code).map(Some)
}

/// One line for what became of it, and one for each thing that the contract gave, paid and said.
pub(super) fn lines(proof: &Proof, messages: &Messages, coin: Option<&Coin>) -> Vec<String> {
    let Some(outcome) = &proof.outcome else {
        return vec!["outcome      not in this receipt: the node that made it no longer had it".to_owned()];
    };
    let Some(done) = &outcome.done else {
        return vec!["outcome      failed: it cost its fee, its value went back".to_owned()];
    };
    let mut lines = vec!["outcome      done".to_owned()];
    let Done { output, payments, events } = done;
    if !output.is_empty() {
        lines.push(format!("output       {}", messages.output(&HEXLOWER.encode(output))));
    }
    let paid = payments.iter();
    lines.extend(paid.map(|paid| format!("pays         {} to {}", amount(paid.amount, coin), paid.to)));
    lines.extend(events.iter().map(|event| {
        let (topic, data) = (event.topic.as_str(), HEXLOWER.encode(&event.data));
        format!("event        {topic}  {}", messages.event(topic, &data))
    }));
    lines
}

/// The same for programs: bytes in hex.
pub(super) fn to_json(outcome: &Outcome) -> Value {
    let done = outcome.done.clone().unwrap_or_default();
    let paid =
        done.payments.iter().map(|one| json!({ "to": one.to.to_string(), "amount": one.amount.to_string() }));
    let said = done
        .events
        .iter()
        .map(|one| json!({ "topic": one.topic.as_str(), "data": HEXLOWER.encode(&one.data) }));
    json!({
        "contract": outcome.contract.to_string(),
        "done": outcome.done.is_some(),
        "output": HEXLOWER.encode(&done.output),
        "payments": paid.collect::<Vec<_>>(),
        "events": said.collect::<Vec<_>>(),
    })
}
