//! The consistency audit of a warehouse: what must hold between the exchange's own records, row by
//! row. See `docs/metrics/verify.md` for the rules and their tolerances.

mod balances;
mod books;
mod claims;
mod derived;
mod keys;
mod lives;
mod market;
mod money;
mod orders;
mod places;

use serde::Serialize;
use tidegauge_core::{TableRef, Warehouse, tables};

use crate::Result;
use crate::facts::Usd;
use books::Books;

/// What the audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every rule, whether it had anything to judge or not.
    pub rules: Vec<RuleResult>,
}

impl Report {
    /// Whether no rule is broken anywhere.
    pub fn passed(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The rules that are broken somewhere.
    pub fn broken(&self) -> impl Iterator<Item = &RuleResult> {
        self.rules.iter().filter(|rule| rule.broken > 0)
    }
}

/// What the audit found about one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleResult {
    /// Its name, stable across releases.
    pub name: String,
    /// What must hold.
    pub description: String,
    /// How many rows (or accounts) the rule applied to; 0 where there are none.
    pub tried: u64,
    /// In how many it did not hold.
    pub broken: u64,
    /// The keys of the first few.
    pub examples: Vec<String>,
}

/// As many examples as help to find the mistake.
const EXAMPLES: usize = 3;

impl RuleResult {
    fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            tried: 0,
            broken: 0,
            examples: Vec::new(),
        }
    }

    fn check(&mut self, holds: bool, key: impl FnOnce() -> String) {
        self.tried += 1;
        if !holds {
            self.broken += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(key());
            }
        }
    }
}

/// Tables that nobody's records hang on; the audit leaves them alone.
const APART: [&str; 8] = [
    "crypto_metrics",
    "social_posts",
    "social_counts",
    "operational_metrics",
    "quotes",
    "market_trades",
    "coverage",
    "quarantine",
];

/// Audits the exchange's and the market's tables of a warehouse.
///
/// # Errors
/// When the warehouse cannot be read, or its market tables make no sense.
pub async fn verify(warehouse: &dyn Warehouse) -> Result<Report> {
    let audited: Vec<TableRef> =
        tables::all().into_iter().filter(|table| !APART.contains(&table.name.as_ref())).collect();
    let mut rules = Vec::new();
    for table in &audited {
        rules.push(keys::unique(warehouse, table).await?);
    }
    for table in &audited {
        rules.extend(keys::whole(warehouse, table).await?);
    }
    rules.extend(derived::prices(warehouse).await?);
    rules.extend(derived::fx(warehouse).await?);
    let usd = Usd::read(warehouse).await?;
    let frames = books::Frames::read(warehouse).await?;
    let books = Books::open(&frames)?;
    rules.extend(orders::rules(&books));
    rules.extend(money::rules(&books, &usd));
    rules.push(market::rule(&books, &usd));
    let mut movements = balances::Movements::of(&books);
    rules.push(balances::rule(&books, &movements));
    rules.extend(claims::rules(&books, &mut movements));
    rules.extend(lives::rules(&books));
    rules.push(places::rule(&books));
    for rule in rules.iter().filter(|rule| rule.broken > 0) {
        tracing::warn!(
            rule = rule.name,
            broken = rule.broken,
            tried = rule.tried,
            "rule is broken"
        );
    }
    Ok(Report { rules })
}
