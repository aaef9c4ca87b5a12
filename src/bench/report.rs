//! What a bench tells: figures, each beside the limit that bounds it and what is aimed at.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Limits, cores};

/// One measured value.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Lower-case words and underscores.
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// What bounds it, measured in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What is aimed at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
    /// Over several runs, whose median the value is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

/// What is aimed at.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Aim {
    /// What the figure should reach, or not exceed where less is better.
    pub value: f64,
    /// The same in words, and what is beyond it.
    pub words: &'static str,
}

/// The least and the most of several runs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub least: f64,
    pub most: f64,
}

/// A physical limit beside a figure.
#[derive(Clone, Debug, Serialize)]
pub struct Limit {
    /// How it comes from the measured limits.
    pub name: String,
    pub value: f64,
    /// Figure by limit. Over several runs, the median of each run's own ratio.
    pub ratio: f64,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub bench: &'static str,
    pub cores: usize,
    /// How many runs it is of.
    pub runs: usize,
    pub settings: BTreeMap<&'static str, f64>,
    pub limits: Vec<Figure>,
    pub figures: Vec<Figure>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, limit: None, aim: None, spread: None }
    }

    pub(crate) fn of(mut self, name: impl Into<String>, limit: f64) -> Self {
        // Of a limit that could not be measured nothing follows.
        let ratio = if limit > 0.0 { self.value / limit } else { 0.0 };
        self.limit = Some(Limit { name: name.into(), value: limit, ratio });
        self
    }

    pub(crate) fn aim(mut self, value: f64, words: &'static str) -> Self {
        self.aim = Some(Aim { value, words });
        self
    }

    /// The median of the same figure of several runs: each value by itself.
    fn median(all: &[&Self]) -> Option<Self> {
        let of = |value: fn(&Self) -> Option<f64>| median(all.iter().filter_map(|figure| value(figure)));
        let mut figure = (*all.first()?).clone();
        let (value, spread) = of(|figure| Some(figure.value))?;
        figure.value = value;
        figure.spread = Some(spread);
        if let Some(limit) = &mut figure.limit {
            limit.value = of(|figure| Some(figure.limit.as_ref()?.value))?.0;
            limit.ratio = of(|figure| Some(figure.limit.as_ref()?.ratio))?.0;
        }
        if let Some(aim) = &mut figure.aim {
            aim.value = of(|figure| Some(figure.aim?.value))?.0;
        }
        Some(figure)
    }
}

/// The middle of some values, and how far they lie from it.
fn median(values: impl Iterator<Item = f64>) -> Option<(f64, Spread)> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let (least, most) = (*values.first()?, *values.last()?);
    // Of an even number, between the two in the middle.
    let upper = values.get(values.len() / 2)?;
    let lower = values.get((values.len() - 1) / 2)?;
    Some((lower + (upper - lower) / 2.0, Spread { least, most }))
}

impl Report {
    pub(crate) fn new(bench: &'static str, settings: &[(&'static str, f64)], limits: &Limits) -> Self {
        let settings = settings.iter().copied().collect();
        Self { bench, cores: cores(), runs: 1, settings, limits: limits.figures(), figures: Vec::new() }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Half and nearly all of the values lie below these; an aim for each.
    pub(crate) fn add_latencies(&mut self, name: &str, latencies: &mut [Duration], aims: [Option<Aim>; 2]) {
        latencies.sort_unstable();
        for ((suffix, part), aim) in [("p50", 0.5), ("p99", 0.99)].into_iter().zip(aims) {
            let value = percentile(latencies, part).map_or(f64::NAN, |span| span.as_secs_f64() * 1_000.0);
            self.add(Figure { aim, ..Figure::new(format!("{name}_{suffix}"), value, "ms") });
        }
    }

    /// The medians of several runs of one bench; of one run, itself. None of none. A figure that not all of them have (a thread that was
    /// not there) is of those that have it.
    pub fn median(runs: Vec<Self>) -> Option<Self> {
        let number = runs.len();
        let mut report = runs.first()?.clone();
        if number == 1 {
            return Some(report);
        }
        report.runs = number;
        report.limits = medians(runs.iter().map(|run| &run.limits));
        report.figures = medians(runs.iter().map(|run| &run.figures));
        Some(report)
    }
}

fn medians<'a>(runs: impl Iterator<Item = &'a Vec<Figure>>) -> Vec<Figure> {
    let mut found: Vec<Vec<&Figure>> = Vec::new();
    for figure in runs.flatten() {
        match found.iter_mut().find(|same| same.iter().any(|same| same.name == figure.name)) {
            Some(same) => same.push(figure),
            None => found.push(vec![figure]),
        }
    }
    found.iter().filter_map(|same| Figure::median(same)).collect()
}

/// The smallest of the sorted values that `part` of them do not exceed.
fn percentile(sorted: &[Duration], part: f64) -> Option<Duration> {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 0.5), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&values, 0.99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&values[..1], 0.99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 0.5), None);
    }

    fn run(figures: &[(&str, f64, f64)]) -> Report {
        let limits = Limits {
            verify: 1.0,
            verify_batch: 1.0,
            hash: 1.0,
            handshake: 1.0,
            tls: 1.0,
            decode: 1.0,
            rows_random: 1.0,
            rows_ordered: 1.0,
        };
        let mut report = Report::new("some", &[("size", 3.0)], &limits);
        for (name, value, limit) in figures {
            report.add(Figure::new(*name, *value, "1/s").of("it", *limit).aim(limit / 2.0, "half"));
        }
        report
    }

    #[test]
    fn several_runs_are_told_by_medians_and_by_how_far_they_lie_apart() {
        let runs = vec![
            run(&[("speed", 30.0, 100.0), ("rare", 5.0, 10.0)]),
            run(&[("speed", 10.0, 20.0)]),
            run(&[("speed", 20.0, 80.0), ("rare", 7.0, 10.0)]),
        ];
        let report = Report::median(runs).unwrap();
        assert_eq!((report.runs, report.figures.len()), (3, 2));
        let [speed, rare] = &report.figures[..] else { panic!("{report:?}") };
        let told = |figure: &Figure| {
            let (limit, spread) = (figure.limit.clone().unwrap(), figure.spread.unwrap());
            [figure.value, spread.least, spread.most, limit.value, limit.ratio, figure.aim.unwrap().value]
        };
        // The ratios are 0.3, 0.5 and 0.25.
        assert_eq!(told(speed), [20.0, 10.0, 30.0, 80.0, 0.3, 40.0]);
        assert_eq!(told(rare), [6.0, 5.0, 7.0, 10.0, 0.6, 5.0]);
        assert!(report.limits.iter().all(|limit| limit.value == 1.0 && limit.spread.is_some()));
    }

    #[test]
    fn one_run_is_told_as_it_is() {
        let report = Report::median(vec![run(&[("speed", 30.0, 100.0)])]).unwrap();
        assert_eq!((report.runs, report.figures[0].value), (1, 30.0));
        assert!(report.figures[0].spread.is_none());
        assert!(Report::median(Vec::new()).is_none());
    }
}
