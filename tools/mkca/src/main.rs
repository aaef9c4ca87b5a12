//! The command line of mkca: parses arguments, calls the library, and prints the files written and the next step.
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage (from clap).

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand, value_parser};
use mkca::{
    AUTHORITY_DAYS, Authority, CERTIFICATE_DAYS, CRL_DAYS, Index, Issued, NodeId, Reason, SigningRequest,
    WrittenCrl,
};

mod ask;
mod list;

const EXAMPLES: &str = "\
Examples:
  mkca init --name \"Acme\"        create an authority in certs/
  mkca issue alice bob           make a key and a certificate for each
  mkca request carol             on carol's own machine: make a key, and a request to send
  mkca sign carol.csr            sign her certificate; first compare the key's fingerprint with her
  mkca renew alice               before the certificate expires: make a new one, same key
  mkca revoke bob --reason key-compromise
  mkca crl                       once a year, because the revocation list expires too
  mkca list
  mkca show certs/alice.crt
  mkca passphrase                seal ca.key, or change its passphrase

Every node gets its own .crt and .key, and ca.crt and ca.crl. With ca.key anyone can
admit nodes: keep it in this folder and give it to nobody.";

/// The private certificate authority that admits members to a Bouya network.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 80)]
struct Cli {
    /// The authority's folder [default: ca/ if that holds one, as after bouya found, else certs/]
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
    /// Read the passphrase of a sealed ca.key from this file's first line [default: ask]
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Work although the last act lies in the future: the clock was wrong then, and is right now
    #[arg(long, global = true)]
    clock_is_right: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Create a new authority: ca.crt, ca.key, an empty ca.crl, index.json
    #[command(
        after_help = "Examples:\n  mkca init --name Acme\n  mkca init --name Acme --seal --dir authority/"
    )]
    Init {
        /// The consortium's name; anyone who can reach a node's port can read it
        #[arg(long)]
        name: String,
        #[arg(long, default_value_t = AUTHORITY_DAYS, value_parser = days())]
        days: u32,
        /// Seal ca.key with a passphrase
        #[arg(long)]
        seal: bool,
    },
    /// Make a key and a certificate for each id: ID.key, ID.crt
    #[command(after_help = "Example:\n  mkca issue alice bob")]
    Issue {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<NodeId>,
        #[arg(long, default_value_t = CERTIFICATE_DAYS, value_parser = days())]
        days: u32,
    },
    /// Make a key, and a request to send to the authority: ID.key, ID.csr
    #[command(after_help = "Example:\n  mkca request carol")]
    Request { id: NodeId },
    /// Make a certificate for the key in a request: ID.crt
    #[command(after_help = "Example:\n  mkca sign carol.csr")]
    Sign {
        /// The request's file; a bare name is also looked up in --dir
        #[arg(value_name = "FILE.csr")]
        file: PathBuf,
        /// The node's id, instead of the one in the request and in its file name
        #[arg(long)]
        id: Option<NodeId>,
        #[arg(long, default_value_t = CERTIFICATE_DAYS, value_parser = days())]
        days: u32,
    },
    /// Make a new certificate for the same key: ID.crt
    #[command(after_help = "Example:\n  mkca renew alice")]
    Renew {
        id: NodeId,
        #[arg(long, default_value_t = CERTIFICATE_DAYS, value_parser = days())]
        days: u32,
    },
    /// Revoke every unexpired certificate of an id: ca.crl
    #[command(after_help = "Example:\n  mkca revoke bob --reason key-compromise")]
    Revoke {
        id: NodeId,
        /// unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation or privilege-withdrawn
        #[arg(long, default_value_t = Reason::Unspecified)]
        reason: Reason,
        /// How long the new list is valid, in days
        #[arg(long, default_value_t = CRL_DAYS, value_parser = days())]
        days: u32,
    },
    /// Renew the revocation list, with the next number: ca.crl
    #[command(after_help = "Example:\n  mkca crl --days 400")]
    Crl {
        #[arg(long, default_value_t = CRL_DAYS, value_parser = days())]
        days: u32,
    },
    /// List all issued certificates
    #[command(after_help = "Examples:\n  mkca list\n  mkca list --json")]
    List {
        #[arg(long)]
        json: bool,
    },
    /// Seal ca.key with a passphrase, or change or remove it
    #[command(
        after_help = "Examples:\n  mkca passphrase\n  mkca passphrase --passphrase-file old --new-passphrase-file new"
    )]
    Passphrase {
        /// Remove the passphrase
        #[arg(long)]
        remove: bool,
        /// Read the new passphrase from this file's first line [default: ask]
        #[arg(long, value_name = "FILE", conflicts_with = "remove")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Show the content of a certificate, request or revocation list
    #[command(after_help = "Example:\n  mkca show certs/alice.crt")]
    Show { file: PathBuf },
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Refused(#[from] mkca::Error),
    #[error("cannot write the output: {0}. The command itself has succeeded; see mkca list")]
    Output(#[from] io::Error),
}

/// At most a century: nobody will trust these keys for longer.
fn days() -> clap::builder::RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=36_500)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed the pipe, as in `mkca list | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Where to work. Whoever asks for a certificate makes a key of its own, which is no matter of the authority's.
fn folder(given: Option<PathBuf>, command: &Command) -> PathBuf {
    let (found, usual) = (PathBuf::from("ca/"), PathBuf::from("certs/"));
    match (given, command) {
        (Some(dir), _) => dir,
        (None, Command::Request { .. }) => usual,
        (None, _) if found.join("ca.key").exists() => {
            let _ = writeln!(io::stderr(), "In {}, this folder's authority.", found.display());
            found
        }
        (None, _) => usual,
    }
}

fn run(cli: Cli, out: &mut impl Write) -> Result<(), Failure> {
    let Some(command) = cli.command else {
        return Ok(write!(out, "{}", Cli::command().render_help())?);
    };
    let dir = folder(cli.dir, &command);
    let file = cli.passphrase_file;
    let open = || {
        let authority = Authority::open_sealed(&dir, |path| ask::passphrase(path, file.as_deref()))?;
        Ok::<_, mkca::Error>(if cli.clock_is_right { authority.with_right_clock() } else { authority })
    };
    match command {
        Command::Init { name, days, seal } => {
            let passphrase =
                if seal { Some(ask::new_passphrase(&dir.join("ca.key"), file.as_deref())?) } else { None };
            let authority = Authority::create_sealed(&dir, &name, days, passphrase.as_ref())?;
            init(&authority, out)
        }
        Command::Issue { ids, days } => {
            let issued = open()?.issue(&ids, days)?;
            issued.iter().try_for_each(|issued| certificate(issued, out))
        }
        Command::Request { id } => {
            let (key, request, fingerprint) = mkca::request(&dir, &id)?;
            writeln!(out, "{}\n{}", key.display(), request.display())?;
            writeln!(out, "key {fingerprint}")?;
            writeln!(
                out,
                "Send {id}.csr to the authority, and tell them the key's fingerprint by another channel, such as the phone. Never send {id}.key."
            )?;
            Ok(())
        }
        Command::Sign { file, id, days } => {
            let (path, pem) = mkca::read_file(&dir, &file)?;
            let request = SigningRequest::from_pem(&pem)?;
            let id = match id {
                Some(id) => id,
                None => request.id_in(&path)?,
            };
            certificate(&open()?.sign(&request, &id, days)?, out)
        }
        Command::Renew { id, days } => certificate(&open()?.renew(&id, days)?, out),
        Command::Revoke { id, reason, days } => {
            let written = open()?.revoke(&id, reason, days)?;
            match written.added.len() {
                0 => writeln!(out, "{id} was already revoked before; the list is signed again")?,
                count => writeln!(out, "{id}: {count} certificate(s) revoked, {reason}")?,
            }
            crl(&written, out)
        }
        Command::Crl { days } => crl(&open()?.write_crl(days)?, out),
        Command::Passphrase { remove, new_passphrase_file } => {
            let authority = open()?;
            let path = dir.join("ca.key");
            let new =
                if remove { None } else { Some(ask::new_passphrase(&path, new_passphrase_file.as_deref())?) };
            authority.reseal(new.as_ref())?;
            let how = if remove { "is no longer sealed" } else { "is sealed with the new passphrase" };
            writeln!(out, "{}\nThe key {how}. Older copies of the file have not changed.", path.display())?;
            Ok(())
        }
        Command::List { json } => list::print(&Index::load(&dir)?, json, out),
        Command::Show { file } => {
            let (path, pem) = mkca::read_file(&dir, &file)?;
            Ok(write!(out, "{}", mkca::describe(&path, &pem)?)?)
        }
    }
}

fn init(authority: &Authority, out: &mut impl Write) -> Result<(), Failure> {
    for path in authority.files() {
        writeln!(out, "{}", path.display())?;
    }
    let root = authority.root();
    writeln!(out, "{} until {}", root.name(), root.not_after().date())?;
    writeln!(
        out,
        "Next: mkca issue alice bob; or mkca sign FILE.csr. Keep ca.key here, and a copy of the folder offline."
    )?;
    Ok(())
}

fn certificate(issued: &Issued, out: &mut impl Write) -> Result<(), Failure> {
    let id = &issued.id;
    for path in issued.key.iter().chain([&issued.certificate]) {
        writeln!(out, "{}", path.display())?;
    }
    writeln!(out, "{id} until {}, key {}", issued.not_after.date(), issued.fingerprint)?;
    for notice in &issued.notices {
        writeln!(out, "Notice: {notice}.")?;
    }
    let key = if issued.key.is_some() { format!("{id}.key, ") } else { String::new() };
    writeln!(out, "Give {id}: {id}.crt, {key}ca.crt, ca.crl. Never ca.key.")?;
    Ok(())
}

fn crl(written: &WrittenCrl, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "{}", written.path.display())?;
    writeln!(out, "number {}, to be renewed by {}", written.number, written.next_update.date())?;
    writeln!(
        out,
        "Replace ca.crl on every node. One node is enough to start with: it sends the list to the others."
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_help_has_examples_that_can_be_typed_and_fits_a_terminal() {
        let mut whole = Cli::command();
        whole.build();
        for command in whole.get_subcommands().filter(|command| command.get_name() != "help") {
            let help = command.clone().render_long_help().to_string();
            let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  mkca ")).collect();
            assert!(!examples.is_empty(), "{help}");
            for line in examples {
                assert!(line.starts_with(&format!("  mkca {}", command.get_name())), "{line}");
                assert!(Cli::try_parse_from(line.split_whitespace()).is_ok(), "{line}");
            }
            let wide = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None);
        }
    }
}
