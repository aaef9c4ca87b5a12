//! The output of commands. On a terminal, hashes are short and times relative. Elsewhere both are printed in full, for other programs.
//!
//! Text that others wrote (memos, agents, reasons) passes through [`plain`], so that it cannot control the terminal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Stdout, Write};
use std::time::Duration;

use bouya_core::ledger::Schedule;
use bouya_core::limits::SHORT_DIGITS;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::files::quoted;
use crate::http::views::{Member, Members, Page};

use super::client::{Answer, Client};
use super::error::Error;
use super::parse::{self, WalletsOption};

mod progress;

pub(crate) use progress::Progress;

pub(crate) struct Output {
    out: Stdout,
    /// Print the API's JSON unchanged.
    pub(crate) json: bool,
    terminal: bool,
    colour: bool,
    /// What addresses are called. Empty unless on a terminal.
    names: BTreeMap<String, Called>,
}

/// What an address is called, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// By the owner of this machine: a wallet of its own, ...
    Wallet(String),
    /// ... or somebody whom it knows.
    Contact(String),
    /// By the members' vote: what it is to which member.
    Member(String),
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let out = io::stdout();
        let terminal = out.is_terminal();
        let names = if terminal { parse::names() } else { BTreeMap::new() };
        Self { out, json, terminal, colour: terminal && colour_wanted(), names }
    }

    /// Names the wallets and contacts of this folder, where addresses have names at all.
    pub(crate) fn name_wallets(&mut self, wallets: &WalletsOption) {
        if let (true, Ok(wallets)) = (self.terminal, wallets.open()) {
            self.names.extend(parse::names_in(&wallets));
        }
    }

    /// Names the members' governors too, where addresses have names at all. A node that does not say who they are is no reason to fail.
    pub(crate) fn name_members(&mut self, client: &Client) {
        if !self.terminal || self.json {
            return;
        }
        let found = client.get("/v1/members").and_then(|answer| answer.read::<Members>());
        self.add_members(found.into_iter().flat_map(|found| found.members));
    }

    /// The id stands for a member, which is its own. What people call it may be another's too.
    fn add_members(&mut self, members: impl IntoIterator<Item = Member>) {
        for member in members {
            let id = plain(&member.id);
            // The names that people gave themselves come first.
            for (address, what) in [(member.governor, "governor"), (member.key_address, "key")] {
                self.names.entry(address).or_insert_with(|| Called::Member(format!("{what} of {id}")));
            }
        }
    }

    /// Prints text for people. What others wrote may be in it.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<(), Error> {
        self.raw(plain(&text.to_string()))
    }

    /// Prints JSON, or a table of cells that are [`plain`] already. Programs get every character.
    pub(crate) fn raw(&mut self, text: impl Display) -> Result<(), Error> {
        Ok(writeln!(self.out, "{text}")?)
    }

    /// Prints a value as JSON: in lines on a terminal, in one elsewhere, for other programs.
    pub(crate) fn value(&mut self, value: &Value) -> Result<(), Error> {
        if self.terminal { self.line(format!("{value:#}")) } else { self.line(value) }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.out.write_all(bytes)?)
    }

    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        Ok(self.out.flush()?)
    }

    /// Prints an answer: its JSON unchanged if asked for, else with `people`, which formats it for people.
    pub(crate) fn show<T: DeserializeOwned>(
        &mut self,
        answer: &Answer,
        people: impl FnOnce(&mut Self, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !self.json {
            return people(self, answer.read()?);
        }
        self.raw(answer.text())
    }

    /// Prints what was done, for people only: for these requests the API sends no JSON.
    pub(crate) fn done(&mut self, text: impl Display) -> Result<(), Error> {
        if self.json { Ok(()) } else { self.line(text) }
    }

    /// Prints a page of a list as a table, or `empty` if it has no items, and how to go on.
    pub(crate) fn page<T: DeserializeOwned>(
        &mut self,
        answer: &Answer,
        empty: &str,
        header: &[&str],
        row: impl Fn(&Self, &T) -> Vec<Cell>,
    ) -> Result<(), Error> {
        self.show(answer, |out, page: Page<T>| {
            if page.items.is_empty() {
                note(empty);
                return Ok(());
            }
            let rows = page.items.iter().map(|item| row(out, item)).collect();
            out.table(header, rows)?;
            if let Some(next) = page.next {
                note(&format!("More: {}", further(env::args().skip(1), &next)));
            }
            Ok(())
        })
    }

    pub(crate) fn table(&mut self, header: &[&str], rows: Vec<Vec<Cell>>) -> Result<(), Error> {
        let mut table = self.bare_table();
        table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        table.add_rows(rows);
        self.print(table)
    }

    /// Prints names and values, one pair a line.
    pub(crate) fn pairs(&mut self, pairs: Vec<(&str, Cell)>) -> Result<(), Error> {
        let mut table = self.bare_table();
        let name = |name| Cell::new(name).add_attribute(Attribute::Bold);
        table.add_rows(pairs.into_iter().map(|(key, value)| vec![name(key), value]));
        self.print(table)
    }

    fn print(&mut self, mut table: Table) -> Result<(), Error> {
        let last = table.column_count().saturating_sub(1);
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if at == last { 0 } else { 2 }));
        }
        keep_whole(&mut table);
        self.raw(table.trim_fmt())
    }

    fn bare_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        // A terminal that has not said how wide it is says 0, as in a container: then nothing is folded.
        if self.terminal && table.width() != Some(0) {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        if !self.colour {
            // `force_no_tty` also forgets the terminal's width, so the width is read first.
            if let Some(width) = table.width() {
                table.set_width(width);
            }
            table.force_no_tty();
        }
        table
    }

    /// A hash or an address. On a terminal: as [`Output::ends`]. Elsewhere: in full.
    pub(crate) fn short(&self, text: &str) -> String {
        if self.terminal { self.ends(text) } else { plain(text).into_owned() }
    }

    /// The two ends of a hash or an address, or its name, wherever it is printed: for tables that fit a line. The ends stand behind a name that
    /// others gave it.
    pub(crate) fn ends(&self, text: &str) -> String {
        let ends = || shortened(&plain(text));
        match self.names.get(text) {
            None => ends(),
            Some(Called::Wallet(name) | Called::Contact(name)) => name.clone(),
            Some(Called::Member(name)) => format!("{name} ({})", ends()),
        }
    }

    /// A time, as [`Output::when`]; elsewhere to the second, for tables that fit a line.
    pub(crate) fn about(&self, text: &str) -> String {
        if self.terminal { self.when(text) } else { to_the_second(text) }
    }

    /// An address in full, behind its name if it has one here, and whose name that is.
    pub(crate) fn whole(&self, address: &str) -> String {
        let whole = plain(address);
        match self.names.get(address) {
            None => whole.into_owned(),
            Some(Called::Wallet(name)) => format!("wallet {name} ({whole})"),
            Some(Called::Contact(name)) => format!("contact {name} ({whole})"),
            Some(Called::Member(name)) => format!("{name} ({whole})"),
        }
    }

    /// A time. On a terminal: how long ago. Elsewhere: unchanged.
    pub(crate) fn when(&self, text: &str) -> String {
        let relative = if self.terminal { relative(text, OffsetDateTime::now_utc()) } else { None };
        relative.unwrap_or_else(|| plain(text).into_owned())
    }
}

