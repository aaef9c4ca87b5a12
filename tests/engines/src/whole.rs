//! A random module, completed to a contract: its `call` calls each of its functions, and gives the sum over what they gave, its globals and its memory.

use std::fmt::Write;

use wasmparser::{CompositeInnerType, Parser, Payload, TypeRef, ValType};

/// What is known of a module: its types, the type of each function, and its globals.
#[derive(Default)]
struct Parts {
    types: Vec<(Vec<ValType>, Vec<ValType>)>,
    functions: Vec<u32>,
    imported: usize,
    /// The number of `output`.
    output: Option<usize>,
    globals: Vec<ValType>,
}

/// None where a part cannot be summed up, or where it does not import `output`.
pub fn complete(code: &[u8]) -> Option<Vec<u8>> {
    let parts = read(code)?;
    let text = wasmprinter::print_bytes(code).ok()?;
    let mut whole: String = text.lines().filter(|line| !line.starts_with("  (export ")).map(fixed).collect();
    whole.truncate(whole.trim_end().strip_suffix(')')?.len());
    wat::parse_str(format!("{whole}{})", written(&parts)?)).ok()
}

/// A contract's table is as large as it will ever be, and keeps what it was made from.
fn fixed(line: &str) -> String {
    if line.trim_start().starts_with("elem.drop") {
        return String::new();
    }
    match line.strip_prefix("  (table (;0;) ").and_then(|rest| rest.split_once(' ')) {
        Some((size, _)) => format!("  (table {size} {size} funcref)\n"),
        None => format!("{line}\n"),
    }
}

fn read(code: &[u8]) -> Option<Parts> {
    let mut parts = Parts::default();
    for payload in Parser::new(0).parse_all(code) {
        match payload.ok()? {
            Payload::TypeSection(types) => {
                for group in types {
                    for one in group.ok()?.into_types() {
                        let CompositeInnerType::Func(func) = one.composite_type.inner else { return None };
                        parts.types.push((func.params().to_vec(), func.results().to_vec()));
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for one in imports.into_imports() {
                    let one = one.ok()?;
                    let TypeRef::Func(kind) = one.ty else { return None };
                    if one.name == "output" {
                        parts.output = Some(parts.imported);
                    }
                    parts.functions.push(kind);
                    parts.imported += 1;
                }
            }
            Payload::FunctionSection(functions) => {
                for one in functions {
                    parts.functions.push(one.ok()?);
                }
            }
            Payload::GlobalSection(globals) => {
                for one in globals {
                    parts.globals.push(one.ok()?.ty.content_type);
                }
            }
            _ => {}
        }
    }
    Some(parts)
}

/// Turns what is on the stack into a part of the sum.
fn fold(kind: ValType) -> Option<&'static str> {
    match kind {
        ValType::I32 => Some(
            " i64.extend_i32_u local.get $sum i64.add i64.const 0x9e3779b97f4a7c15 i64.mul local.set $sum",
        ),
        ValType::I64 => Some(" local.get $sum i64.add i64.const 0x9e3779b97f4a7c15 i64.mul local.set $sum"),
        _ => None,
    }
}

fn written(parts: &Parts) -> Option<String> {
    let mut text = String::from(
        "(export \"memory\" (memory 0)) (func (export \"init\")) (func (export \"view\"))
         (func (export \"call\") (local $sum i64) (local $at i32) (drop (memory.grow (i32.const 1)))",
    );
    for (index, kind) in parts.functions.iter().enumerate().skip(parts.imported) {
        let (parameters, results) = parts.types.get(usize::try_from(*kind).ok()?)?;
        for (at, parameter) in parameters.iter().enumerate() {
            let value = 3 + 1_000 * at + 77_777 * index;
            match parameter {
                ValType::I32 => write!(text, " i32.const {value}").ok()?,
                ValType::I64 => write!(text, " i64.const -{value}").ok()?,
                _ => return None,
            }
        }
        write!(text, " call {index}").ok()?;
        for result in results.iter().rev() {
            text.push_str(fold(*result)?);
        }
    }
    for (index, kind) in parts.globals.iter().enumerate() {
        write!(text, " global.get {index}{}", fold(*kind)?).ok()?;
    }
    write!(
        text,
        " loop $each local.get $at i64.load{} local.get $at i32.const 8 i32.add local.tee $at
            memory.size i32.const 16 i32.shl i32.lt_u br_if $each end
          i32.const 0 local.get $sum i64.store i32.const 0 i32.const 8 call {})",
        fold(ValType::I64)?,
        parts.output?
    )
    .ok()?;
    Some(text)
}
