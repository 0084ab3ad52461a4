//! The roles of the columns of tables, which decide what may fill them.

use tidegauge_core::{Column as TableColumn, DataType, TableRef, tables};

use super::values::InferredColumn;

/// The role of a table's column, which decides which columns of a file may fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Time,
    Number,
    Currency,
    Country,
    Status,
    Other,
}

/// Returns the role of a column of `table`.
pub(super) fn role(table: &TableRef, column: &TableColumn) -> Role {
    let name = &*column.name;
    match column.dtype {
        DataType::Int64 if tables::external(table, name).is_some() => Role::Id,
        DataType::Int64 | DataType::Float64 | DataType::Decimal { .. } => Role::Number,
        DataType::Date | DataType::Timestamp => Role::Time,
        DataType::Text if name == "currency" || name.ends_with("_currency") => Role::Currency,
        DataType::Text if name == "country" => Role::Country,
        DataType::Text if name == "status" && table.name == "ramp_transactions" => Role::Status,
        _ => Role::Other,
    }
}

/// Returns `true` if the values of the column `found` of the file may fill `column` of the table.
pub(super) fn suits(found: &InferredColumn, column: &TableColumn, role: Role) -> bool {
    if found.count == 0 {
        return false;
    }
    let is_short = |most: usize| {
        found.dtype == DataType::Text
            && found.distinct.as_ref().is_some_and(|values| {
                values.iter().all(|text| {
                    let text = text.trim();
                    (2..=most).contains(&text.len())
                        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
                })
            })
    };
    match role {
        Role::Id => matches!(found.dtype, DataType::Int64 | DataType::Text),
        Role::Time => matches!(found.dtype, DataType::Date | DataType::Timestamp),
        Role::Number if matches!(column.dtype, DataType::Decimal { .. }) => {
            matches!(found.dtype, DataType::Int64 | DataType::Decimal { .. })
        }
        Role::Number => {
            matches!(found.dtype, DataType::Int64 | DataType::Decimal { .. } | DataType::Float64)
        }
        Role::Currency => is_short(8),
        Role::Country => is_short(2),
        Role::Status => found.dtype == DataType::Text && found.distinct.is_some(),
        Role::Other if column.dtype == DataType::Bool => found.dtype == DataType::Bool,
        // `Lamp` is a product of a shop, not a market.
        Role::Other if column.name == "trading_pair" => {
            let is_symbol = |text: &String| {
                let text = text.trim();
                text.len() > 3 && !text.chars().any(|c| c.is_lowercase() || c.is_whitespace())
            };
            found.distinct.as_ref().is_some_and(|values| values.iter().all(is_symbol))
        }
        Role::Other if column.name == "side" => found.distinct.as_ref().is_some_and(|values| {
            values
                .iter()
                .all(|text| ["buy", "sell", "b", "s"].contains(&&*text.trim().to_lowercase()))
        }),
        Role::Other => true,
    }
}
