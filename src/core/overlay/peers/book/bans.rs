//! Offences, bans and the blacklist: what an offence leads to, and how long a ban lasts. All of it is by proven id: a peer that moves or
//! renews its certificate stays banned. [`Fault::verdict`] says what an offence costs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::{AddressBook, Ending, Entry, Fault, NetworkEvent, Status, Timer};
use crate::id::NodeId;
use crate::limits::{BAN, BAN_MAX, BANS, FIRST_DIAL, KNOWN_PEERS, LAPSE_EVERY, POINTS_BAN, POINTS_HALF_LIFE};
use crate::overlay::Verdict;
use crate::overlay::timers::Throttle;
use crate::time::{Time, doubled};
use crate::wire::{Goodbye, GoodbyeReason};

/// Why and until when an id is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ban {
    pub(super) by: By,
    /// None: without end.
    pub(super) until: Option<Time>,
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The configuration's blacklist: it cannot be lifted at run time.
    Config,
    /// The operator's blacklist, kept in the book.
    Operator,
    /// The members have removed it. Not kept: the ledger says so at each start.
    Members,
    /// This node's own verdict.
    Verdict,
}

impl Ban {
    /// How to close the id's connections.
    pub(super) fn farewell(&self) -> (Goodbye, Ending) {
        match self.by {
            By::Verdict => (Goodbye::new(GoodbyeReason::Fault, &self.why), Ending::Lost),
            By::Config | By::Operator | By::Members => {
                (Goodbye::new(GoodbyeReason::Banned, &self.why), Ending::Free)
            }
        }
    }
}

/// An entry of the operator's blacklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blacklisted {
    /// Who.
    pub id: NodeId,
    /// From the configuration: only a change there lifts it.
    pub configured: bool,
}

/// A peer's record: a sum of points that halves over time, and its bans.
#[derive(Debug)]
pub(super) struct Offences {
    points: u32,
    halved: Time,
    lapse: Throttle,
    /// Bans so far: the next one is longer.
    pub(super) bans: u32,
    /// Connections turned away by the ban since that was last reported.
    turned_away: u32,
}

impl Offences {
    pub(super) fn none() -> Self {
        let lapse = Throttle::once_in(LAPSE_EVERY);
        Self { points: 0, halved: Time::default(), lapse, bans: 0, turned_away: 0 }
    }

    /// Whether the verdict, together with earlier ones, makes a ban.
    fn is_ban(&mut self, now: Time, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Points(points) => self.add(now, points) >= POINTS_BAN,
            Verdict::Lapse(points) => self.lapse.passes(now) && self.add(now, points) >= POINTS_BAN,
            Verdict::Ban => true,
        }
    }

    /// Adds `points` and says what the sum is now.
    fn add(&mut self, now: Time, points: u32) -> u32 {
        while self.points > 0 && now.since(self.halved) >= POINTS_HALF_LIFE {
            self.points /= 2;
            self.halved = self.halved.after(POINTS_HALF_LIFE);
        }
        if self.points == 0 {
            self.halved = now;
        }
        self.points = self.points.saturating_add(points);
        self.points
    }

    /// How long a ban that begins now lasts. Each one is twice as long as the one before.
    fn ban(&mut self) -> Duration {
        let span = doubled(BAN, self.bans, BAN_MAX);
        (self.points, self.bans) = (0, self.bans.saturating_add(1));
        span
    }
}

impl AddressBook {
    /// A peer is at fault. If that makes a ban, how its connections are to be closed.
    pub(crate) fn blame(&mut self, now: Time, id: &NodeId, fault: &Fault) -> Option<(Goodbye, Ending)> {
        let entry = self.entries.get_mut(id)?;
        if !entry.offences.is_ban(now, fault.verdict()) || entry.is_banned() {
            return None;
        }
        let (span, why) = (entry.offences.ban(), fault.to_string());
        self.note(NetworkEvent::Banned { id: id.clone(), why: why.clone(), seconds: span.as_secs() });
        Some(self.keep_out(now, id, Ban { by: By::Verdict, until: Some(now.after(span)), why }))
    }

    /// The operator blacklists an id. This node's own id and ids on the configuration's blacklist are left alone.
    pub(crate) fn blacklist_id(&mut self, now: Time, id: &NodeId) -> Option<(Goodbye, Ending)> {
        let ban = Ban { by: By::Operator, until: None, why: "blacklisted by the operator".to_string() };
        (*id != self.id && !self.is_configured_out(id)).then(|| self.keep_out(now, id, ban))
    }

