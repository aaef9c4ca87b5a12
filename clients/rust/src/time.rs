//! Points in time as people and files have them.

use bouya_core::time::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// RFC 3339 in UTC, to the millisecond. A time after the year 9999, which RFC 3339 cannot write, is shown in milliseconds since 1970: `N ms`.
pub fn rfc3339(time: Timestamp) -> String {
    i64::try_from(time.0)
        .ok()
        .and_then(|ms| OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| time.to_string())
}

/// Parses RFC 3339. A time before 1970 is none here.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    u64::try_from(milliseconds(text)?).ok().map(Timestamp)
}

/// Parses RFC 3339. A time before 1970 reads as 1970: nothing is older.
pub fn parse_rfc3339_or_1970(text: &str) -> Option<Timestamp> {
    u64::try_from(milliseconds(text)?.max(0)).ok().map(Timestamp)
}

/// Since 1970.
fn milliseconds(text: &str) -> Option<i128> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(|time| time.unix_timestamp_nanos() / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (ms, text) in [(0, "1970-01-01T00:00:00Z"), (1_790_000_000_123, "2026-09-21T14:13:20.123Z")] {
            assert_eq!(rfc3339(Timestamp(ms)), text);
            assert_eq!(parse_rfc3339(text), Some(Timestamp(ms)));
        }
        assert_eq!(parse_rfc3339("2026-11-20T01:00:00+01:00"), parse_rfc3339("2026-11-20T00:00:00Z"));
        assert_eq!(parse_rfc3339("yesterday"), None);
        let early = "1969-12-31T23:59:59Z";
        assert_eq!((parse_rfc3339(early), parse_rfc3339_or_1970(early)), (None, Some(Timestamp(0))));
        assert!(rfc3339(Timestamp(u64::MAX)).ends_with("ms"));
    }
}
