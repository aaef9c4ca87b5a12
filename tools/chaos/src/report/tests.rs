use super::*;
use crate::fault::Fault;
use crate::schedule::{Target, Way};

fn report() -> Report {
    let done = |fault, target, from, to| {
        let step = Step { at: from, until: to, fault, target, way: Way::Plain };
        Done { text: step.target.to_string(), step, from, to }
    };
    let life = |n: usize| Life {
        id: format!("node{n}"),
        removed: n == 2,
        starts: 1,
        height: 40,
        heights: vec![(0, None), (1_000, Some(0)), (20_000, Some(20)), (30_000, None), (35_000, Some(40))],
        reorgs: vec![(36_000, 3 + n as u64)],
        errors: 0,
        verified: "ok: 40 blocks".into(),
    };
    Report {
        seed: 7,
        command: "chaos --seed 7".into(),
        version: "bouya 0.1.0".into(),
        nodes: 3,
        place: "all nodes on loopback".into(),
        faults_from: 5_000,
        healed_at: 50_000,
        ended_at: 60_000,
        stopped_early: false,
        held: false,
        invariants: vec![
            Verdict { name: "tips <meet>", held: true, detail: "soon".into() },
            Verdict { name: "no loss", held: false, detail: "<script>alert(1)</script>\nand more".into() },
        ],
        done: vec![
            done(Fault::Kill, Target::Node(1), 10_000, 20_000),
            done(Fault::Partition, Target::Half(vec![0, 2]), 25_000, 30_000),
            done(Fault::Reset, Target::Node(0), 40_000, 40_000),
        ],
        skipped: vec![Skipped { fault: "clock".into(), why: "no & never".into() }],
        rejoins: Vec::new(),
        rejoin_times: vec![RejoinTimes {
            fault: "kill".into(),
            count: 1,
            median_ms: 1_200,
            worst_ms: 1_200,
            interrupted: 0,
        }],
        blocks: 40,
        transactions: Transactions { acknowledged: 12, confirmed: 11, ..Transactions::default() },
        lives: (0..3).map(life).collect(),
    }
}

#[test]
fn the_page_asks_nobody_for_anything_and_runs_nothing() {
    let page = page::render(&report());
    for word in ["http:", "https:", "<script", "@import", "url(", "src="] {
        assert!(!page.contains(word), "{word} in the page");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;<br>and more"));
    assert!(page.contains("no &amp; never"));
    assert!(page.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_page_says_what_failed() {
    let page = page::render(&report());
    assert!(page.contains("<h1 class=\"bad\">One invariant failed</h1>"), "{page}");
    let fine = page::render(&Report { invariants: Vec::new(), ..report() });
    assert!(fine.contains("Everything held"));
}

#[test]
fn the_picture_has_a_lane_for_each_node_and_a_bar_for_each_node_that_a_fault_hits() {
    let picture = picture::timeline(&report());
    for node in ["node0", "node1", "node2"] {
        assert_eq!(
            picture.matches(&format!("class=\"name\" x=\"10\" y=\"{}\"", 54 + 92 * lane(node))).count(),
            1
        );
    }
    // One node killed, two cut off, one whose connections broke, and one of each in the legend.
    assert_eq!(picture.matches("<rect class=\"down\"").count(), 1 + 1);
    assert_eq!(picture.matches("<rect class=\"link\"").count(), 2 + 1 + 1);
    // The height curve has gaps where there was no answer.
    assert_eq!(picture.matches("<polyline").count(), 3 * 2);
    assert_eq!(picture.matches("<rect class=\"away\"").count(), 3 * 2 + 1);
    assert!(picture.contains("5 blocks replaced"));
    assert!(!picture.contains("NaN") && !picture.contains("inf"));
}

fn lane(node: &str) -> u32 {
    node.trim_start_matches("node").parse().unwrap()
}

#[test]
fn a_run_in_which_nothing_happened_is_drawn_too() {
    let mut empty = Report { ended_at: 0, done: Vec::new(), ..report() };
    empty.lives.iter_mut().for_each(|life| life.heights.clear());
    let picture = picture::timeline(&empty);
    assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
}

#[test]
fn both_files_are_written_and_the_json_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let into = dir.path().join("a/b");
    let [page, json] = report().write(&into).unwrap();
    assert!(fs::read_to_string(page).unwrap().starts_with("<!doctype html>"));
    let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(read["seed"], 7);
    assert_eq!(read["invariants"][1]["held"], false);
    assert_eq!(read["done"][0]["step"]["fault"], "kill");
    assert_eq!(read["lives"][2]["heights"][0][1], serde_json::Value::Null);
}

#[test]
fn the_summary_names_what_failed_and_how_to_see_it_again() {
    let text = report().summary();
    assert!(text.contains("FAILED  no loss"), "{text}");
    assert!(text.ends_with("1 of 2 invariants FAILED. To repeat: chaos --seed 7"), "{text}");
    assert!(text.contains("deepest 5"));
}
