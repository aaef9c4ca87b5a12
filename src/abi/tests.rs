use std::collections::BTreeMap;

use bouya_contract::{Contract, Event, Message};
use data_encoding::HEXLOWER;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn encode(abi: &Abi, kind: &Type, value: &Value) -> Result<Vec<u8>, ValueError> {
    abi.encode(kind, value, &|_| None)
}

/// One of each.
#[derive(Clone, Debug, Message)]
struct All {
    flag: bool,
    small: (u8, u16, u32),
    large: (u64, i64, u128),
    text: String,
    bytes: Vec<u8>,
    who: bouya_contract::Address,
    document: bouya_contract::Hash,
    list: Vec<Kind>,
    perhaps: Option<Kind>,
    by_number: BTreeMap<i64, String>,
    by_text: BTreeMap<String, u16>,
    by_width: BTreeMap<u64, bool>,
}

#[derive(Clone, Debug, Message, PartialEq, Eq)]
enum Kind {
    None,
    Some { amount: u64, r#type: String },
    More { of: Vec<Kind> },
}

#[derive(Message)]
struct Told {
    all: Vec<Kind>,
}

impl Event for Told {
    const TOPIC: &str = "told \"once\"";
}

struct Everything;

impl Contract for Everything {
    type Init = All;
    type Call = Kind;
    type View = ();
    type Output = (Kind, u8);
    type Answer = Option<BTreeMap<bouya_contract::Address, u64>>;
    type Events = (Told,);
    type Error = &'static str;

    fn init(_: All) -> Result<(), Self::Error> {
        Ok(())
    }

    fn call(act: Kind) -> Result<(Kind, u8), Self::Error> {
        Ok((act, 0))
    }

