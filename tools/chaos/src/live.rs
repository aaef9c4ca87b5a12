//! Progress for the user: on a terminal one line that changes, elsewhere a plain line from time to time.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

/// Time between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct Live {
    bar: ProgressBar,
    said: Option<Instant>,
}

impl Live {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, said: None }
    }

    /// Shows the current state.
    pub(crate) fn show(&mut self, line: &str) {
        if !self.bar.is_hidden() {
            self.bar.set_message(line.to_owned());
        } else if self.said.is_none_or(|said| said.elapsed() >= PLAIN_EVERY) {
            self.said = Some(Instant::now());
            eprintln!("{line}");
        }
    }

    /// Prints a line that stays.
    pub(crate) fn say(&self, line: &str) {
        if self.bar.is_hidden() { eprintln!("{line}") } else { self.bar.println(line) }
    }

    pub(crate) fn done(self) {
        self.bar.finish_and_clear();
    }
}
