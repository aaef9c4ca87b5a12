//! Whose an address is, by the members after the newest block.

use std::collections::BTreeMap;

use bouya_core::ledger::{Address, Member};

use super::Api;
use super::views::{AddressName, AddressRole};

/// See the module. Made once for an answer.
pub(super) struct Names(BTreeMap<Address, AddressName>);

impl Names {
    pub(super) fn of(&self, address: &Address) -> Option<AddressName> {
        self.0.get(address).cloned()
    }
}

impl Api {
    pub(super) fn names(&self) -> Names {
        let head = self.head.borrow();
        let members = head.branch.members.roster().members().iter();
        // No address is both: a roster keeps them apart.
        Names(members.flat_map(|member| [governor(member), key(member)]).collect())
    }
}

fn governor(member: &Member) -> (Address, AddressName) {
    (member.governor, named(member, AddressRole::Governor))
}

fn key(member: &Member) -> (Address, AddressName) {
    (Address::of(&member.key), named(member, AddressRole::Key))
}

fn named(member: &Member, role: AddressRole) -> AddressName {
    AddressName { role, member: member.id.to_string(), name: member.name.as_str().to_owned() }
}
