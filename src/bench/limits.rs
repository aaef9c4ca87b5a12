//! What the same cores can do without Bouya around it. Each is measured for a moment, on one core.

use std::time::{Duration, Instant};

use bouya_core::codec::{decode, encode};
use bouya_core::crypto::{DoubleSha256, Hash, SecretKey, Signed, verify_batch};
use bouya_core::ledger::{RawTransaction, Transaction};
use bouya_core::limits::HEADER_BYTES;
use bouya_harness::TempFolder;
use redb::{Database, TableDefinition};

use super::load::Load;
use super::{BenchError, Figure, Run, Stop, cores};

mod tls;

pub(super) use tls::identities;

/// Keys that the signatures to check are of.
const KEYS: usize = 256;
/// Signatures that are checked together.
const TOGETHER: usize = 256;
/// Rows of one durable commit.
const ROWS: u64 = 5_000;
const TABLE: TableDefinition<'_, [u8; 32], [u8; 16]> = TableDefinition::new("rows");

/// Per second, on one core.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub verify: f64,
    pub verify_batch: f64,
    pub hash: f64,
    pub handshake: f64,
    /// Bytes.
    pub tls: f64,
    pub decode: f64,
    pub rows_random: f64,
    pub rows_ordered: f64,
}

impl Limits {
    pub(super) fn measure(run: &mut Run<'_>) -> Result<Self, BenchError> {
        let effort = run.effort;
        (run.say)("measuring this machine's limits");
        let signed =
            Load { wallets: KEYS, accounts: 1_000 }.sign(&Hash::ZERO, 0..TOGETHER, &Stop::default())?;
        let folder = TempFolder::new("bouya-bench")?;
        run.stop.check()?;
        let (handshake, tls) = tls::measure(&folder, effort)?;
        let limits = Self {
            verify: verify_single(effort),
            verify_batch: verify_together(effort),
            hash: hash(effort),
            handshake,
            tls,
            decode: decode_transfers(effort, &signed),
            rows_random: rows(&folder, effort, false)?,
            rows_ordered: rows(&folder, effort, true)?,
        };
        run.stop.check()?;
        Ok(limits)
    }

    /// Signatures per second, checked in batches on all cores.
    pub(super) fn verify_all_cores(&self) -> f64 {
        self.verify_batch * cores() as f64
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::new("verify", self.verify, "1/s"),
            Figure::new("verify_batch_256", self.verify_batch, "1/s"),
            Figure::new("double_sha256_midstate", self.hash, "1/s"),
            Figure::new("tls_handshakes", self.handshake, "1/s"),
            Figure::new("tls_16_kib", self.tls, "B/s"),
            Figure::new("decode_transfer", self.decode, "1/s"),
            Figure::new("store_rows_random", self.rows_random, "1/s"),
            Figure::new("store_rows_ordered", self.rows_ordered, "1/s"),
        ]
    }
}

/// How often `work` is done in a second, as it says itself.
pub(super) fn rate(effort: Duration, mut work: impl FnMut() -> usize) -> f64 {
    let (began, mut done) = (Instant::now(), 0);
    loop {
        done += work();
        let took = began.elapsed();
        if took >= effort {
            return done as f64 / took.as_secs_f64();
        }
    }
}

/// Messages of a transfer's size, each signed by one of a few keys.
fn signatures() -> Vec<Signed> {
    let sign = |n: usize| {
        let key = SecretKey::from_seed(&[(n % KEYS) as u8; 32]);
        let message = vec![n as u8; 160];
        Signed { key: key.public(), signature: key.sign(&message), message }
    };
    (0..TOGETHER).map(sign).collect()
}

fn verify_single(effort: Duration) -> f64 {
    let all = signatures();
    rate(effort, || all.iter().filter(|signed| signed.verify()).count())
}

fn verify_together(effort: Duration) -> f64 {
    let all = signatures();
    rate(effort, || if verify_batch(&all) { all.len() } else { 0 })
}

fn hash(effort: Duration) -> f64 {
    let hasher = DoubleSha256::new(&[7; HEADER_BYTES - 8]);
    let mut nonce = 0_u64;
    rate(effort, || {
        for _ in 0..8_192 {
            nonce = nonce.wrapping_add(1);
            std::hint::black_box(hasher.finish(&nonce.to_le_bytes()));
        }
        8_192
    })
}

fn decode_transfers(effort: Duration, signed: &[Transaction]) -> f64 {
    let bytes: Vec<Vec<u8>> = signed.iter().map(encode).collect();
    rate(effort, || {
        bytes.iter().filter(|bytes| std::hint::black_box(decode::<RawTransaction>(bytes, "")).is_ok()).count()
    })
}

/// Rows written durably, so many at once, with keys in order or anywhere.
fn rows(folder: &TempFolder, effort: Duration, ordered: bool) -> Result<f64, BenchError> {
    let failed = |error: redb::Error| BenchError::system("the store's limit", error);
    let path = folder.path().join(if ordered { "ordered.redb" } else { "random.redb" });
    let db = Database::create(path).map_err(|error| failed(error.into()))?;
    let mut number = 0_u64;
    let mut commit = || -> Result<(), redb::Error> {
        let tx = db.begin_write()?;
        {
            let mut table = tx.open_table(TABLE)?;
            for _ in 0..ROWS {
                number += 1;
                let mut key = bouya_core::crypto::sha256(&number.to_be_bytes()).0;
                if ordered {
                    key[..8].copy_from_slice(&number.to_be_bytes());
                }
                table.insert(key, [0; 16])?;
            }
        }
        Ok(tx.commit()?)
    };
    let mut result = Ok(());
    let mut rows = || {
        result = std::mem::replace(&mut result, Ok(())).and_then(|()| commit());
        ROWS as usize
    };
    // The first rows of an empty file cost less than those that follow.
    rate(effort, &mut rows);
    let rate = rate(effort, &mut rows);
    result.map_err(failed)?;
    Ok(rate)
}
