//! The failure of a command: the kind of error, its exit code, and the message.

use serde::Serialize;
use tidegauge::Error;
use tidegauge::core::ErrorKind;
use tidegauge::pipeline::{RunError, SourceFailure, Summary};

/// The exit code of a run that fails in part or for several reasons, and of a command that finds
/// gaps or a source that does not answer.
pub(crate) const FAILED: u8 = 1;
/// The exit code of a command that a signal ended.
const INTERRUPTED_EXIT: u8 = 130;
/// The message of such a command.
const INTERRUPTED_MESSAGE: &str =
    "interrupted; what was loaded stays, the next run goes on from there";

/// Returns the exit code of an error. A code is never reused for another kind: scripts act on it.
pub(crate) fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Configuration => 2,
        ErrorKind::Conflict => 4,
        ErrorKind::Authentication => 5,
        ErrorKind::Permission => 6,
        ErrorKind::RateLimited => 7,
        ErrorKind::Unavailable => 8,
        ErrorKind::OutOfSpace => 9,
        ErrorKind::NotFound => 10,
        ErrorKind::InvalidInput => 11,
        ErrorKind::SchemaMismatch => 12,
        ErrorKind::Corrupt => 13,
        ErrorKind::Bug => 14,
        _ => FAILED,
    }
}

/// The failure of a command, as text or JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// The name of a kind of error; for a run also `partial`, `several`, `refused` or
    /// `interrupted`.
    kind: &'static str,
    pub(crate) exit_code: u8,
    message: String,
    /// The failures of a run, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<PartialFailure>,
    #[serde(skip)]
    is_cancelled: bool,
}

/// A failure of one source or series in a run.
#[derive(Debug, Serialize)]
struct PartialFailure {
    source: String,
    /// The series that its service refused permanently; `None` if the source itself failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<String>,
    kind: ErrorKind,
    message: String,
}

impl Failure {
    /// Returns a failure of one kind.
    pub(crate) fn new(kind: ErrorKind, message: String) -> Self {
        let (failures, is_cancelled) = (Vec::new(), false);
        Self { kind: kind.name(), exit_code: exit_code(kind), message, failures, is_cancelled }
    }

    /// Returns the failure of a command that a signal ended.
    pub(crate) fn interrupted() -> Self {
        Self::of_run(&Summary::default(), &[], true)
    }

    /// Returns the failure of a run in which series were refused, sources failed, or that was
    /// cancelled.
    ///
    /// Cancellation decides the exit code; else the kind of error if every source failed with an
    /// error of that kind, and no series was refused. Conflicts alone are reported as a conflict,
    /// even if other sources were loaded.
    pub(crate) fn of_run(
        summary: &Summary,
        failures: &[SourceFailure],
        is_cancelled: bool,
    ) -> Self {
        let refusals = &summary.refused;
        let refused = refusals.iter().map(|refusal| PartialFailure {
            source: refusal.source.clone(),
            series: Some(refusal.series.clone()),
            kind: ErrorKind::Configuration,
            message: refusal.to_string(),
        });
        let failed = failures.iter().map(|failure| PartialFailure {
            source: failure.source.clone(),
            series: None,
            kind: failure.error.kind(),
            // A single failure needs no name of a source.
            message: match failures {
                [_] => failure.error.to_string(),
                _ => failure.to_string(),
            },
        });
        let parts: Vec<_> = refused.chain(failed).collect();
        let first = parts.first().map_or(ErrorKind::Bug, |part| part.kind);
        let is_one_kind = refusals.is_empty() && parts.iter().all(|part| part.kind == first);
        // A conflict loses nothing: another runner has loaded those rows.
        let is_lost_race = is_one_kind && first == ErrorKind::Conflict;
        let (kind, exit_code) = if is_cancelled {
            ("interrupted", INTERRUPTED_EXIT)
        } else if failures.is_empty() {
            ("refused", FAILED)
        } else if summary.completed > 0 && !is_lost_race {
            ("partial", FAILED)
        } else if is_one_kind {
            (first.name(), exit_code(first))
        } else {
            ("several", FAILED)
        };
        let mut message =
            parts.iter().map(|part| part.message.as_str()).collect::<Vec<_>>().join("; ");
        if is_cancelled && message.is_empty() {
            message = INTERRUPTED_MESSAGE.into();
        } else if is_cancelled {
            message += "; then the run was interrupted";
        }
        Self { kind, exit_code, message, failures: parts, is_cancelled }
    }

