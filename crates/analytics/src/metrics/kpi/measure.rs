//! The measures of the board that are sums over users, or ratios of two of them.

use super::metric::Metric;
use super::params::BoardParams;
use super::user_periods::Quantity;
use crate::Result;
use crate::facts::Facts;
use crate::metrics::cohort::{Cohort, Groups};

/// A sum over users, or a ratio of two sums.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    pub(super) metric: Metric,
    /// `kind` or a dimension of the users.
    pub(super) dimension: Option<String>,
    pub(super) label: Option<String>,
    /// The group of the users that count; `None`: all.
    pub(super) group: Option<usize>,
    pub(super) numerator: Quantity,
    /// `None` of a sum.
    pub(super) denominator: Option<Quantity>,
}

impl Measure {
    fn sum(metric: Metric, numerator: Quantity) -> Self {
        let (dimension, label, group) = (None, None, None);
        Self { metric, dimension, label, group, numerator, denominator: None }
    }

    fn ratio(metric: Metric, numerator: Quantity, denominator: Quantity) -> Self {
        Self { denominator: Some(denominator), ..Self::sum(metric, numerator) }
    }

    fn of_kind(self, kind: &str) -> Self {
        Self { dimension: Some("kind".to_owned()), label: Some(kind.to_owned()), ..self }
    }
}

/// Returns the measures, and the groups of users of those that have one.
///
/// # Errors
/// When the users lack the dimension.
pub(super) fn measures(facts: &Facts, params: &BoardParams) -> Result<(Vec<Measure>, Groups)> {
    let kinds = &facts.events.kinds;
    let transactions = kinds.matching(&params.transactions);
    let take_rate = Measure::ratio(Metric::TakeRate, Quantity::Fees, Quantity::Volume);
    let mut measures = vec![
        Measure::sum(Metric::TransactingUsers, Quantity::Users),
        Measure::sum(Metric::Volume, Quantity::Volume),
        Measure::ratio(Metric::VolumePerUser, Quantity::Volume, Quantity::Users),
        Measure::sum(Metric::GrossRevenue, Quantity::Gross),
        Measure::sum(Metric::NetRevenue, Quantity::Net),
        take_rate.clone(),
    ];
    for (kind, code) in kinds.names().iter().zip(0u8..) {
        let revenue = Quantity::GrossOf(code);
        let share = Measure::ratio(Metric::RevenueShare, revenue, Quantity::Gross);
        measures.push(share.of_kind(kind));
        if transactions.contains(code) {
            let rate = Measure::ratio(Metric::TakeRate, revenue, Quantity::VolumeOf(code));
            measures.push(rate.of_kind(kind));
        }
    }
    let Some(dimension) = &params.dimension else {
        return Ok((measures, Cohort::Everyone.groups(facts)?));
    };
    let groups = Cohort::dimension(dimension).groups(facts)?;
    for group in 0..groups.len() {
        let (dimension, label) = (Some(dimension.clone()), groups.label(group));
        measures.push(Measure { dimension, label, group: Some(group), ..take_rate.clone() });
    }
    Ok((measures, groups))
}
