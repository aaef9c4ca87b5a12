//! What in an identity expires, and when people must hear of it.

use bouya_core::time::Timestamp;

const DAY_MS: u64 = 24 * 3600 * 1000;

/// What expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// This node's certificate.
    Certificate,
    /// The CA's own certificate.
    Root,
    /// A CA's revocation list: a successor is due.
    List,
}

impl What {
    /// How long before the end it is time to act. Changing a root takes every member.
    fn notice_ms(self) -> u64 {
        match self {
            Self::Certificate | Self::List => 30 * DAY_MS,
            Self::Root => 180 * DAY_MS,
        }
    }
}

/// One thing that expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expiry {
    pub(crate) what: What,
    /// Whose.
    pub(crate) name: String,
    pub(crate) begins: Timestamp,
    pub(crate) ends: Timestamp,
}

/// How near the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Good,
    /// Time to act.
    Near,
    Over,
}

impl Expiry {
    /// When it is time to act. A short-lived thing is near its end from half its life on, not from the beginning.
    pub(crate) fn near(&self) -> Timestamp {
        let half = self.ends.millis_since(self.begins) / 2;
        Timestamp(self.ends.0.saturating_sub(self.what.notice_ms().min(half)))
    }

    pub(crate) fn state(&self, now: Timestamp) -> State {
        match now {
            now if now > self.ends => State::Over,
            now if now >= self.near() => State::Near,
            _ => State::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_near_in_time_to_act_and_never_from_the_beginning() {
        let state = |what, life_days: u64, day: u64| {
            let end = Expiry {
                what,
                name: String::new(),
                begins: Timestamp(0),
                ends: Timestamp(life_days * DAY_MS),
            };
            end.state(Timestamp(day * DAY_MS))
        };
        for (what, life, near) in [
            (What::Certificate, 365, 335),
            (What::Certificate, 10, 5),
            (What::List, 365, 335),
            (What::List, 8, 4),
            (What::Root, 3650, 3470),
        ] {
            assert_eq!(state(what, life, 0), State::Good, "{what:?} of {life} days");
            assert_eq!(state(what, life, near - 1), State::Good, "{what:?} of {life} days");
            assert_eq!(state(what, life, near), State::Near, "{what:?} of {life} days");
            assert_eq!(state(what, life, life), State::Near, "{what:?} of {life} days");
            assert_eq!(state(what, life, life + 1), State::Over, "{what:?} of {life} days");
        }
    }
}
