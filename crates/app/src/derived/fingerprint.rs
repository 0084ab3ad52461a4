//! Rows in one number.

use serde::{Deserialize, Serialize};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{DataType, Result, TableRef};

use super::failed;

/// A fingerprint of rows: of their exact values, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Fingerprint(u64);

/// The constants of FNV-1a, 64 bits. Written out here, since what is stored must not hang on what a
/// library hashes like in its next release.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Fingerprint {
    /// Of rows of `table`.
    pub(super) fn of(table: &TableRef, rows: &DataFrame) -> Result<Self> {
        let mut hash = Self(BASIS);
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

    fn add<const N: usize>(&mut self, value: Option<[u8; N]>) {
        self.eat(&[u8::from(value.is_some())]);
        self.eat(value.as_ref().map_or(&[], <[u8; N]>::as_slice));
    }

    fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        format!("{:016x}", fingerprint.0)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
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

    fn of(rows: &[FxDaily]) -> String {
        let batch = Batch::from_rows(FxDaily::table(), rows).unwrap();
        Fingerprint::of(batch.table(), batch.frame()).unwrap().into()
    }

    #[test]
    fn it_is_the_same_in_every_release_and_another_for_any_other_value() {
        // Pinned: cursors in stores hold such numbers.
        assert_eq!(of(&[row()]), "f3b505fe042be6c1");
        assert_eq!(of(&[]), "cbf29ce484222325");
        let mut all = vec![of(&[row()]), of(&[row(), row()])];
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
            all.push(of(&[changed]));
        }
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // From the reference implementation's test vectors.
        let mut hash = Fingerprint(BASIS);
        hash.eat(b"foobar");
        assert_eq!(hash, Fingerprint(0x8594_4171_f739_67e8));
    }

    #[test]
    fn its_text_is_read_back() {
        let fingerprint = Fingerprint(0xab);
        assert_eq!(String::from(fingerprint), "00000000000000ab");
        assert_eq!("00000000000000ab".to_owned().try_into(), Ok(fingerprint));
    }
}
