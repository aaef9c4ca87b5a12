//! Whose votes are heard: what tells people why nothing becomes final.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::ledger::Voters;
use crate::limits::{HEARD_TOGETHER, VOTERS_NAMED};
use crate::time::Time;

/// The voters that take part, as far as their votes are heard here. Where all is final nobody votes, so "lately" counts from the last vote of
/// anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turnout {
    /// How many were heard lately.
    pub heard: usize,
    /// How many there are.
    pub count: usize,
    /// How many make a block final.
    pub quorum: usize,
    /// The names of those that were not heard.
    pub missing: Vec<String>,
}

impl Turnout {
    /// `last`: when a vote of this voter was heard last.
    pub fn new(voters: &Voters, last: impl Fn(u16) -> Option<Time>) -> Self {
        let numbers = || (0..voters.count()).filter_map(|number| u16::try_from(number).ok());
        let newest = numbers().filter_map(&last).max();
        let is_missing = |number: &u16| match (last(*number), newest) {
            (Some(last), Some(newest)) => newest.since(last) > HEARD_TOGETHER,
            _ => true,
        };
        let mut missing: Vec<_> = numbers()
            .filter(is_missing)
            .filter_map(|number| voters.name(number))
            .map(ToString::to_string)
            .collect();
        missing.sort_unstable();
        let (count, quorum) = (voters.count(), voters.quorum());
        Self { heard: count.saturating_sub(missing.len()), count, quorum, missing }
    }
}

/// As in `2 of 3 members heard, 3 needed: bob is missing`.
impl fmt::Display for Turnout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { heard, count, quorum, missing } = self;
        write!(f, "{heard} of {count} members heard, {quorum} needed")?;
        if heard >= quorum {
            return f.write_str(", but they have not agreed");
        }
        let (named, more) = (missing.iter().take(VOTERS_NAMED), missing.len().saturating_sub(VOTERS_NAMED));
        let mut names: Vec<_> = named.cloned().collect();
        if more > 0 {
            names.push(alloc::format!("{more} more"));
        }
        let is = if missing.len() == 1 { "is" } else { "are" };
        match names.split_last() {
            Some((last, [])) => write!(f, ": {last} {is} missing"),
            Some((last, others)) => write!(f, ": {} and {last} {is} missing", others.join(", ")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::testing::voters;

    /// Of four voters, when each was heard.
    fn turnout(heard: [Option<Time>; 4]) -> Turnout {
        Turnout::new(&voters(4), |number| heard[usize::from(number)])
    }

    #[test]
    fn who_was_not_heard_with_the_others_is_missing() {
        let now = Time::from_millis(5).after(HEARD_TOGETHER);
        let (with, before) = (Time::from_millis(5), Time::from_millis(4));
        let all = turnout([Some(now), Some(with), Some(with), Some(now)]);
        assert_eq!((all.heard, all.count, all.quorum, &all.missing[..]), (4, 4, 3, &[][..]));
        let some = turnout([Some(now), Some(before), None, Some(with)]);
        assert_eq!((some.heard, some.missing.len()), (2, 2));
        // However long ago: where all is final, nobody votes.
        let idle = turnout([Some(before), Some(before), Some(before), None]);
        assert_eq!((idle.heard, idle.missing.len()), (3, 1));
        let nobody = turnout([None; 4]);
        assert_eq!((nobody.heard, nobody.missing.len()), (0, 4));
        assert_eq!(now.since(before), HEARD_TOGETHER + Duration::from_millis(1));
    }

    #[test]
    fn it_is_told_in_one_sentence() {
        let told = |heard, missing: &[&str]| {
            let (count, missing) = (heard + missing.len(), missing.iter().map(ToString::to_string).collect());
            Turnout { heard, count, quorum: 3, missing }.to_string()
        };
        assert_eq!(told(2, &["bob"]), "2 of 3 members heard, 3 needed: bob is missing");
        assert_eq!(told(1, &["bob", "dave"]), "1 of 3 members heard, 3 needed: bob and dave are missing");
        assert_eq!(told(3, &["bob"]), "3 of 4 members heard, 3 needed, but they have not agreed");
        let many = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(told(0, &many), "0 of 7 members heard, 3 needed: a, b, c, d, e and 2 more are missing");
    }
}
