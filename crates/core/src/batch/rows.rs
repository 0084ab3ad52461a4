//! A serde serializer that writes rows straight into columns.

use std::fmt;

use serde::ser::{Impossible, SerializeMap, SerializeStruct, Serializer};
use serde::{Serialize, ser};

use super::builder::BatchBuilder;
use super::cell::Cell;
use super::record::Batch;
use crate::{Error, Result, TableRef};

impl Batch {
    /// Creates a batch from rows of any type that serializes as a struct or a map whose field names
    /// are column names. The caller needs no knowledge of Arrow.
    ///
    /// Money is given as text (`"12.50"`), an integer or a [`crate::Fixed`], never as a float;
    /// times as text (RFC 3339, or `YYYY-MM-DD HH:MM:SS` in UTC), which is what chrono's types
    /// serialize to. A missing field is null.
    ///
    /// # Errors
    /// The same as for [`Batch::new`]; the error names the row.
    pub fn from_rows<R: Serialize>(
        table: &TableRef,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self> {
        let mut builder = BatchBuilder::new(table);
        for row in rows {
            push(&mut builder, &row)?;
        }
        builder.finish()
    }
}

/// Appends one row.
fn push<R: Serialize>(builder: &mut BatchBuilder, row: &R) -> Result<()> {
    let columns = builder.table().columns.len();
    let fields = Fields { builder, seen: vec![false; columns], hint: 0, column: 0 };
    row.serialize(RowSerializer(fields)).map_err(|failure| failure.0)
}

/// A wrapper of [`Error`], because serde requires an error type of the serializer's own.
#[derive(Debug)]
struct Failure(Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl ser::Error for Failure {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(Error::mismatch("?", "?", None, reason.to_string()))
    }
}

struct Fields<'b> {
    builder: &'b mut BatchBuilder,
    seen: Vec<bool>,
    /// The column to try first, since fields mostly come in the table's order.
    hint: usize,
    /// The column of the map key that was serialized last.
    column: usize,
}

impl Fields<'_> {
    fn find(&mut self, name: &str) -> Result<usize, Failure> {
        let columns = &self.builder.table().columns;
        let found = if columns.get(self.hint).is_some_and(|column| column.name == name) {
            Some(self.hint)
        } else {
            columns.iter().position(|column| column.name == name)
        };
        let Some(at) = found else {
            let error = self.builder.table().column(name).err();
            return Err(Failure(error.unwrap_or_else(|| Error::schema("?", name.to_owned()))));
        };
        if std::mem::replace(&mut self.seen[at], true) {
            return Err(self.invalid(at, "the row has it twice"));
        }
        self.hint = at + 1;
        Ok(at)
    }

    fn invalid(&self, at: usize, reason: &str) -> Failure {
        let table = self.builder.table();
        Failure(Error::mismatch(&table.name, &table.columns[at].name, None, reason))
    }

    fn set<T: Serialize + ?Sized>(&mut self, at: usize, value: &T) -> Result<(), Failure> {
        value
            .serialize(CellSerializer(|cell: Cell<'_>| self.builder.set(at, cell).map_err(Failure)))
    }

    fn end(self) -> Result<(), Failure> {
        for (at, _) in self.seen.iter().enumerate().filter(|(_, seen)| !**seen) {
            self.builder.set(at, Cell::Null).map_err(Failure)?;
        }
        Ok(())
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        let at = self.find(name)?;
        self.set(at, value)
    }

    fn end(self) -> Result<(), Failure> {
        Fields::end(self)
    }
}

impl SerializeMap for Fields<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.column = key.serialize(CellSerializer(|cell: Cell<'_>| match cell {
            Cell::Text(name) => self.find(name),
            _ => Err(ser::Error::custom("a column name is text")),
        }))?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.set(self.column, value)
    }

    fn end(self) -> Result<(), Failure> {
        Fields::end(self)
    }
}

