//! The macro that derives the row struct, the schema and the docs of a table from one definition.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{Crypto, DataType, Fiat};

/// The column type of a Rust type.
pub(super) trait ColumnType {
    const DTYPE: DataType;
    const NULLABLE: bool = false;
}

impl ColumnType for bool {
    const DTYPE: DataType = DataType::Bool;
}
impl ColumnType for i64 {
    const DTYPE: DataType = DataType::Int64;
}
impl ColumnType for f64 {
    const DTYPE: DataType = DataType::Float64;
}
impl ColumnType for String {
    const DTYPE: DataType = DataType::Text;
}
impl ColumnType for NaiveDate {
    const DTYPE: DataType = DataType::Date;
}
impl ColumnType for DateTime<Utc> {
    const DTYPE: DataType = DataType::Timestamp;
}
impl ColumnType for Fiat {
    const DTYPE: DataType = DataType::FIAT;
}
impl ColumnType for Crypto {
    const DTYPE: DataType = DataType::CRYPTO;
}
impl<T: ColumnType> ColumnType for Option<T> {
    const DTYPE: DataType = T::DTYPE;
    const NULLABLE: bool = true;
}

/// Defines a row struct and its table. Doc comments become the descriptions and field types the
/// column types; `Option` means nullable.
macro_rules! table {
    (
        #[doc = $about:literal]
        $name:literal => $row:ident;
        key: [$($key:literal),+];
        $(time: $time:literal;)?
        write: $write:ident;
        $(references: [$($columns:literal => $other:literal),+];)?
        $( #[doc = $doc:literal] $field:ident: $type:ty, )+
    ) => {
        #[doc = $about]
        #[doc = concat!("\n\nA row of the table `", $name, "`.")]
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $row {
            $( #[doc = $doc] pub $field: $type, )+
        }

        impl $row {
            /// Returns the table of these rows.
            pub fn table() -> &'static $crate::TableRef {
                use crate::tables::define::ColumnType;
                static TABLE: std::sync::LazyLock<$crate::TableRef> =
                    std::sync::LazyLock::new(|| std::sync::Arc::new($crate::Table {
                        name: $name.into(),
                        description: $about.trim().into(),
                        columns: vec![$( $crate::Column {
                            name: stringify!($field).into(),
                            dtype: <$type as ColumnType>::DTYPE,
                            nullable: <$type as ColumnType>::NULLABLE,
                            description: $doc.trim().into(),
                        }, )+],
                        key: vec![$($key.into()),+],
                        foreign_keys: vec![$($( $crate::ForeignKey {
                            columns: vec![$columns.into()],
                            table: $other.into(),
                        }, )+)?],
                        time: table!(@time $($time)?),
                        write: $crate::WriteMode::$write,
                    }));
                &TABLE
            }
        }
    };
    (@time) => { None };
    (@time $time:literal) => { Some($time.into()) };
}
