//! The users of the exchange's table, or those of its transactions.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use tidegauge_core::tables::User;
use tidegauge_core::{Filter, Scan, SetAsideReason, Warehouse};

use super::columns::{ints, texts, times};
use super::transactions::{EVENTS, EventColumns};
use crate::facts::ids::UserIds;
use crate::facts::row_filter::{BadRows, RowFilter};
use crate::facts::users::{Dimension, DimensionBuilder, NEVER, Users};
use crate::{Error, Result};

/// The dimensions of users, and their columns in the exchange's table.
const DIMENSIONS: [(&str, &str); 4] = [
    ("channel", "acquisition_channel"),
    ("campaign", "campaign"),
    ("country", "country"),
    ("tier", "account_tier"),
];

/// The dimension that tells users with a referrer from those without.
const REFERRAL: &str = "referral";

/// The users as they are read, in any order.
struct UserRows {
    ids: Vec<i64>,
    signup_at: Vec<i64>,
    verified_at: Vec<i64>,
    dimensions: Vec<DimensionBuilder>,
    referral: DimensionBuilder,
}

/// Reads the users; rows without an id or a signup, and all but the first signup of a user, are set
/// aside.
///
/// # Errors
/// When the warehouse cannot be read, and for the first such row if bad rows are errors.
pub(super) async fn read(warehouse: &dyn Warehouse, row_filter: &mut RowFilter) -> Result<Users> {
    let mut rows = UserRows {
        ids: Vec::new(),
        signup_at: Vec::new(),
        verified_at: Vec::new(),
        dimensions: DIMENSIONS.map(|(name, _)| DimensionBuilder::new(name)).into(),
        referral: DimensionBuilder::new(REFERRAL),
    };
    let columns = ["user_id", "signup_at", "kyc_verified_at", "referred_by"];
    let columns = columns.into_iter().chain(DIMENSIONS.map(|(_, column)| column));
    let mut batches = warehouse.scan(&Scan::columns(&User::table().as_read(), columns)).await?;
    let (mut without_id, mut without_signup) = (0u64, Vec::new());
    while let Some(batch) = batches.try_next().await? {
        let (ids, signups) = (ints(&batch, "user_id")?, times(&batch, "signup_at")?);
        let (verified, referrers) =
            (times(&batch, "kyc_verified_at")?, ints(&batch, "referred_by")?);
        let labels = DIMENSIONS.map(|(_, column)| texts(&batch, column));
        let labels = labels.into_iter().collect::<Result<Vec<_>>>()?;
        for row in 0..batch.rows() {
            let (id, signup) = match (ids.get(row), signups.get(row)) {
                (Some(id), Some(signup)) => (id, signup),
                (None, _) => {
                    without_id += 1;
                    continue;
                }
                (Some(id), None) => {
                    without_signup.push(id);
                    continue;
                }
            };
            rows.ids.push(id);
            rows.signup_at.push(signup);
            rows.verified_at.push(verified.get(row).unwrap_or(NEVER));
            for (dimension, labels) in rows.dimensions.iter_mut().zip(&labels) {
                dimension.push(labels.get(row));
            }
            let has_referrer = referrers.get(row).is_some();
            rows.referral.push(Some(if has_referrer { "referred" } else { "not referred" }));
        }
    }
    set_aside_incomplete(without_id, &without_signup, row_filter)?;
    let dimensions = rows.dimensions.into_iter().chain([rows.referral]);
    let users = Users {
        ids: UserIds::Ints(rows.ids),
        signup_at: rows.signup_at,
        verified_at: rows.verified_at,
        dimensions: dimensions.map(DimensionBuilder::finish).collect(),
    };
    users.sorted_and_unique(row_filter)
}

fn set_aside_incomplete(
    without_id: u64,
    without_signup: &[i64],
    row_filter: &mut RowFilter,
) -> Result<()> {
    let rows = without_signup.len();
    if row_filter.bad_rows == BadRows::Fail {
        let missing =
            [("user", usize::try_from(without_id).unwrap_or(usize::MAX)), ("signup_at", rows)];
        if let Some((column, rows)) = missing.into_iter().find(|(_, rows)| *rows > 0) {
            return Err(Error::Nulls { frame: "users", column: column.into(), rows });
        }
    }
    if without_id > 0 {
        let example = || "`user`".to_owned();
        row_filter.set_aside.add("users", SetAsideReason::Incomplete, without_id, example);
    }
    for user in without_signup {
        let example = || format!("`signup_at` of user `{user}`");
        row_filter.set_aside.add("users", SetAsideReason::Incomplete, 1, example);
    }
    Ok(())
}

/// Reads the users of transactions, each with the time of the first as their signup, and without
/// any label.
///
/// # Errors
/// When the warehouse cannot be read.
pub(super) async fn of_transactions(warehouse: &dyn Warehouse) -> Result<Users> {
    let mut signups: BTreeMap<i64, i64> = BTreeMap::new();
    for EventColumns { table, time, only_completed, .. } in &EVENTS {
        let mut scan = Scan::columns(&table().as_read(), ["user_id", *time]);
        if *only_completed {
            scan = scan.filter(Filter::eq("status", "completed"));
        }
        let mut batches = warehouse.scan(&scan).await?;
        while let Some(batch) = batches.try_next().await? {
            let (ids, times) = (ints(&batch, "user_id")?, times(&batch, time)?);
            for row in 0..batch.rows() {
                let (Some(id), Some(at)) = (ids.get(row), times.get(row)) else { continue };
                let first = signups.entry(id).or_insert(at);
                *first = at.min(*first);
            }
        }
    }
    let unknown = |(name, _): (&str, &str)| Dimension::unknown(name, signups.len());
    let dimensions = DIMENSIONS.map(unknown).into_iter();
    Ok(Users {
        dimensions: dimensions.chain([Dimension::unknown(REFERRAL, signups.len())]).collect(),
        verified_at: vec![NEVER; signups.len()],
        signup_at: signups.values().copied().collect(),
        ids: UserIds::Ints(signups.into_keys().collect()),
    })
}
