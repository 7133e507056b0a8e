//! Progress of long work, on a terminal only, and interruption.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A bar with the time left; silent unless asked for. It shows nothing for work of under half a second.
#[must_use]
pub fn bar(shown: bool, steps: u64, what: &str) -> ProgressBar {
    let target = if shown {
        ProgressDrawTarget::stderr_with_hz(5)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(steps), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// A bar that counts runs, with their rate and the time left; silent unless asked for.
#[must_use]
pub fn runs(shown: bool, most: u64, what: &str) -> ProgressBar {
    let bar = bar(shown, most, what);
    let template = "{msg} {wide_bar} {pos}/{len} runs, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Whether somebody has asked to stop, and how many stretches of work look at it.
static ASKED: AtomicBool = AtomicBool::new(false);
static WATCHES: AtomicUsize = AtomicUsize::new(0);

/// A stretch of work that asks from time to time whether to go on, and keeps what it has if not.
///
/// As long as one lives, the first Ctrl-C (or SIGTERM, or SIGHUP) asks to stop and says so, and the second
/// one ends the program at once. Where none does there is nothing to be kept that is not on the disk
/// already, and the first one ends the program.
#[derive(Debug)]
pub struct Watch(());

impl Watch {
    /// Begins to watch.
    #[must_use]
    pub fn begin() -> Self {
        static HANDLER: Once = Once::new();
        WATCHES.fetch_add(1, Ordering::SeqCst);
        HANDLER.call_once(|| {
            // Without a handler Ctrl-C still ends the program, only less politely.
            let _ = ctrlc::set_handler(|| {
                let again = ASKED.swap(true, Ordering::SeqCst);
                let end = again || WATCHES.load(Ordering::SeqCst) == 0;
                let mut err = std::io::stderr();
                // Whoever cannot be told is not told.
                let _ = err.write_all(if end {
                    b"interrupted: ended at once\n".as_slice()
                } else {
                    b"interrupted: ending in good order; once more ends at once\n"
                });
                if end {
                    std::process::exit(i32::from(crate::exit::INTERRUPTED));
                }
            });
        });
        Self(())
    }

    /// Whether nobody has asked to stop.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !ASKED.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHES.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How many threads work on so many runs: as many as were asked for, but no more than there are cores or
/// runs, which would only cost memory.
#[must_use]
pub fn threads(asked: Option<usize>, runs: u64) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = usize::try_from(runs).unwrap_or(usize::MAX);
    asked.unwrap_or(cores).min(cores).min(runs).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_threads_than_cores_or_runs() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(threads(Some(100_000), u64::MAX), cores);
        assert_eq!(threads(None, u64::MAX), cores);
        assert_eq!(threads(Some(100_000), 1), 1);
        assert_eq!(threads(Some(0), 0), 1);
        assert_eq!(threads(Some(1), 100), 1);
    }
}
