//! The consistency audit of a warehouse: what must hold between the exchange's own records, row by
//! row, some users at a time. See `docs/metrics/verify.md` for the rules and their tolerances.

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
mod truth;

use std::collections::HashSet;

use serde::Serialize;
use tidegauge_core::tables::{LedgerEntry, TruthChannel, TruthUser};
use tidegauge_core::{TableRef, Warehouse, WarehouseExt, tables};

use crate::Result;
use crate::facts::Usd;
use crate::typed::typed;
use balances::Movements;
use books::Books;
use elsewhere::Elsewhere;
use keys::Passing;
use read::Slice;
use slices::Everyone;

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

    /// Adds what was found of the same rule elsewhere.
    fn add(&mut self, other: Self) {
        self.tried += other.tried;
        self.broken += other.broken;
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }
}

/// Tables that nobody's records hang on; the audit leaves them alone.
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

/// Rows that are held at a time, about.
const ROWS: u64 = 1_000_000;

/// Audits the exchange's and the market's tables of a warehouse.
///
/// # Errors
/// When the warehouse cannot be read, or its market tables make no sense.
pub async fn verify(warehouse: &dyn Warehouse) -> Result<Report> {
    verify_by(warehouse, ROWS).await
}

/// The same, about `rows` rows at a time: fewer of them take less memory, and more reads.
///
/// # Errors
/// As for [`verify`].
pub async fn verify_by(warehouse: &dyn Warehouse, rows: u64) -> Result<Report> {
    let is_own = |table: &TableRef| read::tables().contains(&table);
    let others =
        tables::all().into_iter().filter(|it| !is_own(it) && !APART.contains(&it.name.as_ref()));
    let mut rules = Vec::new();
    for table in others {
        rules.push(keys::unique(warehouse, &table, rows).await?);
    }
    let known = Known::read(warehouse).await?;
    let users = of_users(warehouse, &known, rows).await?;
    rules.extend(users.keys);
    rules.extend(derived::prices(warehouse, rows).await?);
    rules.extend(derived::fx(warehouse).await?);
    rules.extend(users.rules);
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

/// What the rules have to know beside the rows of some users.
struct Known {
    usd: Usd,
    everyone: Everyone,
    /// How many rows each of the users' tables has.
    counts: Vec<u64>,
    /// Whether the exchange keeps books by double entry.
    has_books: bool,
    /// The channels that the truth knows, where it is told.
    channels: Option<HashSet<String>>,
}

impl Known {
    async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
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
        Ok(Self {
            usd: Usd::read(warehouse).await?,
            everyone: Everyone::read(warehouse).await?,
            counts,
            has_books,
            channels: has_truth.then_some(channels),
        })
    }
}

/// What was found of the users' tables.
struct OfUsers {
    /// Of their keys, their references, and whether their rows are whole.
    keys: Vec<RuleResult>,
    rules: Vec<RuleResult>,
}

/// Judges the users' tables, slice by slice.
async fn of_users(warehouse: &dyn Warehouse, known: &Known, rows: u64) -> Result<OfUsers> {
    let all = known.counts.iter().sum();
    let slices = known.everyone.slices(all, rows);
    let mut unique: Vec<Passing> = read::tables().into_iter().map(Passing::new).collect();
    let (mut references, mut whole, mut rules) = (Vec::new(), Vec::new(), Vec::new());
    let mut look_ups = elsewhere::LOOK_UPS;
    for users in &slices {
        let slice = Slice::read(warehouse, (slices.len() > 1).then_some(users)).await?;
        let mut books = Books::open(&slice)?;
        if slices.len() > 1 {
            books.elsewhere = Elsewhere::look_up(warehouse, &books, &mut look_ups).await?;
        }
        for (table, rows) in unique.iter_mut().zip(slice.all()) {
            table.slice(rows)?;
        }
        add(&mut references, keys::whole(&slice, &books, &known.everyone)?);
        add(&mut rules, judged(&books, known));
        add(&mut whole, slice.whole);
    }
    // Rows without a user lie in no slice.
    for (rule, count) in whole.iter_mut().zip(&known.counts) {
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
    Ok(OfUsers { keys, rules })
}

/// Adds what was found in one slice to what was found in those before.
fn add(all: &mut Vec<RuleResult>, more: Vec<RuleResult>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.iter_mut().zip(more).for_each(|(rule, more)| rule.add(more));
    }
}

/// What all rules about some users' records say.
fn judged(books: &Books<'_>, known: &Known) -> Vec<RuleResult> {
    let usd = &known.usd;
    let mut rules = orders::rules(books);
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
