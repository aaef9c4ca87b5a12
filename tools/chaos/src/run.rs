//! One run: build the network, make the faults, heal it, check it, report.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bouya_core::random::Random;
use tokio::runtime::Runtime;

use crate::client::Client;
use crate::consortium::Consortium;
use crate::daemon::Daemon;
use crate::doubles::Doubles;
use crate::drill::Drill;
use crate::error::Error;
use crate::finish::{self, BOUND, SETTLE};
use crate::judge::Facts;
use crate::lan::Lan;
use crate::live::Live;
use crate::load::{Load, Wallets};
use crate::namespace::{Home, Namespace};
use crate::options::Options;
use crate::plan::{Plan, mount, random_seed};
use crate::proxy::Proxy;
use crate::removal::Guard;
use crate::report::{Done, Report, Skipped};
use crate::schedule::Step;
use crate::seat::Seat;
use crate::stop::Stop;
use crate::watch::{Board, Watch};
use crate::window;

/// Before the first fault, all nodes must answer and have blocks within this time.
const UP: Duration = Duration::from_secs(90);
/// The first fault waits at most this long for all connections. If one never comes, the checks at the end find it.
const MESHED: Duration = Duration::from_secs(30);
/// Most latency between two nodes, one way, as within a continent.
const FARTHEST_MS: u64 = 40;
const TICK: Duration = Duration::from_millis(50);

/// A running network, with the threads that watch and use it. Fields are dropped in this order: the processes end before their
/// folder is removed.
pub(crate) struct Run {
    pub(crate) drill: Drill,
    pub(crate) load: Arc<Load>,
    client: Client,
    guard: Guard,
    live: Live,
    stop: Stop,
    pub(crate) done: Vec<Done>,
    _runtime: Runtime,
}

pub(crate) fn run(options: &Options, stop: Stop, runtime: Runtime) -> Result<bool, Error> {
    let program = options.program()?;
    let upgrade = options.upgraded()?;
    let seed = options.seed.map_or_else(random_seed, Ok)?;
    let dir = tempfile::Builder::new().prefix("chaos-").tempdir();
    let dir = dir.map_err(|error| Error::System(format!("no temporary folder: {error}")))?;
    let mut plan = Plan::new(options, seed, &program);
    let mut run = Run::build(options, &program, upgrade, dir.path(), stop, runtime, &mut plan)?;
    eprintln!(
        "seed {seed}: {} faults in {} min on {} nodes",
        plan.steps.len(),
        options.minutes,
        options.nodes
    );
    for Skipped { fault, why } in &plan.skipped {
        eprintln!("skipped {fault}: {why}");
    }
    if options.keep {
        eprintln!("the nodes' folder: {}", dir.path().display());
    }
    let result = run.whole(&program, &plan);
    let result = result.map(|(facts, times)| Report::of(&run, options, plan, &facts, &times));
    run.live.done();
    drop(run.drill);
    if options.keep {
        let _ = dir.keep();
    }
    let report = result?;
    let [page, json] = report.write(&options.report)?;
    println!("{}", report.summary());
    println!("report: {} and {}", page.display(), json.display());
    Ok(report.held)
}

impl Run {
    fn build(
        options: &Options,
        program: &Path,
        upgrade: Option<PathBuf>,
        dir: &Path,
        stop: Stop,
        runtime: Runtime,
        plan: &mut Plan,
    ) -> Result<Self, Error> {
        let nodes = options.nodes;
        let wallets = nodes + 1;
        let consortium = Consortium::create(dir, nodes, wallets)?;
        let upgraded = match upgrade {
            Some(path) => path,
            None => copy(program, &dir.join("bouya-upgraded"))?,
        };
        let lan = options.namespaces.then(|| Namespace::own().and_then(|hub| Lan::build(hub, nodes)));
        let lan =
            lan.transpose().map_err(|error| Error::System(format!("no network for the nodes: {error}")))?;
        let homes = lan.as_ref().map_or_else(|| vec![Home::default(); nodes], |lan| lan.homes().to_vec());
        let seats: Vec<Arc<Seat>> = homes.into_iter().map(Seat::at).collect();
        if lan.is_some() {
            for seat in &seats {
                let opened = runtime.block_on(window::open(seat));
                opened.map_err(|error| Error::System(format!("no port for a node's API: {error}")))?;
            }
        }
        let proxy = Proxy::new(seats.iter().map(|seat| seat.plug.clone()).collect());
        settle(&proxy, nodes, plan.seed);
        let fronts = (0..nodes).map(|node| runtime.block_on(proxy.open(node)));
        let fronts: Result<Vec<_>, _> = fronts.collect();
        let fronts = fronts.map_err(|error| Error::System(format!("no port for the wires: {error}")))?;
        let disks = mount(&consortium, plan);
        let board = Board::new(nodes);
        let daemon = |node: usize| {
            let process = consortium.daemon(node, &seats[node].plug.home, &fronts)?;
            Ok(Daemon::new(program.to_owned(), process, seats[node].clone()))
        };
        let daemons = (0..nodes).map(daemon).collect::<Result<_, Error>>()?;
        let load = Load::new(consortium.genesis.id(), wallets, seats.clone(), board.clone());
        let drill = Drill {
            daemons,
            disks,
            consortium,
            proxy,
            lan,
            seats,
            board,
            upgraded,
            rejoins: Vec::new(),
            doubles: Doubles::default(),
            deaths: Vec::new(),
            bad_stops: Vec::new(),
            removal: None,
        };
        let (client, guard, live) = (Client::new(), Guard::default(), Live::new());
        Ok(Self { drill, load, client, guard, live, stop, done: Vec::new(), _runtime: runtime })
    }

