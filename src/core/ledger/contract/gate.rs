//! The gate: which modules may be deployed.
//!
//! It stands before the machine and is stricter than that: what it lets through has no floats, which differ between machines; nothing whose cost
//! the price table does not know; no way to take memory or time without paying; and exactly the exports that a node calls. It reads the bytes
//! alone, so every node lets through the same modules. The validator's features are named one by one: a newer one would otherwise come in
//! with an update of the library.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use wasmparser::{
    ConstExpr, ElementItems, ElementKind, Export, ExternalKind, FuncType, FuncValidator,
    FuncValidatorAllocations, FunctionBody, Import, Operator, Parser, Payload, TypeRef, ValType,
    ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::limits::{
    CONTRACT_BRANCHES, CONTRACT_CODE_BYTES, CONTRACT_FRAME, CONTRACT_FUNCTION_LOCALS, CONTRACT_LOCALS,
    CONTRACT_PAGES, CONTRACT_TABLE,
};

mod choice;
mod error;

use choice::Operands;
pub use error::GateError;
use error::shown;

/// What today's compilers emit, and no more. Not several values: a branch would move as many as a block has results, for the price of one, and
/// the machine's translator puts them into the wrong places now and then (blocks with parameters), so that a node may read what is left of an
/// earlier run.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::GC_TYPES);

/// The functions that a module may import from `bouya`, with their parameters and results.
pub const HOST: [(&str, &[ValType], &[ValType]); 19] = {
    use ValType::{I32, I64};
    [
        ("input_size", &[], &[I32]),
        ("input", &[I32], &[]),
        ("output", &[I32, I32], &[]),
        ("get", &[I32, I32, I32, I32], &[I32]),
        ("set", &[I32, I32, I32, I32], &[]),
        ("remove", &[I32, I32], &[]),
        ("caller", &[I32], &[]),
        ("me", &[I32], &[]),
        ("value", &[], &[I64]),
        ("balance", &[], &[I64]),
        ("pay", &[I32, I64], &[I32]),
        ("height", &[], &[I64]),
        ("time", &[], &[I64]),
        ("event", &[I32, I32, I32, I32], &[]),
        ("sha256", &[I32, I32, I32], &[]),
        ("verify", &[I32, I32, I32, I32], &[I32]),
        ("member", &[I32], &[I32]),
        ("agreement", &[I32], &[I32]),
        ("fail", &[I32, I32], &[]),
    ]
};

/// What every module exports, besides its memory `memory`: functions without parameters and results.
pub const ENTRIES: [&str; 3] = ["init", "call", "view"];
const MEMORY: &str = "memory";
/// Where host functions are imported from.
const MODULE: &str = "bouya";

/// Whether a name of an operation or of a type says that it is about floats.
const fn names_float(name: &str) -> bool {
    let name = name.as_bytes();
    let mut at = 0;
    while let Some((_, rest)) = name.split_at_checked(at)
        && let [first, second, third, ..] = rest
    {
        if *first == b'F' && ((*second == b'3' && *third == b'2') || (*second == b'6' && *third == b'4')) {
            return true;
        }
        at = at.saturating_add(1);
    }
    false
}

/// The operation's name, and whether it is refused whatever the module's features are.
macro_rules! names {
    ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*) )*) => {
        fn name(operator: &Operator<'_>) -> (&'static str, bool) {
            match operator {
                $( Operator::$op { .. } => (stringify!($op), const { names_float(stringify!($op)) }), )*
                // One that the library has learnt since.
                _ => ("an unknown operation", true),
            }
        }
    };
}
wasmparser::for_each_operator!(names);

/// Refused beside floats: what moves a table's elements costs by the element, and the price table has no row for that.
const REFUSED: [&str; 5] = ["TableGrow", "TableFill", "TableCopy", "TableInit", "ElemDrop"];

