//! The parameters of the audit: which rows are simulated, and the rules of a user's own exchange.

use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The distinction between simulated rows and a user's own rows.
pub trait RowOrigin: Debug + Send + Sync {
    /// Returns `true` if a simulation wrote the row of `table` with this key, which belongs to this
    /// user.
    fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool;

    /// Returns `true` if the simulation keeps a double-entry ledger and records the ground truth of
    /// its users.
    fn has_double_entry(&self) -> bool;
}

/// A selection of rows.
#[derive(Debug, Clone, Default)]
pub enum RowSelection {
    /// No rows.
    #[default]
    None,
    /// All rows.
    All,
    /// The rows that this origin determines.
    ByOrigin(Arc<dyn RowOrigin>),
}

/// The parameters of the audit.
#[derive(Debug, Clone)]
pub struct AuditParams {
    /// The simulated rows; the rules of the simulated world apply to them alone.
    pub simulated: RowSelection,
    /// The rules of a user's own exchange, for all other rows.
    pub own: OwnRules,
    /// The approximate number of rows that are held at a time: fewer rows need less memory, and
    /// more reads.
    pub rows: u64,
}

impl Default for AuditParams {
    fn default() -> Self {
        Self { simulated: RowSelection::None, own: OwnRules::default(), rows: 1_000_000 }
    }
}

impl AuditParams {
    /// Returns parameters that treat all rows as simulated.
    pub fn all_simulated() -> Self {
        Self { simulated: RowSelection::All, ..Self::default() }
    }
}

/// The rules of a user's own exchange. Rules that are not set are not applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnRules {
    /// The tiers of trading fees by the volume of the thirty days before, in ascending order from
    /// 0.
    pub trade_fees: Vec<FeeTier>,
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
pub struct FeeTier {
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
    pub fn first_invalid(&self) -> Option<(&'static str, String)> {
        let is_share = |share: f64| share.is_finite() && (-1.0..=1.0).contains(&share);
        let tiers = &self.trade_fees;
        if let Some(tier) = tiers.iter().find(|tier| !is_share(tier.maker) || !is_share(tier.taker))
        {
            let reason = format!("{} and {} are not shares, as in 0.0025", tier.maker, tier.taker);
            return Some(("verify.trade_fees", reason));
        }
        let begins = tiers.first().is_none_or(|tier| tier.from_usd == 0.0);
        if !begins || !tiers.is_sorted_by(|one, next| one.from_usd < next.from_usd) {
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