    /// Returns the failure with each text mapped by `map`.
    pub(crate) fn map_text(mut self, map: impl Fn(&str) -> String) -> Self {
        self.message = map(&self.message);
        for part in &mut self.failures {
            part.source = map(&part.source);
            part.series = part.series.as_deref().map(&map);
            part.message = map(&part.message);
        }
        self
    }

    /// Returns the lines of the message; for a run, one for each of its failures.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        let parts = self.failures.iter().map(|part| part.message.as_str());
        let whole = self.failures.is_empty().then_some(self.message.as_str());
        let cut = (self.is_cancelled && !self.failures.is_empty()).then_some(INTERRUPTED_MESSAGE);
        parts.chain(whole).chain(cut)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Run(run) => return run.into(),
            // Stores and clients are opened as the settings say; later failures are `Core`.
            Error::Storage(_) | Error::Acquisition(_) => match error.kind() {
                ErrorKind::Authentication
                | ErrorKind::NotFound
                | ErrorKind::InvalidInput
                | ErrorKind::SchemaMismatch => ErrorKind::Configuration,
                kind => kind,
            },
            _ => error.kind(),
        };
        Self::new(kind, error.to_string())
    }
}

impl From<&RunError> for Failure {
    fn from(run: &RunError) -> Self {
        Self::of_run(run.summary(), run.failures(), run.is_cancelled())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn failure(source: &str, kind: ErrorKind) -> SourceFailure {
        let error = tidegauge::core::Error::source(source, kind, "no");
        SourceFailure::new(source, error)
    }

    #[test]
    fn every_kind_has_its_own_exit_code() {
        let codes: BTreeSet<u8> = ErrorKind::ALL.into_iter().map(exit_code).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        for taken in [0, FAILED, 3, 101, INTERRUPTED_EXIT] {
            assert!(!codes.contains(&taken), "{taken}");
        }
        // The names and codes that scripts rely on.
        let codes = ErrorKind::ALL.map(|kind| (kind.name(), exit_code(kind)));
        let pinned = [
            ("invalid_input", 11),
            ("configuration", 2),
            ("authentication", 5),
            ("permission", 6),
            ("rate_limited", 7),
            ("unavailable", 8),
            ("conflict", 4),
            ("schema_mismatch", 12),
            ("not_found", 10),
            ("out_of_space", 9),
            ("corrupt", 13),
            ("bug", 14),
        ];
        assert_eq!(codes, pinned);
    }

    #[test]
    fn run_with_one_kind_of_failure_has_its_exit_code() {
        let busy = || failure("kraken", ErrorKind::Unavailable);
        let other = || failure("ecb", ErrorKind::Unavailable);
        let spent = || failure("coingecko", ErrorKind::RateLimited);
        let with = |completed, failures: &[SourceFailure], is_cancelled| {
            let mut summary = Summary::default();
            summary.completed = completed;
            let failure = Failure::of_run(&summary, failures, is_cancelled);
            (failure.kind, failure.exit_code, failure.lines().count())
        };
        let of = |failures: &[SourceFailure], is_cancelled| with(0, failures, is_cancelled);
        assert_eq!(with(2, &[busy()], false), ("partial", 1, 1));
        assert_eq!(of(&[busy()], false), ("unavailable", 8, 1));
        assert_eq!(of(&[busy(), other()], false), ("unavailable", 8, 2));
        assert_eq!(of(&[busy(), spent()], false), ("several", 1, 2));
        assert_eq!(of(&[busy()], true), ("interrupted", 130, 2));
        assert_eq!(of(&[], true), ("interrupted", 130, 1));
    }
}
