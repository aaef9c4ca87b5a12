//! Whether the members have removed this node.

use bouya_core::id::NodeId;
use bouya_core::ledger::{InForce, StateError, View, in_force};
use bouya_core::limits::HANDOVERS_WALKED;
use bouya_core::node::Removal;

/// The base of the first set after the last one with this id as a member, from the set in force back. None if it is a member, or never was.
pub(super) fn removed_at(
    view: &dyn View,
    members: &InForce,
    id: &NodeId,
) -> Result<Option<Removal>, StateError> {
    if members.roster().by_id(id).is_some() {
        return Ok(None);
    }
    let mut at = members.clone();
    for _ in 0..HANDOVERS_WALKED {
        let base = view.record(&at.base())?.filter(|base| base.header.height > 0);
        let Some(base) = base else { break };
        let Some(before) = in_force(view, &base.header.parent)? else { break };
        if before.roster().by_id(id).is_some() {
            let by_override = at.roster().base().by_override().is_some();
            return Ok(Some(Removal { height: base.header.height, by_override }));
        }
        at = before;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use bouya_core::ledger::in_force_at_final;
    use bouya_core::testing::members::changed_thrice;
    use bouya_core::testing::{member, network_of_members};

    use super::*;

    #[test]
    fn only_who_was_a_member_and_is_none_any_more_was_removed() {
        // m5 came, m2 has another key, and m1 went, in this order.
        let node = changed_thrice(network_of_members("removed"));
        let members = in_force_at_final(node.world()).unwrap();
        let removed = Removal { height: members.roster().base().height(), by_override: false };
        for (n, removed) in [(1, Some(removed)), (2, None), (5, None), (7, None)] {
            assert_eq!(removed_at(node.world(), &members, &member(n).id), Ok(removed), "m{n}");
        }
        let before = node.world().record(&members.base()).unwrap().unwrap().header.parent;
        let before = in_force(node.world(), &before).unwrap().unwrap();
        assert_eq!(removed_at(node.world(), &before, &member(1).id), Ok(None), "not yet");
    }
}
