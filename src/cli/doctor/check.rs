//! What a check says.

use serde_json::{Value, json};

use crate::node::judge;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What it is about: a key in node.toml, a state of the node, or a word of the check's own.
    pub(super) key: String,
    /// The value, and what is wrong with it.
    pub(super) text: String,
    /// What to do; none if the text ends with that.
    pub(super) next: Option<String>,
}

impl From<judge::Finding> for Finding {
    fn from(found: judge::Finding) -> Self {
        Self { key: found.key.to_owned(), text: found.text, next: None }
    }
}

/// A family of things that were looked at together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) findings: Vec<Finding>,
    /// What could not be looked at, and why.
    pub(super) skipped: Vec<String>,
}

impl Check {
    /// Nothing is wrong so far.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, findings: Vec::new(), skipped: Vec::new() }
    }

    pub(super) fn find(&mut self, key: &str, text: impl ToString, next: &str) {
        let (key, text, next) = (key.to_owned(), text.to_string(), Some(next.to_owned()));
        self.findings.push(Finding { key, text, next });
    }

    /// What goes wrong elsewhere too, with a text that ends with the next step.
    pub(super) fn refused(&mut self, key: &str, error: impl ToString) {
        self.findings.push(Finding { key: key.to_owned(), text: error.to_string(), next: None });
    }

    pub(super) fn skip(&mut self, why: impl ToString) {
        self.skipped.push(why.to_string());
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let finding = |found: &Finding| match &found.next {
            Some(next) => json!({ "key": found.key, "text": found.text, "next": next }),
            None => json!({ "key": found.key, "text": found.text }),
        };
        let findings: Vec<_> = self.findings.iter().map(finding).collect();
        if self.skipped.is_empty() {
            return json!({ "name": self.name, "findings": findings });
        }
        json!({ "name": self.name, "findings": findings, "skipped": self.skipped.join("; ") })
    }
}

/// `bob`, `bob and carol`, `bob, carol and 3 more`.
pub(super) fn names(all: &[String]) -> String {
    let (shown, more) = all.split_at(all.len().min(NAMED));
    let mut shown = shown.to_vec();
    if !more.is_empty() {
        shown.push(format!("{} more", more.len()));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Most names in a sentence.
const NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_people_do() {
        let all: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(str::to_owned).to_vec();
        assert_eq!(names(&all[..1]), "a");
        assert_eq!(names(&all[..3]), "a, b and c");
        assert_eq!(names(&all), "a, b, c, d, e and 2 more");
        assert_eq!(names(&[]), "");
    }

    #[test]
    fn programs_get_what_was_found_and_what_was_not_looked_at() {
        let mut check = Check::new("disk");
        assert_eq!(check.json(), json!({ "name": "disk", "findings": [] }));
        check.find("data_dir", "full", "make room");
        check.refused("data_dir", "broken; mend it");
        check.skip("no folder");
        check.skip("no time");
        let findings = json!([
            { "key": "data_dir", "text": "full", "next": "make room" },
            { "key": "data_dir", "text": "broken; mend it" },
        ]);
        let expected = json!({ "name": "disk", "findings": findings, "skipped": "no folder; no time" });
        assert_eq!(check.json(), expected);
    }
}
