//! How a run fails: every source that failed, with what was loaded all the same.

use std::error::Error as StdError;
use std::fmt;

use tidegauge_core::ErrorKind;

use super::Summary;
use crate::Error;

/// A source that failed in a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct SourceFailure {
    /// The source.
    pub source: String,
    /// Why it failed.
    pub error: Error,
}

impl SourceFailure {
    /// Creates the failure of a source.
    pub fn new(source: impl Into<String>, error: impl Into<Error>) -> Self {
        Self { source: source.into(), error: error.into() }
    }

    /// Returns `true` if another runner was quicker, so that nothing is lost.
    pub fn is_conflict(&self) -> bool {
        self.error.kind() == ErrorKind::Conflict
    }
}

/// The error, and the source if that does not name it.
impl fmt::Display for SourceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, error) = (&self.source, self.error.to_string());
        if !error.contains(&format!("`{source}`")) {
            write!(f, "source `{source}`: ")?;
        }
        f.write_str(&error)
    }
}

/// A run that did not come to its end: sources failed, or it was cancelled. What was loaded stays.
#[derive(Debug)]
pub struct RunError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    failures: Vec<SourceFailure>,
    is_cancelled: bool,
    summary: Summary,
}

impl RunError {
    /// Creates the error of a run in which `failures` happened, or that was cancelled.
    pub fn new(failures: Vec<SourceFailure>, is_cancelled: bool, summary: Summary) -> Self {
        Self(Box::new(Inner { failures, is_cancelled, summary }))
    }

    /// Returns the sources that failed, in the order in which they did; none if the run was only cancelled.
    pub fn failures(&self) -> &[SourceFailure] {
        &self.0.failures
    }

    /// Returns `true` if the run was cancelled before its end.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled
    }

    /// Returns `true` if `source` came to its end, whatever became of the others.
    pub(crate) fn spares(&self, source: &str) -> bool {
        !self.0.is_cancelled && self.0.failures.iter().all(|failure| failure.source != source)
    }

    /// Returns what was loaded all the same.
    pub fn summary(&self) -> &Summary {
        &self.0.summary
    }

    /// Returns the failures, whether the run was cancelled, and what was loaded.
    pub fn into_parts(self) -> (Vec<SourceFailure>, bool, Summary) {
        (self.0.failures, self.0.is_cancelled, self.0.summary)
    }
}

/// One failure reads as its error; several are named one after the other.
impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failures() {
            [] => {
                return f.write_str(
                    "interrupted; what was loaded stays, the next run goes on from there",
                );
            }
            [failure] => write!(f, "{}", failure.error)?,
            failures => {
                write!(f, "{} sources failed", failures.len())?;
                for failure in failures {
                    write!(f, "; {failure}")?;
                }
            }
        }
        if self.is_cancelled() { f.write_str("; then the run was interrupted") } else { Ok(()) }
    }
}

impl StdError for RunError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.failures() {
            [failure] => failure.error.source(),
            _ => None,
        }
    }
}
