//! The log-rank test.

use serde::Serialize;

use crate::math::cholesky::Cholesky;
use crate::math::gamma::chi_square_tail;

use super::error::SurvivalError;
use super::risk::RiskTable;

/// A test whether groups have the same survival.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogRank {
    /// The statistic, χ² of `degrees` degrees of freedom if survival is the same.
    pub statistic: f64,
    /// The degrees of freedom: the number of groups that could have had events, less 1.
    pub degrees: usize,
    /// The probability of a statistic as large if survival is the same; 1 without `degrees`.
    pub p_value: f64,
    /// The groups, in the order given.
    pub groups: Vec<LogRankGroup>,
}

/// Events of one group of a log-rank test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogRankGroup {
    /// The number of lives.
    pub lives: u64,
    /// The number of events.
    pub observed: u64,
    /// The number of events to be expected if survival is the same.
    pub expected: f64,
}

/// Compares the survival of two or more groups by the log-rank test (Mantel 1966; Peto and Peto
/// 1972), with the hypergeometric variance of tied events; equals R's `survdiff`.
///
/// # Errors
/// If there are fewer than two groups, or groups that are never at risk together.
///
/// ```
/// use tidegauge_models::survival::{Life, RiskTable, log_rank};
///
/// let group = |days: [f64; 5]| RiskTable::of(&days.map(Life::ended));
/// let test = log_rank(&[group([1.0, 2.0, 3.0, 4.0, 5.0])?, group([6.0, 7.0, 8.0, 9.0, 10.0])?])?;
/// assert!(test.p_value < 0.01);
/// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
/// ```
pub fn log_rank(groups: &[RiskTable]) -> Result<LogRank, SurvivalError> {
    stratified_log_rank(&[groups])
}

/// Compares the survival of groups within strata: observed and expected events and their
/// covariances are summed over the strata, so that a difference between strata does not count.
/// The groups of each stratum are in the same order; an absent group is a table of no lives.
///
/// # Errors
/// If there are fewer than two groups, strata have different numbers of groups, or some groups are
/// never at risk together.
///
/// ```
/// use tidegauge_models::survival::{Life, RiskTable, log_rank, stratified_log_rank};
///
/// let group = |days: [f64; 3]| RiskTable::of(&days.map(Life::ended));
/// let groups = [group([1.0, 2.0, 3.0])?, group([2.0, 4.0, 5.0])?];
/// // Of one stratum it is the plain test; the same stratum twice has twice the statistic.
/// let (one, two) = (stratified_log_rank(&[&groups])?, stratified_log_rank(&[&groups, &groups])?);
/// assert_eq!(one, log_rank(&groups)?);
/// assert!((two.statistic - 2.0 * one.statistic).abs() < 1e-12);
/// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
/// ```
pub fn stratified_log_rank<S: AsRef<[RiskTable]>>(strata: &[S]) -> Result<LogRank, SurvivalError> {
    let size = strata.first().map_or(0, |groups| groups.as_ref().len());
    let mut sums =
        Sums { groups: vec![LogRankGroup::default(); size], covariance: vec![0.0; size * size] };
    for (stratum, groups) in strata.iter().map(AsRef::as_ref).enumerate() {
        if groups.len() != size {
            return Err(SurvivalError::Groups { stratum, groups: groups.len(), expected: size });
        }
        sums.add(groups);
    }
    if size < 2 {
        return Err(SurvivalError::Groups { stratum: 0, groups: size, expected: size });
    }
    sums.test()
}

/// Sums over the times of events.
struct Sums {
    groups: Vec<LogRankGroup>,
    /// The covariance of the observed events, by rows.
    covariance: Vec<f64>,
}

impl Sums {
    /// Adds the events of one stratum.
    fn add(&mut self, tables: &[RiskTable]) {
        let size = tables.len();
        for (group, table) in self.groups.iter_mut().zip(tables) {
            group.lives += table.lives();
            group.observed += table.rows().iter().map(|row| row.events).sum::<u64>();
        }
        let mut cursors: Vec<Cursor<'_>> = tables.iter().map(Cursor::new).collect();
        let mut at_risk = vec![0.0; size];
        while let Some(time) = cursors.iter().filter_map(Cursor::time).min_by(f64::total_cmp) {
            let mut events = 0;
            for (cursor, at_risk) in cursors.iter_mut().zip(&mut at_risk) {
                let (lives, ended) = cursor.advance(time);
                *at_risk = lives as f64;
                events += ended;
            }
            if events == 0 {
                continue;
            }
            let (d, n) = (events as f64, at_risk.iter().sum::<f64>());
            // Of a single life at risk nothing varies.
            let scale = if n > 1.0 { d * (n - d) / (n - 1.0) } else { 0.0 };
            for (row, lives) in at_risk.iter().enumerate() {
                let share = lives / n;
                self.groups[row].expected += d * share;
                for (column, other) in at_risk.iter().enumerate() {
                    let same = f64::from(u8::from(row == column));
                    self.covariance[row * size + column] += scale * share * (same - other / n);
                }
            }
        }
    }

    /// Computes (O − E)ᵀ·V⁻¹·(O − E) over all groups but the last that could have had events.
    fn test(self) -> Result<LogRank, SurvivalError> {
        let size = self.groups.len();
        let able = (0..size).filter(|group| self.groups[*group].expected > 0.0);
        let mut used: Vec<usize> = able.collect();
        used.pop();
        let excess: Vec<f64> = used
            .iter()
            .map(|group| self.groups[*group].observed as f64 - self.groups[*group].expected)
            .collect();
        let covariance: Vec<f64> = used
            .iter()
            .flat_map(|row| used.iter().map(move |column| row * size + column))
            .map(|at| self.covariance[at])
            .collect();
        let factor = Cholesky::of(&covariance, used.len())
            .map_err(|row| SurvivalError::Incomparable { group: used[row] })?;
        let statistic: f64 =
            factor.solve(&excess).iter().zip(&excess).map(|(one, other)| one * other).sum();
        let degrees = used.len();
        let p_value = if degrees == 0 { 1.0 } else { chi_square_tail(statistic, degrees as f64) };
        Ok(LogRank { statistic, degrees, p_value, groups: self.groups })
    }
}

/// The position of a sweep through a table in ascending order of time.
struct Cursor<'a> {
    table: &'a RiskTable,
    row: usize,
    entry: usize,
    /// The number of lives under observation before the next row, without late entries to come.
    under: u64,
}

impl<'a> Cursor<'a> {
    fn new(table: &'a RiskTable) -> Self {
        Self { table, row: 0, entry: 0, under: table.started() }
    }

    /// Returns the time of the next row.
    fn time(&self) -> Option<f64> {
        self.table.rows().get(self.row).map(|row| row.time)
    }

    /// Moves past `time`; returns the lives at risk and the events at it.
    fn advance(&mut self, time: f64) -> (u64, u64) {
        let late = self.table.entries()[self.entry..].iter().take_while(|entry| entry.0 < time);
        for (_, lives) in late {
            self.under += lives;
            self.entry += 1;
        }
        let at_risk = self.under;
        match self.table.rows().get(self.row) {
            Some(row) if row.time == time => {
                self.row += 1;
                self.under -= row.events + row.censored;
                (at_risk, row.events)
            }
            _ => (at_risk, 0),
        }
    }
}
