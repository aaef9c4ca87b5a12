use super::*;
use crate::testing;

const SESSION: [u8; 32] = [5; 32];

fn hello(id: &str) -> Hello {
    let tip = TipSummary { height: 3, hash: Hash([2; 32]), work: u128::MAX };
    Hello { listen: "10.0.0.5:7000".parse().ok(), tip, time_ms: 9, ..testing::hello(&testing::genesis(), id) }
}

#[test]
fn json_and_back_unknown_fields_ignored() {
    let json = String::from_utf8(hello("bob").to_json()).unwrap();
    let later = json.replacen('{', "{\"new_in_version_9\":[1],", 1);
    assert_eq!(Hello::from_json(later.as_bytes()).unwrap(), hello("bob"));
    assert!(Hello::from_json(b"{}").is_err());
    assert!(Hello::from_json(json.replace("7000", "0").as_bytes()).is_err());
    assert!(Hello::from_json(&[b' '; HELLO_BYTES + 1]).is_err());
}

#[test]
fn a_hello_is_bounded_whatever_is_in_it() {
    let json = String::from_utf8(hello("bob").to_json()).unwrap();
    let with = |field: &str, value: &str| {
        let mut text: serde_json::Value = serde_json::from_str(&json).unwrap();
        text[field] = serde_json::from_str(value).unwrap();
        Hello::from_json(&serde_json::to_vec(&text).unwrap())
    };
    let deep = std::format!("{}{}", "[".repeat(1_900), "]".repeat(1_900));
    assert!(
        Hello::from_json(json.replacen('{', &std::format!("{{\"later\":{deep},"), 1).as_bytes()).is_err()
    );
    assert!(Hello::from_json(json.replacen('{', "{\"id\":\"eve\",", 1).as_bytes()).is_err(), "a field twice");
    // To the byte: spaces count.
    let padded = |len: usize| std::format!("{json:<len$}");
    assert!(Hello::from_json(padded(HELLO_BYTES).as_bytes()).is_ok());
    assert!(Hello::from_json(padded(HELLO_BYTES + 1).as_bytes()).is_err());
    for (field, good) in [
        ("time_ms", "18446744073709551615"),
        ("protocols", "[0,65535]"),
        (
            "tip",
            &std::format!(
                "{{\"height\":18446744073709551615,\"hash\":\"{}\",\"work\":\"{}\"}}",
                "0".repeat(64),
                u128::MAX
            ),
        ),
        ("features", "[\"compact\",\"\"]"),
    ] {
        let read = with(field, good).unwrap();
        assert!(matches!(read.check(&hello("alice"), &"bob".parse().unwrap(), &SESSION), Ok(())), "{field}");
    }
    for (field, bad) in [
        ("time_ms", "-1"),
        ("time_ms", "18446744073709551616"),
        ("protocols", "[1,65536]"),
        ("protocols", "[1]"),
        ("id", "\"UPPER\""),
        ("id", &std::format!("\"{}\"", "a".repeat(64))),
        (
            "tip",
            &std::format!("{{\"height\":0,\"hash\":\"{}\",\"work\":\"{}0\"}}", "0".repeat(64), u128::MAX),
        ),
        ("tip", "{\"height\":0,\"hash\":\"00\",\"work\":\"1\"}"),
        ("features", "\"compact\""),
        ("network", "\"zz\""),
    ] {
        assert!(with(field, bad).is_err(), "{field} {bad}");
    }
    assert_eq!(hello("x").clock_offset_ms(Timestamp(u64::MAX)), i64::MIN);
    let far = Hello { time_ms: u64::MAX, ..hello("x") };
    assert_eq!(far.clock_offset_ms(Timestamp(0)), i64::MAX);
    // The ranges say nothing of which end is which: one turned around has nothing in common with anybody.
    let turned = Hello { protocols: (9, 0), ..hello("bob") };
    assert!(turned.check(&hello("alice"), &"bob".parse().unwrap(), &SESSION).is_err());
}

#[test]
fn what_does_not_fit_is_named() {
    let (ours, bob) = (hello("alice"), "bob".parse().unwrap());
    let check = |change: fn(&mut Hello)| {
        let mut theirs = hello("bob");
        change(&mut theirs);
        theirs.check(&ours, &bob, &SESSION)
    };
    assert_eq!(check(|_| ()), Ok(()));
    assert!(matches!(check(|h| h.network = Hash([9; 32])), Err(HelloError::Network { .. })));
    assert!(matches!(check(|h| h.protocols = (2, 3)), Err(HelloError::Protocol { .. })));
    assert!(matches!(check(|h| h.protocols = (0, 0)), Err(HelloError::Protocol { .. })));
    assert_eq!(check(|h| h.protocols = (1, 9)), Ok(()));
    assert!(matches!(check(|h| h.rules = Hash([9; 32])), Err(HelloError::Rules { .. })));
    assert!(matches!(
        check(|h| h.overrides = Some(Hash([9; 32]))),
        Err(HelloError::Override { ours: None, .. })
    ));
    assert!(matches!(check(|h| h.id = "eve".parse().unwrap()), Err(HelloError::Id { .. })));
}

#[test]
fn a_member_proof_serves_one_session_and_one_id() {
    let (ours, bob) = (hello("alice"), "bob".parse().unwrap());
    let key = testing::key(8);
    let mut theirs = hello("bob");
    theirs.member = Some(member_proof(&key, &theirs.network, &SESSION, &bob));
    assert_eq!(theirs.check(&ours, &bob, &SESSION), Ok(()));
    assert!(matches!(theirs.check(&ours, &bob, &[6; 32]), Err(HelloError::Proof(_))));
    // Alice's own proof, sent back to her by bob.
    theirs.member = Some(member_proof(&key, &theirs.network, &SESSION, &ours.id));
    assert!(matches!(theirs.check(&ours, &bob, &SESSION), Err(HelloError::Proof(_))));
}

#[test]
fn endpoints() {
    for good in ["10.0.0.5:7000", "[fd00::5]:7000", "node-1.example:1"] {
        assert_eq!(good.parse::<Endpoint>().unwrap().to_string(), good);
    }
    for bad in ["", "host", "host:", ":1", "host:0", "host:70000", "fd00::5:7000", "a b:1", "a\n:1", "-x:1"] {
        assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
    }
}
