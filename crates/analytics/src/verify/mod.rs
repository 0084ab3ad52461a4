//! The consistency audit of a warehouse: rules that must hold between the exchange's own records,
//! row by row, for a slice of users at a time. See `docs/metrics/verify.md` for the rules and their
//! tolerances.

mod amounts;
mod balances;
mod books;
mod chargebacks;
mod claims;
mod derived;
mod elsewhere;
mod fees;
mod keys;
mod ledger;
mod lives;
mod market;
mod money;
mod orders;
mod parts;
mod places;
mod postings;
mod read;
mod referrers;
mod slices;
mod subject;
mod truth;

use std::collections::HashSet;

use serde::Serialize;
use tidegauge_core::tables::{LedgerEntry, TruthChannel, TruthUser};
use tidegauge_core::{TableRef, Warehouse, WarehouseExt, tables};

pub use subject::{FeeStep, Origin, OwnRules, Simulated, VerifyParams};

use crate::facts::Usd;
use crate::typed::typed;
use crate::{Result, external};
use balances::Movements;
use books::Books;
use elsewhere::Elsewhere;
use keys::Passing;
use read::Slice;
use slices::Everyone;
use subject::Subject;

/// The result of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every rule, whether it applied to any row or not.
    pub rules: Vec<RuleResult>,
    /// The number of rows of the users' tables that a simulation wrote.
    pub simulated_rows: u64,
    /// The number of all other rows of the users' tables.
    pub own_rows: u64,
    /// The caveats of the result, one sentence each; the audit itself adds none.
    pub notes: Vec<String>,
}

impl Report {
    /// Returns `true` if no rule has a violation.
    pub fn passed(&self) -> bool {
        self.broken().next().is_none()
    }

    /// Returns the rules with at least one violation.
    pub fn broken(&self) -> impl Iterator<Item = &RuleResult> {
        self.rules.iter().filter(|rule| rule.broken > 0)
    }
}

/// The result of one audit rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleResult {
    /// The name of the rule, stable across releases.
    pub name: String,
    /// The condition that must hold.
    pub description: String,
    /// The rows to which it applies.
    pub applies_to: AppliesTo,
    /// The number of rows (or accounts) that were checked; 0 if there are none.
    pub tried: u64,
    /// The number of violations.
    pub broken: u64,
    /// The keys of the first few violations.
    pub examples: Vec<String>,
}

/// The rows to which a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AppliesTo {
    /// All rows: it holds for any exchange, or the configuration sets it for the user's own.
    AllRows,
    /// Simulated rows alone: it is a rule of the simulated world.
    SimulatedRows,
}

impl AppliesTo {
    /// Returns the name: `all rows`, `simulated rows`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllRows => "all rows",
            Self::SimulatedRows => "simulated rows",
        }
    }
}

/// The maximum number of examples of a rule.
const EXAMPLES: usize = 3;

impl RuleResult {
    fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            applies_to: AppliesTo::AllRows,
            tried: 0,
            broken: 0,
            examples: Vec::new(),
        }
    }

    /// Restricts the rule to the simulated world, unless the configuration sets it for other rows
    /// too.
    fn of_simulation(mut self, is_given: bool) -> Self {
        self.applies_to = if is_given { AppliesTo::AllRows } else { AppliesTo::SimulatedRows };
        self
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

    /// Adds the result of the same rule for other rows.
    fn add(&mut self, other: Self) {
        self.tried += other.tried;
        self.broken += other.broken;
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }
}

/// Tables that no record refers to; the audit ignores them.
const APART: [&str; 9] = [
    "crypto_metrics",
    "social_posts",
    "social_counts",
    "operational_metrics",
    "quotes",
    "market_trades",
    "coverage",
    "quarantine",
    "runs",
];

/// Audits the exchange's and the market's tables of a warehouse. Rules that hold for any exchange
/// apply to all rows, those of the simulated world to the simulated rows alone.
///
/// # Errors
/// When the warehouse cannot be read.
pub async fn verify(warehouse: &dyn Warehouse, params: &VerifyParams) -> Result<Report> {
    let rows = params.rows;
    let is_own = |table: &TableRef| read::tables().contains(&table);
    let others = tables::all()
        .into_iter()
        .filter(|table| !is_own(table) && !APART.contains(&table.name.as_ref()));
    let mut rules = Vec::new();
    for table in others {
        rules.push(keys::unique(warehouse, &table, rows).await?);
    }
    let known = Known::read(warehouse, params).await?;
    let users = of_users(warehouse, &known, rows).await?;
    rules.extend(users.keys);
    rules.push(market::rows(&known.usd));
    rules.extend(derived::prices(warehouse, rows).await?);
    rules.extend(derived::fx(warehouse).await?);
    rules.extend(users.rules);
    external::name(warehouse, rules.iter_mut().flat_map(|rule| &mut rule.examples)).await?;
    for rule in rules.iter().filter(|rule| rule.broken > 0) {
        tracing::warn!(
            rule = rule.name,
            broken = rule.broken,
            tried = rule.tried,
            "rule is broken"
        );
    }
    let (simulated_rows, own_rows) = (users.simulated_rows, users.own_rows);
    Ok(Report { rules, simulated_rows, own_rows, notes: Vec::new() })
}

