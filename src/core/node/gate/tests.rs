use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::ledger::{Member, World};
use crate::testing::{genesis, key};

#[test]
fn the_most_lasting_obstacle_is_named_and_none_means_none() {
    let mut spec = genesis().spec.clone();
    spec.members = vec![Member { id: "alice".parse().unwrap(), key: key(1).public() }];
    let genesis = Genesis::new(spec).unwrap();
    let fine = Outlook { sync: SyncStatus::Synced, clock_offset_ms: Some(5_000), starting: false };
    let room = Head::read(&World::new(&genesis), &genesis.branch(), false).unwrap();
    let full = Head { disk_full: true, ..room.clone() };
    let syncing = SyncStatus::Syncing { height: 1, target: 9 };
    let worst = Outlook { sync: syncing, clock_offset_ms: Some(-5_001), starting: true };
    let (member, stranger) = (Gate::new(&genesis, &key(1).public()), Gate::new(&genesis, &key(2).public()));
    let cases = [
        (stranger, &full, worst, Some(Obstacle::NotListed)),
        (member, &full, worst, Some(Obstacle::DiskFull)),
        (member, &room, worst, Some(Obstacle::Starting)),
        (member, &room, Outlook { starting: false, ..worst }, Some(Obstacle::Syncing)),
        (member, &room, Outlook { clock_offset_ms: Some(-5_001), ..fine }, Some(Obstacle::ClockOff(-5_001))),
        (member, &room, fine, None),
        (member, &room, Outlook { sync: SyncStatus::Alone, clock_offset_ms: None, ..fine }, None),
    ];
    for (gate, head, outlook, expected) in cases {
        assert_eq!(gate.obstacle(head, &outlook), expected);
    }
}

#[test]
fn a_clock_is_told_which_way_it_is_off() {
    let words: Vec<_> = [9_000, -9_000].map(|offset| Obstacle::ClockOff(offset).to_string()).into();
    assert!(words[0].contains("9 s behind its peers'"), "{}", words[0]);
    assert!(words[1].contains("9 s ahead of its peers'"), "{}", words[1]);
}

#[test]
fn where_no_members_are_listed_any_key_seals() {
    let genesis = genesis();
    let head = Head::read(&World::new(&genesis), &genesis.branch(), false).unwrap();
    let outlook = Outlook { sync: SyncStatus::Alone, clock_offset_ms: None, starting: false };
    assert_eq!(Gate::new(&genesis, &key(9).public()).obstacle(&head, &outlook), None);
}
