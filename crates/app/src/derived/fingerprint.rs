//! Rows in one number.

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{DataType, Fingerprint, Result, TableRef};

use super::failed;

/// A fingerprint of rows of `table`: of their exact values, column by column.
pub(super) fn of(table: &TableRef, rows: &DataFrame) -> Result<Fingerprint> {
    let mut hash = Fingerprint::default();
    for definition in &table.columns {
        let column = rows.column(&definition.name).map_err(failed)?;
        match definition.dtype {
            DataType::Bool => {
                let values = column.bool().map_err(failed)?;
                values.iter().for_each(|it| hash.add(it.map(|it| [u8::from(it)])));
            }
            DataType::Int64 => {
                let values = column.i64().map_err(failed)?;
                values.iter().for_each(|it| hash.add(it.map(i64::to_le_bytes)));
            }
            DataType::Float64 => {
                let values = column.f64().map_err(failed)?;
                values.iter().for_each(|it| hash.add(it.map(f64::to_le_bytes)));
            }
            DataType::Text => {
                for text in column.str().map_err(failed)?.iter() {
                    hash.add(text.map(|it| (it.len() as u64).to_le_bytes()));
                    hash.eat(text.unwrap_or_default().as_bytes());
                }
            }
            DataType::Date => {
                let days = column.date().map_err(failed)?.physical();
                days.iter().for_each(|it| hash.add(it.map(i32::to_le_bytes)));
            }
            DataType::Timestamp => {
                let times = column.datetime().map_err(failed)?.physical();
                times.iter().for_each(|it| hash.add(it.map(i64::to_le_bytes)));
            }
            DataType::Decimal { .. } => {
                let units = column.decimal().map_err(failed)?.physical();
                units.iter().for_each(|it| hash.add(it.map(i128::to_le_bytes)));
            }
        }
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{Batch, tables::FxDaily};

    use super::*;

    fn row() -> FxDaily {
        FxDaily {
            base: "EUR".into(),
            quote: "USD".into(),
            rate_date: "2026-01-02".parse().unwrap(),
            rate: "1.2".parse().unwrap(),
            fixed_on: "2026-01-02".parse().unwrap(),
            is_filled: false,
            via: None,
        }
    }

    fn hash(rows: &[FxDaily]) -> String {
        let batch = Batch::from_rows(FxDaily::table(), rows).unwrap();
        of(batch.table(), batch.frame()).unwrap().to_string()
    }

    #[test]
    fn it_is_the_same_in_every_release_and_another_for_any_other_value() {
        // Pinned: cursors in stores hold such numbers.
        assert_eq!(hash(&[row()]), "f3b505fe042be6c1");
        assert_eq!(hash(&[]), "cbf29ce484222325");
        let mut all = vec![hash(&[row()]), hash(&[row(), row()])];
        let changes: [fn(&mut FxDaily); 8] = [
            |it| it.base = "EU".into(),
            |it| (it.base, it.quote) = ("EURU".into(), "SD".into()),
            |it| it.rate_date = "2026-01-03".parse().unwrap(),
            |it| it.rate = "1.20000001".parse().unwrap(),
            |it| it.fixed_on = "2026-01-01".parse().unwrap(),
            |it| it.is_filled = true,
            |it| it.via = Some(String::new()),
            |it| it.via = Some("CHF".into()),
        ];
        for change in changes {
            let mut changed = row();
            change(&mut changed);
            all.push(hash(&[changed]));
        }
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
