//! By whom a block is final, and what must have happened if that is not true.

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Finality, Sets, Voters};
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
            Some((height, id)) => format!("\nmembers      changed with block {height} ({id}), final:"),
            None => "\nfinal       ".to_owned(),
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
    /// The block with which the set handed over to the next one; none for the last set.
    change: Option<(u64, Hash)>,
}

/// What each set made final, in their order.
fn signed<'a>(sets: &'a Sets, finality: Option<&'a Finality>) -> Vec<Signed<'a>> {
    let Some(Finality { handovers, certificate }) = finality else { return Vec::new() };
    let changes = handovers.iter().map(|handover| &handover.certificate).map(|certificate| {
        let base = certificate.link.source;
        (certificate, Some((base.height, base.block)))
    });
    let all = sets.iter().zip(changes.chain([(certificate, None)]));
    let all = all.map(|(set, (certificate, change))| {
        let voters = set.voters();
        Signed { voters, names: names(voters, certificate.voters()), change }
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
        match signed.change {
            Some((height, id)) => {
                told["height"] = height.into();
                told["hash"] = id.to_string().into();
                changes.push(told);
            }
            None => last = told,
        }
    }
    last["network"] = network.into();
    last["changes"] = changes.into();
    last
}
