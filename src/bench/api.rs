//! Requests per second that one node answers, by kind, over connections that stay open.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::chain::Maker;
use super::consortium::Consortium;
use super::load::{Load, genesis, payee};
use super::{BenchError, Figure, Limits, Report, Run, cores};

/// A node that answers and does nothing else.
const SECTIONS: &str = "[miner]\nenabled = false\n\n[log]\nlevel = \"warn\"\n";
const BLOCKS: usize = 50;
const PER_BLOCK: usize = 40;
const INTERVAL_MS: u32 = 1_000;

/// How long each kind is asked, and over how many connections.
#[derive(Clone, Copy, Debug)]
pub struct ApiBench {
    pub seconds: f64,
    pub connections: usize,
}

pub fn run(settings: &ApiBench, run: &mut Run<'_>) -> Result<Report, BenchError> {
    if !(1..=32).contains(&settings.connections) || !(0.001..=3_600.0).contains(&settings.seconds) {
        return Err(BenchError::Usage("--connections 1 to 32, --seconds 0.001 to 3600".to_owned()));
    }
    let limits = Limits::measure(run)?;
    let load = Load { wallets: 100, accounts: 500 };
    let genesis = Arc::new(genesis(load.spec(INTERVAL_MS, 1, 100 * u64::from(INTERVAL_MS))?)?);
    let mut consortium = Consortium::create(&genesis, 1)?;
    (run.say)("making a chain");
    let signed = load.sign(&genesis.id(), 0..BLOCKS * PER_BLOCK, run.stop)?;
    let mut maker = Maker::open(&consortium.nodes[0].member.data(), genesis)?;
    for block in signed.chunks(PER_BLOCK) {
        maker.add(block)?;
    }
    drop(maker);
    consortium.start_all(SECTIONS, run.stop)?;
    let port = consortium.nodes[0].api.number();
    let id = signed.first().map(|first| first.id().to_string()).unwrap_or_default();
    let kinds = [
        ("status", "/v1/status".to_owned()),
        ("block", "/v1/blocks/7".to_owned()),
        ("blocks", "/v1/blocks?limit=20".to_owned()),
        ("transaction", format!("/v1/transactions/{id}")),
        ("account", format!("/v1/accounts/{}", payee(3))),
        ("account_transactions", format!("/v1/accounts/{}/transactions?limit=20", payee(3))),
    ];
    let parameters = [("seconds", settings.seconds), ("connections", settings.connections as f64)];
    let mut report = Report::new("api", &parameters, &limits);
    for (name, path) in kinds {
        run.stop.check()?;
        (run.say)(&format!("GET {path}"));
        let per_second = ask(port, &path, settings, run)?;
        report.add(Figure::new(format!("{name}_per_second"), per_second, "1/s"));
    }
    report.add(Figure::new("cores", cores() as f64, ""));
    Ok(report)
}

fn ask(port: u16, path: &str, settings: &ApiBench, run: &mut Run<'_>) -> Result<f64, BenchError> {
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(settings.seconds);
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..settings.connections).map(|_| scope.spawn(|| keep_asking(port, path, &stop))).collect();
        while Instant::now() < until && run.stop.check().is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, Ordering::Relaxed);
        let failed = |_| io::Error::other("a client failed");
        threads.into_iter().map(|thread| thread.join().map_err(failed)?).collect::<io::Result<Vec<usize>>>()
    });
    let count: usize =
        counts.map_err(|error| BenchError::system(&format!("GET {path}"), error))?.iter().sum();
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Asks one question after the other; each must be answered well. At least one.
fn keep_asking(port: u16, path: &str, stop: &AtomicBool) -> io::Result<usize> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let (mut stream, mut count, mut body) = (stream, 0, Vec::new());
    let question = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    loop {
        stream.write_all(question.as_bytes())?;
        let length = head(&mut answers)?;
        body.resize(length, 0);
        answers.read_exact(&mut body)?;
        count += 1;
        if stop.load(Ordering::Relaxed) {
            return Ok(count);
        }
    }
}

/// The length of a good answer's body.
fn head(answers: &mut impl BufRead) -> io::Result<usize> {
    let (mut line, mut length, mut first) = (String::new(), None, true);
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        if std::mem::take(&mut first) && !line.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(line.trim_end().to_owned()));
        }
        if line == "\r\n" {
            return length.ok_or_else(|| io::Error::other("an answer without a length"));
        }
        if let Some((name, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            let _ = name;
            length = value.trim().parse().ok();
        }
    }
}
