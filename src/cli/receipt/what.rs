//! What a transaction does, in one line.

use bouya_core::ledger::{Action, Coin, Content, MemberChange, Response, Upgrade};

use crate::clock::rfc3339;

/// An amount in the network's coin. Whoever only trusts a block has no definition, which says what that is.
pub(super) fn amount(units: u64, coin: Option<&Coin>) -> String {
    let unknown = || format!("{units} units");
    coin.map_or_else(unknown, |coin| format!("{} {}", coin.format(units), coin.symbol.as_str()))
}

pub(super) fn what(action: &Action, coin: Option<&Coin>) -> String {
    let with = |units: u64| match units {
        0 => String::new(),
        units => format!(" and {}", amount(units, coin)),
    };
    match action {
        Action::Transfer { outputs, .. } => {
            let to = outputs.iter().map(|output| format!("{} to {}", amount(output.amount, coin), output.to));
            let unit = if coin.is_none() { " (in the coin's smallest unit)" } else { "" };
            format!("pays {}{unit}", to.collect::<Vec<_>>().join(", "))
        }
        Action::Record { topic, content: Content::Data(data) } => {
            format!(
                "records {} bytes of data under \"{}\": SHA-256 {}",
                data.len(),
                topic.as_str(),
                bouya_core::crypto::sha256(data)
            )
        }
        Action::Record { topic, content: Content::Document { hash, name } } => {
            format!("records the document {:?} under {:?}: SHA-256 {hash}", name.as_str(), topic.as_str())
        }
        Action::Propose(proposal) => format!(
            "proposes and signs {:?} about the document {} to {} parties, until {}",
            proposal.title.as_str(),
            proposal.document,
            proposal.parties.len(),
            rfc3339(proposal.deadline)
        ),
        Action::Respond { document, response: Response::Sign, .. } => {
            format!("signs the document {document}")
        }
        Action::Respond { document, response: Response::Refuse, .. } => {
            format!("refuses the document {document}")
        }
        Action::Withdraw { .. } => "withdraws a proposal".to_owned(),
        Action::Motion(motion) => format!("moves to {}", moved(&motion.change)),
        Action::Ballot { motion, yes: true } => format!("says yes to the motion {motion}"),
        Action::Ballot { motion, yes: false } => format!("says no to the motion {motion}"),
        Action::Keys(keys) => format!("changes the keys of the member {}", keys.id),
        Action::Deploy(deploy) => format!(
            "deploys a contract with the code {} ({} bytes){}",
            deploy.hash(),
            deploy.code.len(),
            with(deploy.value)
        ),
        Action::Call(call) => {
            format!(
                "calls the contract {} with {} byte{}{}",
                call.contract,
                call.input.len(),
                if call.input.len() == 1 { "" } else { "s" },
                with(call.value)
            )
        }
    }
}

fn moved(change: &MemberChange) -> String {
    match change {
        MemberChange::Add { member, .. } => {
            format!(
                "add the member {} with the key {} and the governor {}",
                member.id, member.key, member.governor
            )
        }
        MemberChange::Remove { id } => format!("remove the member {id}"),
        MemberChange::Governor { id, governor } => format!("let {governor} speak for the member {id}"),
        MemberChange::Upgrade(Upgrade { version, height }) => {
            format!("give blocks the version {version} from height {height} on")
        }
    }
}
