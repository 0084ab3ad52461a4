//! Reading the rows of a query by binary `COPY`.

use futures_util::TryStreamExt;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgConnection, PgTypeInfo};
use sqlx::{AssertSqlSafe, Encode, Type};
use tidegauge_core::{DataType, Scalar};

use super::client::Postgres;
use super::decode::{CopyDecoder, Malformed};
use super::{ddl, encode};
use crate::sql::{BatchSender, Param, Query, scalar_cell};
use crate::{Error, Result};

/// An encoded parameter.
struct EncodedParam {
    oid: Oid,
    bytes: Vec<u8>,
}

impl Type<sqlx::Postgres> for EncodedParam {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(TEXT_OID))
    }
}

impl Encode<'_, sqlx::Postgres> for EncodedParam {
    fn encode_by_ref(&self, out: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        out.extend_from_slice(&self.bytes);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(self.oid))
    }
}

/// The object id of the type `text`.
const TEXT_OID: u32 = 25;

/// Returns the object ids of a type and of its array type, which are the same in every database
/// (<https://github.com/postgres/postgres/blob/REL_17_STABLE/src/include/catalog/pg_type.dat>).
fn oids(dtype: DataType) -> (u32, u32) {
    match dtype {
        DataType::Bool => (16, 1_000),
        DataType::Int64 => (20, 1_016),
        DataType::Float64 => (701, 1_022),
        DataType::Text => (TEXT_OID, 1_009),
        DataType::Date => (1_082, 1_182),
        DataType::Timestamp => (1_184, 1_185),
        DataType::Decimal { .. } => (1_700, 1_231),
    }
}

/// Encodes a parameter, or returns the reason why it cannot be encoded.
fn encode_param(param: &Param) -> Result<EncodedParam, String> {
    let (dtype, values) = param.values();
    let (oid, list) = oids(dtype);
    let mut bytes = Vec::new();
    match param {
        Param::One(_, value) => {
            put(value, dtype, &mut bytes)?;
            bytes.drain(..4); // its length, which comes from elsewhere
            Ok(EncodedParam { oid: Oid(oid), bytes })
        }
        Param::List(..) => {
            let count = i32::try_from(values.len()).map_err(|error| error.to_string())?;
            // One dimension, no nulls, of this element type, with indexes from 1.
            for word in [1i32.to_be_bytes(), [0; 4], oid.to_be_bytes(), count.to_be_bytes()] {
                bytes.extend(word);
            }
            bytes.extend(1i32.to_be_bytes());
            for value in values {
                put(value, dtype, &mut bytes)?;
            }
            Ok(EncodedParam { oid: Oid(list), bytes })
        }
    }
}

fn put(value: &Scalar, dtype: DataType, bytes: &mut Vec<u8>) -> Result<(), String> {
    encode::encode_value(scalar_cell(value), dtype, bytes)
}

impl Postgres {
    /// Runs `query`, and passes its rows to `rows` until no more are requested.
    pub(super) async fn read_rows(
        &self,
        connection: &mut PgConnection,
        query: &Query,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let table = rows.table().clone();
        let to_error = |error| self.to_error(error, Some(&table));
        self.bind(connection, &query.params, &table.name).await?;
        let columns: Vec<_> = table.columns.iter().collect();
        let sql = format!("COPY ({}) TO STDOUT (FORMAT binary)", query.sql);
        let mut copy = connection.copy_out_raw(&sql).await.map_err(to_error)?;
        let mut decoder = CopyDecoder::default();
        while let Some(bytes) = copy.try_next().await.map_err(to_error)? {
            let taken = decoder.push(&bytes, &columns, rows.builder())?;
            taken.map_err(|Malformed(reason)| Error::Damaged {
                path: self.target.name.clone(),
                reason: format!("table `{}`: {reason}", table.name),
            })?;
            if rows.is_full() && !rows.send().await? {
                break;
            }
        }
        Ok(())
    }

    /// Sets the session settings from which a query reads its parameters.
    pub(super) async fn bind(
        &self,
        connection: &mut PgConnection,
        params: &[Param],
        table: &str,
    ) -> Result<()> {
        if params.is_empty() {
            return Ok(());
        }
        let settings: Vec<String> = (0..params.len())
            .map(|at| format!("set_config('{}', ${}::text, false)", ddl::setting_name(at), at + 1))
            .collect();
        // The statement consists of internal names and numbers only.
        let sql = AssertSqlSafe(format!("SELECT {}", settings.join(", ")));
        let mut query = sqlx::query(sql).persistent(false);
        for param in params {
            let bound =
                encode_param(param).map_err(|reason| Error::unrepresentable(table, "*", reason))?;
            query = query.bind(bound);
        }
        let set = query.execute(connection).await;
        set.map(|_| ()).map_err(|error| self.to_error(error, None))
    }
}