/// Implements the given methods to refuse their kind of value.
macro_rules! refuse {
    ($what:literal: $($method:ident($($type:ty),*)),* $(,)?) => {
        $(fn $method(self $(, _: $type)*) -> Result<Self::Ok, Failure> {
            Err(ser::Error::custom($what))
        })*
    };
}

macro_rules! refuse_compound {
    ($what:literal: $($method:ident($($type:ty),*) -> $assoc:ident),* $(,)?) => {
        $(fn $method(self $(, _: $type)*) -> Result<Self::$assoc, Failure> {
            Err(ser::Error::custom($what))
        })*
    };
}

struct RowSerializer<'b>(Fields<'b>);

impl<'b> Serializer for RowSerializer<'b> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Impossible<(), Failure>;
    type SerializeTuple = Impossible<(), Failure>;
    type SerializeTupleStruct = Impossible<(), Failure>;
    type SerializeTupleVariant = Impossible<(), Failure>;
    type SerializeMap = Fields<'b>;
    type SerializeStruct = Fields<'b>;
    type SerializeStructVariant = Impossible<(), Failure>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'b>, Failure> {
        Ok(self.0)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields<'b>, Failure> {
        Ok(self.0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Failure> {
        Err(ser::Error::custom("a row is a struct or a map"))
    }

    refuse! { "a row is a struct or a map":
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32),
        serialize_i64(i64), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
        serialize_u64(u64), serialize_f32(f32), serialize_f64(f64), serialize_char(char),
        serialize_str(&str), serialize_bytes(&[u8]), serialize_none(), serialize_unit(),
        serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
    }
    refuse_compound! { "a row is a struct or a map":
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    }
}

/// A serializer that passes a scalar value to the function as a [`Cell`].
struct CellSerializer<F>(F);

macro_rules! integers {
    ($($method:ident($type:ty)),*) => {
        $(fn $method(self, value: $type) -> Result<T, Failure> {
            self.0(Cell::Int(i128::from(value)))
        })*
    };
}

impl<T, F: FnOnce(Cell<'_>) -> Result<T, Failure>> Serializer for CellSerializer<F> {
    type Ok = T;
    type Error = Failure;
    type SerializeSeq = Impossible<T, Failure>;
    type SerializeTuple = Impossible<T, Failure>;
    type SerializeTupleStruct = Impossible<T, Failure>;
    type SerializeTupleVariant = Impossible<T, Failure>;
    type SerializeMap = Impossible<T, Failure>;
    type SerializeStruct = Impossible<T, Failure>;
    type SerializeStructVariant = Impossible<T, Failure>;

    integers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_i128(i128), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
        serialize_u64(u64)
    }

    fn serialize_bool(self, value: bool) -> Result<T, Failure> {
        self.0(Cell::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result<T, Failure> {
        self.0(Cell::Float(f64::from(value)))
    }

    fn serialize_f64(self, value: f64) -> Result<T, Failure> {
        self.0(Cell::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<T, Failure> {
        self.0(Cell::Text(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Result<T, Failure> {
        self.0(Cell::Text(value))
    }

    fn serialize_none(self) -> Result<T, Failure> {
        self.0(Cell::Null)
    }

    fn serialize_unit(self) -> Result<T, Failure> {
        self.0(Cell::Null)
    }

    fn serialize_some<V: Serialize + ?Sized>(self, value: &V) -> Result<T, Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &V,
    ) -> Result<T, Failure> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<T, Failure> {
        self.0(Cell::Text(name))
    }

    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &V,
    ) -> Result<T, Failure> {
        Err(ser::Error::custom("a value within a value: columns are flat"))
    }

    refuse! { "a value within a value: columns are flat":
        serialize_bytes(&[u8]), serialize_unit_struct(&'static str),
    }
    refuse_compound! { "a value within a value: columns are flat":
        serialize_seq(Option<usize>) -> SerializeSeq,
        serialize_tuple(usize) -> SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant,
        serialize_map(Option<usize>) -> SerializeMap,
        serialize_struct(&'static str, usize) -> SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant,
    }
}
