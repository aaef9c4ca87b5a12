//! The timeline: a lane for each node with its faults and its height, on one time axis.

use super::page::{add, clock, escape};
use super::{Done, Life, Report};
use crate::fault::Fault;
use crate::schedule::Target;

const WIDTH: f64 = 1_080.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
/// Height of a node's lane: its faults are at the top, its chain height below.
const LANE: f64 = 92.0;
const BAR: f64 = 11.0;
const CURVE: f64 = 52.0;
/// Least width of a bar, for faults that are over at once.
const LEAST: f64 = 3.0;

struct Scale {
    end: f64,
    highest: f64,
}

impl Scale {
    fn x(&self, ms: u64) -> f64 {
        LEFT + (ms as f64 / self.end).min(1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, lane: usize, height: u64) -> f64 {
        TOP + LANE * (lane as f64 + 1.0) - 10.0 - height as f64 / self.highest * CURVE
    }
}

pub(super) fn timeline(report: &Report) -> String {
    let highest = report.lives.iter().flat_map(|life| &life.heights).filter_map(|(_, height)| *height).max();
    let scale = Scale { end: report.ended_at.max(1) as f64, highest: highest.unwrap_or(1).max(1) as f64 };
    let bottom = TOP + LANE * report.lives.len() as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"Faults and heights of {} nodes over {}\">\n",
        bottom + 26.0,
        report.lives.len(),
        clock(report.ended_at),
    );
    axis(&mut svg, report, &scale, bottom);
    for (lane, life) in report.lives.iter().enumerate() {
        node(&mut svg, life, lane, &scale);
    }
    for done in &report.done {
        fault(&mut svg, done, report.lives.len(), &scale);
    }
    svg.push_str("</svg>\n");
    svg.push_str(&legend());
    svg
}

fn axis(svg: &mut String, report: &Report, scale: &Scale, bottom: f64) {
    let seconds = report.ended_at / 1_000;
    let step = [5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400];
    let step = step.into_iter().find(|step| seconds / step <= 14).unwrap_or(86_400);
    for second in (0..=seconds).step_by(step as usize) {
        let x = scale.x(second * 1_000);
        add(
            svg,
            format_args!("<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\n"),
        );
        let y = bottom + 17.0;
        add(
            svg,
            format_args!(
                "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>\n",
                clock(second * 1_000)
            ),
        );
    }
    for (ms, what) in [(report.faults_from, "faults begin"), (report.healed_at, "faults end")] {
        let x = scale.x(ms);
        let anchor = if x > WIDTH - 120.0 { "end" } else { "start" };
        add(
            svg,
            format_args!("<line class=\"axis\" x1=\"{x:.1}\" y1=\"18\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\n"),
        );
        let x = if anchor == "end" { x - 4.0 } else { x + 4.0 };
        add(svg, format_args!("<text x=\"{x:.1}\" y=\"26\" text-anchor=\"{anchor}\">{what}</text>\n"));
    }
}

/// Draws a node's name, the times without an answer, its height and its reorganisations.
fn node(svg: &mut String, life: &Life, lane: usize, scale: &Scale) {
    let top = TOP + LANE * lane as f64;
    add(svg, format_args!("<line class=\"grid\" x1=\"0\" y1=\"{top}\" x2=\"{WIDTH}\" y2=\"{top}\"/>\n"));
    add(
        svg,
        format_args!("<text class=\"name\" x=\"10\" y=\"{}\">{}</text>\n", top + 20.0, escape(&life.id)),
    );
    add(svg, format_args!("<text x=\"10\" y=\"{}\">{}</text>\n", top + 36.0, life.height));
    if life.removed {
        add(svg, format_args!("<text x=\"10\" y=\"{}\">removed</text>\n", top + 52.0));
    }
    let mut points = Vec::new();
    for (at, (from, height)) in life.heights.iter().enumerate() {
        let to = life.heights.get(at + 1).map_or(scale.end as u64, |(next, _)| *next);
        match height {
            Some(height) => {
                let (x, next, y) = (scale.x(*from), scale.x(to), scale.y(lane, *height));
                points.push(format!("{x:.1},{y:.1} {next:.1},{y:.1}"));
            }
            None => {
                let (x, y) = (scale.x(*from), top + LANE - 10.0 - CURVE);
                let width = scale.x(to) - x;
                add(
                    svg,
                    format_args!(
                        "<rect class=\"away\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{CURVE}\"/>\n"
                    ),
                );
                curve(svg, &mut points);
            }
        }
    }
    curve(svg, &mut points);
    for (ms, depth) in &life.reorgs {
        let (x, y) = (scale.x(*ms), top + LANE - 6.0);
        add(
            svg,
            format_args!(
                "<path class=\"reorg\" d=\"M{:.1} {y}l4 -7l4 7\"><title>{}: {depth} blocks replaced</title></path>\n",
                x - 4.0,
                clock(*ms)
            ),
        );
    }
}

fn curve(svg: &mut String, points: &mut Vec<String>) {
    if !points.is_empty() {
        add(svg, format_args!("<polyline class=\"height\" points=\"{}\"/>\n", points.join(" ")));
        points.clear();
    }
}

/// Draws a bar in the lane of each node that the fault hits.
fn fault(svg: &mut String, done: &Done, nodes: usize, scale: &Scale) {
    let class = class(done.step.fault);
    let hit: Vec<usize> = match &done.step.target {
        Target::Node(node) => vec![*node],
        Target::Link(from, to) => vec![*from, *to],
        Target::Half(half) => half.clone(),
    };
    let x = scale.x(done.from);
    let width = (scale.x(done.to) - x).max(LEAST);
    // Faults of links and faults of nodes can overlap, so each kind has its own row.
    let row = if class == "link" { BAR + 2.0 } else { 0.0 };
    for lane in hit.into_iter().filter(|lane| *lane < nodes) {
        let y = TOP + LANE * lane as f64 + 4.0 + row;
        add(
            svg,
            format_args!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\"><title>{} {}, {} to {}</title></rect>\n",
                done.step.fault.name(),
                escape(&done.text),
                clock(done.from),
                clock(done.to)
            ),
        );
    }
}

fn class(fault: Fault) -> &'static str {
    match fault {
        Fault::Kill | Fault::Restart | Fault::Upgrade => "down",
        Fault::Pause | Fault::DiskFull | Fault::Clock => "pause",
        Fault::Cut
        | Fault::Partition
        | Fault::Oneway
        | Fault::Delay
        | Fault::Throttle
        | Fault::Reset
        | Fault::Cable => "link",
        Fault::Revoke => "other",
    }
}

fn legend() -> String {
    let entries = [
        ("down", "killed, restarted, upgraded"),
        ("pause", "frozen, disk full, wrong clock"),
        ("link", "links cut, slow, narrow, broken"),
        ("other", "removed by revocation"),
        ("away", "does not answer"),
    ];
    let mut list = "<ul class=\"legend\">\n".to_owned();
    for (class, text) in entries {
        add(
            &mut list,
            format_args!(
                "<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect class=\"{class}\" width=\"16\" height=\"12\" y=\"2\"/></svg> {text}</li>\n"
            ),
        );
    }
    list.push_str("<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path class=\"height\" d=\"M0 12h6v-5h5v-4h5\"/></svg> height</li>\n");
    list.push_str("<li><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path class=\"reorg\" d=\"M4 12l4 -7l4 7\"/></svg> reorganisation</li>\n</ul>\n");
    list
}
