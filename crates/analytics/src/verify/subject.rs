//! The origin of the audited rows, and the rules that apply to them.

use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidegauge_core::TableRef;

use super::read;

/// The distinction between simulated rows and a user's own rows.
pub trait Origin: Debug + Send + Sync {
    /// Returns `true` if a simulation wrote the row of `table` with this key, which belongs to this
    /// user.
    fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool;

    /// Returns `true` if the simulation keeps a double-entry ledger and records the ground truth of
    /// its users.
    fn keeps_books(&self) -> bool;
}

/// The selection of simulated rows.
#[derive(Debug, Clone, Default)]
pub enum Simulated {
    /// No rows.
    #[default]
    Nothing,
    /// All.
    Everything,
    /// The rows that this origin determines.
    Told(Arc<dyn Origin>),
}

/// The parameters of the audit.
#[derive(Debug, Clone)]
pub struct VerifyParams {
    /// The simulated rows, to which alone the rules of the simulated world apply.
    pub simulated: Simulated,
    /// The rules of a user's own exchange, for all other rows.
    pub own: OwnRules,
    /// The approximate number of rows that are held at a time: fewer rows need less memory, and
    /// more reads.
    pub rows: u64,
}

impl Default for VerifyParams {
    fn default() -> Self {
        Self { simulated: Simulated::Nothing, own: OwnRules::default(), rows: 1_000_000 }
    }
}

impl VerifyParams {
    /// Returns parameters that treat all rows as simulated.
    pub fn all_simulated() -> Self {
        Self { simulated: Simulated::Everything, ..Self::default() }
    }
}

/// The rules of a user's own exchange. Rules that are not set are not applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnRules {
    /// The tiers of trading fees by the volume of the thirty days before, in ascending order from
    /// 0.
    pub trade_fees: Vec<FeeStep>,
    /// The fee of a purchase, as a share of its amount.
    pub ramp_fee: Option<f64>,
    /// The tables whose rows require a verified user: the order of the funnel.
    pub verified_first: Vec<String>,
    /// Whether deposits, withdrawals, orders, trades and purchases are complete from the beginning,
    /// so that balances can be computed from them.
    pub complete_history: bool,
}

/// A tier of trading fees, as shares of the quote amount.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeStep {
    /// The minimum volume of the thirty days before, in US dollars.
    #[serde(default)]
    pub from_usd: f64,
    /// The fee of a maker order.
    pub maker: f64,
    /// The fee of a taker order.
    pub taker: f64,
}

impl OwnRules {
    /// Returns the first invalid setting with the reason, or `None` if all are valid.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        let is_share = |share: f64| share.is_finite() && (-1.0..=1.0).contains(&share);
        let steps = &self.trade_fees;
        if let Some(step) = steps.iter().find(|step| !is_share(step.maker) || !is_share(step.taker))
        {
            let reason = format!("{} and {} are not shares, as in 0.0025", step.maker, step.taker);
            return Some(("verify.trade_fees", reason));
        }
        let begins = steps.first().is_none_or(|step| step.from_usd == 0.0);
        if !begins || !steps.is_sorted_by(|one, next| one.from_usd < next.from_usd) {
            let reason = "steps begin at `from_usd` 0 and rise".to_owned();
            return Some(("verify.trade_fees", reason));
        }
        if let Some(fee) = self.ramp_fee.filter(|fee| !is_share(*fee)) {
            return Some(("verify.ramp_fee", format!("{fee} is not a share, as in 0.015")));
        }
        let known = FUNNEL.join(", ");
        let unknown = self.verified_first.iter().find(|name| !FUNNEL.contains(&name.as_str()));
        unknown.map(|name| {
            ("verify.verified_first", format!("there is no `{name}` in the funnel, but {known}"))
        })
    }
}

/// The tables whose rows may require a verified user.
const FUNNEL: [&str; 5] = ["deposits", "withdrawals", "orders", "trades", "ramp_transactions"];

/// The origin of the rows and the rules that apply, with the row counts of the users' tables.
#[derive(Debug, Default)]
pub(super) struct Subject {
    simulated: Simulated,
    pub(super) own: OwnRules,
    /// The number of rows of each of the users' tables.
    counts: Vec<u64>,
}

impl Subject {
    pub(super) fn new(params: &VerifyParams, counts: Vec<u64>) -> Self {
        Self { simulated: params.simulated.clone(), own: params.own.clone(), counts }
    }

    pub(super) fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        match &self.simulated {
            Simulated::Nothing => false,
            Simulated::Everything => true,
            Simulated::Told(origin) => origin.is_simulated(table, key, user),
        }
    }

    /// Returns `true` if simulated events must be posted, and simulated users have a ground truth.
    pub(super) fn keeps_books(&self) -> bool {
        match &self.simulated {
            Simulated::Nothing => false,
            Simulated::Everything => true,
            Simulated::Told(origin) => origin.keeps_books(),
        }
    }

    /// Returns the number of rows of each of the users' tables.
    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Returns `true` if one of the users' tables has rows.
    pub(super) fn has(&self, table: &TableRef) -> bool {
        let at = read::tables().iter().position(|known| *known == table);
        at.and_then(|at| self.counts.get(at)).is_some_and(|count| *count > 0)
    }
}