    /// Runs everything, from the first start to the last check.
    fn whole(&mut self, program: &Path, plan: &Plan) -> Result<(Facts, Times), Error> {
        for daemon in &mut self.drill.daemons {
            daemon.start()?;
        }
        let logs = self.drill.consortium.members.iter().map(|member| member.log()).collect();
        let watch = Watch::start(&self.drill.board, &self.drill.seats, logs);
        self.come_up()?;
        let wallets = Wallets::start(&self.load, plan.seed);
        let from = self.drill.board.now();
        let stopped = self.hurt(plan, from)?;
        let healed = self.heal()?;
        let mut facts = self.recover(healed)?;
        wallets.stop();
        self.look_up(&mut facts);
        let ended = self.drill.board.now();
        self.stop_all()?;
        watch.stop();
        self.live.show("verifying every store");
        facts.nodes = finish::nodes(&self.drill, program);
        facts.deaths = self.drill.deaths.clone();
        facts.bad_stops = self.drill.bad_stops.clone();
        Ok((facts, Times { from, healed, ended, stopped }))
    }

    /// Checks the processes, the connections and the user's signals once.
    fn tick(&mut self, doing: &str) -> Result<(), Error> {
        if self.stop.twice() {
            return Err(Error::System("stopped at once; no checks were made".into()));
        }
        self.drill.look_after()?;
        self.guard.look(&self.drill);
        let heights = (0..self.drill.seats.len()).map(|node| match self.drill.seats[node].usable() {
            Some(_) => self.drill.board.view(node).height.to_string(),
            None => "-".to_owned(),
        });
        let heights: Vec<String> = heights.collect();
        let (acknowledged, deep) = self.load.counts();
        let at = self.drill.board.now() / 1_000;
        self.live.show(&format!(
            "{}:{:02}  heights {}  transactions {acknowledged} acknowledged, {deep} deep  {doing}",
            at / 60,
            at % 60,
            heights.join(" ")
        ));
        thread::sleep(TICK);
        Ok(())
    }

    /// Ticks until `done` holds. False if that takes longer than `bound`.
    fn until(&mut self, bound: Duration, doing: &str, done: impl Fn(&Self) -> bool) -> Result<bool, Error> {
        let deadline = Instant::now() + bound;
        while !done(self) {
            if Instant::now() > deadline {
                return Ok(false);
            }
            self.tick(doing)?;
        }
        Ok(true)
    }

    fn is_up(&self) -> bool {
        (0..self.drill.seats.len()).all(|node| self.drill.board.view(node).height >= 2)
    }

    fn is_meshed(&self) -> bool {
        finish::odd_pairs(&self.drill, &self.client).is_empty()
    }

    fn come_up(&mut self) -> Result<(), Error> {
        // If a node dies now, waiting longer makes no sense.
        self.until(UP, "coming up", |run| !run.drill.deaths.is_empty() || run.is_up())?;
        if self.is_up() && self.drill.deaths.is_empty() {
            if !self.until(MESHED, "waiting for all connections", Self::is_meshed)? {
                self.live.say("not all pairs have exactly one connection; continuing anyway");
            }
            return Ok(());
        }
        let mut words: Vec<String> = self.drill.deaths.clone();
        let tails = self.drill.daemons.iter().enumerate();
        words.extend(
            tails.map(|(node, daemon)| {
                format!("node{node}'s last log lines: {}", daemon.process.last_words())
            }),
        );
        Err(Error::NotUp(words.join("\n")))
    }

