use proptest::prelude::*;
use serde_json::json;

use super::*;
use bouya_core::testing::key;

fn end(height: u64) -> End {
    End { height, block: format!("{height:064x}"), time: "2026-01-01T00:00:00Z".to_owned() }
}

fn range() -> Range {
    Range { network: "ab".repeat(32), from: end(1), to: end(9), closed: true, receipts: false }
}

fn open(dir: &Path, format: Format) -> Result<Export, ExportError> {
    Export::open(dir, format, |_| Ok(range()))
}

/// A record, and the transaction that made it.
fn record(number: u64, data: &str) -> Vec<Row> {
    let id = format!("{number:064x}");
    let transaction = vec![
        json!(id),
        json!(number),
        json!("t"),
        json!("b"),
        json!("record"),
        json!("s"),
        json!(number),
        json!("0.01"),
    ];
    let record = vec![
        json!(id),
        json!(number),
        json!("t"),
        json!("s"),
        json!("topic"),
        json!("h"),
        json!(null),
        json!(data),
    ];
    vec![Row { table: Table::Transactions, cells: transaction }, Row { table: Table::Records, cells: record }]
}

fn pages() -> Vec<Vec<Row>> {
    (0..6).map(|page| (0..4).flat_map(|row| record(4 * page + row, "a, \"b\"\n=c")).collect()).collect()
}

fn whole(dir: &Path, format: Format) -> Manifest {
    let mut export = open(dir, format).unwrap();
    for (number, page) in pages().iter().enumerate() {
        export.take(page, number.to_string()).unwrap();
    }
    export.finish(None).unwrap()
}

#[test]
fn tables_are_the_same_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let [lines, csv, sqlite] = [Format::Jsonl, Format::Csv, Format::Sqlite]
        .map(|format| whole(&dir.path().join(format!("{format:?}")), format));
    assert_eq!((&lines.tables, &lines.tables), (&csv.tables, &sqlite.tables));
    assert_eq!(lines.tables[&Table::Records].rows, 24);
    let text = fs::read_to_string(dir.path().join("Jsonl/records.jsonl")).unwrap();
    let mut counts = Counts::new();
    for line in text.lines() {
        let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let cells = Table::Records.columns().iter().map(|name| row[*name].clone()).collect();
        count(&mut counts, &[Row { table: Table::Records, cells }]);
    }
    assert_eq!(counts[&Table::Records], lines.tables[&Table::Records], "the digest is over the lines");
    let csv = fs::read_to_string(dir.path().join("Csv/records.csv")).unwrap();
    assert!(csv.contains("\"a, \"\"b\"\"\n'=c\"\r\n"), "{csv}");
    let db = rusqlite::Connection::open(dir.path().join("Sqlite/ledger.sqlite")).unwrap();
    let sum: i64 = db.query_row("SELECT sum(height) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!(sum, (0..24).sum::<i64>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Killed after any page, and with any rest of a page on the disk beyond what the state says, the work ends with the same bundle.
    #[test]
    fn work_that_was_interrupted_goes_on_where_it_was(stops in prop::collection::vec((0..6_usize, any::<bool>()), 0..5), form in 0..3_usize) {
        let format = [Format::Jsonl, Format::Csv, Format::Sqlite][form];
        let dir = tempfile::tempdir().unwrap();
        let (once, often) = (dir.path().join("once"), dir.path().join("often"));
        let expected = whole(&once, format);
        let pages = pages();
        let begin = |export: &Export| export.next().map_or(0, |next| next.parse::<usize>().unwrap() + 1);
        for (stop, torn) in stops {
            let mut export = open(&often, format).unwrap();
            let from = begin(&export);
            for (number, page) in pages.iter().enumerate().take(stop).skip(from) {
                export.take(page, number.to_string()).unwrap();
            }
            if let Some(page) = pages.get(begin(&export)).filter(|_| torn) {
                // The rows are written, and the state never is.
                export.sink.write(page).unwrap();
            }
        }
        let mut export = open(&often, format).unwrap();
        for (number, page) in pages.iter().enumerate().skip(begin(&export)) {
            export.take(page, number.to_string()).unwrap();
        }
        let found = export.finish(None).unwrap();
        prop_assert_eq!(&found.tables, &expected.tables);
        if format == Format::Sqlite {
            let count = |dir: &Path| -> i64 {
                let db = rusqlite::Connection::open(dir.join("ledger.sqlite")).unwrap();
                db.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap()
            };
            prop_assert_eq!(count(&often), count(&once));
        } else {
            prop_assert_eq!(&found, &expected, "the same files");
        }
        prop_assert!(check(&often).is_ok());
    }
}

