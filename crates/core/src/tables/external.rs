//! External ids, which are not integers: the integers that stand for them in the built-in tables,
//! and the columns that keep the ids themselves.

use std::ops::RangeInclusive;

use crate::{DataType, Table};

/// The integers that stand for external ids. Ids that are integers themselves lie below this range.
pub const SURROGATES: RangeInclusive<i64> = 1 << 62..=i64::MAX;

/// The columns of ids, other than the keys of their own tables, each with the column that keeps the
/// external id.
const REFERENCES: [(&str, &str); 4] = [
    ("user_id", "external_user_id"),
    ("order_id", "external_order_id"),
    ("transaction_id", "external_transaction_id"),
    // The external id of the referrer is kept in the referrer's own row.
    ("referred_by", ""),
];

/// The column that keeps the external id of a row.
pub const EXTERNAL_ID: &str = "external_id";

/// Returns the column of a built-in table that keeps the external ids for `column`: `Some("")` if
/// none does, and `None` if `column` has no ids.
///
/// ```
/// use tidegauge_core::tables::{self, Trade, User};
///
/// assert_eq!(tables::external(Trade::table(), "trade_id"), Some("external_id"));
/// assert_eq!(tables::external(Trade::table(), "user_id"), Some("external_user_id"));
/// assert_eq!(tables::external(User::table(), "email"), None);
/// ```
pub fn external(table: &Table, column: &str) -> Option<&'static str> {
    if !keeps_external_ids(table) {
        return None;
    }
    if table.key.iter().any(|key| key == column) {
        return Some(EXTERNAL_ID);
    }
    let known = REFERENCES.iter().find(|(id, _)| *id == column)?;
    table.column(column).is_ok_and(|column| column.dtype == DataType::Int64).then_some(known.1)
}

/// Returns `true` for the built-in tables whose rows keep their external ids.
pub fn keeps_external_ids(table: &Table) -> bool {
    super::by_name(&table.name)
        .is_some_and(|known| known.column(EXTERNAL_ID).is_ok() && table.column(EXTERNAL_ID).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;

    #[test]
    fn all_ids_except_referrers_have_an_external_id_column() {
        let mut kept = 0;
        for table in tables::all().iter().filter(|table| keeps_external_ids(table)) {
            for column in &table.columns {
                let Some(external) = external(table, &column.name) else { continue };
                assert_eq!(column.dtype, DataType::Int64, "{}.{}", table.name, column.name);
                if external.is_empty() {
                    assert_eq!(column.name, "referred_by");
                    continue;
                }
                let external = table.column(external).unwrap();
                assert!(external.nullable && external.dtype == DataType::Text);
                kept += 1;
            }
        }
        assert_eq!(kept, 15);
        assert!(!keeps_external_ids(tables::Candle::table()));
    }
}
