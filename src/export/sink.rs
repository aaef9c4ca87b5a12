//! Where rows are written: a file for each table, or one of SQLite.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Counts, ExportError, Row, Table, at, count, no_rows};

/// The form of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A line of JSON for each row: exactly what the digests are over.
    Jsonl,
    /// For spreadsheets.
    Csv,
    /// One database.
    Sqlite,
}

/// The file of SQLite.
const DATABASE: &str = "ledger.sqlite";

/// The files of a bundle in this format.
pub(super) fn files(format: Format) -> Vec<String> {
    match format {
        Format::Jsonl => Table::ALL.map(|table| format!("{}.jsonl", table.name())).into(),
        Format::Csv => Table::ALL.map(|table| format!("{}.csv", table.name())).into(),
        Format::Sqlite => vec![DATABASE.to_owned()],
    }
}

pub(super) enum Sink {
    Text { format: Format, files: BTreeMap<Table, (PathBuf, File)> },
    Sqlite { path: PathBuf, db: Connection },
}

impl Sink {
    /// Opens the files, each cut to its length of before.
    pub(super) fn open(
        dir: &Path,
        format: Format,
        lengths: &BTreeMap<String, u64>,
    ) -> Result<Self, ExportError> {
        if format == Format::Sqlite {
            let path = dir.join(DATABASE);
            let db = database(&path).map_err(|error| ExportError::Sqlite { path: path.clone(), error })?;
            return Ok(Self::Sqlite { path, db });
        }
        let mut files = BTreeMap::new();
        for (table, name) in Table::ALL.into_iter().zip(self::files(format)) {
            let path = dir.join(&name);
            let mut options = OpenOptions::new();
            // Never what a link leads to: it would be cut.
            let open = options
                .create(true)
                .append(true)
                .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                .open(&path);
            let mut file = open.map_err(at(&path))?;
            match lengths.get(&name) {
                Some(length) => file.set_len(*length).map_err(at(&path))?,
                None => {
                    file.set_len(0).map_err(at(&path))?;
                    file.write_all(head(format, table).as_bytes()).map_err(at(&path))?;
                }
            }
            files.insert(table, (path, file));
        }
        Ok(Self::Text { format, files })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<(), ExportError> {
        match self {
            Self::Text { format, files } => {
                let mut texts: BTreeMap<Table, String> = BTreeMap::new();
                for row in rows {
                    texts.entry(row.table).or_default().push_str(&line(*format, row));
                }
                for (table, text) in texts {
                    let Some((path, file)) = files.get_mut(&table) else { continue };
                    file.write_all(text.as_bytes()).map_err(at(path))?;
                }
                Ok(())
            }
            Self::Sqlite { path, db } => {
                insert(db, rows).map_err(|error| ExportError::Sqlite { path: path.clone(), error })
            }
        }
    }

    /// Everything is on the disk now. How long each file is; a database knows that itself.
    pub(super) fn sync(&mut self) -> Result<BTreeMap<String, u64>, ExportError> {
        let Self::Text { files, .. } = self else { return Ok(BTreeMap::new()) };
        let mut lengths = BTreeMap::new();
        for (path, file) in files.values() {
            file.sync_data().map_err(at(path))?;
            let length = file.metadata().map_err(at(path))?.len();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            lengths.insert(name, length);
        }
        Ok(lengths)
    }
}

/// What a file of text begins with.
pub(super) fn head(format: Format, table: Table) -> String {
    match format {
        // The mark at the beginning tells spreadsheets that it is UTF-8.
        Format::Csv => format!("\u{feff}{}\r\n", table.columns().join(",")),
        Format::Jsonl | Format::Sqlite => String::new(),
    }
}

/// A row in a file of text.
pub(super) fn line(format: Format, row: &Row) -> String {
    if format == Format::Csv { csv_line(row) } else { row.line() }
}

/// A line for spreadsheets (RFC 4180).
fn csv_line(row: &Row) -> String {
    let cells: Vec<String> = row.cells.iter().map(|cell| csv_cell(&text(cell))).collect();
    format!("{}\r\n", cells.join(","))
}

pub(super) fn csv_cell(text: &str) -> String {
    let safe = without_formulas(text);
    match safe.contains([',', ';', '"', '\n', '\r', '\t']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

/// An apostrophe stands where a spreadsheet would begin a formula: some split lines at semicolons or tabs, and some of them even within quotes.
/// The explorer's lists have the same rule (csv.js).
fn without_formulas(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins = true;
    for (at, char) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        let behind = rest.trim_start_matches(|next: char| {
            next == '"' || (next.is_whitespace() && !['\t', '\n', '\r'].contains(&next))
        });
        if begins && (char == '\t' || behind.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])) {
            safe.push('\'');
        }
        safe.push(char);
        begins = [';', '\t', '\n', '\r'].contains(&char);
    }
    safe
}

