//! External ids: in messages and examples, string ids replace the surrogate numbers.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use futures_util::TryStreamExt;
use tidegauge_core::tables::{
    self, Chargeback, Deposit, EXTERNAL_ID, Order, RampTransaction, SURROGATES, Trade, User,
    Withdrawal,
};
use tidegauge_core::{Filter, Scan, TableRef, Value, Warehouse};

use crate::Result;
use crate::typed::typed;

/// The maximum number of ids that are looked up for one answer.
const MOST: usize = 1_000;

/// Replaces surrogate numbers by their external ids, in texts such as `trades 17` and ``user `17`
/// ``.
pub(crate) async fn name(
    warehouse: &dyn Warehouse,
    texts: impl IntoIterator<Item = &mut String>,
) -> Result<()> {
    let mut texts: Vec<(&mut String, Vec<Number>)> = texts
        .into_iter()
        .map(|text| {
            let numbers = numbers(text);
            (text, numbers)
        })
        .collect();
    let mut wanted: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for number in texts.iter().flat_map(|(_, numbers)| numbers).take(MOST) {
        wanted.entry(number.table.clone()).or_default().push(number.id);
    }
    let mut found: HashMap<(String, i64), String> = HashMap::new();
    for (name, ids) in wanted {
        for (id, external) in look_up(warehouse, &name, ids).await? {
            found.insert((name.clone(), id), external);
        }
    }
    for (text, numbers) in &mut texts {
        for number in numbers.iter().rev() {
            let Some(external) = found.get(&(number.table.clone(), number.id)) else { continue };
            let is_quoted = text[..number.at.start].ends_with('`');
            let external = if is_quoted { external.clone() } else { format!("`{external}`") };
            text.replace_range(number.at.clone(), &external);
        }
    }
    Ok(())
}

/// A surrogate number in a text.
#[derive(Debug, PartialEq, Eq)]
struct Number {
    table: String,
    id: i64,
    at: Range<usize>,
}

/// Returns the surrogate numbers in a text, each after the name of its table or the word "user".
fn numbers(text: &str) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut end = 0;
    while let Some(start) = text[end..].find(|c: char| c.is_ascii_digit()).map(|at| at + end) {
        let digits = text[start..].find(|c: char| !c.is_ascii_digit());
        end = digits.map_or(text.len(), |digits| start + digits);
        let Ok(id) = text[start..end].parse::<i64>() else { continue };
        if !SURROGATES.contains(&id) {
            continue;
        }
        let before = text[..start].trim_end_matches([' ', '`']);
        let word = before.rsplit(|c: char| !c.is_ascii_lowercase() && c != '_').next();
        let table = match word {
            Some("user" | "users") => User::table().name.to_string(),
            Some(name) if tables::by_name(name).is_some() => name.to_owned(),
            _ => continue,
        };
        numbers.push(Number { table, id, at: start..end });
    }
    numbers
}

/// Returns the external ids of the rows of a table.
async fn look_up(
    warehouse: &dyn Warehouse,
    name: &str,
    mut ids: Vec<i64>,
) -> Result<Vec<(i64, String)>> {
    let Some(table) = tables::by_name(name).filter(|table| tables::keeps_external_ids(table))
    else {
        return Ok(Vec::new());
    };
    let key = table.key.first().map_or("", AsRef::as_ref).to_owned();
    let mut found = read(warehouse, &table, (&key, EXTERNAL_ID), &ids).await?;
    if name == User::table().name {
        // Without users, the external ids are in their transactions.
        for table in [
            Order::table(),
            Trade::table(),
            RampTransaction::table(),
            Deposit::table(),
            Withdrawal::table(),
            Chargeback::table(),
        ] {
            ids.retain(|id| found.iter().all(|(known, _)| known != id));
            if ids.is_empty() {
                break;
            }
            found.extend(read(warehouse, table, ("user_id", "external_user_id"), &ids).await?);
        }
    }
    Ok(found)
}

async fn read(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    (id, external): (&str, &str),
    ids: &[i64],
) -> Result<Vec<(i64, String)>> {
    let filter = Filter::is_in(id, ids.iter().copied().map(Value::Int));
    let scan = Scan::columns(&table.as_read(), [id, external]).filter(filter);
    let mut batches = warehouse.scan(&scan).await?;
    let mut found: Vec<(i64, String)> = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        let ids = typed(&batch, id, |column| column.as_i64())?;
        let externals = typed(&batch, external, |column| column.as_text())?;
        for (row, id) in ids.iter().enumerate() {
            let (Some(id), Some(external)) = (id, externals.get(row)) else { continue };
            if found.iter().all(|(known, _)| *known != id) {
                found.push((id, external.to_owned()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_texts_are_found_behind_what_they_are_of() {
        let id = SURROGATES.start() + 5;
        let of = |text: &str| -> Vec<String> {
            numbers(text).into_iter().map(|number| number.table).collect()
        };
        assert_eq!(of(&format!("trades {id}")), ["trades"]);
        assert_eq!(of(&format!("user {id} BTC at 2026-01-01T00:00:00Z")), ["users"]);
        assert_eq!(of(&format!("a trade of user `{id}` on 2026-01-08")), ["users"]);
        assert!(of(&format!("ledger_entries of posting {id}")).is_empty());
        assert!(of("trades 17").is_empty() && of("no number").is_empty());
    }
}
