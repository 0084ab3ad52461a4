//! Grouping of a load's batches by table.

#[cfg(any(feature = "_folder", feature = "bigquery"))]
use tidegauge_core::{Batch, TableRef};
use tidegauge_core::{Column, Table};

use crate::Result;

/// Returns the definitions of the key's columns, in the key's order.
pub(crate) fn key(table: &Table) -> Result<Vec<&Column>> {
    Ok(table.key.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?)
}

/// Returns the rows of each table as one batch, tables and rows in their order of arrival.
///
/// The rows of a table with a single batch are not copied.
#[cfg(any(feature = "_folder", feature = "bigquery"))]
pub(crate) fn by_table(batches: &[Batch]) -> Result<Vec<(TableRef, Batch)>> {
    let mut tables: Vec<(&TableRef, Vec<Batch>)> = Vec::new();
    for batch in batches {
        match tables.iter_mut().find(|(table, _)| table.name == batch.table().name) {
            Some((_, parts)) => parts.push(batch.clone()),
            None => tables.push((batch.table(), vec![batch.clone()])),
        }
    }
    tables
        .into_iter()
        .map(|(table, mut parts)| match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => Ok((table.clone(), only)),
            (last, _) => {
                parts.extend(last);
                Ok((table.clone(), Batch::concat(table, &parts)?))
            }
        })
        .collect()
}
