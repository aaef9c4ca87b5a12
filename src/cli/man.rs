//! `man`: a manual page for each command, made of what its help says. Packages ship them.

use std::fs;
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::error::Error;
use super::folder::cannot;
use super::help::command;

/// Writes all pages into a folder.
pub(crate) fn run(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|error| cannot("make", dir, &error))?;
    pages(&command(), dir)
}

fn pages(command: &clap::Command, dir: &Path) -> Result<(), Error> {
    let shown = |under: &&clap::Command| !under.is_hide_set() && under.get_name() != "help";
    for under in command.get_subcommands().filter(shown) {
        pages(under, dir)?;
    }
    let man = Man::new(command.clone()).source(concat!("bouya ", env!("CARGO_PKG_VERSION"))).manual("Bouya");
    let path = dir.join(man.get_filename());
    let page = page(&man, command).map_err(|error| cannot("make", &path, &error))?;
    fs::write(&path, page).map_err(|error| cannot("write", &path, &error))
}

fn page(man: &Man, command: &clap::Command) -> Result<Vec<u8>, std::io::Error> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|under| !under.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        remarks(&text.to_string()).to_writer(&mut page)?;
    }
    Ok(page)
}

/// What stands below the options in the help: text to fill, and lines to leave as they are. The library would fill both.
fn remarks(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut verbatim = false;
    if !text.starts_with("Example") {
        roff.control("SH", ["REMARKS"]);
    }
    for line in text.lines() {
        let whole = line.starts_with(' ');
        if whole != verbatim && !line.is_empty() {
            roff.control(if whole { "nf" } else { "fi" }, []);
            verbatim = whole;
        }
        match line {
            "" => roff.control("PP", []),
            "Example:" | "Examples:" => roff.control("SH", ["EXAMPLES"]),
            line => roff.text([roman(line)]),
        };
    }
    if verbatim {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples_as_they_are_typed() {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path()).unwrap();
        let page = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(page("bouya-wallet-new.1").contains(".SH EXAMPLES"));
        assert!(page("bouya.1").contains("bouya\\-found(1)"));
        assert!(!dir.path().join("bouya-man.1").exists());
        let text = "One.\nTwo.\n\nExamples:\n  bouya a --b\n  bouya c";
        let expected = "\
            .SH REMARKS\nOne.\nTwo.\n.PP\n.SH EXAMPLES\n.nf\n  bouya a \\-\\-b\n  bouya c\n.fi\n";
        assert!(remarks(text).to_roff().ends_with(expected), "{}", remarks(text).to_roff());
    }
}
