//! The progress of a run: a bar on a terminal, plain lines otherwise, nothing if only the answer is
//! wanted.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tidegauge::pipeline::{Observer, RunEvent, Silent};
use tidegauge::text::sanitize;

use crate::{log, output};

/// Returns the observer for the current output mode.
pub(crate) fn observer() -> Box<dyn Observer> {
    if !output::shows_progress() {
        Box::new(Silent)
    } else if std::io::stderr().is_terminal() {
        Box::new(Bar { bar: ProgressBar::no_length().with_style(style()) })
    } else {
        Box::new(Lines)
    }
}

fn failed(message: &str) -> String {
    format!(", then it failed: {}", log::redacted(message))
}

fn style() -> ProgressStyle {
    // If the template, a constant, were invalid, indicatif's default would do.
    ProgressStyle::with_template("{spinner} {prefix:<14} {human_pos:>12} rows  {elapsed} {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn end(&self, source: &str, rows: usize, how: &str) {
        let rows = HumanCount(rows as u64);
        let line = format!("  {source:<14} {:>12} rows{how}", rows.to_string());
        self.bar.println(sanitize(&line));
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }
}

impl Observer for Bar {
    fn observe(&self, event: &RunEvent) {
        match event {
            RunEvent::SourceStarted { source, .. } => {
                self.bar.reset();
                self.bar.set_prefix(sanitize(source).into_owned());
                self.bar.enable_steady_tick(Duration::from_millis(120));
            }
            RunEvent::PageCommitted { rows, .. } => self.bar.inc(*rows as u64),
            RunEvent::SourceFinished { source, rows, .. } => self.end(source, *rows, ""),
            RunEvent::SourceFailed { source, rows, message, .. } => {
                self.end(source, *rows, &failed(message));
            }
            RunEvent::SourceCancelled { source, rows, .. } => {
                self.end(source, *rows, ", interrupted");
            }
            _ => {}
        }
    }
}

struct Lines;

impl Observer for Lines {
    fn observe(&self, event: &RunEvent) {
        let ended = |source: &str, rows: usize, how: &str| {
            output::print_line(&format!("{source}: {} rows{how}", HumanCount(rows as u64)));
        };
        match event {
            RunEvent::SourceStarted { source, .. } => {
                output::print_line(&format!("{source}: loading"))
            }
            RunEvent::SourceFinished { source, rows, .. } => ended(source, *rows, ""),
            RunEvent::SourceFailed { source, rows, message, .. } => {
                ended(source, *rows, &failed(message));
            }
            RunEvent::SourceCancelled { source, rows, .. } => ended(source, *rows, ", interrupted"),
            _ => {}
        }
    }
}