#[test]
fn a_changed_file_and_a_changed_manifest_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle");
    let mut export = open(&path, Format::Jsonl).unwrap();
    export.take(&record(1, "00"), "1".to_owned()).unwrap();
    export.finish(Some(&key(1))).unwrap();
    let (_, signed) = check(&path).unwrap();
    assert_eq!(signed.unwrap().key, key(1).public().to_string());
    let change = |name: &str, from: &str, to: &str| {
        let file = path.join(name);
        let before = fs::read_to_string(&file).unwrap();
        assert!(before.contains(from), "{name}");
        fs::write(&file, before.replace(from, to)).unwrap();
        let found = check(&path);
        fs::write(&file, before).unwrap();
        found.err().unwrap()
    };
    assert!(
        matches!(change("records.jsonl", "\"00\"", "\"01\""), ExportError::Changed { name, .. } if name == "records.jsonl")
    );
    assert!(matches!(change("manifest.json", "\"height\": 9", "\"height\": 8"), ExportError::Signature));
    assert!(matches!(change("manifest.json", "export 2", "export 9"), ExportError::Form { .. }));
    assert!(
        matches!(change("manifest.json", "answers.jsonl", "../answers"), ExportError::Form { .. }),
        "it leads nowhere else"
    );
    let other = key(2).public().to_string();
    assert!(matches!(change("manifest.sig", &key(1).public().to_string(), &other), ExportError::Signature));
    assert!(check(&path).is_ok());
}

#[test]
fn rows_that_were_changed_with_their_files_hash_are_found() {
    for format in [Format::Jsonl, Format::Sqlite] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bundle");
        whole(&path, format);
        if format == Format::Sqlite {
            let db = rusqlite::Connection::open(path.join("ledger.sqlite")).unwrap();
            db.execute("UPDATE records SET data = '00' WHERE height = 3", []).unwrap();
        } else {
            let file = path.join("records.jsonl");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replacen("\"topic\":\"topic\"", "\"topic\":\"other\"", 1)).unwrap();
        }
        // The forger makes the manifest fit, but for the digest, which any node would show to be wrong.
        let before: Manifest =
            serde_json::from_slice(&fs::read(path.join("manifest.json")).unwrap()).unwrap();
        fs::remove_file(path.join("manifest.json")).unwrap();
        let forged = Manifest::of(&path, before.range, format, before.tables).unwrap();
        forged.write(&path, None).unwrap();
        assert!(
            matches!(check(&path), Err(ExportError::Changed { name, .. }) if name == "records"),
            "{format:?}"
        );
    }
}

#[test]
fn a_range_that_is_read_again_shows_what_was_changed_in_any_format() {
    for format in [Format::Jsonl, Format::Csv, Format::Sqlite] {
        let dir = tempfile::tempdir().unwrap();
        let manifest = whole(dir.path(), format);
        let again = |change: usize| {
            let mut again = Again::new(&manifest);
            for (number, mut page) in pages().into_iter().enumerate() {
                if number == change {
                    page[1].cells[4] = json!("other");
                }
                again.take(&page, Vec::new());
            }
            again.differs()
        };
        assert_eq!(again(99), None, "{format:?}");
        assert!(again(2).unwrap().contains("records"), "{format:?}");
    }
    // A file of text that is not what its rows would be, with true digests.
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = whole(dir.path(), Format::Csv);
    manifest.files[2].sha256 = "ab".repeat(32);
    let mut again = Again::new(&manifest);
    pages().iter().for_each(|page| again.take(page, Vec::new()));
    assert_eq!(again.differs().as_deref(), Some("records.csv differs"));
}

