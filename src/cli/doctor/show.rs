//! What people read: a line for each check, and for each finding its text and the next step, in 80 columns.

use super::check::{Check, Finding};
use crate::cli::error::Error;
use crate::cli::output::{Output, count};

/// Columns of the narrowest terminal that people still use.
const COLUMNS: usize = 80;
/// Where texts begin, behind the checks' names.
const INDENT: usize = 15;

pub(super) fn show(checks: &[Check], out: &mut Output) -> Result<(), Error> {
    for check in checks {
        let word = match check.findings.len() {
            0 if check.skipped.is_empty() => "ok".to_owned(),
            0 => not_checked(check),
            findings => count(findings, "finding"),
        };
        paragraph(check.name, &word, out)?;
        for finding in &check.findings {
            tell(finding, out)?;
        }
        if !check.findings.is_empty() && !check.skipped.is_empty() {
            paragraph("", &not_checked(check), out)?;
        }
    }
    Ok(())
}

fn not_checked(check: &Check) -> String {
    format!("not checked: {}", check.skipped.join("; "))
}

fn tell(finding: &Finding, out: &mut Output) -> Result<(), Error> {
    paragraph("", &format!("{}: {}", finding.key, finding.text), out)?;
    finding.next.as_ref().map_or(Ok(()), |next| paragraph("", &format!("-> {next}"), out))
}

fn paragraph(name: &str, text: &str, out: &mut Output) -> Result<(), Error> {
    for (number, line) in wrapped(text, COLUMNS - INDENT).into_iter().enumerate() {
        let name = if number == 0 { name } else { "" };
        out.line(format!("{name:<INDENT$}{line}"))?;
    }
    Ok(())
}

/// Breaks a text at spaces. A word that is longer than a line stays whole, so that it can be copied.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("a /a/long/path b\n c", 4), ["a", "/a/long/path", "b c"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
