//! By whom a block is final, and what must have happened if that is not true.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Base, Finality, Sets, Voters};
use serde_json::{Value, json};

/// That a block is final, by whom, and what must have happened if that is not true.
pub(in crate::cli) fn is_final(
    block: &str,
    network: &str,
    sets: &Sets,
    finality: Option<&Finality>,
) -> String {
    let mut text = format!("{block} is final on the network {network:?}:");
    for signed in signed(sets, finality) {
        let what = match signed.change {
            Change::Override { height, hash, .. } => {
                text.push_str(&format!(
                    "\nmembers      decided by hand after block {height}: override {hash}"
                ));
                continue;
            }
            Change::Block { height, block } => {
                format!("\nmembers      changed with block {height} ({block}), final:")
            }
            Change::None => "\nfinal       ".to_owned(),
        };
        let unless = unless(signed.voters.guilty(), &names(signed.voters, 0..=u16::MAX));
        text.push_str(&format!("{what} signed by {}; {unless}", signed.names.join(", ")));
    }
    text
}

/// What a set of voters made final.
struct Signed<'a> {
    voters: &'a Voters,
    /// Those who signed.
    names: Vec<String>,
    change: Change,
}

/// How the next set came after it.
enum Change {
    /// It handed over with this block.
    Block { height: u64, block: Hash },
    /// People put the next one in.
    Override { height: u64, block: Hash, hash: Hash },
    /// It is the last one.
    None,
}

/// What each set made final, in their order.
fn signed<'a>(sets: &'a Sets, finality: Option<&'a Finality>) -> Vec<Signed<'a>> {
    let Some(Finality { handovers, certificate }) = finality else { return Vec::new() };
    let mut handovers = handovers.iter();
    let next = sets.iter().skip(1).map(Some).chain([None]);
    let all = sets.iter().zip(next).map(|(set, next)| {
        let (certificate, change) = match next {
            None => (Some(certificate), Change::None),
            Some(next) => match (next.roster().base(), next.base()) {
                (Base::Override { hash, height }, block) => (None, Change::Override { height, block, hash }),
                (Base::Block { height, .. }, block) => {
                    (handovers.next().map(|handover| &handover.certificate), Change::Block { height, block })
                }
            },
        };
        let voters = set.voters();
        let names = certificate.map_or_else(Vec::new, |certificate| names(voters, certificate.voters()));
        Signed { voters, names, change }
    });
    all.collect()
}

/// What must have happened if what is final is not true.
pub(in crate::cli) fn unless(guilty: usize, members: &[String]) -> String {
    format!("true unless at least {guilty} of {} signed two histories", members.join(", "))
}

/// What these voters are called, as people look names up.
fn names(voters: &Voters, numbers: impl Iterator<Item = u16>) -> Vec<String> {
    let mut names: Vec<_> =
        numbers.map_while(|number| voters.name(number)).map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

pub(in crate::cli) fn final_json(network: &str, sets: &Sets, finality: Option<&Finality>) -> Value {
    let told = |signed: &Signed<'_>| {
        json!({
            "signers": signed.names,
            "members": names(signed.voters, 0..=u16::MAX),
            "guilty": signed.voters.guilty(),
        })
    };
    let (mut last, mut changes) = (json!({}), Vec::new());
    for signed in signed(sets, finality) {
        let mut told = told(&signed);
        let mut changed = |height: u64, block: Hash| {
            told["height"] = height.into();
            told["hash"] = block.to_string().into();
        };
        match signed.change {
            Change::Block { height, block } => changed(height, block),
            Change::Override { height, block, hash } => {
                changed(height, block);
                told["override"] = hash.to_string().into();
            }
            Change::None => {
                last = told;
                continue;
            }
        }
        changes.push(told);
    }
    last["network"] = network.into();
    last["changes"] = changes.into();
    last
}