/// Lets only the last column wrap, if there is room: an address over two lines is hard to read.
fn keep_whole(table: &mut Table) {
    let widths = table.column_max_content_widths();
    let Some((_, others)) = widths.split_last() else { return };
    let taken: u16 = others.iter().map(|width| width.saturating_add(2)).fold(0, u16::saturating_add);
    // With less room than this, the last column would be too narrow to read.
    if table.width().is_none_or(|width| width < taken.saturating_add(14)) {
        return;
    }
    for column in table.column_iter_mut().take(others.len()) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
}

/// The command that was typed, from this place of its list on. Filters, folders and nodes that were named stay.
fn further(arguments: impl Iterator<Item = String>, next: &str) -> String {
    let mut arguments = arguments.peekable();
    let mut words = vec!["bouya".to_owned()];
    while let Some(word) = arguments.next() {
        if word == "--from" {
            arguments.next();
        } else if !word.starts_with("--from=") {
            words.push(quoted(word.as_ref()).into_owned());
        }
    }
    words.extend(["--from".to_owned(), quoted(next.as_ref()).into_owned()]);
    words.join(" ")
}

/// `1 peer`, `2 peers`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Confirmations, and whether they are as sure as can be.
pub(crate) fn depth(confirmations: u64, is_final: bool) -> String {
    if is_final { format!("{confirmations}, final") } else { confirmations.to_string() }
}

