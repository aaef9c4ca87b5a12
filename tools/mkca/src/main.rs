//! The command line of mkca: reads arguments, calls the library, prints each path written and what to do next.
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage (clap's own).

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
  mkca init --name \"Acme\"        a new authority in certs/
  mkca issue alice bob           a key and a certificate for each
  mkca request carol             on carol's own machine: a key, and a request to send
  mkca sign carol.csr            her certificate; compare the fingerprint with her first
  mkca renew alice               before it ends: a new certificate, same key
  mkca revoke bob --reason key-compromise
  mkca crl                       once a year: the revocation list ends too
  mkca list
  mkca show certs/alice.crt
  mkca passphrase                seal ca.key, or seal it anew

Every node gets its own .crt and .key, ca.crt and ca.crl. ca.key can admit anybody:
it stays in this folder, and goes to nobody.";

/// The private certificate authority that admits members to a Bouya network.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    /// The authority's folder
    #[arg(long, global = true, default_value = "certs/")]
    dir: PathBuf,
    /// The passphrase of a sealed ca.key is this file's first line; without it, you are asked
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new authority: ca.crt, ca.key, an empty ca.crl, index.json
    Init {
        /// The consortium's name. Anybody who can reach a node's port can read it
        #[arg(long)]
        name: String,
        #[arg(long, default_value_t = AUTHORITY_DAYS, value_parser = days())]
        days: u32,
        /// Seal ca.key with a passphrase
        #[arg(long)]
        seal: bool,
    },
    /// Make a key and a certificate for each id: ID.key, ID.crt
    Issue {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<NodeId>,
        #[arg(long, default_value_t = CERTIFICATE_DAYS, value_parser = days())]
        days: u32,
    },
    /// On the member's own machine: make a key and a request to send to the authority: ID.key, ID.csr
    Request { id: NodeId },
    /// Make a certificate for the key in a request: ID.crt. Everything else it asks for is ignored
    Sign {
        /// The request; a bare name is also looked for in --dir
        #[arg(value_name = "FILE.csr")]
        file: PathBuf,
        /// The node's id, whatever the request and its file's name say
        #[arg(long)]
        id: Option<NodeId>,
        #[arg(long, default_value_t = CERTIFICATE_DAYS, value_parser = days())]
        days: u32,
    },
    /// Make a new certificate for the same key: ID.crt
    Renew {
        id: NodeId,
        #[arg(long, default_value_t = CERTIFICATE_DAYS, value_parser = days())]
        days: u32,
    },
    /// Put every unexpired certificate of an id on the revocation list: ca.crl
    Revoke {
        id: NodeId,
        /// unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation or privilege-withdrawn
        #[arg(long, default_value_t = Reason::Unspecified)]
        reason: Reason,
        /// The new list's life
        #[arg(long, default_value_t = CRL_DAYS, value_parser = days())]
        days: u32,
    },
    /// Sign the revocation list again, with the next number: ca.crl
    Crl {
        #[arg(long, default_value_t = CRL_DAYS, value_parser = days())]
        days: u32,
    },
    /// List every certificate issued
    List {
        #[arg(long)]
        json: bool,
    },
    /// Seal ca.key with a passphrase, or with another one
    Passphrase {
        /// Take the seal away
        #[arg(long)]
        remove: bool,
        /// The new passphrase is this file's first line; without it, you are asked
        #[arg(long, value_name = "FILE", conflicts_with = "remove")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Show a certificate, request or revocation list in words
    Show { file: PathBuf },
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Refused(#[from] mkca::Error),
    #[error("cannot write the answer: {0}. What was to be done is done; see it with mkca list")]
    Output(#[from] io::Error),
}

/// A century is longer than any of these keys will be trusted.
fn days() -> clap::builder::RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=36_500)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // `mkca list | head`: whoever reads has enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, out: &mut impl Write) -> Result<(), Failure> {
    let dir = cli.dir;
    let file = cli.passphrase_file;
    let open = || Authority::open_sealed(&dir, |path| ask::passphrase(path, file.as_deref()));
    let Some(command) = cli.command else {
        return Ok(write!(out, "{}", Cli::command().render_help())?);
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
                "Send {id}.csr to the authority, and tell them the key's fingerprint by another way. Never {id}.key."
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
                0 => writeln!(out, "{id} was revoked before; the list is signed again")?,
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
            writeln!(out, "{}\nThe key {how}. Older copies of it are as they were.", path.display())?;
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
    writeln!(out, "number {}, due again by {}", written.number, written.next_update.date())?;
    writeln!(
        out,
        "Give every node: ca.crl, in place of the old one. One node that has it tells the others."
    )?;
    Ok(())
}
