//! What the machine's translator gets wrong: a `select` that chooses by a comparison with zero.
//!
//! wasmi 2.0.0 leaves `i32.eqz` out before a `select` and swaps what is chosen from, but then chooses by the register that the comparison would have
//! written, not by what was compared (`try_fuse_select`; so do `i32.eq` and `i32.ne` with a zero). All nodes would choose the same, and wrongly.
//! Compilers write such a choice the other way round, so next to no module has one. It is refused until the machine is a later one.
//!
//! So that none slips through, operands are followed: which are numbers that the translator knows, and which may be such a comparison.

use alloc::vec::Vec;

use wasmparser::Operator;

/// What is known of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operand {
    /// It is computed while the module runs.
    Computed,
    /// A number that is not zero.
    Number,
    /// A number that may be zero: the translator computes with those that it knows.
    Zero,
    /// A comparison with zero, perhaps.
    Compared,
}

use Operand::{Compared, Computed, Number, Zero};

/// The operands of a function, as far as it is read.
#[derive(Debug, Default)]
pub(super) struct Operands {
    stack: Vec<Operand>,
    /// For each open block, what the branch before its `else` gave.
    blocks: Vec<Operand>,
}

impl Operands {
    /// Takes an operator that pops and pushes so many, after which there are `height` operands. Whether the machine would choose wrongly.
    pub(super) fn take(&mut self, operator: &Operator<'_>, arity: Option<(u32, u32)>, height: u32) -> bool {
        let top = self.top();
        let mut is_wrong = false;
        match operator {
            Operator::Nop | Operator::LocalTee { .. } => (),
            Operator::Block { .. } | Operator::Loop { .. } => self.blocks.push(Computed),
            Operator::If { .. } => {
                self.stack.pop();
                self.blocks.push(Computed);
            }
            Operator::Else => {
                self.blocks.pop();
                self.blocks.push(top);
            }
            // The translator may know which of two branches is taken.
            Operator::End => {
                let other = self.blocks.pop().unwrap_or(Computed);
                if let Some(last) = self.stack.last_mut() {
                    *last = other.max(*last);
                }
            }
            _ => {
                let (pops, pushes) = arity.unwrap_or_default();
                let popped = self.pop(pops);
                is_wrong = matches!(operator, Operator::Select | Operator::TypedSelect { .. })
                    && popped.last() == Some(&Compared);
                let given = given(operator, &popped);
                self.stack.extend((0..pushes).map(|_| given));
            }
        }
        // In code that is never reached there are fewer.
        self.stack.resize(usize::try_from(height).unwrap_or(usize::MAX), Computed);
        is_wrong
    }

    fn top(&self) -> Operand {
        self.stack.last().copied().unwrap_or(Computed)
    }

    fn pop(&mut self, count: u32) -> Vec<Operand> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.stack.split_off(self.stack.len().saturating_sub(count))
    }
}

/// What an operator gives that has popped these.
fn given(operator: &Operator<'_>, popped: &[Operand]) -> Operand {
    let is_number = |one: &Operand| matches!(one, Number | Zero);
    match (operator, popped) {
        (
            Operator::I32Const { value: 0 } | Operator::I64Const { value: 0 } | Operator::GlobalGet { .. },
            _,
        ) => Zero,
        (Operator::I32Const { .. } | Operator::I64Const { .. }, _) => Number,
        (Operator::I32Eqz, _) => Compared,
        (Operator::I32Eq | Operator::I32Ne, [a, b]) if *a == Zero || *b == Zero => Compared,
        (Operator::Select | Operator::TypedSelect { .. }, [a, b, _]) if is_number(a) && is_number(b) => Zero,
        (Operator::Select | Operator::TypedSelect { .. }, _) => Computed,
        (_, [_, ..]) if popped.iter().all(is_number) => Zero,
        // It may do nothing: a wider type, a shift by a number that is a multiple of the width.
        (_, [Compared] | [Compared, Number | Zero]) => Compared,
        _ => Computed,
    }
}