/// How far the time of a block may be off, in a network with a block every `interval_ms`.
pub(crate) fn times_good_to(interval_ms: u64) -> String {
    let schedule = Schedule::new(u32::try_from(interval_ms).unwrap_or(u32::MAX), 1, 1);
    match schedule.time_good_to_ms().div_ceil(1_000) {
        seconds @ ..120 => format!("block times are good to about {seconds} s"),
        seconds => format!("block times are good to about {} min", seconds.div_ceil(60)),
    }
}

/// Prints a message that is not part of the result, to stderr.
pub(crate) fn note(text: &str) {
    // If stderr is closed, nobody reads it.
    let _ = writeln!(io::stderr(), "{}", plain(text));
}

/// Whether colour may be used where there is a terminal (https://no-color.org).
pub(crate) fn colour_wanted() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A cell of plain text.
pub(crate) fn cell(text: impl Display) -> Cell {
    Cell::new(plain(&text.to_string()))
}

/// A cell in the colour for `mood`.
pub(crate) fn coloured(text: impl Display, mood: Mood) -> Cell {
    let cell = cell(text);
    match mood {
        Mood::Good => cell.fg(Color::Green),
        Mood::Waiting => cell.fg(Color::Yellow),
        Mood::Bad => cell.fg(Color::Red),
        Mood::Plain => cell,
    }
}

/// What a state means to the reader.
pub(crate) enum Mood {
    Good,
    Waiting,
    Bad,
    Plain,
}

/// A value that may be missing.
pub(crate) fn or_dash(value: Option<impl Display>) -> Cell {
    value.map_or_else(|| Cell::new("-"), cell)
}

/// `text` without control characters other than line breaks. Escape sequences and characters that are invisible or turn the direction of
/// writing in another member's text must not reach the terminal. The explorer shows the same characters by their code.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let bad = |c: char| (c.is_control() && c != '\n') || is_unseen(c);
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if bad(c) { '\u{fffd}' } else { c }).collect())
}

/// Joiners are left out: some scripts need them.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn shortened(text: &str) -> String {
    // Every address begins with bouya1 and a kind, and every block's hash with zeros: they need longer heads to be told apart.
    let zeros = text.bytes().take_while(|digit| *digit == b'0').count();
    let head = if text.starts_with("bouya1") { 12 } else { zeros + SHORT_DIGITS };
    let count = text.chars().count();
    if count <= head + 8 {
        return text.to_owned();
    }
    let tail: String = text.chars().skip(count - 4).collect();
    text.chars().take(head).chain(['…']).chain(tail.chars()).collect()
}

/// A time of RFC 3339 without parts of a second.
pub(crate) fn to_the_second(text: &str) -> String {
    let text = plain(text);
    match text.split_once('.') {
        Some((seconds, _)) if text.ends_with('Z') => format!("{seconds}Z"),
        _ => text.into_owned(),
    }
}

/// Whether a time is longer ago than `age`.
pub(crate) fn is_older(text: &str, age: Duration, now: OffsetDateTime) -> bool {
    OffsetDateTime::parse(text, &Rfc3339).is_ok_and(|time| now - time > age)
}

fn relative(text: &str, now: OffsetDateTime) -> Option<String> {
    let seconds = (now - OffsetDateTime::parse(text, &Rfc3339).ok()?).whole_seconds();
    let (count, unit) = match seconds.unsigned_abs() {
        0 => return Some("now".into()),
        s @ ..120 => (s, "s"),
        s @ ..7_200 => (s / 60, "min"),
        s @ ..172_800 => (s / 3_600, "h"),
        s => (s / 86_400, "days"),
    };
    Some(if seconds < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") })
}

#[cfg(test)]
mod tests;
