use super::*;

#[test]
fn a_blocks_time_is_worth_a_heartbeat_and_what_it_may_be_ahead() {
    for (interval, worth) in
        [(100, "5 s"), (1_000, "34 s"), (5_000, "70 s"), (30_000, "70 s"), (600_000, "21 min")]
    {
        assert_eq!(times_good_to(interval), format!("block times are good to about {worth}"));
    }
}

#[test]
fn times_are_told_as_people_do() {
    let now = OffsetDateTime::parse("2026-11-20T12:00:00Z", &Rfc3339).unwrap();
    for (time, told) in [
        ("2026-11-20T12:00:00Z", "now"),
        ("2026-11-20T11:59:57.5Z", "2 s ago"),
        ("2026-11-20T11:50:00Z", "10 min ago"),
        ("2026-11-20T09:00:00+01:00", "4 h ago"),
        ("2026-11-01T12:00:00Z", "19 days ago"),
        ("2026-11-20T12:05:00Z", "in 5 min"),
    ] {
        assert_eq!(relative(time, now).as_deref(), Some(told), "{time}");
    }
    assert_eq!(relative("soon", now), None);
    assert!(is_older("2026-11-20T11:58:59.9Z", Duration::from_secs(60), now));
    assert!(
        !is_older("2026-11-20T11:59:00Z", Duration::from_secs(60), now)
            && !is_older("soon", Duration::ZERO, now)
    );
    assert_eq!(to_the_second("2026-11-20T11:58:59.123Z"), "2026-11-20T11:58:59Z");
    assert_eq!(["2026-11-20T11:58:59Z", "7.5 ms"].map(to_the_second), ["2026-11-20T11:58:59Z", "7.5 ms"]);
}

#[test]
fn long_texts_keep_their_ends() {
    assert_eq!(shortened(&"0123456789abcdef".repeat(4)), "012345678…cdef");
    assert_eq!(shortened(&format!("00000{}", "123456789ab".repeat(5))), "0000012345678…89ab");
    assert_eq!(shortened(&"0".repeat(64)), "0".repeat(64));
    assert_eq!(shortened("bouya1qqabcdefghijklmnop"), "bouya1qqabcd…mnop");
    assert_eq!(shortened("alice"), "alice");
}

#[test]
fn nobody_draws_on_the_terminal() {
    assert_eq!(plain("a\x1b[31mb\u{9b}c\u{202e}d\ne"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\ne");
    for unseen in "\u{ad}\u{61c}\u{200b}\u{200f}\u{2028}\u{2066}\u{206f}\u{feff}\u{fffb}\u{e0041}".chars() {
        assert_eq!(plain(&format!("a{unseen}b")), "a\u{fffd}b", "{unseen:?}");
    }
    assert!(matches!(plain("añ€\u{200d}"), Cow::Borrowed(_)));
}

#[test]
fn whose_name_an_address_has_is_told() {
    let named = |address: &str, called| (address.to_owned(), called);
    let (own, known) = (Called::Wallet("alice".into()), Called::Contact("bob".into()));
    let mut out = Output {
        out: io::stdout(),
        json: false,
        terminal: true,
        colour: false,
        names: BTreeMap::from([named("bouya1qown", own), named("bouya1qknown", known)]),
    };
    let member = |id: &str, governor: &str, key_address: &str| Member {
        id: id.into(),
        name: "\u{1b}[31mMine".into(),
        key: "k".into(),
        key_address: key_address.into(),
        governor: governor.into(),
        since: None,
        sealed: None,
        vote: None,
        agent: None,
        certificate: None,
    };
    let long = "bouya1qqabcdefghijklmnopqrstuvw";
    out.add_members([
        member("dave\u{202e}", long, "bouya1qkey"),
        member("erin", "bouya1qknown", "bouya1qown"),
    ]);
    for (address, short, whole) in [
        ("bouya1qown", "alice", "wallet alice (bouya1qown)"),
        ("bouya1qknown", "bob", "contact bob (bouya1qknown)"),
        ("bouya1qkey", "key of dave\u{fffd} (bouya1qkey)", "key of dave\u{fffd} (bouya1qkey)"),
        ("bouya1qnone", "bouya1qnone", "bouya1qnone"),
    ] {
        assert_eq!((out.short(address), out.whole(address)), (short.to_owned(), whole.to_owned()));
    }
    assert_eq!(out.short(long), "governor of dave\u{fffd} (bouya1qqabcd…tuvw)");
    out.terminal = false;
    assert_eq!(out.short(long), long, "programs get addresses");
}

#[test]
fn the_next_page_is_asked_for_as_this_one_was() {
    let from = |line: &[&str]| further(line.iter().map(|word| (*word).to_owned()), "a b");
    assert_eq!(from(&["peers"]), "bouya peers --from 'a b'");
    let line =
        ["contract", "events", "bouya1x", "--from", "7", "--topic", "it's", "--from=9", "--limit", "2"];
    assert_eq!(from(&line), r"bouya contract events bouya1x --topic 'it'\''s' --limit 2 --from 'a b'");
}