    /// The operator lifts a ban or a blacklisting, except one from the configuration. Past bans are forgotten.
    pub(crate) fn unblacklist(&mut self, now: Time, id: &NodeId) {
        let by_members = self.entries.get(id).and_then(Entry::ban).is_some_and(|ban| ban.by == By::Members);
        if by_members || self.is_configured_out(id) {
            return;
        }
        if let Some(entry) = self.entries.get_mut(id) {
            entry.offences.bans = 0;
            self.unban(now, id);
        }
    }

    /// These ids are former members now, and no others: they are kept out without the CA, whatever their certificates. Returns how connections
    /// are to be closed, by id.
    pub(crate) fn set_former(&mut self, now: Time, former: &[NodeId]) -> Vec<(NodeId, Goodbye, Ending)> {
        let is_by_members = |entry: &Entry| entry.ban().is_some_and(|ban| ban.by == By::Members);
        let kept_out = self.entries.iter().filter(|(_, entry)| is_by_members(entry));
        let back: Vec<_> = kept_out.map(|(id, _)| id.clone()).filter(|id| !former.contains(id)).collect();
        back.iter().for_each(|id| self.unban(now, id));
        let mut closed = Vec::new();
        for id in former {
            // The operator's own list counts more: it outlives a return.
            let stays = |ban: &Ban| matches!(ban.by, By::Config | By::Operator | By::Members);
            if *id == self.id || self.entries.get(id).and_then(Entry::ban).is_some_and(stays) {
                continue;
            }
            let ban = Ban { by: By::Members, until: None, why: "the members have removed it".to_string() };
            let (goodbye, end) = self.keep_out(now, id, ban);
            closed.push((id.clone(), goodbye, end));
        }
        closed
    }

    fn is_configured_out(&self, id: &NodeId) -> bool {
        self.entries.get(id).and_then(Entry::ban).is_some_and(|ban| ban.by == By::Config)
    }

    /// Enters a ban. Returns how the id's connections are to be closed.
    pub(super) fn keep_out(&mut self, now: Time, id: &NodeId, ban: Ban) -> (Goodbye, Ending) {
        let farewell = ban.farewell();
        self.timers.clear(&Timer::Dial(id.clone()));
        match ban.until {
            Some(until) => {
                self.drop_soonest_ban(now);
                self.timers.set(Timer::Unban(id.clone()), until);
            }
            None => self.timers.clear(&Timer::Unban(id.clone())),
        }
        self.entry(now, id).set(now, Status::Banned(ban));
        self.changed(now);
        farewell
    }

    /// This node's own bans are bounded: the one that would end first makes room.
    fn drop_soonest_ban(&mut self, now: Time) {
        // The operator's bans have no end, so they neither count nor make room.
        let bans =
            || self.entries.iter().filter_map(|(id, entry)| entry.ban()?.until.map(|until| (until, id)));
        if bans().count() < BANS {
            return;
        }
        let Some(id) = bans().min().map(|(_, id)| id.clone()) else { return };
        if self.entries.get(&id).is_some_and(Entry::is_configured) {
            self.unban(now, &id);
        } else {
            self.forget(&id);
        }
    }

    /// A ban is over, or lifted.
    pub(super) fn unban(&mut self, now: Time, id: &NodeId) {
        self.timers.clear(&Timer::Unban(id.clone()));
        let is_full = self.known() >= KNOWN_PEERS;
        let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.is_banned()) else { return };
        entry.set(now, Status::Known);
        entry.apart = now;
        let is_useless = entry.candidates.is_empty() && !entry.proven;
        if !entry.is_configured() && (is_full || is_useless) {
            self.forget(id);
        } else if !self.is_busy(id) {
            self.plan_dial(now, id, FIRST_DIAL);
        }
        self.changed(now);
    }

    /// A connection of this id has come. If the id is kept out, returns why. Its attempts are counted and reported now and then.
    pub(super) fn turn_away(&mut self, now: Time, id: &NodeId) -> Option<String> {
        let entry = self.entries.get_mut(id)?;
        let ban = entry.ban()?;
        let why = match ban.until {
            Some(until) => format!("{}; for {} s more", ban.why, until.since(now).as_secs()),
            None => ban.why.clone(),
        };
        entry.offences.turned_away = entry.offences.turned_away.saturating_add(1);
        if entry.noted.is_open(now) {
            let times = core::mem::take(&mut entry.offences.turned_away);
            self.note_refused(now, id, &format!("turned away {times} times: {why}"));
        }
        Some(why)
    }

    pub(crate) fn blacklist(&self) -> Vec<Blacklisted> {
        let is_listed = |by: &By| matches!(by, By::Config | By::Operator);
        let by = |entry: &Entry| entry.ban().map(|ban| ban.by).filter(is_listed);
        let listed = self.entries.iter().filter_map(|(id, entry)| Some((id.clone(), by(entry)?)));
        listed.map(|(id, by)| Blacklisted { id, configured: by == By::Config }).collect()
    }
}
