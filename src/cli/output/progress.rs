//! How far a command is.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use bouya_core::limits::PROGRESS_EVERY;
use indicatif::ProgressBar;

use super::note;

/// Progress: a spinner on a terminal, lines elsewhere.
pub(crate) enum Progress {
    Spinner(ProgressBar),
    /// The last line, and when the next count is due.
    Lines(String, Instant),
}

impl Progress {
    pub(crate) fn new() -> Self {
        if !io::stderr().is_terminal() {
            return Self::Lines(String::new(), Instant::now());
        }
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(Duration::from_millis(120));
        Self::Spinner(spinner)
    }

    /// Something has changed.
    pub(crate) fn say(&mut self, text: &str) {
        match self {
            Self::Spinner(spinner) => spinner.set_message(text.to_owned()),
            Self::Lines(last, _) if *last != text => {
                note(text);
                *last = text.to_owned();
            }
            Self::Lines(..) => {}
        }
    }

    /// One of many steps is done. Elsewhere than on a terminal that is a line now and then.
    pub(crate) fn count(&mut self, text: impl FnOnce() -> String) {
        match self {
            Self::Spinner(spinner) => spinner.set_message(text()),
            Self::Lines(_, due) => {
                let now = Instant::now();
                if *due <= now {
                    note(&text());
                    *due = now + PROGRESS_EVERY;
                }
            }
        }
    }

    /// Ends with success. If dropped without this, the spinner just vanishes, and the error message follows.
    pub(crate) fn done(self, text: &str) {
        if let Self::Spinner(spinner) = &self {
            spinner.finish_and_clear();
            note(text);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Spinner(spinner) = self {
            spinner.finish_and_clear();
        }
    }
}
