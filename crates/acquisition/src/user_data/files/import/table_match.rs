//! The choice of the built-in table that the columns of a file fill.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tidegauge_core::{Column as TableColumn, DataType, TableRef, tables};

use super::inspection::{Guess, Hints, Question};
use super::names::{self, TABLES};
use super::role::{Role, role, suits};
use super::value_rules::{sides, states, uppercased};
use super::values::InferredColumn;
use super::words;
use crate::user_data::mapping::{
    Columns, Condition, Constant, IdKind, Part, Probe, Rule, is_external,
};

/// A built-in table, and its mapping to the columns of a file.
#[derive(Debug, Default)]
pub(super) struct TableMatch {
    pub(super) table: String,
    pub(super) columns: Columns,
    pub(super) filter: Vec<Condition>,
    /// The columns of the file that are used.
    pub(super) taken: Vec<String>,
    /// Required columns of the table that no column fills.
    pub(super) missing: Vec<String>,
    pub(super) guesses: Vec<Guess>,
    /// Whether a column is used that only markets have: a pair, a side, a base currency.
    is_market: bool,
    /// The currency signs of the amounts, if no column has the currency.
    pub(super) signs: BTreeSet<String>,
}

/// Returns the table that fits the columns best: the one with the fewest missing columns, then the
/// one that uses most of the file's. It is `hints.table` if that is set. `None` if no table has all
/// columns of `hints`.
pub(super) fn best_match(columns: &[InferredColumn], hints: &Hints) -> Option<TableMatch> {
    let has_all = |table: &TableRef| hints.columns.keys().all(|name| table.column(name).is_ok());
    let matches = tables(hints).filter(has_all).map(|table| {
        let names = TABLES.iter().find(|(name, _)| *name == table.name);
        match_table(&table, names.map_or(&[], |(_, names)| *names), columns, hints)
    });
    let mut best: Option<TableMatch> = None;
    for table_match in matches {
        let rank = |table_match: &TableMatch| {
            (std::cmp::Reverse(table_match.missing.len()), table_match.taken.len())
        };
        let is_better = |best: &TableMatch| rank(&table_match) > rank(best);
        if best.as_ref().is_none_or(is_better) {
            best = Some(table_match);
        }
    }
    best
}

/// Returns the tables that are tried.
pub(super) fn tables(hints: &Hints) -> impl Iterator<Item = TableRef> {
    let is_asked = |table: &&str| hints.table.as_deref().is_none_or(|asked| asked == *table);
    let names = TABLES.iter().map(|(table, _)| *table).filter(is_asked);
    names.filter_map(tables::by_name)
}

fn match_table(
    table: &TableRef,
    names: names::ColumnNames,
    columns: &[InferredColumn],
    hints: &Hints,
) -> TableMatch {
    let mut table_match = TableMatch { table: table.name.to_string(), ..TableMatch::default() };
    // Required columns are filled first, so that no other takes their column, and currencies after
    // their amounts.
    let mut wanted: Vec<&TableColumn> = table.columns.iter().collect();
    wanted.sort_by_key(|column| (column.nullable, role(table, column) == Role::Currency));
    for column in wanted {
        if is_external(table, &column.name) {
            continue;
        }
        let known = names.iter().find(|(name, _)| *name == column.name);
        let known = known.map(|(_, names)| *names).unwrap_or_default();
        let role = role(table, column);
        if let Some(asked) = hints.columns.get(&*column.name) {
            match columns.iter().find(|found| words::are_similar(&found.name, asked)) {
                Some(found) => table_match.fill(column, role, found),
                None => table_match.missing.push(column.name.to_string()),
            }
            continue;
        }
        let wanted = std::iter::once(&*column.name).chain(known.iter().copied());
        let found = wanted.clone().find_map(|name| {
            columns.iter().find(|found| {
                !table_match.taken.contains(&found.name)
                    && !hints.columns.values().any(|asked| words::are_similar(&found.name, asked))
                    && words::name_candidates(&found.name).iter().any(|candidate| candidate == name)
                    && suits(found, column, role)
            })
        });
        match found {
            Some(found) => table_match.fill(column, role, found),
            None if column.nullable || column.name == "status" => {}
            None => table_match.fill_missing(column, role, columns, hints),
        }
    }
    table_match.split_trading_pair(columns);
    if table.name == "trades" && hints.table.is_none() && !table_match.is_market {
        table_match.missing.push("trading_pair".into());
    }
    // A row of `users` is identified by its user: a file with several rows per id, with an amount,
    // or with the id of a purchase, as orders have, is not a list of users.
    let id =
        table_match.taken.first().and_then(|id| columns.iter().find(|column| column.name == *id));
    let is_event = |id: &InferredColumn| {
        columns.iter().filter(|column| column.name != id.name).any(is_of_purchases)
    };
    if table.name == "users"
        && hints.table.is_none()
        && id.is_some_and(|id| !id.is_unique || is_event(id))
    {
        table_match.missing.push("user_id".into());
    }
    table_match
}

