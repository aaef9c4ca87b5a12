//! `mkca list`: prints the index for people, or as JSON for scripts.

use std::io::Write;

use comfy_table::{Table, presets};
use mkca::{Entry, Index};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::Failure;

/// How many digits of a serial or fingerprint the table shows. `--json` has all.
const SHORT: usize = 16;

pub(crate) fn print(index: &Index, as_json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let now = OffsetDateTime::now_utc();
    if as_json {
        let items: Vec<_> = index.certificates.iter().map(|entry| item(entry, now)).collect();
        writeln!(out, "{:#}", json!({ "crl_number": index.crl_number, "items": items }))?;
    } else if index.certificates.is_empty() {
        writeln!(out, "No certificates issued yet. Next: mkca issue alice bob")?;
    } else {
        writeln!(out, "{}", table(index, now))?;
    }
    Ok(())
}

fn item(entry: &Entry, now: OffsetDateTime) -> Value {
    let mut item = json!(entry);
    item["status"] = json!(entry.status(now));
    item
}

fn table(index: &Index, now: OffsetDateTime) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["ID", "STATUS", "UNTIL", "DAYS LEFT", "SERIAL", "KEY"]);
    for entry in &index.certificates {
        let status = match entry.revoked {
            Some(revocation) => format!("revoked {} ({})", revocation.at.date(), revocation.reason),
            None if entry.not_after < now => "expired".into(),
            None => "valid".into(),
        };
        let left = (entry.not_after - now).whole_days().max(0);
        let (serial, key) = (entry.serial.to_string(), &entry.fingerprint);
        table.add_row([
            entry.id.to_string(),
            status,
            entry.not_after.date().to_string(),
            left.to_string(),
            format!("{}…", &serial[..SHORT]),
            format!("{}…", &key[..SHORT]),
        ]);
    }
    table
}
