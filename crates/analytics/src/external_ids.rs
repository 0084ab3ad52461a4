//! External ids: in messages and examples, they replace the surrogate ids of rows.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use futures_util::TryStreamExt;
use tidegauge_core::tables::{
    self, Chargeback, Deposit, EXTERNAL_ID, Order, RampTransaction, SURROGATES, Trade, User,
    Withdrawal,
};
use tidegauge_core::{Filter, Scan, TableRef, Value, Warehouse};

use crate::Result;
use crate::typed_columns::typed_column;

/// The maximum number of ids that are looked up for one answer.
const MAX_LOOKUPS: usize = 1_000;

/// Replaces surrogate ids by external ids, in texts such as `trades 17` and ``user `17` ``.
///
/// # Errors
/// When the warehouse cannot be read.
pub(crate) async fn substitute(
    warehouse: &dyn Warehouse,
    texts: impl IntoIterator<Item = &mut String>,
) -> Result<()> {
    let mut texts: Vec<(&mut String, Vec<SurrogateId>)> = texts
        .into_iter()
        .map(|text| {
            let ids = surrogate_ids(text);
            (text, ids)
        })
        .collect();
    let mut wanted: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for number in texts.iter().flat_map(|(_, numbers)| numbers).take(MAX_LOOKUPS) {
        wanted.entry(number.table.clone()).or_default().push(number.id);
    }
    let mut found: HashMap<(String, i64), String> = HashMap::new();
    for (name, ids) in wanted {
        for (id, external) in external_ids_of(warehouse, &name, ids).await? {
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

/// A surrogate id in a text.
#[derive(Debug, PartialEq, Eq)]
struct SurrogateId {
    table: String,
    id: i64,
    at: Range<usize>,
}

/// Returns the surrogate ids in a text, each after the name of its table or the word "user".
fn surrogate_ids(text: &str) -> Vec<SurrogateId> {
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
        numbers.push(SurrogateId { table, id, at: start..end });
    }
    numbers
}

/// Returns the external ids of the rows of a table.
async fn external_ids_of(
    warehouse: &dyn Warehouse,
    name: &str,
    mut ids: Vec<i64>,
) -> Result<Vec<(i64, String)>> {
    let Some(table) = tables::by_name(name).filter(|table| tables::keeps_external_ids(table))
    else {
        return Ok(Vec::new());
    };
    let key = table.key.first().map_or("", AsRef::as_ref).to_owned();
    let mut found = read_pairs(warehouse, &table, (&key, EXTERNAL_ID), &ids).await?;
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
            found
                .extend(read_pairs(warehouse, table, ("user_id", "external_user_id"), &ids).await?);
        }
    }
    Ok(found)
}

async fn read_pairs(
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
        let ids = typed_column(&batch, id, |column| column.as_i64())?;
        let externals = typed_column(&batch, external, |column| column.as_text())?;
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
    fn surrogate_ids_are_found_after_the_name_of_their_table() {
        let id = SURROGATES.start() + 5;
        let of = |text: &str| -> Vec<String> {
            surrogate_ids(text).into_iter().map(|number| number.table).collect()
        };
        assert_eq!(of(&format!("trades {id}")), ["trades"]);
        assert_eq!(of(&format!("user {id} BTC at 2026-01-01T00:00:00Z")), ["users"]);
        assert_eq!(of(&format!("a trade of user `{id}` on 2026-01-08")), ["users"]);
        assert!(of(&format!("ledger_entries of posting {id}")).is_empty());
        assert!(of("trades 17").is_empty() && of("no number").is_empty());
    }
}