    fn view((): ()) -> Result<Self::Answer, Self::Error> {
        Ok(None)
    }
}

fn text() -> String {
    bouya_contract::abi::file::<Everything>("everything", &"ab".repeat(32))
}

fn everything() -> Abi {
    Abi::parse(text().as_bytes()).unwrap()
}

/// A file whose call is this type, with these types.
fn with(call: &Value, types: &Value) -> Result<Abi, AbiError> {
    let mut file: Value = serde_json::from_str(&text()).unwrap();
    for key in ["init", "view", "output", "answer"] {
        file[key] = json!("()");
    }
    (file["call"], file["types"], file["events"]) = (call.clone(), types.clone(), json!({}));
    Abi::parse(file.to_string().as_bytes())
}

fn kind() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![
        Just(Kind::None),
        (any::<u64>(), ".{0,8}").prop_map(|(amount, r#type)| Kind::Some { amount, r#type }),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| vec(inner, 0..4).prop_map(|of| Kind::More { of }))
}

fn all() -> impl Strategy<Value = All> {
    let plain =
        (any::<bool>(), any::<(u8, u16, u32)>(), any::<(u64, i64, u128)>(), ".{0,12}", any::<Vec<u8>>());
    let maps = (
        btree_map(any::<i64>(), ".{0,4}", 0..6),
        btree_map(".{0,6}", any::<u16>(), 0..6),
        btree_map(any::<u64>(), any::<bool>(), 0..6),
    );
    let more = (any::<[u8; 32]>(), any::<u8>(), vec(kind(), 0..4), proptest::option::of(kind()));
    (plain, more, maps).prop_map(
        |((flag, small, large, text, bytes), (hash, filled, list, perhaps), maps)| All {
            flag,
            small,
            large,
            text,
            bytes,
            who: bouya_contract::Address([filled; 33]),
            document: bouya_contract::Hash(hash),
            list,
            perhaps,
            by_number: maps.0,
            by_text: maps.1,
            by_width: maps.2,
        },
    )
}

proptest! {
    #[test]
    fn what_the_derive_writes_is_shown_and_written_again(all in all()) {
        let (abi, bytes) = (everything(), borsh::to_vec(&all).unwrap());
        let shown = abi.decode(&abi.init, &bytes).unwrap();
        // As it comes from a file or a browser.
        let shown: Value = serde_json::from_str(&shown.to_string()).unwrap();
        prop_assert_eq!(encode(&abi, &abi.init, &shown), Ok(bytes));
    }

    #[test]
    fn bytes_that_are_shown_are_those_that_a_contract_takes(bytes: Vec<u8>) {
        let abi = everything();
        let shown = abi.decode(&abi.call, &bytes);
        prop_assert_eq!(shown.is_ok(), borsh::from_slice::<Kind>(&bytes).is_ok());
        if let Ok(shown) = shown {
            prop_assert_eq!(encode(&abi, &abi.call, &shown), Ok(bytes));
        }
    }

    #[test]
    fn bytes_of_an_example_that_are_shown_are_those_that_it_takes(start in 0u8..8, bytes: Vec<u8>) {
        let bytes = [vec![start], bytes].concat();
        let abi = Abi::parse(receivables::abi(&"0".repeat(64)).as_bytes()).unwrap();
        let shown = abi.decode(&abi.call, &bytes);
        prop_assert_eq!(shown.is_ok(), borsh::from_slice::<receivables::Act>(&bytes).is_ok());
    }

    #[test]
    fn a_file_that_was_changed_is_read_or_refused(at: usize, byte: u8, cut: usize) {
        let mut file = text().into_bytes();
        let len = file.len();
        file[at % len] = byte;
        let _ = Abi::parse(&file[..(cut % len).max(len / 2)]);
        let _ = Abi::parse(&file);
    }
}

#[test]
fn acts_look_as_people_would_write_them() {
    let abi = Abi::parse(escrow::abi(&"0".repeat(64)).as_bytes()).unwrap();
    assert_eq!((abi.name.as_str(), &abi.output), ("escrow", &Type::Unit));
    let refund = json!({"Refund": {"why": "it came broken"}});
    let bytes = encode(&abi, &abi.call, &refund).unwrap();
    assert_eq!(bytes, borsh::to_vec(&escrow::Act::Refund { why: "it came broken".to_owned() }).unwrap());
    assert_eq!(abi.decode(&abi.call, &bytes), Ok(refund));
    assert_eq!(encode(&abi, &abi.call, &json!("Release")), Ok(vec![0]));
    assert_eq!(encode(&abi, &abi.call, &json!({"Release": {}})), Ok(vec![0]));
    assert_eq!(abi.decode(&abi.call, &[0]), Ok(json!("Release")));
    assert_eq!(abi.events.keys().collect::<Vec<_>>(), ["refunded", "released"]);
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    let abi = everything();
    for (value, message) in [
        (
            json!({"More": {"of": ["None", {"Some": {"amount": 1.5, "type": ""}}]}}),
            "More.of[1].Some.amount: 1.5 is given, a whole number is wanted",
        ),
        (
            json!({"Some": {"amount": "18446744073709551616", "type": ""}}),
            "Some.amount: \"18446744073709551616\" does not fit u64",
        ),
        (json!({"Some": {"amount": -1, "type": ""}}), "Some.amount: -1 does not fit u64"),
        (json!({"Some": {"amount": 1}}), "Some: the field type is missing"),
        (
            json!({"Some": {"amount": 1, "type": "", "why": 2}}),
            "Some: there is no field \"why\"; the fields are amount, type",
        ),
        (json!("Other"), "there is no \"Other\"; it is one of None, Some, More"),
        (
            json!({"Some": {"amount": 99_999_999_999_999_999_999_f64, "type": ""}}),
            "Some.amount: 1e+20 is given, a whole number as text is wanted",
        ),
        (json!(7), "7 is given, one of None, Some, More is wanted"),
    ] {
        let error = encode(&abi, &abi.call, &value).unwrap_err().to_string();
        assert_eq!(error, message);
    }
}

#[test]
fn an_address_may_be_given_by_a_name_that_is_known() {
    let abi = with(&json!("address"), &json!({})).unwrap();
    let bob = bouya_core::testing::address(2);
    let named = |name: &str| (name == "bob").then_some(bob);
    let value = abi.encode(&abi.call, &json!("bob"), &named).unwrap();
    assert_eq!(abi.decode(&abi.call, &value), Ok(json!(bob.to_string())));
    let error = abi.encode(&abi.call, &json!("rob"), &named).unwrap_err().to_string();
    assert_eq!(error, "\"rob\" is given, an address (bouya1…) or a known name is wanted");
}

#[test]
fn numbers_are_taken_as_text_and_as_numbers() {
    for (kind, value, bytes) in [
        ("u8", json!(255), vec![255]),
        ("u8", json!("255"), vec![255]),
        ("u64", json!(u64::MAX), vec![255; 8]),
        ("u128", json!("340282366920938463463374607431768211455"), vec![255; 16]),
        ("i64", json!(-1), vec![255; 8]),
        ("i64", json!("-1"), vec![255; 8]),
    ] {
        let abi = with(&json!(kind), &json!({})).unwrap();
        assert_eq!(encode(&abi, &abi.call, &value), Ok(bytes), "{kind} {value}");
    }
    for (kind, value) in [
        ("u8", json!(256)),
        ("u8", json!("+1")),
        ("u64", json!("1e3")),
        ("u64", json!("")),
        ("u64", json!("-")),
        ("u128", json!(1e30)),
        ("i64", json!("9223372036854775808")),
        ("u64", json!(null)),
    ] {
        let abi = with(&json!(kind), &json!({})).unwrap();
        assert!(encode(&abi, &abi.call, &value).is_err(), "{kind} {value}");
    }
}

#[test]
fn maps_are_ordered_by_their_keys() {
    let abi = with(&json!(["map", "i64", "bool"]), &json!({})).unwrap();
    let given = json!([[1, true], [-1, false], [0, true]]);
    let map = BTreeMap::from([(1i64, true), (-1, false), (0, true)]);
    let bytes = encode(&abi, &abi.call, &given).unwrap();
    assert_eq!(bytes, borsh::to_vec(&map).unwrap());
    assert_eq!(encode(&abi, &abi.call, &json!([[1, true], ["1", false]])), Err(Why::Twice.into()));
    // A contract refuses these bytes.
    let mut swapped = bytes.clone();
    swapped[4..13].copy_from_slice(&bytes[13..22]);
    swapped[13..22].copy_from_slice(&bytes[4..13]);
    assert!(matches!(abi.decode(&abi.call, &swapped), Err(ValueError { why: Why::Bytes(_), .. })));
}

#[test]
fn nothing_grows_out_of_a_few_bytes() {
    // A list that says it has four thousand million elements.
    let abi = with(&json!(["list", "u64"]), &json!({})).unwrap();
    assert!(matches!(abi.decode(&abi.call, &[255; 12]), Err(ValueError { why: Why::Short, .. })));
    // Elements that take no bytes.
    let abi = with(&json!(["list", "()"]), &json!({})).unwrap();
    assert!(matches!(abi.decode(&abi.call, &[255; 4]), Err(ValueError { why: Why::Many, .. })));
    // Types that double at each step, and take no bytes.
    let one = |n: usize| json!({"struct": [["a", format!("T{}", n + 1)], ["b", format!("T{}", n + 1)], ["c", format!("T{}", n + 1)]]});
    let mut types: serde_json::Map<String, Value> = (0..14).map(|n| (format!("T{n}"), one(n))).collect();
    types.insert("T14".to_owned(), json!({"struct": []}));
    let abi = with(&json!("T0"), &types.into()).unwrap();
    assert!(matches!(abi.decode(&abi.call, &[]), Err(ValueError { why: Why::Many, .. })));
}

#[test]
fn depth_has_an_end() {
    let mut deep = json!("u8");
    for _ in 0..ABI_DEPTH {
        deep = json!(["list", deep]);
    }
    assert_eq!(with(&deep, &json!({})), Err(AbiError::Deep));
    // A type that holds itself.
    let abi = with(&json!("T"), &json!({"T": {"struct": [["next", ["list", "T"]]]}})).unwrap();
    let bytes = [[1, 0, 0, 0]; 1_000].concat();
    assert!(matches!(abi.decode(&abi.call, &bytes), Err(ValueError { why: Why::Deep, .. })));
    let mut value = json!({"next": []});
    for _ in 0..ABI_DEPTH {
        value = json!({"next": [value]});
    }
    assert!(matches!(encode(&abi, &abi.call, &value), Err(ValueError { why: Why::Deep, .. })));
}

#[test]
fn files_that_say_nonsense_are_refused() {
    let long = "x".repeat(ABI_NAME_BYTES + 1);
    for (call, types) in [
        (json!("T"), json!({})),
        (json!("f64"), json!({})),
        (json!(["list"]), json!({})),
        (json!(["list", "u8", "u8"]), json!({})),
        (json!(["option", ["option", "u8"]]), json!({})),
        (json!(["map", ["list", "u8"], "u8"]), json!({})),
        (json!({"struct": []}), json!({})),
        (json!("u8"), json!({"u8": {"struct": []}})),
        (json!("u8"), json!({"T": {"struct": [["a", "u8"], ["a", "u8"]]}})),
        (json!("u8"), json!({"T": {"struct": [["a", "U"]]}})),
        (json!("u8"), json!({"T": {"struct": [], "enum": []}})),
        (json!("u8"), json!({"T\u{1b}": {"struct": []}})),
        (json!("u8"), json!({long: {"struct": []}})),
        (json!("u8"), json!({"T": {"enum": [["A", []], ["A", []]]}})),
        (
            json!("u8"),
            json!({"T": {"enum": (0..257).map(|n| json!([format!("V{n}"), []])).collect::<Vec<_>>()}}),
        ),
    ] {
        assert!(with(&call, &types).is_err(), "{call} {types}");
    }
    assert_eq!(Abi::parse(&vec![b' '; ABI_BYTES + 1]), Err(AbiError::Large(ABI_BYTES + 1)));
    assert!(matches!(Abi::parse(&vec![b'['; ABI_BYTES]), Err(AbiError::Form(_))));
}

/// What the explorer reads by itself (src/http/explorer/abi.js), with what comes of changed bytes. `BOUYA_WRITE_VECTORS=1` writes them anew.
#[test]
fn the_values_for_the_explorer_are_frozen() {
    let all = All {
        flag: true,
        small: (255, 65_535, 4_294_967_295),
        large: (u64::MAX, i64::MIN, u128::MAX),
        text: "\u{201e}gr\u{fc}n\u{201c}".to_owned(),
        bytes: vec![0, 255],
        who: bouya_contract::Address([1; 33]),
        document: bouya_contract::Hash([7; 32]),
        list: vec![Kind::None, Kind::More { of: vec![Kind::Some { amount: 7, r#type: "a".to_owned() }] }],
        perhaps: Some(Kind::None),
        by_number: BTreeMap::from([(-1, "below".to_owned()), (1, String::new())]),
        by_text: BTreeMap::from([("b".to_owned(), 1), ("ba".to_owned(), 2)]),
        by_width: BTreeMap::from([(256, true), (1, false)]),
    };
    let (abi, whole) = (everything(), borsh::to_vec(&all).unwrap());
    let mut given = vec![whole.clone(), whole[1..].to_vec(), [whole.as_slice(), &[0]].concat()];
    given.extend((0..whole.len()).step_by(3).map(|at| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    }));
    let case = |bytes: &Vec<u8>| {
        let value = abi.decode(&abi.init, bytes).ok();
        json!({ "hex": HEXLOWER.encode(bytes), "fits": value.is_some(), "value": value })
    };
    let found = json!({
        "abi": serde_json::from_str::<Value>(&text()).unwrap(),
        "cases": given.iter().map(case).collect::<Vec<_>>(),
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/abi/vectors.json");
    if std::env::var_os("BOUYA_WRITE_VECTORS").is_some() {
        std::fs::write(path, found.to_string() + "\n").unwrap();
    }
    let frozen: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(frozen, found, "the explorer reads something else than the command line");
}
