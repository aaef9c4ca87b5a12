//! What the members decide about members: what is open is in the state, what is decided in the index.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use bouya_core::crypto::Hash;
use bouya_core::ledger::governance::{self, Closed, Ended, MotionView, Outcome};
use bouya_core::limits::{API_LIST_LOOKS, API_LIST_ROWS, API_SHORT_ROWS};
use bouya_core::time::Timestamp;
use serde::Deserialize;

use super::Api;
use super::agreements::moment;
use super::ends::Ends;
use super::extract::{Options, PageOptions, Segment};
use super::members::{decided_at, motion_of, now, waiting};
use super::problem::Problem;
use super::short;
use super::views::{self, Motion, MotionState, MotionVote, Page, Voice};
use crate::clock::rfc3339;
use crate::short::Named;
use crate::store::Snapshot;

/// Which motions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MotionOptions {
    /// `open`: those that are open, or have passed and wait for their handover. `decided`: all others. `all`: the open ones first.
    #[serde(default)]
    #[param(inline)]
    state: Which,
    /// The `next` cursor of the previous page.
    from: Option<String>,
    /// The most items to return, up to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Which {
    #[default]
    Open,
    Decided,
    All,
}

/// Where a page begins.
#[derive(Clone, Copy)]
enum Cursor {
    /// At this motion of those that the state holds, ...
    Here(Hash),
    /// ... or below this place of those that are decided.
    Below(u64, Hash),
}

/// Motions: those that are not over in the order in which they were moved, those that are by when that was, newest first
#[utoipa::path(get, path = "/v1/motions", tag = "members", params(MotionOptions), responses(
    (status = 200, description = "a page", body = Page<Motion>),
))]
pub(super) async fn motions(
    State(api): State<Api>,
    Options(MotionOptions { state, from, limit }): Options<MotionOptions>,
) -> Result<Response, Problem> {
    let options = PageOptions { from, limit };
    let limit = options.limit()?;
    let from = options.cursor(|text| match text.split_once('-') {
        None => text.parse().ok().map(Cursor::Here),
        Some((height, id)) => Some(Cursor::Below(height.parse().ok()?, id.parse().ok()?)),
    })?;
    api.read_json(move |snapshot| Reader::new(snapshot)?.page(state, from, limit)).await
}

/// One motion, open or decided, and who said what
#[utoipa::path(get, path = "/v1/motions/{id}", tag = "members", params(("id" = String, Path, description = "the motion's id, which is not its transaction's, or the first 8 or more digits of it")), responses(
    (status = 200, description = "the motion", body = Motion),
    (status = 404, description = "no such motion counts on the chain", body = views::Problem, content_type = "application/problem+json"),
    (status = 409, description = "the shortened id fits several; the detail names them", body = views::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn motion(
    State(api): State<Api>,
    Segment(named): Segment<Named>,
) -> Result<Json<Motion>, Problem> {
    let found = api.read(move |snapshot| {
        let reader = Reader::new(snapshot)?;
        let mut known = reader.in_state(Which::All)?;
        if let Named::Short(short) = &named {
            known.extend(snapshot.ended_between(short.range(), API_SHORT_ROWS)?);
        }
        let id = short::motion(&named, &known)?;
        reader.find(&id)?.ok_or_else(|| short::no_motion(id))
    });
    found.await.map(Json)
}

/// How many motions are open.
pub(super) fn open(snapshot: &Snapshot) -> Result<usize, Problem> {
    Ok(governance::motion_ids(snapshot, now(snapshot)?)?.len())
}

struct Reader<'a> {
    snapshot: &'a Snapshot,
    ends: Ends,
    now: Timestamp,
}

impl<'a> Reader<'a> {
    fn new(snapshot: &'a Snapshot) -> Result<Self, Problem> {
        Ok(Self { snapshot, ends: Ends::read(snapshot)?, now: now(snapshot)? })
    }

    fn page(&self, which: Which, from: Option<Cursor>, limit: usize) -> Result<Page<Motion>, Problem> {
        let first = (u64::MAX, Hash([255; 32]));
        let (mut items, below) = match from {
            Some(Cursor::Below(height, id)) => (Vec::new(), (height, id)),
            Some(Cursor::Here(_)) | None => {
                let ids = self.in_state(which)?;
                // One that was decided meanwhile begins anew: what is listed twice is better than what is missing.
                let at = match from {
                    Some(Cursor::Here(from)) => ids.iter().position(|id| *id == from).unwrap_or(0),
                    _ => 0,
                };
                let page = ids.iter().skip(at).take(limit);
                let items: Vec<_> = page.map(|id| self.find(id)).collect::<Result<_, _>>()?;
                if let Some(next) = ids.get(at.saturating_add(limit)) {
                    let items = items.into_iter().flatten().collect();
                    return Ok(Page { items, next: Some(next.to_string()) });
                }
                (items.into_iter().flatten().collect(), first)
            }
        };
        let next = match which {
            Which::Open => None,
            Which::Decided | Which::All => self.decided(below, limit, &mut items)?,
        };
        Ok(Page { items, next: next.map(|(height, id)| format!("{height}-{id}")) })
    }

