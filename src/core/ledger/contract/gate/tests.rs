use alloc::vec;

use proptest::prelude::*;

use super::*;

/// A module with this between its memory and its entries.
fn with(more: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 1 16) {more}
            (func (export "init")) (func (export "call")) (func (export "view")))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A module whose `call` does this.
fn doing(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 1 16) (table 4 4 funcref)
            (func (export "init")) (func (export "call") {body}) (func (export "view")))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_compilers_emit_passes() {
    for code in [
        with(""),
        with(r#"(global (mut i32) (i32.const 1)) (table 2 2 funcref) (func $f) (elem (i32.const 0) $f $f)"#),
        with(r#"(data (i32.const 8) "abc") (func (param i32 i64) (result i32) i32.const 1)"#),
        doing("i32.const 0 i32.const 0 i32.const 9 memory.fill i32.const 1 i32.extend8_s drop"),
        doing("i32.const 0 i32.const 4 i32.const 9 memory.copy i32.const 1 memory.grow drop"),
        doing("(local i32 i64) local.get 0 call_indirect"),
    ] {
        assert!(check(&code).is_ok());
    }
    let text = r#"(module (import "bouya" "height" (func (result i64))) (import "bouya" "set" (func (param i32 i32 i32 i32)))
        (memory (export "memory") 1 2) (func (export "init")) (func (export "call") call 0 drop) (func (export "view")))"#;
    assert!(check(&wat::parse_str(text).unwrap()).is_ok());
}

#[test]
fn what_a_module_begins_with_is_counted() {
    let more = r#"(global (mut i32) (i32.const 1)) (global i64 (i64.const 2)) (table 3 3 funcref) (func $f)
        (elem (i32.const 0) $f $f) (data (i32.const 8) "abc") (data (i32.const 90) "de")"#;
    assert_eq!(
        check(&with(more)),
        Ok(Shape { pages: 1, data: 5, items: 2 + 3 + 2, segments: 3, functions: 4 })
    );
}

#[test]
fn floats_are_refused_wherever_they_are_named() {
    for body in [
        "f32.const 1 drop",
        "f64.const 1 drop",
        "i32.const 0 f32.load drop",
        "i32.const 0 i32.const 1 f32.convert_i32_s f32.store",
        "i32.const 1 f32.reinterpret_i32 drop",
        "(local f64)",
        "unreachable i32.trunc_f32_s drop",
        "unreachable i32.trunc_sat_f64_u drop",
        "(block (result f32) unreachable) drop",
    ] {
        let refused = check(&doing(body));
        assert!(
            matches!(refused, Err(GateError::Operation(..) | GateError::Invalid { .. })),
            "{body}: {refused:?}"
        );
    }
    for more in ["(global f32 (f32.const 0))", "(func (param f64))", "(type (func (result f32)))"] {
        assert!(matches!(check(&with(more)), Err(GateError::Invalid { .. })), "{more}");
    }
}

/// Choices that the machine gets wrong, however the comparison with zero is hidden.
#[test]
fn a_choice_by_a_comparison_with_zero_is_refused() {
    const ZERO: &str = "i32.const 4 i32.const 4 i32.sub";
    let compared = |how: &str| format!("(local i32 i32) i32.const 1 i32.const 9 {how} select drop");
    for how in [
        "local.get 0 i32.eqz",
        "local.get 0 i32.const 0 i32.eq",
        "i32.const 0 local.get 0 i32.eq",
        "local.get 0 i32.const 0 i32.ne",
        &format!("local.get 0 {ZERO} i32.eq"),
        &format!("{ZERO} local.get 0 i32.ne"),
        "local.get 0 i32.eqz i32.eqz",
        "local.get 0 i32.eqz nop",
        "local.get 0 i32.eqz local.tee 1",
        "local.get 0 i32.eqz i32.const 0 i32.shl",
        "local.get 0 i32.eqz i64.extend_i32_u i32.wrap_i64",
        "local.get 0 i32.eqz i32.const 7 drop",
        "local.get 0 i32.eqz i32.const 7 local.set 1",
        "(block (result i32) local.get 0 i32.eqz)",
        "(loop (result i32) local.get 0 i32.eqz)",
        "i32.const 1 (if (result i32) (then local.get 0 i32.eqz) (else i32.const 7))",
        "i32.const 0 (if (result i32) (then i32.const 7) (else local.get 0 i32.eqz))",
    ] {
        assert!(matches!(check(&doing(&compared(how))), Err(GateError::Choice(_))), "{how}");
    }
    let typed = "(local i32) i64.const 1 i64.const 9 local.get 0 i32.eqz select (result i64) drop";
    assert!(matches!(check(&doing(typed)), Err(GateError::Choice(_))));
    for how in [
        "local.get 0",
        "local.get 0 i32.const 5 i32.eq",
        "local.get 0 local.get 1 i32.eq",
        "local.get 0 i32.const 1 i32.add local.get 1 i32.ne",
        "local.get 0 i32.const 0 i32.gt_s",
        "local.get 0 i32.eqz local.get 1 i32.and",
        "local.get 0 i32.eqz local.set 1 local.get 1",
        "i64.const 4 i64.eqz",
        "local.get 0 i64.extend_i32_u i64.eqz",
        "i32.const 0",
        "(if (result i32) (i32.eqz (local.get 0)) (then i32.const 3) (else local.get 1))",
    ] {
        assert_eq!(check(&doing(&compared(how))).err(), None, "{how}");
    }
}

#[test]
fn what_costs_without_paying_is_refused() {
    for body in [
        "ref.null func i32.const 4 table.grow drop",
        "i32.const 0 ref.null func i32.const 4 table.fill",
        "i32.const 0 i32.const 0 i32.const 4 table.copy",
        "return_call 0",
        "i32.const 0 i32.const 1 i32.atomic.rmw.add drop",
        "v128.const i64x2 0 0 drop",
        "i64.const 1 i64.const 2 i64.const 3 i64.const 4 i64.add128 drop drop",
    ] {
        assert!(check(&doing(body)).is_err(), "{body}");
    }
    for (more, expected) in [
        ("(table 1 1 funcref) (table 1 1 funcref)", GateError::Several),
        ("(table 2 2 funcref) (func $f) (elem (i32.const 2) $f)", GateError::Elements),
        ("(table 2 2 funcref) (func $f) (elem (i32.const -1) $f)", GateError::Elements),
        ("(table 2 2 funcref) (elem (i32.const 3) func)", GateError::Elements),
        ("(table 1 2 funcref)", GateError::Table),
        ("(table 1 funcref)", GateError::Table),
        ("(table 1025 1025 funcref)", GateError::Table),
        ("(func $f) (start $f)", GateError::Start),
    ] {
        assert_eq!(check(&with(more)), Err(expected), "{more}");
    }
    for limits in ["1", "1 17", "0 65536"] {
        let text = format!(
            r#"(module (memory (export "memory") {limits}) (func (export "init")) (func (export "call")) (func (export "view")))"#
        );
        assert_eq!(check(&wat::parse_str(text).unwrap()), Err(GateError::Memory), "{limits}");
    }
    for more in ["(memory 1 1)", "(memory i64 1 1)", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"] {
        let text = format!(
            r#"(module {more} (func (export "init")) (func (export "call")) (func (export "view")))"#
        );
        assert!(check(&wat::parse_str(text).unwrap()).is_err(), "{more}");
    }
}

#[test]
fn a_frame_and_a_module_have_only_so_many_locals() {
    let locals = |count: u32| format!("(local {})", "i64 ".repeat(count as usize));
    assert!(check(&doing(&locals(256))).is_ok());
    assert_eq!(check(&doing(&locals(257))), Err(GateError::FunctionLocals(257)));
    let deep =
        |count: usize| format!("{} {} {}", locals(250), "i64.const 1 ".repeat(count), "drop ".repeat(count));
    assert!(check(&doing(&deep(262))).is_ok());
    assert_eq!(check(&doing(&deep(263))), Err(GateError::Frame(513)));
    let many = |count: usize| with(&format!("(func {})", locals(250)).repeat(count));
    assert!(check(&many(80)).is_ok());
    assert_eq!(check(&many(81)), Err(GateError::Locals));
    let table = |count: usize| doing(&format!("(block i32.const 0 br_table {} 0)", "0 ".repeat(count)));
    assert!(check(&table(1_024)).is_ok());
    assert_eq!(check(&table(1_025)), Err(GateError::Branches(1_025)));
}

#[test]
fn it_imports_what_nodes_give_and_exports_what_they_call() {
    let module = |imports: &str, exports: &str| {
        let text = format!(r#"(module {imports} (memory (export "memory") 1 1) {exports})"#);
        check(&wat::parse_str(&text).unwrap())
    };
    let all = r#"(func (export "init")) (func (export "call")) (func (export "view"))"#;
    for import in [
        r#"(import "env" "height" (func (result i64)))"#,
        r#"(import "bouya" "height" (func (result i32)))"#,
        r#"(import "bouya" "random" (func (result i64)))"#,
        r#"(import "bouya" "height" (global i64))"#,
        r#"(import "bouya" "t" (table 1 1 funcref))"#,
    ] {
        assert!(matches!(module(import, all), Err(GateError::Import(_))), "{import}");
    }
    let height = r#"(import "bouya" "height" (func (result i64)))"#;
    let time = r#"(import "bouya" "time" (func (result i64)))"#;
    assert!(module(&format!("{height} {time}"), all).is_ok());
    assert_eq!(module(&format!("{height} {time} {height}"), all), Err(GateError::Twice("height")));
    for exports in [
        r#"(func (export "init")) (func (export "call"))"#,
        r#"(func (export "init")) (func (export "call")) (func (export "view") (param i32))"#,
        r#"(func (export "init")) (func (export "call")) (func (export "view") (result i32) i32.const 0)"#,
        r#"(func (export "init")) (func (export "call")) (func (export "view")) (func (export "more"))"#,
        r#"(func (export "init")) (func (export "call")) (global (export "view") i32 (i32.const 0))"#,
    ] {
        assert!(matches!(module("", exports), Err(GateError::Export(_))), "{exports}");
    }
}

#[test]
fn what_is_no_module_is_told_where() {
    assert!(matches!(check(&vec![0; CONTRACT_CODE_BYTES + 1]), Err(GateError::Large(_))));
    assert!(matches!(check(b"(module)"), Err(GateError::Invalid { offset: 0, .. })));
    let whole = with("");
    for cut in 0..whole.len() {
        assert!(check(&whole[..cut]).is_err(), "{cut}");
    }
}

proptest! {
    /// Nothing panics on what anybody sends, and no change of a byte lets a float in.
    #[test]
    fn any_bytes_get_an_answer(at in 0..200_usize, byte in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut code = doing("i32.const 0 i32.load drop i64.const 1 drop");
        let at = at % code.len();
        code[at] = byte;
        let _ = check(&code);
        code.truncate(at);
        code.extend(tail);
        let _ = check(&code);
    }
}