#[test]
fn receipts_that_were_changed_removed_or_added_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle");
    let range = Range { receipts: true, ..range() };
    let mut export = Export::open(&path, Format::Jsonl, |_| Ok(range)).unwrap();
    export.take(&record(1, "00"), "1".to_owned()).unwrap();
    let folder = export.receipts();
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in [("a.receipt", "1"), ("b.receipt", "2"), (".b.receipt.0123", "torn")] {
        fs::write(folder.join(name), text).unwrap();
    }
    export.finish(None).unwrap();
    assert!(check(&path).is_ok());
    assert!(!folder.join(".b.receipt.0123").exists(), "what an interrupted write has left is gone");
    let list = fs::read_to_string(path.join("receipts.sha256")).unwrap();
    assert!(list.contains(&format!("{}  receipts/a.receipt\n", sha256(b"1"))), "{list}");
    let broken = |name: &str, text: Option<&str>| {
        let file = folder.join(name);
        let before = fs::read(&file).ok();
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let found = check(&path);
        match before {
            Some(before) => fs::write(&file, before).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        matches!(found, Err(ExportError::Changed { name, .. }) if name == "receipts.sha256")
    };
    assert!(broken("a.receipt", Some("3")) && broken("b.receipt", None) && broken("c.receipt", Some("1")));
    assert!(check(&path).is_ok());
}

#[test]
fn a_state_that_was_changed_is_not_signed_for_and_no_link_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle");
    let mut export = open(&path, Format::Jsonl).unwrap();
    export.take(&record(1, "00"), "1".to_owned()).unwrap();
    assert!(matches!(open(&path, Format::Jsonl), Err(ExportError::Busy(_))), "one at a time");
    drop(export);
    let state = fs::read_to_string(path.join(STATE)).unwrap();
    fs::write(path.join(STATE), state.replace("\"rows\":1", "\"rows\":7")).unwrap();
    let refused = open(&path, Format::Jsonl).unwrap().finish(Some(&key(1)));
    assert!(matches!(refused, Err(ExportError::Changed { .. })), "{refused:?}");
    let victim = dir.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    fs::remove_file(path.join("answers.jsonl")).unwrap();
    std::os::unix::fs::symlink(&victim, path.join("answers.jsonl")).unwrap();
    assert!(matches!(open(&path, Format::Jsonl), Err(ExportError::Io { .. })));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}

#[test]
fn what_a_spreadsheet_would_take_for_a_formula_has_an_apostrophe() {
    for (text, safe) in [
        ("wheat 212.50", "wheat 212.50"),
        ("=1+1", "'=1+1"),
        ("  -2", "'  -2"),
        ("x;=1+1;y", "\"x;'=1+1;y\""),
        ("x\t@y", "\"x\t'@y\""),
        ("x\n \"＝1", "\"x\n' \"\"＝1\""),
        ("\tx", "\"'\tx\""),
        ("a-b", "a-b"),
    ] {
        assert_eq!(sink::csv_cell(text), safe, "{text:?}");
    }
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    assert!(matches!(open(dir.path(), Format::Csv), Err(ExportError::Occupied(_))));
    let path = dir.path().join("bundle");
    drop(open(&path, Format::Csv).unwrap());
    assert!(matches!(open(&path, Format::Jsonl), Err(ExportError::Other { .. })));
    open(&path, Format::Csv).unwrap().finish(None).unwrap();
    assert!(matches!(open(&path, Format::Csv), Err(ExportError::Complete(_))));
}