/// The inputs of the rules besides the rows of a slice.
struct Known {
    usd: Usd,
    everyone: Everyone,
    subject: Subject,
    /// `true` if the simulated exchange keeps a double-entry ledger.
    has_books: bool,
    /// The channels of the ground truth, if there is one.
    channels: Option<HashSet<String>>,
}

impl Known {
    async fn read(warehouse: &dyn Warehouse, params: &VerifyParams) -> Result<Self> {
        let (mut counts, mut has_books, mut has_truth) = (Vec::new(), false, false);
        for table in read::tables() {
            let count = warehouse.count(&read::lenient(table)).await? as u64;
            has_books |= count > 0 && table.name == LedgerEntry::table().name;
            has_truth |= count > 0 && table.name == TruthUser::table().name;
            counts.push(count);
        }
        let channels = warehouse.read(&read::scan(TruthChannel::table(), ["channel"])).await?;
        let channels = typed(&channels, "channel", |column| column.as_text())?.iter();
        let channels = channels.flatten().map(str::to_owned).collect();
        let subject = Subject::new(params, counts);
        has_books &= subject.keeps_books();
        has_truth &= subject.keeps_books();
        Ok(Self {
            usd: Usd::read(warehouse).await?,
            everyone: Everyone::read(warehouse).await?,
            subject,
            has_books,
            channels: has_truth.then_some(channels),
        })
    }
}

/// The results for the users' tables.
struct OfUsers {
    /// The rules of their keys, their references, and missing values.
    keys: Vec<RuleResult>,
    rules: Vec<RuleResult>,
    simulated_rows: u64,
    own_rows: u64,
}

/// Audits the users' tables, slice by slice.
async fn of_users(warehouse: &dyn Warehouse, known: &Known, rows: u64) -> Result<OfUsers> {
    let counts = known.subject.counts();
    let all = counts.iter().sum();
    let (mut simulated_rows, mut own_rows) = (0, 0);
    let slices = known.everyone.slices(all, rows);
    let mut unique: Vec<Passing> = read::tables().into_iter().map(Passing::new).collect();
    let (mut references, mut whole, mut rules) = (Vec::new(), Vec::new(), Vec::new());
    let mut look_ups = elsewhere::LOOK_UPS;
    for users in &slices {
        let slice =
            Slice::read(warehouse, (slices.len() > 1).then_some(users), &known.subject).await?;
        let mut books = Books::open(&slice, &known.subject)?;
        if slices.len() > 1 {
            books.elsewhere = Elsewhere::look_up(warehouse, &books, &mut look_ups).await?;
        }
        for (table, rows) in unique.iter_mut().zip(slice.all()) {
            table.slice(rows)?;
            let simulated = table.simulated(rows, &known.subject)?;
            simulated_rows += simulated;
            own_rows += rows.rows() as u64 - simulated;
        }
        add(&mut references, keys::whole(&slice, &books, &known.everyone)?);
        add(&mut rules, judged(&books, known));
        add(&mut whole, slice.whole);
    }
    // Rows without a user are in no slice.
    for (rule, count) in whole.iter_mut().zip(counts) {
        for _ in rule.tried..*count {
            rule.check(false, || "a row without user_id".into());
        }
    }
    let mut keys = Vec::new();
    for table in unique {
        keys.push(table.finish(warehouse, rows.saturating_mul(8)).await?);
    }
    keys.extend(references);
    keys.extend(whole);
    Ok(OfUsers { keys, rules, simulated_rows, own_rows })
}

/// Adds the results of one slice to those of the slices before.
fn add(all: &mut Vec<RuleResult>, more: Vec<RuleResult>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.iter_mut().zip(more).for_each(|(rule, more)| rule.add(more));
    }
}

/// Returns the results of all rules about the records of a slice.
fn judged(books: &Books<'_>, known: &Known) -> Vec<RuleResult> {
    let usd = &known.usd;
    let mut rules = vec![amounts::rule(books)];
    rules.extend(orders::rules(books));
    rules.extend([money::quotes(books), fees::rule(books, usd), money::ramp(books, usd)]);
    rules.push(market::rule(books, usd));
    let mut movements = Movements::of(books);
    rules.push(balances::rule(books, &movements));
    rules.extend(claims::rules(books, &mut movements));
    rules.extend(lives::rules(books));
    rules.push(places::rule(books));
    rules.extend(ledger::rules(books));
    rules.push(postings::rule(books, known.has_books));
    rules.push(chargebacks::rule(books));
    rules.push(referrers::rule(books, &known.everyone));
    rules.push(truth::rule(books, known.channels.as_ref()));
    rules
}
