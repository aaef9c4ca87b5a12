//! The one seam to the database. Over a damaged file redb panics as often as it says so: both become [`StoreError::Damaged`] here, and all that
//! the store asks of redb is asked in [`Guard::run`].
//!
//! After a panic redb closes itself without writing, so nothing is made worse. Left out on purpose: going on with what can still be read; the
//! node ends, whoever met the damage (see [`super::Reader::damaged`]).

use std::any::Any;
use std::cell::Cell;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use redb::Database;
use tokio_util::sync::CancellationToken;

use super::StoreError;

/// Characters of a description: a panic's may be a page long.
const WHAT: usize = 160;

thread_local! {
    /// Whether this thread is in the database, where a panic is an answer.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// What went wrong with the file, before it is known which file it was.
#[derive(Debug)]
pub(super) enum Fault {
    /// Its bytes are not those that were written.
    Damaged(String),
    /// The disk refused something.
    Failed(String),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        use redb::Error;
        let error = error.into();
        let what = error.to_string();
        match error {
            Error::Io(error) => match error.kind() {
                // The file ends too early, is none of redb's, or points to where no file reaches.
                ErrorKind::UnexpectedEof
                | ErrorKind::InvalidData
                | ErrorKind::InvalidInput
                | ErrorKind::FileTooLarge => Self::Damaged(what),
                _ => Self::Failed(what),
            },
            // Poisoned: somebody panicked over it before.
            Error::Corrupted(_)
            | Error::LockPoisoned(_)
            | Error::UpgradeRequired(_)
            | Error::TableDoesNotExist(_)
            | Error::TableTypeMismatch { .. }
            | Error::TableIsMultimap(_)
            | Error::TypeDefinitionChanged { .. } => Self::Damaged(what),
            _ => Self::Failed(what),
        }
    }
}

/// Knows the file's name, and whether damage was met. Clones are the same.
#[derive(Clone)]
pub(super) struct Guard(Arc<State>);

struct State {
    path: PathBuf,
    /// The first damage.
    damage: OnceLock<String>,
    met: CancellationToken,
}

impl Guard {
    pub(super) fn new(path: &Path) -> Self {
        let (damage, met) = (OnceLock::new(), CancellationToken::new());
        Self(Arc::new(State { path: path.to_owned(), damage, met }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Does something with the database.
    pub(super) fn run<T>(&self, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, StoreError> {
        let outer = INSIDE.replace(true);
        let done = catch_unwind(AssertUnwindSafe(work));
        INSIDE.set(outer);
        let fault = match done {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(fault)) => fault,
            Err(panic) => Fault::Damaged(text_of(&*panic)),
        };
        Err(match fault {
            Fault::Damaged(what) => {
                let what: String = what.split_whitespace().collect::<Vec<_>>().join(" ");
                let error = self.damaged(what.chars().take(WHAT).collect());
                self.0.met.cancel();
                error
            }
            Fault::Failed(what) => StoreError::Failed { path: self.0.path.clone(), what },
        })
    }

    /// The first damage that was met; this one, if there was none before.
    fn damaged(&self, what: String) -> StoreError {
        let what = self.0.damage.get_or_init(|| what).clone();
        StoreError::Damaged { path: self.0.path.clone(), what }
    }

    /// Waits until damage is met.
    pub(super) async fn met(&self) -> StoreError {
        self.0.met.cancelled().await;
        self.damaged(String::new())
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unreadable").to_owned()
}

/// From now on nothing is printed of a panic that becomes an error here. Every other one is told as before.
pub fn silence_caught_panics() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if !INSIDE.get() {
            usual(panic);
        }
    }));
}

/// The open database, which is closed under guard too: closing writes.
#[derive(Clone)]
pub(super) struct Db {
    open: Arc<Open>,
    pub(super) guard: Guard,
}

struct Open {
    /// None once it is being closed.
    db: Option<Database>,
    guard: Guard,
}

impl Db {
    pub(super) fn new(db: Database, guard: Guard) -> Self {
        Self { open: Arc::new(Open { db: Some(db), guard: guard.clone() }), guard }
    }

    pub(super) fn get(&self) -> Result<&Database, Fault> {
        self.open.db.as_ref().ok_or_else(|| Fault::Failed("closed".to_owned()))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let db = self.db.take();
        // Nobody is left to be told; the next one to open it meets the same.
        let _ = self.guard.run(|| {
            drop(db);
            Ok(())
        });
    }
}
