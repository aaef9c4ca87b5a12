//! What a transaction does, in one line.

use bouya_core::ledger::{Action, Content, MemberChange, Response, Upgrade};

use crate::clock::rfc3339;

pub(super) fn what(action: &Action) -> String {
    match action {
        Action::Transfer { outputs, .. } => {
            let to: Vec<_> =
                outputs.iter().map(|output| format!("{} units to {}", output.amount, output.to)).collect();
            format!("pays {} (in the coin's smallest unit)", to.join(", "))
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
            "deploys a contract with the code {} ({} bytes) and {} units",
            deploy.hash(),
            deploy.code.len(),
            deploy.value
        ),
        Action::Call(call) => {
            format!(
                "calls the contract {} with {} byte{} and {} units",
                call.contract,
                call.input.len(),
                if call.input.len() == 1 { "" } else { "s" },
                call.value
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