    /// Makes the faults of the schedule. Returns whether the user stopped it early.
    fn hurt(&mut self, plan: &Plan, from: u64) -> Result<bool, Error> {
        let Plan { steps, length, .. } = plan;
        let mut moves: Vec<(u64, bool, usize)> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            moves.push((step.at, true, number));
            moves.push((step.until, false, number));
        }
        // At the same moment, begins come before ends, because a fault that is over at once is both.
        moves.sort_by_key(|(at, begins, _)| (*at, !*begins));
        let mut open: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, begins, number) in moves {
            while self.drill.board.now() - from < at {
                if self.stop.once() {
                    return Ok(true);
                }
                let doing: Vec<String> = open.keys().map(|number| told(&steps[*number])).collect();
                self.tick(&doing.join(", "))?;
            }
            let step = &steps[number];
            let now = self.drill.board.now();
            if begins {
                self.drill.begin(step)?;
                open.insert(number, self.done.len());
                self.live.say(&format!("{:>6.1} s  {}", (now - from) as f64 / 1_000.0, told(step)));
                self.done.push(Done { step: step.clone(), from: now, to: u64::MAX, text: whom(step) });
            } else {
                self.drill.end(step)?;
                if let Some(place) = open.remove(&number) {
                    self.done[place].to = now;
                }
            }
        }
        while self.drill.board.now() - from < *length {
            if self.stop.once() {
                return Ok(true);
            }
            self.tick("")?;
        }
        Ok(false)
    }

    /// Lifts all remaining faults, and returns when that was done.
    fn heal(&mut self) -> Result<u64, Error> {
        let now = self.drill.board.now();
        for place in 0..self.done.len() {
            if self.done[place].to == u64::MAX {
                self.done[place].to = now;
                let step = self.done[place].step.clone();
                self.drill.end(&step)?;
            }
        }
        self.drill.proxy.links.heal();
        for disk in self.drill.disks.values() {
            disk.empty();
        }
        self.live.say("all faults are lifted");
        self.until(BOUND, "healing", |run| run.drill.seats.iter().all(|seat| seat.api().is_some()))?;
        Ok(self.drill.board.now())
    }

    /// Waits until the network has recovered, within the bounds.
    fn recover(&mut self, healed: u64) -> Result<Facts, Error> {
        let mut facts = Facts { bound: BOUND.as_millis() as u64, ..Facts::default() };
        let height = |run: &Self| {
            let heights = run.drill.survivors().into_iter().map(|node| run.drill.board.view(node).height);
            heights.max().unwrap_or(0)
        };
        let before = height(self);
        let one_tip = |run: &Self| finish::is_one_tip(&run.drill, &run.client);
        let agreed = self.until(BOUND, "waiting for one tip", one_tip)?;
        facts.agreed = agreed.then(|| self.drill.board.now() - healed);
        // Both waits share one bound. After a failure the run continues only to find more.
        let left = BOUND.saturating_sub(Duration::from_millis(self.drill.board.now() - healed));
        let meshed = self.until(left, "waiting for all connections", Self::is_meshed)?;
        facts.meshed = meshed.then(|| self.drill.board.now() - healed);
        self.load.close();
        // First waits until the transactions under way at the close are kept.
        self.until(Duration::from_millis(500), "", |_| false)?;
        self.load.recheck();
        let settle = if agreed && meshed { SETTLE } else { SETTLE / 4 };
        self.until(settle, "waiting for the last transactions", |run| run.load.unsettled() == 0)?;
        // The tips may have differed for a moment since then.
        self.until(settle, "waiting for one tip", one_tip)?;
        facts.healed = before;
        facts.grown = height(self).saturating_sub(before);
        Ok(facts)
    }

    /// Gathers the facts while the nodes still run.
    fn look_up(&mut self, facts: &mut Facts) {
        self.live.show("gathering the facts");
        let (drill, client) = (&self.drill, &self.client);
        facts.survivors = drill.survivors();
        facts.pairs = finish::odd_pairs(drill, client);
        facts.doubles = drill.doubles.found();
        let addresses = finish::addresses(drill, &self.load);
        let (states, height) = finish::states(drill, client, &addresses, SETTLE / 4);
        facts.states = states;
        facts.supply = finish::issued(drill, height);
        facts.fates = finish::fates(drill, client, &self.load.promises());
        facts.removed = finish::removed(drill, client, &self.guard);
    }

    fn stop_all(&mut self) -> Result<(), Error> {
        for daemon in &mut self.drill.daemons {
            daemon.stop();
        }
        self.until(BOUND, "stopping", |run| run.drill.daemons.iter().all(|daemon| !daemon.is_running()))?;
        Ok(())
    }
}

/// The times of a run, in milliseconds.
pub(crate) struct Times {
    pub(crate) from: u64,
    pub(crate) healed: u64,
    pub(crate) ended: u64,
    pub(crate) stopped: bool,
}

/// Gives the links their normal latencies, as the seed says.
fn settle(proxy: &Proxy, nodes: usize, seed: u64) {
    let mut random = Random::new(!seed);
    for (from, to) in (0..nodes).flat_map(|from| (0..from).map(move |to| (from, to))) {
        let distance = Duration::from_millis(random.within(1, FARTHEST_MS));
        proxy.links.change(from, to, |state| state.distance = distance);
        proxy.links.change(to, from, |state| state.distance = distance);
    }
}

fn copy(from: &Path, to: &Path) -> Result<PathBuf, Error> {
    fs::copy(from, to).map_err(|error| Error::Write { path: to.to_owned(), error })?;
    Ok(to.to_owned())
}

fn whom(step: &Step) -> String {
    let way = step.way.to_string();
    if way.is_empty() { step.target.to_string() } else { format!("{} {way}", step.target) }
}

fn told(step: &Step) -> String {
    format!("{} {}", step.fault.name(), whom(step))
}
