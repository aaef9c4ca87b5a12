//! What every command's help must have.

use clap::Parser;

use super::*;

/// Columns of the narrowest terminal that people still use.
const COLUMNS: usize = 80;

#[test]
fn the_arguments_are_consistent() {
    command().debug_assert();
}

/// Every command with its path, but those that only print the help of others.
fn all(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
    found.push((path.to_owned(), command.clone()));
    for under in command.get_subcommands().filter(|under| under.get_name() != "help") {
        all(under, &format!("{path} {}", under.get_name()), found);
    }
}

fn helps() -> Vec<(String, String)> {
    let mut found = Vec::new();
    all(&command(), "bouya", &mut found);
    let help = |(path, mut command): (String, clap::Command)| (path, command.render_long_help().to_string());
    found.into_iter().map(help).collect()
}

/// The lines of the examples at the help's end, each whole.
fn examples(help: &str) -> Vec<String> {
    let text = help.rsplit_once("Example:\n").or_else(|| help.rsplit_once("Examples:\n"));
    let Some((_, text)) = text else { return Vec::new() };
    text.replace("\\\n", " ").lines().map(|line| line.trim().to_owned()).collect()
}

/// The words of a line as a shell reads them, up to a comment, a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(letter),
            ('\'' | '"', None) => (quote, word) = (Some(letter), Some(word.unwrap_or_default())),
            ('#' | '|' | '>', None) => break,
            (' ', None) => words.extend(word.take()),
            (_, None) => word.get_or_insert_default().push(letter),
        }
    }
    assert_eq!(quote, None, "{line}");
    words.into_iter().chain(word).collect()
}

#[test]
fn words_are_read_as_a_shell_reads_them() {
    assert_eq!(words(r#"a  "b c" d'e f' '' # g"#), ["a", "b c", "de f", ""]);
    assert_eq!(words("a | b"), ["a"]);
}

#[test]
fn every_help_ends_with_examples_of_its_own_that_can_be_typed() {
    let helps = helps();
    assert!(helps.len() > 50, "{}", helps.len());
    for (path, help) in helps {
        let examples = examples(&help);
        let mut own = 0;
        for line in examples.iter().filter(|line| line.starts_with("bouya ")) {
            let words = words(line);
            own += usize::from(words.join(" ").starts_with(&format!("{path} ")) || words.join(" ") == path);
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{path}: {line}\n{error}");
            }
        }
        assert!(own > 0, "{path} has no example of its own at its end:\n{help}");
    }
}

#[test]
fn no_help_is_wider_than_a_terminal() {
    for (path, help) in helps() {
        for line in help.lines() {
            let width = line.chars().count();
            assert!(width <= COLUMNS, "{path}: {width} columns: {line}");
        }
    }
}

#[test]
fn options_of_the_node_are_shown_only_where_they_mean_something() {
    for (path, help) in helps() {
        let shown = |option: &str| help.contains(&format!("--{option} <"));
        let (api, token, config) = (shown("api"), shown("token-file"), shown("config"));
        let expected = match path.as_str() {
            "bouya"
            | "bouya mine"
            | "bouya final resume"
            | "bouya peer add"
            | "bouya peer remove"
            | "bouya blacklist add"
            | "bouya blacklist remove" => (true, true, true),
            "bouya check" | "bouya backup" | "bouya run" | "bouya verify" => (false, false, true),
            "bouya admit" => (true, false, false),
            path if path.starts_with("bouya chain") || path.starts_with("bouya snapshot") => {
                (false, false, true)
            }
            "bouya devnet"
            | "bouya found"
            | "bouya ask"
            | "bouya accept"
            | "bouya restore"
            | "bouya completions"
            | "bouya man"
            | "bouya contract check"
            | "bouya contract new"
            | "bouya receipt verify" => (false, false, false),
            path if ["wallet", "contacts", "bench"]
                .iter()
                .any(|name| path.starts_with(&format!("bouya {name}"))) =>
            {
                (false, false, false)
            }
            _ => (true, false, true),
        };
        assert_eq!((api, token, config), expected, "{path}");
    }
}
