//! Further columns by which users are compared.

use std::collections::BTreeMap;

use super::super::values::InferredColumn;
use super::super::words;
use super::by_name::Found;
use crate::{Error, Result};

/// A dimension of the users: the label that a user's first purchase has in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurchaseDimension {
    /// The name, in lower case with underscores: `utm_campaign`.
    pub name: String,
    /// The column of the table of purchases.
    pub column: String,
    /// The column of the file.
    pub header: String,
}

/// The usual dimensions, each with the normalized names that exports give to its column.
const USUAL: [(&str, &[&str]); 6] = [
    ("campaign", &["campaign", "utm_campaign", "campaign_name", "kampagne"]),
    (
        "product",
        &["product", "product_name", "product_category", "category", "lineitem_name", "produkt"],
    ),
    ("device", &["device", "device_type", "platform", "device_category"]),
    ("referral", &["referral", "referral_code", "referred_by", "affiliate"]),
    ("plan", &["plan", "plan_name", "subscription_plan", "tier"]),
    ("payment_method", &["payment_method", "payment_method_type", "zahlungsart"]),
];

/// Names that users have for other things.
const RESERVED: [&str; 12] = [
    "user",
    "signup_at",
    "verified_at",
    "entry_product",
    "channel",
    "country",
    "events",
    "volume_usd",
    "revenue_usd",
    "first_at",
    "last_at",
    "tenure_days",
];

/// Returns the name of the dimension of a column of the file.
pub(super) fn name_of(header: &str) -> String {
    words::normalize(header)
}

/// Returns the dimensions with the indexes of their columns: those that `asked` names, and the usual
/// ones that are found by name and have few different values.
///
/// # Errors
/// Returns an error if the file has no column that `asked` names, or the name is that of something
/// else.
pub(super) fn dimensions(
    place: &str,
    columns: &[InferredColumn],
    found: &Found,
    asked: &[String],
) -> Result<Vec<(PurchaseDimension, usize)>> {
    let mut by_column: BTreeMap<usize, String> = BTreeMap::new();
    for wanted in asked {
        let is_called = |column: &InferredColumn| words::are_similar(&column.name, wanted);
        let Some(at) = columns.iter().position(is_called) else {
            let names: Vec<_> =
                columns.iter().map(|column| format!("`{}`", column.name.trim())).collect();
            let reason = format!(
                "there is no column `{wanted}`, which `--dimension` names; it has {}",
                names.join(", ")
            );
            return Err(Error::Columns { path: place.to_owned(), reason });
        };
        let name = name_of(wanted);
        if RESERVED.contains(&name.as_str()) {
            let option = match name.as_str() {
                "channel" => "; `--channel COLUMN` names the channel",
                "country" => "; `--country COLUMN` names the country",
                _ => "; rename the column of the file",
            };
            let reason =
                format!("`--dimension {wanted}` has a name that users have already{option}");
            return Err(Error::Columns { path: place.to_owned(), reason });
        }
        by_column.insert(at, name);
    }
    for (name, headers) in USUAL {
        let is_taken =
            |at: &usize| by_column.contains_key(at) || found.values().any(|taken| taken == at);
        let is_usual = |column: &InferredColumn| {
            let candidates = words::name_candidates(&column.name);
            let few = column.distinct.as_ref().is_some_and(|values| values.len() > 1);
            few && candidates.iter().any(|candidate| headers.contains(&candidate.as_str()))
        };
        let mut free = (0..columns.len()).filter(|at| !is_taken(at));
        let is_named = by_column.values().any(|known| known == name);
        if let Some(at) = free.find(|at| is_usual(&columns[*at])).filter(|_| !is_named) {
            by_column.insert(at, name.to_owned());
        }
    }
    let dimension = |(number, (at, name)): (usize, (usize, String))| {
        let (column, header) = (format!("dimension_{}", number + 1), columns[at].name.clone());
        (PurchaseDimension { name, column, header }, at)
    };
    Ok(by_column.into_iter().enumerate().map(dimension).collect())
}
