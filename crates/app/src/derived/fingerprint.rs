//! Fingerprints of rows.

use tidegauge_core::{Batch, ColumnView, Fingerprint, Result, short_units};

/// Returns a fingerprint of rows: of their exact values, column by column.
pub(super) fn of(rows: &Batch) -> Result<Fingerprint> {
    let mut hash = Fingerprint::default();
    for column in rows.views()? {
        match column {
            ColumnView::Bool(values) => {
                values.iter().for_each(|value| hash.add(value.map(|value| [u8::from(value)])));
            }
            ColumnView::Int64(values) => {
                values.iter().for_each(|value| hash.add(value.map(i64::to_le_bytes)));
            }
            ColumnView::Float64(values) => {
                values.iter().for_each(|value| hash.add(value.map(f64::to_le_bytes)));
            }
            ColumnView::Text(texts) => {
                for text in texts.iter() {
                    hash.add(text.map(|text| (text.len() as u64).to_le_bytes()));
                    hash.update(text.unwrap_or_default().as_bytes());
                }
            }
            ColumnView::Date(days) => {
                days.iter().for_each(|day| hash.add(day.map(i32::to_le_bytes)));
            }
            ColumnView::Timestamp(times) => {
                times.iter().for_each(|at| hash.add(at.map(i64::to_le_bytes)));
            }
            ColumnView::Decimal(units) => {
                let scale = u32::try_from(units.scale()).unwrap_or_default();
                units.iter().for_each(|units| add_decimal(&mut hash, units, scale));
            }
        }
    }
    Ok(hash)
}

/// Adds a decimal. One that needs at most eight decimal places is hashed as before longer ones
/// existed, so that rows that were loaded then are not loaded again.
fn add_decimal(hash: &mut Fingerprint, units: Option<i128>, scale: u32) {
    match units.map(|units| short_units(units, scale)) {
        Some((units, long)) if long == scale && scale > 8 => {
            hash.add(Some([&units.to_le_bytes()[..], &scale.to_le_bytes()].concat()));
        }
        short => hash.add(short.map(|(units, _)| units.to_le_bytes())),
    }
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
        of(&batch).unwrap().to_string()
    }

    #[test]
    fn it_is_the_same_in_every_release_and_another_for_any_other_value() {
        // Pinned: cursors in stores hold these numbers.
        assert_eq!(hash(&[row()]), "f3b505fe042be6c1");
        assert_eq!(hash(&[]), "cbf29ce484222325");
        let mut all = vec![hash(&[row()]), hash(&[row(), row()])];
        let changes: [fn(&mut FxDaily); 9] = [
            |row| row.base = "EU".into(),
            |row| (row.base, row.quote) = ("EURU".into(), "SD".into()),
            |row| row.rate_date = "2026-01-03".parse().unwrap(),
            |row| row.rate = "1.20000001".parse().unwrap(),
            |row| row.rate = "1.200000000000000001".parse().unwrap(),
            |row| row.fixed_on = "2026-01-01".parse().unwrap(),
            |row| row.is_filled = true,
            |row| row.via = Some(String::new()),
            |row| row.via = Some("CHF".into()),
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
