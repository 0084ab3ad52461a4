//! Whose rows the audit judges, and by which rules.

use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidegauge_core::TableRef;

use super::read;

/// Tells the rows of a simulation from those of a user.
pub trait Origin: Debug + Send + Sync {
    /// Returns `true` if a simulation wrote the row of `table` with this key, which is of this user.
    fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool;

    /// Returns `true` if the simulation keeps books by double entry and tells the truth of its users.
    fn keeps_books(&self) -> bool;
}

/// Which rows are simulated.
#[derive(Debug, Clone, Default)]
pub enum Simulated {
    /// None.
    #[default]
    Nothing,
    /// All.
    Everything,
    /// Those that this tells.
    Told(Arc<dyn Origin>),
}

/// What is judged, and how.
#[derive(Debug, Clone)]
pub struct VerifyParams {
    /// Which rows are simulated: the rules of the simulator's world judge these alone.
    pub simulated: Simulated,
    /// Rules of a user's own exchange, for all other rows.
    pub own: OwnRules,
    /// About how many rows are held at a time: fewer of them take less memory, and more reads.
    pub rows: u64,
}

impl Default for VerifyParams {
    fn default() -> Self {
        Self { simulated: Simulated::Nothing, own: OwnRules::default(), rows: 1_000_000 }
    }
}

impl VerifyParams {
    /// Returns parameters that take all rows for simulated.
    pub fn all_simulated() -> Self {
        Self { simulated: Simulated::Everything, ..Self::default() }
    }
}

/// Rules of a user's own exchange. Those that are not given are not applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnRules {
    /// What trades cost, by the volume of the thirty days before, from no volume upwards.
    pub trade_fees: Vec<FeeStep>,
    /// What a purchase costs, as a share of its amount.
    pub ramp_fee: Option<f64>,
    /// The tables whose rows need a verified user: the order of the funnel.
    pub verified_first: Vec<String>,
    /// Whether deposits, withdrawals, orders, trades and purchases are there from the first on, so that
    /// balances can be reckoned from them.
    pub complete_history: bool,
}

/// What trades cost from some volume on, as shares of the quote amount.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeStep {
    /// The least volume of the thirty days before, US dollars.
    #[serde(default)]
    pub from_usd: f64,
    /// Of an order that waited in the book.
    pub maker: f64,
    /// Of an order that took what waited.
    pub taker: f64,
}

impl OwnRules {
    /// Returns the first setting that makes no sense, and why.
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

/// The tables whose rows may need a verified user.
const FUNNEL: [&str; 5] = ["deposits", "withdrawals", "orders", "trades", "ramp_transactions"];

/// Whose rows are judged, and what is known of all of them.
#[derive(Debug, Default)]
pub(super) struct Subject {
    simulated: Simulated,
    pub(super) own: OwnRules,
    /// How many rows each of the users' tables has.
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

    /// Returns `true` if simulated events must be posted, and simulated users have a truth.
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
