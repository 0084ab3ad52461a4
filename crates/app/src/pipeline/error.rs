//! The error of a run: every source that failed, with the summary of what was loaded.

use std::error::Error as StdError;
use std::fmt;

use tidegauge_core::ErrorKind;

use super::Summary;
use crate::Error;

/// A source that failed in a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct SourceFailure {
    /// The name of the source.
    pub source: String,
    /// The failure.
    pub error: Error,
}

impl SourceFailure {
    /// Creates the failure of a source.
    pub fn new(source: impl Into<String>, error: impl Into<Error>) -> Self {
        Self { source: source.into(), error: error.into() }
    }

    /// Returns `true` if another runner committed first, so that nothing is lost.
    pub fn is_conflict(&self) -> bool {
        self.error.kind() == ErrorKind::Conflict
    }
}

/// Formats the error, after the name of the source if the error does not contain it.
impl fmt::Display for SourceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, error) = (&self.source, self.error.to_string());
        if !error.contains(&format!("`{source}`")) {
            write!(f, "source `{source}`: ")?;
        }
        f.write_str(&error)
    }
}

/// The error of a run that was not completed: sources failed, or it was cancelled. Rows that were
/// loaded stay.
#[derive(Debug)]
pub struct RunError(Box<RunErrorInner>);

#[derive(Debug)]
struct RunErrorInner {
    failures: Vec<SourceFailure>,
    is_cancelled: bool,
    summary: Summary,
}

impl RunError {
    /// Creates the error of a run in which `failures` occurred, or that was cancelled.
    pub fn new(failures: Vec<SourceFailure>, is_cancelled: bool, summary: Summary) -> Self {
        Self(Box::new(RunErrorInner { failures, is_cancelled, summary }))
    }

    /// Returns the failed sources in order of their failures; empty if the run was only cancelled.
    pub fn failures(&self) -> &[SourceFailure] {
        &self.0.failures
    }

    /// Returns `true` if the run was cancelled before its end.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled
    }

    /// Returns `true` if `source` did not fail and the run was not cancelled.
    pub(crate) fn is_complete(&self, source: &str) -> bool {
        !self.0.is_cancelled && self.0.failures.iter().all(|failure| failure.source != source)
    }

    /// Returns the summary of what was loaded.
    pub fn summary(&self) -> &Summary {
        &self.0.summary
    }

    /// Returns the failures, whether the run was cancelled, and the summary of what was loaded.
    pub fn into_parts(self) -> (Vec<SourceFailure>, bool, Summary) {
        (self.0.failures, self.0.is_cancelled, self.0.summary)
    }
}

/// Formats a single failure as its error, and several one after the other.
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
