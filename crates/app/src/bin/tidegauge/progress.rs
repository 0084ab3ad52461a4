//! How a run goes: a bar on a terminal, plain lines otherwise.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tidegauge::pipeline::Observer;

use crate::out;

/// The observer that suits where we print to.
pub(crate) fn observer() -> Box<dyn Observer> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar { bar: ProgressBar::no_length().with_style(style()) })
    } else {
        Box::new(Lines { rows: Mutex::new(0) })
    }
}

fn style() -> ProgressStyle {
    // The template is a constant of ours; if it were wrong, indicatif's own would do.
    ProgressStyle::with_template("{spinner} {prefix:<14} {human_pos:>12} rows  {elapsed} {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

struct Bar {
    bar: ProgressBar,
}

impl Observer for Bar {
    fn source_started(&self, source: &str) {
        self.bar.reset();
        self.bar.set_prefix(source.to_owned());
        self.bar.enable_steady_tick(Duration::from_millis(120));
    }

    fn page_loaded(&self, _: &str, rows: usize) {
        self.bar.inc(rows as u64);
    }

    fn source_finished(&self, source: &str) {
        let rows = HumanCount(self.bar.position());
        self.bar.println(format!("  {source:<14} {:>12} rows", rows.to_string()));
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }
}

struct Lines {
    rows: Mutex<usize>,
}

impl Lines {
    fn rows(&self) -> std::sync::MutexGuard<'_, usize> {
        self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Observer for Lines {
    fn source_started(&self, source: &str) {
        *self.rows() = 0;
        out::line(&format!("{source}: loading"));
    }

    fn page_loaded(&self, _: &str, rows: usize) {
        *self.rows() += rows;
    }

    fn source_finished(&self, source: &str) {
        out::line(&format!("{source}: {} rows", HumanCount(*self.rows() as u64)));
    }
}
