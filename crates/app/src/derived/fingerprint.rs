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
