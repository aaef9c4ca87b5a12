//! What is final, for people and for programs.

use super::*;

pub(crate) fn final_status() -> FinalStatus {
    let turnout = Turnout { heard: 4, members: 4, needed: 3, missing: vec![] };
    FinalStatus { height: 41, hash: "ab".repeat(32), behind: 0, since: None, after_ms: None, turnout }
}

#[test]
fn the_status_tells_how_soon_blocks_become_final_or_who_is_missing() {
    let shown = |status: FinalStatus| {
        let status = Status { finalized: Some(status), ..super::status() };
        out(&Node::fixed(200, json(&status)).run("status"))
    };
    let soon = FinalStatus { behind: 1, after_ms: Some(640), ..final_status() };
    let said = shown(FinalStatus { since: Some("2990-11-20T00:00:00Z".into()), ..soon.clone() });
    assert!(said.contains("41 (1 behind), 0.6 s after it was made, 4 of 4 members"), "{said}");
    let all = shown(final_status());
    assert!(all.contains("41, all of the chain, 4 of 4 members"), "{all}");
    let turnout = Turnout { heard: 2, members: 3, needed: 3, missing: vec!["bob".into()] };
    let late = shown(FinalStatus { since: Some("2026-01-20T14:02:00.5Z".into()), turnout, ..soon });
    let why = "not final since 2026-01-20T14:02:00Z: 2 of 3 members heard, 3 needed: bob is missing";
    assert!(late.contains(&format!("41 (1 behind); {why}")), "{late}");
}