/// Returns `true` if a column has a name for ids or amounts of purchases, except for `id` itself.
fn is_of_purchases(column: &InferredColumn) -> bool {
    let purchases = TABLES.iter().filter(|(table, _)| *table == "ramp_transactions");
    let mut names = purchases
        .flat_map(|(_, names)| names.iter())
        .filter(|(name, _)| matches!(*name, "fiat_amount" | "transaction_id"))
        .flat_map(|(name, others)| std::iter::once(name).chain(others.iter()));
    let name_candidates = words::name_candidates(&column.name);
    names.any(|name| *name != "id" && name_candidates.iter().any(|candidate| candidate == name))
}

impl TableMatch {
    /// Fills `column` of the table from the column `found` of the file.
    fn fill(&mut self, column: &TableColumn, role: Role, found: &InferredColumn) {
        let read = &found.rule;
        let mut rule = Rule::column(found.name.clone());
        self.is_market |= ["trading_pair", "side", "base_currency"].contains(&&*column.name);
        match role {
            Role::Time => {
                if let Some(time) = &found.time_of_day {
                    rule = Rule::joined([found.name.as_str(), time.as_str()], " ");
                    self.taken.push(time.clone());
                }
                (rule.format, rule.zone) = (read.format.clone(), read.zone.clone());
            }
            Role::Number => {
                rule = Rule { column: rule.column, format: None, zone: None, ..read.clone() };
                self.divide(&mut rule, column, found);
            }
            Role::Status => states(&mut rule, found, &mut self.guesses),
            Role::Other if column.name == "side" => rule.values = sides(found),
            Role::Currency => uppercased(&mut rule, found),
            Role::Id | Role::Country | Role::Other => {}
        }
        if role == Role::Number && found.has_negative && column.name == "fiat_amount" {
            self.filter.push(Condition { above: Some(Constant::Int(0)), ..condition(&found.name) });
            self.guesses.push(Guess::note(format!(
                "rows whose `{}` is 0 or less are left out, as refunds are: purchases have positive amounts",
                found.name
            )));
        }
        self.taken.push(found.name.clone());
        if rule != Rule::column(&*column.name) {
            self.columns.insert(column.name.to_string(), rule);
        }
    }

    /// Divides amounts whose column name says cents or micros, and notes that other integer amounts
    /// may be cents.
    fn divide(&mut self, rule: &mut Rule, column: &TableColumn, found: &InferredColumn) {
        let is_amount = matches!(column.dtype, DataType::Decimal { .. });
        if !is_amount || found.dtype != DataType::Int64 {
            return;
        }
        rule.divide = words::divisor(&found.name);
        match rule.divide {
            Some(by) => self.guesses.push(Guess::note(format!(
                "`{}` is divided by {by}, as its name says",
                found.name
            ))),
            None if column.name == "fiat_amount" && !found.is_small => {
                self.guesses.push(Guess::note(format!(
                    "amounts of `{}` are whole numbers: if they are cents, `divide = 100` in the settings says so",
                    found.name
                )));
            }
            None => {}
        }
    }

