//! The time from spend to the signups that it brings.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The signups on which the spend of a day is: those of the same day, or of later ones.
///
/// The total of the spend stays the same. What is spend on signups at the end of observation or
/// later counts apart: [`UnitEconomics::spend_beyond_usd`](super::UnitEconomics::spend_beyond_usd).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpendLag {
    /// The signups of the same day.
    #[default]
    None,
    /// The signups of the day that is so many days later.
    Days(u32),
    /// The signups of the same day and of those that follow, in proportion to these weights.
    Weights(Vec<f64>),
    /// The signups of the same day and of those that follow, with weights that halve with every
    /// half-life.
    HalfLife {
        /// The half-life, in days.
        half_life_days: f64,
        /// The last day with a weight, in days after the spend.
        last_day: u32,
    },
}

impl SpendLag {
    /// Returns the share of the spend of a day that is on the signups of each day from it on.
    ///
    /// # Errors
    /// When a weight is negative or not finite, all of them are 0, or the half-life is not above 0.
    pub(super) fn shares(&self) -> Result<Vec<f64>> {
        let weights = match self {
            Self::None => return Ok(vec![1.0]),
            Self::Days(days) => {
                let mut shares = vec![0.0; *days as usize];
                shares.push(1.0);
                return Ok(shares);
            }
            Self::Weights(weights) => weights.clone(),
            Self::HalfLife { half_life_days, last_day } => {
                if !(*half_life_days > 0.0 && half_life_days.is_finite()) {
                    let reason = "needs a half-life above 0";
                    return Err(Error::Parameter { name: "spend_lag", reason });
                }
                let weight = |day: u32| libm::exp2(-f64::from(day) / half_life_days);
                (0..=*last_day).map(weight).collect()
            }
        };
        let total: f64 = weights.iter().sum();
        let is_weight = |weight: &f64| *weight >= 0.0 && weight.is_finite();
        if !(weights.iter().all(is_weight) && total > 0.0 && total.is_finite()) {
            let reason = "needs weights that are not negative, and not all 0";
            return Err(Error::Parameter { name: "spend_lag", reason });
        }
        Ok(weights.into_iter().map(|weight| weight / total).collect())
    }
}
