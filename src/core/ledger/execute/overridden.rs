//! An override acts behind the block that it names.

use super::super::state::{Layer, Written};
use super::super::{Header, Override, Rows, StateError, View, governance};
use super::Executed;

/// Behind what the block itself does, an override puts other members into force. One whose checkpoint changes the members itself is refused: its
/// own set's base would not be above theirs.
pub(super) fn overridden(
    (base, lower): (Option<&dyn View>, &Rows),
    block: Executed,
    header: &Header,
    by: &Override,
) -> Result<Executed, StateError> {
    if block.roster.is_some() {
        return Err(StateError(alloc::format!(
            "the override {} names block {}, which changes the members itself; name a block above it",
            by.hash(),
            header.height
        )));
    }
    let mut below = lower.clone();
    below.extend(block.rows.clone());
    let mut layer = Layer::new(base, &below);
    let roster = governance::override_members(&mut layer, by, header.time)?;
    let Executed { mut rows, mut undo, mut ended, results, .. } = block;
    ended.extend(layer.take_ended());
    let Written { rows: written, undo: before, .. } = layer.finish()?;
    // Where both change a row, the block's undo has what was there before it.
    undo.0.extend(before.0.into_iter().filter(|(key, _)| !rows.contains_key(key)));
    rows.extend(written);
    Ok(Executed { rows, undo, roster: Some(roster), ended, results })
}