/// What a module begins with: entering it costs as much as that takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Pages of memory.
    pub pages: u64,
    /// Bytes of data.
    pub data: u64,
    /// Elements of the table, and globals.
    pub items: u64,
    /// Segments of data and of elements, the empty ones too.
    pub segments: u64,
    /// Functions of its own.
    pub functions: u64,
}

/// The number that an expression is, if it is one alone.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u64>, GateError> {
    let mut operators = expression.get_operators_reader();
    Ok(match (operators.read()?, operators.read()?) {
        (Operator::I32Const { value }, Operator::End) => Some(u64::from(value.cast_unsigned())),
        _ => None,
    })
}

/// Lets a module through, or says why not.
pub fn check(code: &[u8]) -> Result<Shape, GateError> {
    if code.len() > CONTRACT_CODE_BYTES {
        return Err(GateError::Large(code.len()));
    }
    let mut gate = Gate {
        validator: Validator::new_with_features(FEATURES),
        types: Vec::new(),
        functions: Vec::new(),
        locals: 0,
        imports: BTreeSet::new(),
        exports: BTreeSet::new(),
        table: 0,
        shape: Shape::default(),
    };
    for payload in Parser::new(0).parse_all(code) {
        gate.take(payload?)?;
    }
    match ENTRIES.into_iter().chain([MEMORY]).find(|name| !gate.exports.contains(*name)) {
        Some(name) => Err(GateError::Export(format!("it lacks {name}"))),
        None => Ok(gate.shape),
    }
}

/// What was seen of a module so far.
struct Gate {
    validator: Validator,
    types: Vec<FuncType>,
    /// The type of each function, those that are imported first.
    functions: Vec<u32>,
    locals: u32,
    /// Host functions that were imported.
    imports: BTreeSet<&'static str>,
    exports: BTreeSet<String>,
    /// Places of the table.
    table: u64,
    shape: Shape,
}

impl Gate {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), GateError> {
        // It comes first, so that what follows reads no nonsense.
        let valid = self.validator.payload(&payload)?;
        match payload {
            Payload::StartSection { .. } => return Err(GateError::Start),
            Payload::TypeSection(types) => {
                for one in types.into_iter_err_on_gc_types() {
                    self.types.push(one?);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports {
                    self.import(&import?)?;
                }
            }
            Payload::FunctionSection(functions) => {
                self.shape.functions = u64::from(functions.count());
                for function in functions {
                    self.functions.push(function?);
                }
            }
            Payload::TableSection(tables) => {
                if tables.count() > 1 {
                    return Err(GateError::Several);
                }
                for table in tables {
                    let table = table?.ty;
                    if table.initial > CONTRACT_TABLE || table.maximum != Some(table.initial) {
                        return Err(GateError::Table);
                    }
                    self.table = table.initial;
                    self.shape.items = self.shape.items.saturating_add(table.initial);
                }
            }
            Payload::MemorySection(memories) => {
                if memories.count() > 1 {
                    return Err(GateError::Several);
                }
                for memory in memories {
                    let memory = memory?;
                    if memory.maximum.is_none_or(|maximum| maximum > CONTRACT_PAGES) {
                        return Err(GateError::Memory);
                    }
                    self.shape.pages = self.shape.pages.saturating_add(memory.initial);
                }
            }
            Payload::GlobalSection(globals) => self.items(globals.count()),
            Payload::ElementSection(elements) => {
                self.segments(elements.count());
                for element in elements {
                    let element = element?;
                    let count = match element.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    self.items(count);
                    // Nothing else can keep a module from being entered, which must never be a node's own fault.
                    if let ElementKind::Active { offset_expr, .. } = element.kind
                        && constant(&offset_expr)?
                            .is_none_or(|at| at.saturating_add(count.into()) > self.table)
                    {
                        return Err(GateError::Elements);
                    }
                }
            }
            Payload::DataSection(data) => {
                self.segments(data.count());
                for one in data {
                    let bytes = u64::try_from(one?.data.len()).unwrap_or(u64::MAX);
                    self.shape.data = self.shape.data.saturating_add(bytes);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    self.export(&export?)?;
                }
            }
            _ => (),
        }
        match valid {
            ValidPayload::Func(function, body) => {
                self.function(&mut function.into_validator(FuncValidatorAllocations::default()), &body)
            }
            _ => Ok(()),
        }
    }