    /// Fills a required column of the table for which the file has no column, or adds it to the
    /// missing ones.
    fn fill_missing(
        &mut self,
        column: &TableColumn,
        role: Role,
        columns: &[InferredColumn],
        hints: &Hints,
    ) {
        let name = &*column.name;
        let amount = || {
            let rule = ["fiat_amount", "quote_amount", "spend"]
                .iter()
                .find_map(|name| self.columns.get(*name));
            let name = rule.and_then(|rule| rule.column.as_deref());
            let named = |column: &&InferredColumn| {
                name.map_or(column.name == "spend", |name| column.name == name)
            };
            columns.iter().find(named)
        };
        match (role, name) {
            (Role::Currency, _) if amount().is_some_and(|amount| amount.has_unit) => {
                let Some(amount) = amount() else { return };
                let code = |unit: &String| {
                    let (code, _) = words::currency(unit)?;
                    (code != unit).then(|| (unit.clone(), Constant::Text(code.into())))
                };
                let values = amount.units.iter().filter_map(code).collect();
                let rule =
                    Rule { part: Some(Part::Unit), values, ..Rule::column(amount.name.clone()) };
                self.columns.insert(name.into(), rule);
            }
            (Role::Currency, _) if hints.currency.is_some() => {
                let currency = hints.currency.as_deref().unwrap_or_default().to_uppercase();
                let others = amount().map(|amount| amount.units.clone()).unwrap_or_default();
                // Amounts with the sign of another currency are quarantined.
                let is_other = |sign: &&String| {
                    words::currency(sign)
                        .is_some_and(|(code, is_certain)| is_certain && code != currency)
                };
                let others: Vec<String> = others.iter().filter(is_other).cloned().collect();
                for rule in self.columns.values_mut() {
                    rule.currency.retain(|sign| !others.contains(sign));
                }
                self.columns.insert(name.into(), Rule::constant(&currency));
            }
            (Role::Currency, _) => {
                let signs = amount().map(|amount| amount.units.clone()).unwrap_or_default();
                self.signs.clone_from(&signs);
                let known = match signs.iter().collect::<Vec<_>>().as_slice() {
                    [sign] => words::currency(sign),
                    _ => None,
                };
                match known {
                    Some((currency, is_certain)) => {
                        self.columns.insert(name.into(), Rule::constant(currency));
                        if !is_certain {
                            let sign = signs.into_iter().collect::<String>();
                            self.guesses.push(Guess::question(
                                format!(
                                    "`{sign}` is taken for {currency}; `--currency` says otherwise"
                                ),
                                Question::Currency,
                            ));
                        }
                    }
                    None => self.missing.push(name.into()),
                }
            }
            (Role::Id, "transaction_id" | "trade_id") => self.joined_id(name, columns),
            (_, "campaign") => {
                self.columns.insert(name.into(), Rule::constant("(none)"));
                self.guesses.push(Guess::note("no column names a campaign: it is `(none)`".into()));
            }
            // Rows of several sources are stored in the same table.
            (_, "source") if hints.name.is_some() => {
                let source = hints.name.as_deref().unwrap_or_default();
                self.columns.insert(name.into(), Rule::constant(source));
                self.guesses
                    .push(Guess::note(format!("no column names a source: it is `{source}`")));
            }
            _ => self.missing.push(name.into()),
        }
    }

    /// Fills an id from the columns that distinguish rows.
    fn joined_id(&mut self, name: &str, columns: &[InferredColumn]) {
        let of_states: Vec<String> =
            columns.iter().filter(is_state).map(|column| column.name.clone()).collect();
        let is_part = |column: &&InferredColumn| {
            // A later export has the same purchase with another status.
            !of_states.contains(&column.name)
                && (matches!(
                    column.dtype,
                    DataType::Date
                        | DataType::Timestamp
                        | DataType::Int64
                        | DataType::Decimal { .. }
                ) || column.dtype == DataType::Text && column.count > 0)
        };
        let parts: Vec<&str> =
            columns.iter().filter(is_part).map(|column| column.name.as_str()).collect();
        if parts.is_empty() {
            self.missing.push(name.into());
            return;
        }
        let rule = Rule { id: Some(IdKind::Text), ..Rule::joined(parts.iter().copied(), "|") };
        self.columns.insert(name.into(), rule);
        self.guesses.push(Guess::note(format!(
            "no column is an id: `{name}` is made of {}, so that rows equal in all of them are one",
            parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ")
        )));
    }

    /// Fills the currencies of trades from their trading pair, if no other column has them.
    fn split_trading_pair(&mut self, columns: &[InferredColumn]) {
        let by_rule = self.columns.get("trading_pair").and_then(|rule| rule.column.clone());
        let pair = by_rule.unwrap_or_else(|| "trading_pair".to_owned());
        let Some(pair) = columns.iter().find(|column| {
            self.table == "trades" && column.name == pair && self.taken.contains(&pair)
        }) else {
            return;
        };
        for (name, part) in [("base_currency", Part::Base), ("quote_currency", Part::Quote)] {
            let rule = Rule { part: Some(part), ..Rule::column(pair.name.clone()) };
            let is_filled =
                self.columns.contains_key(name) || self.taken.iter().any(|taken| taken == name);
            let reads = |rule: &Rule| {
                let probe = Probe::new(DataType::Text, rule, DateTime::<Utc>::MAX_UTC);
                let Ok(mut probe) = probe else { return false };
                pair.distinct.iter().flatten().all(|symbol| probe.reads(symbol))
            };
            if !is_filled && reads(&rule) {
                self.columns.insert(name.into(), rule);
                self.missing.retain(|missing| missing != name);
                self.guesses.push(Guess::note(format!("`{name}` is a part of `{}`", pair.name)));
            }
        }
    }
}

/// Returns `true` if a column has the state of a purchase.
fn is_state(column: &&InferredColumn) -> bool {
    let name_candidates = words::name_candidates(&column.name);
    let is_called = |name: &String| {
        ["status", "state", "zustand"]
            .iter()
            .any(|word| name == word || name.ends_with(&format!("_{word}")))
    };
    name_candidates.iter().any(is_called)
}

fn condition(column: &str) -> Condition {
    Condition { column: column.to_owned(), ..Condition::default() }
}