    /// Adds motions that are over, from below this place on. Returns where the next page begins.
    fn decided(
        &self,
        mut below: (u64, Hash),
        limit: usize,
        items: &mut Vec<Motion>,
    ) -> Result<Option<(u64, Hash)>, Problem> {
        for _ in 0..API_LIST_LOOKS.div_ceil(API_LIST_ROWS) {
            let places = self.snapshot.ended_below(below, API_LIST_ROWS)?;
            let is_last = places.len() < API_LIST_ROWS;
            for (height, id) in places {
                if below == (height, id) {
                    continue;
                }
                if items.len() >= limit {
                    return Ok(Some(below));
                }
                below = (height, id);
                // One that has passed stands where it came into force, or among those that wait.
                let ended = self.snapshot.ended(&id)?;
                let last = ended.last().filter(|last| last.at.height == height && !has_passed(last));
                if last.is_some() {
                    items.extend(self.over(&id, ended)?);
                }
            }
            if is_last {
                return Ok(None);
            }
        }
        Ok(Some(below))
    }

    /// The motions that the state holds. Some of them may have expired, and nothing has noticed yet.
    fn in_state(&self, which: Which) -> Result<Vec<Hash>, Problem> {
        let (mut ids, expired) = (
            governance::motion_ids(self.snapshot, self.now)?,
            governance::expired(self.snapshot, Timestamp(0), self.now)?,
        );
        let waiting = waiting(self.snapshot)?;
        ids.extend(waiting.iter().filter_map(|passed| motion_of(&passed.decision).copied()));
        Ok(match which {
            Which::Open => ids,
            Which::Decided => expired,
            Which::All => ids.into_iter().chain(expired).collect(),
        })
    }

    fn find(&self, id: &Hash) -> Result<Option<Motion>, Problem> {
        if let Some(open) = governance::motion(self.snapshot, id, Timestamp(0))? {
            let state = if open.motion.until < self.now { MotionState::Expired } else { MotionState::Open };
            return Ok(Some(self.view(state, &open)));
        }
        self.over(id, self.snapshot.ended(id)?)
    }

    /// A motion that is not open any more.
    fn over(&self, id: &Hash, ended: Vec<Ended>) -> Result<Option<Motion>, Problem> {
        let mut found: Option<Motion> = None;
        for Ended { at, outcome, .. } in ended {
            match (outcome, &mut found) {
                (Outcome::Closed(why, seen), _) => {
                    let decided = Some(decided_at(&at));
                    found = Some(Motion { decided, ..self.view(why.into(), &seen) });
                }
                (Outcome::Applied, Some(motion)) => {
                    (motion.state, motion.applied) = (MotionState::Applied, Some(decided_at(&at)));
                }
                (Outcome::Dropped(why), Some(motion)) => {
                    (motion.state, motion.applied) = (MotionState::Dropped, Some(decided_at(&at)));
                    motion.why = Some(why.as_str().to_owned());
                }
                (Outcome::Applied | Outcome::Dropped(_), None) => {
                    return Err(Problem::internal(format!("that motion {id} has passed is not stored")));
                }
            }
            if let Some(motion) = &mut found {
                motion.finalized = self.ends.is_final(at.height);
            }
        }
        Ok(found)
    }

    fn view(&self, state: MotionState, seen: &MotionView) -> Motion {
        Motion {
            id: seen.id.to_string(),
            state,
            change: (&seen.motion.change).into(),
            at: moment(&seen.at),
            decided: None,
            applied: None,
            why: None,
            finalized: self.ends.is_final(seen.at.height),
            vote: vote(seen),
        }
    }
}

fn has_passed(ended: &Ended) -> bool {
    matches!(ended.outcome, Outcome::Closed(Closed::Passed, _))
}

impl From<Closed> for MotionState {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Passed => Self::Passed,
            Closed::Rejected => Self::Rejected,
            Closed::Expired => Self::Expired,
            Closed::Replaced => Self::Replaced,
            Closed::Void => Self::Void,
        }
    }
}

fn vote(seen: &MotionView) -> MotionVote {
    let MotionView { motion, mover, tally, .. } = seen;
    let voices = tally.voices.iter().map(|voice| Voice {
        member: voice.member.to_string(),
        address: voice.address.map(|address| address.to_string()),
        yes: voice.said,
    });
    let candidate = tally.candidate.zip(motion.change.concerns()).map(|((address, yes), id)| Voice {
        member: id.to_string(),
        address: Some(address.to_string()),
        yes,
    });
    MotionVote {
        mover: mover.to_string(),
        reason: motion.reason.as_str().to_owned(),
        until: rfc3339(motion.until),
        needed: tally.needed(),
        yes: tally.count(true),
        no: tally.count(false),
        voices: voices.collect(),
        candidate,
    }
}