    fn segments(&mut self, count: u32) {
        self.shape.segments = self.shape.segments.saturating_add(count.into());
    }

    fn items(&mut self, count: u32) {
        self.shape.items = self.shape.items.saturating_add(u64::from(count));
    }

    fn import(&mut self, import: &Import<'_>) -> Result<(), GateError> {
        let TypeRef::Func(index) = import.ty else {
            let (module, name) = (shown(import.module), shown(import.name));
            return Err(GateError::Import(format!("{module}.{name}, which is no function")));
        };
        let host = HOST.iter().find(|(name, ..)| import.module == MODULE && *name == import.name);
        let known = host.filter(|(_, parameters, results)| {
            self.of_type(index).is_some_and(|one| one.params() == *parameters && one.results() == *results)
        });
        let Some((name, ..)) = known else {
            return Err(GateError::Import(format!("{}.{}", shown(import.module), shown(import.name))));
        };
        // The machine looks each import up by its name whenever it enters the module, and no gas is taken for that: so they are few.
        if !self.imports.insert(name) {
            return Err(GateError::Twice(name));
        }
        self.functions.push(index);
        Ok(())
    }

    fn export(&mut self, export: &Export<'_>) -> Result<(), GateError> {
        let refused = |why: &str| Err(GateError::Export(format!("{} {why}", shown(export.name))));
        match export.kind {
            ExternalKind::Memory if export.name == MEMORY => (),
            ExternalKind::Func if ENTRIES.contains(&export.name) => {
                let index = usize::try_from(export.index).ok().and_then(|index| self.functions.get(index));
                let plain = index
                    .and_then(|index| self.of_type(*index))
                    .is_some_and(|one| one.params().is_empty() && one.results().is_empty());
                if !plain {
                    return refused("has parameters or results");
                }
            }
            _ => return refused("is none of them"),
        }
        self.exports.insert(export.name.to_owned());
        Ok(())
    }

    fn of_type(&self, index: u32) -> Option<&FuncType> {
        self.types.get(usize::try_from(index).ok()?)
    }

    fn function(
        &mut self,
        function: &mut FuncValidator<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), GateError> {
        let mut reader = body.get_binary_reader();
        function.read_locals(&mut reader)?;
        let locals = function.len_locals();
        if locals > CONTRACT_FUNCTION_LOCALS {
            return Err(GateError::FunctionLocals(locals));
        }
        self.locals = self.locals.saturating_add(locals);
        if self.locals > CONTRACT_LOCALS {
            return Err(GateError::Locals);
        }
        let mut operators = body.get_operators_reader()?;
        let mut operands = Operands::default();
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let (name, is_float) = name(&operator);
            if is_float || REFUSED.contains(&name) {
                return Err(GateError::Operation(name.to_owned(), offset));
            }
            if let Operator::BrTable { targets } = &operator
                && targets.len() > CONTRACT_BRANCHES
            {
                return Err(GateError::Branches(targets.len()));
            }
            let arity = operator.operator_arity(&function.visitor(offset));
            function.op(offset, &operator)?;
            if operands.take(&operator, arity, function.operand_stack_height()) {
                return Err(GateError::Choice(offset));
            }
            let frame = locals.saturating_add(function.operand_stack_height());
            if frame > CONTRACT_FRAME {
                return Err(GateError::Frame(frame));
            }
        }
        Ok(function.finish(operators.original_position())?)
    }
}

#[cfg(test)]
mod tests;
