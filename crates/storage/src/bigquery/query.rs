//! Queries with named parameters.

use std::borrow::Cow;

use serde_json::{Value, json};
use tidegauge_core::{DataType, Scalar};

use super::dialect;
use crate::{Result, format, sql};

/// A named query parameter.
#[derive(Debug, Clone)]
pub(super) struct Param {
    name: Cow<'static, str>,
    dtype: DataType,
    value: ParamValue,
}

#[derive(Debug, Clone)]
enum ParamValue {
    One(Option<String>),
    List(Vec<String>),
}

impl Param {
    /// Creates a text parameter.
    pub(super) fn text(name: &'static str, value: Option<&str>) -> Self {
        let value = ParamValue::One(value.map(ToOwned::to_owned));
        Self { name: name.into(), dtype: DataType::Text, value }
    }

    /// Creates the parameter at index `at` of the numbered ones.
    fn positional(at: usize, param: &sql::Param) -> Result<Self> {
        let (dtype, values) = param.values();
        let texts: Result<Vec<String>> =
            values.iter().map(|value| format_value(dtype, value)).collect();
        let mut texts = texts?;
        let value = match param {
            sql::Param::One(..) => ParamValue::One(texts.pop()),
            sql::Param::List(..) => ParamValue::List(texts),
        };
        Ok(Self { name: format!("p{at}").into(), dtype, value })
    }

    /// Returns the parameter as the API takes it.
    pub(super) fn json(&self) -> Value {
        let dtype = json!({ "type": dialect::type_name(self.dtype) });
        let (dtype, value) = match &self.value {
            ParamValue::One(value) => (dtype, json!({ "value": value })),
            ParamValue::List(values) => {
                let values: Vec<_> = values.iter().map(|value| json!({ "value": value })).collect();
                (json!({ "type": "ARRAY", "arrayType": dtype }), json!({ "arrayValues": values }))
            }
        };
        json!({ "name": self.name, "parameterType": dtype, "parameterValue": value })
    }
}

/// Formats a value in the syntax of the service.
fn format_value(dtype: DataType, value: &Scalar) -> Result<String> {
    let out_of_range = |unit, units| tidegauge_core::Error::Filter {
        table: String::new(),
        reason: format::out_of_range(unit, units),
    };
    Ok(match (value, dtype) {
        (Scalar::Bool(value), _) => value.to_string(),
        (Scalar::Int(value), _) => value.to_string(),
        (Scalar::Float(value), _) => format!("{value:?}"),
        (Scalar::Text(text), _) => text.clone(),
        (Scalar::Date(days), _) => {
            format::format_date(*days).ok_or_else(|| out_of_range("day", i64::from(*days)))?
        }
        (Scalar::Timestamp(at), _) => format::format_timestamp(*at, ' ', "+00")
            .ok_or_else(|| out_of_range("microsecond", *at))?,
        (Scalar::Decimal(units), DataType::Decimal { scale, .. }) => {
            format::format_decimal(*units, scale)
        }
        (Scalar::Decimal(units), _) => units.to_string(),
    })
}

/// A query with its parameters.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) params: Vec<Param>,
}

impl Query {
    /// Creates a query without parameters.
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), params: Vec::new() }
    }

    /// Converts a query with numbered parameters.
    ///
    /// # Errors
    /// When a bound time is out of the service's range.
    pub(super) fn from_sql(query: &sql::Query) -> Result<Self> {
        let mut named = Self::new(query.sql.clone());
        for (at, param) in query.params.iter().enumerate() {
            let (dtype, values) = param.values();
            if !dialect::is_literal(dtype) {
                named.params.push(Param::positional(at, param)?);
                continue;
            }
            let name = dialect::type_name(dtype);
            let literal = |value| Ok(format!("{name} '{}'", format_value(dtype, value)?));
            let literals: Result<Vec<String>> = values.iter().map(literal).collect();
            named.sql =
                named.sql.replace(&dialect::literals_placeholder(at), &literals?.join(", "));
        }
        Ok(named)
    }
}
