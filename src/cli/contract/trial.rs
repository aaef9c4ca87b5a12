//! What a deployment or a call would lead to, for who only wants to know.

use serde_json::json;

use crate::http::views::ContractOutcome;

use super::super::error::Error;
use super::super::output::{Mood, Output, cell, coloured};
use super::super::submit::{Cost, Signer};
use super::super::transaction::outcome;
use super::messages::{Messages, note_bytes};

/// It was tried out, and what it would state and cost is known.
pub(super) struct Trial {
    pub(super) outcome: ContractOutcome,
    /// Gas that it would state.
    pub(super) stated: u64,
    pub(super) cost: Cost,
}

impl Trial {
    pub(super) fn show(
        self,
        messages: &Messages,
        signer: &Signer<'_>,
        out: &mut Output,
    ) -> Result<(), Error> {
        let problem = self.problem(signer);
        if out.json {
            let Self { outcome, stated, cost } = self;
            let mut outcome = json!(outcome);
            messages.add_outcome(&mut outcome);
            out.raw(json!({
                "passes": problem.is_none(),
                "problem": problem,
                "gas": stated,
                "fee": signer.coin.format(cost.fee),
                "least_fee": signer.coin.format(cost.least_fee),
                "total": signer.coin.format(cost.all),
                "outcome": outcome,
            }))?;
        } else {
            self.tell(messages, signer, out)?;
        }
        problem.map_or(Ok(()), |problem| Err(Error::Failed(problem)))
    }

    /// Why it would not be taken, or would fail.
    fn problem(&self, signer: &Signer<'_>) -> Option<String> {
        let Self { outcome, stated, cost } = self;
        if let Some(why) = &outcome.why {
            return Some(format!("it would fail: {why}"));
        }
        if cost.fee < cost.least_fee {
            let least = signer.coins(cost.least_fee);
            return Some(format!("the node asks a fee of {least} for its bytes and {stated} gas"));
        }
        let has = signer.balance();
        let short =
            || format!("it costs {}, and the wallet has {}", signer.coins(cost.all), signer.coins(has));
        (cost.all > has).then(short)
    }

    fn tell(&self, messages: &Messages, signer: &Signer<'_>, out: &mut Output) -> Result<(), Error> {
        let outcome = messages.outcome(self.outcome.clone());
        let mut pairs = vec![("tried out", coloured("nothing was sent", Mood::Waiting))];
        pairs.extend(outcome::lines(out, &outcome, signer.coin.symbol.as_str()));
        pairs.extend([
            ("gas stated", cell(self.stated)),
            ("fee", cell(signer.coins(self.cost.fee))),
            ("total", cell(signer.coins(self.cost.all))),
        ]);
        out.pairs(pairs)?;
        note_bytes(messages);
        Ok(())
    }
}
