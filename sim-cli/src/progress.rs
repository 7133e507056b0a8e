//! Progress of long work, on a terminal only, and interruption.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

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

/// Whether the user has asked to stop. The first Ctrl-C asks; the second one ends the program.
#[must_use]
pub fn interrupted() -> Arc<AtomicBool> {
    static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = ASKED.get_or_init(|| {
        let asked = Arc::new(AtomicBool::new(false));
        let handler = Arc::clone(&asked);
        // Without a handler Ctrl-C still ends the program, only less politely.
        let _ = ctrlc::set_handler(move || {
            if handler.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(crate::exit::INTERRUPTED));
            }
        });
        asked
    });
    Arc::clone(flag)
}
