//! The distribution of volume over users.

use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::Estimate;
use tidegauge_models::estimate::{gini, lorenz, top_share};

use super::threshold::{volume_of, within};
use crate::Result;
use crate::facts::{Accumulate, Facts, UserEvents};
use crate::frames::{number_column, text_column};
use crate::metrics::estimate_columns::estimate_columns;
use crate::metrics::seed::seed;
use crate::parallel::map_parts;
use crate::stats::ratio;

/// The points of the Lorenz curve, in shares of users.
const LORENZ: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// A tenth of the users, by volume.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Decile {
    /// The number of the decile; 1 has the highest volume.
    pub decile: u8,
    /// The number of its users.
    pub users: u64,
    /// Their total volume, in US dollars.
    pub volume_usd: f64,
    /// Its share of all volume; `None` if there is none.
    pub share: Option<f64>,
}

/// The distribution of volume over users.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Concentration {
    /// The ten deciles of the users.
    pub deciles: Vec<Decile>,
    /// The share of all volume of the 1 % of users with the highest, at least one user; `None` if
    /// there is no volume.
    pub top_1_percent: Option<f64>,
    /// The Gini coefficient: 0 if all users have the same volume, 1 if one has all of it.
    pub gini: Estimate,
    /// The share of all volume of the top 1 % of users; the one at the boundary counts in part;
    /// an interval from 2,000 users on.
    pub top_1: Estimate,
    /// The share of all volume of the top 10 % of users, like [`top_1`](Self::top_1); an interval
    /// from 200 users on.
    pub top_10: Estimate,
    /// Points of the Lorenz curve.
    pub lorenz: Vec<LorenzPoint>,
}

/// A point of the Lorenz curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LorenzPoint {
    /// The share of the users, those with the lowest volumes.
    pub users: f64,
    /// Their share of all volume.
    pub volume: Estimate,
}

impl Concentration {
    /// Returns the Lorenz curve as a frame: `users` (share of the users, those with the lowest
    /// volumes first), and the [columns of the estimate](crate::metrics#frames) `volume` (their
    /// share of all volume).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let users: Vec<f64> = self.lorenz.iter().map(|point| point.users).collect();
        let mut columns = vec![Column::new("users".into(), users)];
        columns.extend(estimate_columns("volume", self.lorenz.iter().map(|point| &point.volume)));
        Ok(DataFrame::new(self.lorenz.len(), columns)?)
    }

    /// Returns the deciles as a frame: `decile` (1 has the highest volume), `users`, `volume_usd`,
    /// `share` (of all volume; null if there is none).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn deciles_frame(&self) -> Result<DataFrame> {
        let deciles = || self.deciles.iter();
        let columns = vec![
            number_column("decile", deciles().map(|of| u32::from(of.decile))),
            number_column("users", deciles().map(|of| of.users)),
            number_column("volume_usd", deciles().map(|of| of.volume_usd)),
            number_column("share", deciles().map(|of| of.share)),
        ];
        Ok(DataFrame::new(self.deciles.len(), columns)?)
    }

    /// Returns the measures of concentration as a frame: `measure` (`gini`, `top_1_percent`,
    /// `top_10_percent`), and the [columns of the estimate](crate::metrics#frames) `value`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn measures_frame(&self) -> Result<DataFrame> {
        let measures = [
            ("gini", &self.gini),
            ("top_1_percent", &self.top_1),
            ("top_10_percent", &self.top_10),
        ];
        let mut columns = vec![text_column("measure", measures.iter().map(|(name, _)| *name))];
        columns.extend(estimate_columns("value", measures.iter().map(|(_, value)| *value)));
        Ok(DataFrame::new(measures.len(), columns)?)
    }
}

/// The volumes of users, in any order.
struct Volumes<'f> {
    facts: &'f Facts,
    /// In microseconds.
    within: Option<i64>,
    volumes: Vec<f64>,
}

impl Accumulate for Volumes<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        self.volumes.extend(volume_of(user, self.facts, self.within));
    }

    fn merge(&mut self, following: Self) {
        self.volumes.extend(following.volumes);
    }
}

/// Computes the distribution of volume over users. Volume is net of reversals, and counts within
/// `within_days` of signup, of users of at least that age; `None`: all volume of all users to date.
///
/// # Errors
/// When `within_days` is 0, or the events cannot be read.
pub fn concentration(facts: &Facts, within_days: Option<u32>) -> Result<Concentration> {
    let within = within(within_days)?;
    let mut volumes = facts.fold(|| Volumes { facts, within, volumes: Vec::new() })?.volumes;
    volumes.sort_unstable_by(f64::total_cmp);
    Ok(distribution(&volumes, facts.level()))
}

/// Returns the distribution of volumes in ascending order, none of them below 0.
fn distribution(volumes: &[f64], level: f64) -> Concentration {
    let (users, total) = (volumes.len(), volumes.iter().sum::<f64>());
    let deciles = (1u8..=10).map(|decile| {
        let edge = |tenths: u8| users - users * usize::from(tenths) / 10;
        let members = &volumes[edge(decile)..edge(decile - 1)];
        // From 0, since the sum of no floats is -0.
        let volume_usd = members.iter().fold(0.0, |sum, volume| sum + volume);
        Decile { decile, users: members.len() as u64, volume_usd, share: ratio(volume_usd, total) }
    });
    let top = volumes[users - users.div_ceil(100)..].iter().sum();
    let mut estimates = map_parts(3 + LORENZ.len(), |number| match number {
        0 => gini(volumes, level, seed("gini", None)),
        1 => top_share(volumes, 0.01, level, seed("top 1 %", None)),
        2 => top_share(volumes, 0.1, level, seed("top 10 %", None)),
        _ => lorenz(volumes, LORENZ[number - 3], level, seed("lorenz", None)),
    })
    .into_iter();
    let mut next = || estimates.next().unwrap_or(Estimate::undetermined(users as u64));
    Concentration {
        deciles: deciles.collect(),
        top_1_percent: ratio(top, total),
        gini: next(),
        top_1: next(),
        top_10: next(),
        lorenz: LORENZ.map(|users| LorenzPoint { users, volume: next() }).into(),
    }
}
