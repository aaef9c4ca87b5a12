//! What a transaction does, as people see it.

use bouya_core::crypto::Hash;
use bouya_core::ledger;
use data_encoding::HEXLOWER;

use super::super::Api;
use super::super::names::Names;
use super::super::views::{self, Action, Content, Output};
use crate::clock::rfc3339;

pub(super) fn action(api: &Api, names: &Names, transaction: &ledger::Transaction) -> Action {
    let agreement = transaction.agreement().unwrap_or(Hash::ZERO).to_string();
    match &transaction.action {
        ledger::Action::Transfer { outputs, memo } => {
            let outputs = outputs.iter().map(|one| output(api, names, one)).collect();
            Action::Transfer { outputs, memo: memo.as_str().to_owned() }
        }
        ledger::Action::Record { topic, content: held } => {
            Action::Record { topic: topic.as_str().to_owned(), content: content(held) }
        }
        ledger::Action::Propose(proposal) => Action::Propose {
            agreement,
            title: proposal.title.as_str().to_owned(),
            document: proposal.document.to_string(),
            parties: proposal.parties.iter().map(ToString::to_string).collect(),
            deadline: rfc3339(proposal.deadline),
        },
        ledger::Action::Respond { document, response, .. } => Action::Respond {
            agreement,
            document: document.to_string(),
            response: match response {
                ledger::Response::Sign => views::Response::Sign,
                ledger::Response::Refuse => views::Response::Refuse,
            },
        },
        ledger::Action::Withdraw { .. } => Action::Withdraw { agreement },
        ledger::Action::Motion(motion) => Action::Motion {
            motion: motion.id(&transaction.sender, transaction.nonce).to_string(),
            change: (&motion.change).into(),
            reason: motion.reason.as_str().to_owned(),
            until: rfc3339(motion.until),
        },
        ledger::Action::Ballot { motion, yes } => Action::Ballot { motion: motion.to_string(), yes: *yes },
        ledger::Action::Keys(keys) => Action::Keys {
            member: keys.id.to_string(),
            key: keys.key.map(|(key, _)| key.to_string()),
            governor: keys.governor.map(|governor| governor.to_string()),
        },
        ledger::Action::Deploy(deploy) => {
            let contract = deploy.address(&transaction.payer(), transaction.nonce);
            let (code, size) = coded(transaction);
            let (input, value) = (HEXLOWER.encode(&deploy.input), api.amount(deploy.value));
            Action::Deploy { contract: contract.to_string(), code, size, input, value, gas: deploy.gas }
        }
        ledger::Action::Call(call) => {
            let (code, size) = coded(transaction);
            let (input, value) = (HEXLOWER.encode(&call.input), api.amount(call.value));
            Action::Call { contract: call.contract.to_string(), code, size, input, value, gas: call.gas }
        }
    }
}

/// A payment as people see it.
pub(in crate::http) fn output(api: &Api, names: &Names, output: &ledger::Output) -> Output {
    Output { to: output.to.to_string(), name: names.of(&output.to), amount: api.amount(output.amount) }
}

/// The code that a transaction deploys or says that it calls, and its bytes.
fn coded(transaction: &ledger::Transaction) -> (String, u32) {
    transaction.stated().map_or((String::new(), 0), |stated| (stated.code.to_string(), stated.size))
}

/// What a record holds, as people see it.
pub(in crate::http) fn content(content: &ledger::Content) -> Content {
    let hash = content.hash().to_string();
    match content {
        ledger::Content::Data(data) => Content {
            hash,
            data: Some(HEXLOWER.encode(data)),
            text: std::str::from_utf8(data).ok().map(ToOwned::to_owned),
            name: None,
        },
        ledger::Content::Document { name, .. } => {
            Content { hash, data: None, text: None, name: Some(name.as_str().to_owned()) }
        }
    }
}
