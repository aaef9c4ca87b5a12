//! The command line as clap has it, with each command's help as short as what it takes.

use std::mem;

use clap::CommandFactory;

use super::Cli;

/// The options that may stand with every command.
const EVERYWHERE: [&str; 4] = ["api", "token_file", "config", "json"];

/// The commands, checked and complete. An option that means nothing to a command is not in its help.
pub(super) fn command() -> clap::Command {
    let mut command = Cli::command();
    // Gives every command the options that may stand everywhere.
    command.build();
    fit(&mut command, &mut Vec::new());
    command
}

fn fit(command: &mut clap::Command, path: &mut Vec<String>) {
    for under in command.get_subcommands_mut() {
        path.push(under.get_name().to_owned());
        let meant = meant(&path.iter().map(String::as_str).collect::<Vec<_>>());
        *under = mem::take(under).mut_args(|argument| {
            let id = argument.get_id().as_str();
            let hidden = EVERYWHERE.contains(&id) && !meant.contains(&id);
            argument.hide(hidden)
        });
        fit(under, path);
        path.pop();
    }
}

/// Which of the options that may stand everywhere mean something to a command.
fn meant(command: &[&str]) -> &'static [&'static str] {
    match command {
        ["completions" | "man"] | ["wallet", "export"] | ["contacts", "add" | "remove"] | [.., "help"] => &[],
        ["run" | "verify" | "chain", ..] => &["config"],
        ["check" | "backup"] | ["snapshot", ..] => &["config", "json"],
        ["devnet" | "found" | "ask" | "accept" | "restore"]
        | ["wallet" | "contacts" | "bench", ..]
        | ["receipt", "verify"]
        | ["contract", "check" | "new"] => &["json"],
        ["receipt", "renew"] => &["api", "config"],
        // It works in a folder, --dir, and asks the node of that folder.
        ["admit"] => &["api", "json"],
        ["mine"] | ["final", "resume"] | ["peer" | "blacklist", "add" | "remove"] => &EVERYWHERE,
        _ => &["api", "config", "json"],
    }
}

#[cfg(test)]
mod tests;