/// A cell as plain text: nothing for null, spaces between the items of a list.
fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn database(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    for table in Table::ALL {
        let columns = table.columns();
        let typed = |name: &&str| match *name {
            "height" | "number" | "nonce" => format!("{name} INTEGER NOT NULL"),
            // Amounts are exact decimal texts.
            name => format!("{name} TEXT"),
        };
        let typed: Vec<String> = columns.iter().map(typed).collect();
        let key = columns.get(..table.key()).unwrap_or_default().join(", ");
        db.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({key}));",
            table.name(),
            typed.join(", ")
        ))?;
    }
    Ok(db)
}

/// Rows that are there already, because the work was interrupted after them, are written anew: so the order of rowids is that of the chain.
fn insert(db: &mut Connection, rows: &[Row]) -> rusqlite::Result<()> {
    let together = db.transaction()?;
    for table in Table::ALL {
        let places = vec!["?"; table.columns().len()].join(", ");
        let mut insert =
            together.prepare(&format!("INSERT OR REPLACE INTO {} VALUES ({places})", table.name()))?;
        for row in rows.iter().filter(|row| row.table == table) {
            insert.execute(params_from_iter(row.cells.iter().map(Cell)))?;
        }
    }
    together.commit()
}

/// Counts the rows of a file in a bundle: of a database in the order of rowids. None of CSV, which does not hold exactly what was written.
pub(super) fn recount(dir: &Path, format: Format) -> Result<Option<Counts>, ExportError> {
    let mut counts = no_rows();
    match format {
        Format::Csv => return Ok(None),
        Format::Jsonl => {
            for (table, name) in Table::ALL.into_iter().zip(files(format)) {
                let path = dir.join(name);
                let mut reader = BufReader::new(File::open(&path).map_err(at(&path))?);
                let mut line = Vec::new();
                while reader.read_until(b'\n', &mut line).map_err(at(&path))? > 0 {
                    counts.entry(table).or_default().add(&line);
                    line.clear();
                }
            }
        }
        Format::Sqlite => {
            let path = dir.join(DATABASE);
            reread(&path, &mut counts).map_err(|error| ExportError::Sqlite { path, error })?;
        }
    }
    Ok(Some(counts))
}

fn reread(path: &Path, counts: &mut Counts) -> rusqlite::Result<()> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    for table in Table::ALL {
        let columns = table.columns();
        let mut select =
            db.prepare(&format!("SELECT {} FROM {} ORDER BY rowid", columns.join(", "), table.name()))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let cells = columns.iter().enumerate().map(|(place, name)| {
                Ok(match row.get_ref(place)? {
                    ValueRef::Integer(number) => Value::from(number),
                    ValueRef::Text(text) if *name == "parties" => {
                        String::from_utf8_lossy(text).split_whitespace().map(Value::from).collect()
                    }
                    ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
                    ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
                })
            });
            let cells = cells.collect::<rusqlite::Result<_>>()?;
            count(counts, &[Row { table, cells }]);
        }
    }
    Ok(())
}

struct Cell<'a>(&'a Value);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::from(rusqlite::types::Null),
            Value::Number(number) => match number.as_i64() {
                Some(number) => ToSqlOutput::from(number),
                None => ToSqlOutput::from(number.to_string()),
            },
            other => ToSqlOutput::from(text(other)),
        })
    }
}
