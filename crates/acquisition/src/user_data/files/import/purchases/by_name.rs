//! The columns that are found by their names.

use std::collections::BTreeMap;

use tidegauge_core::DataType;

use super::super::sample::Sample;
use super::super::values::InferredColumn;
use super::super::words;
use super::column::PurchaseColumn;
use super::layout::Layout;
use super::names::{amount_names, further_names, names};
use super::row_kind::{PaymentStatus, RowKind, is_test};

/// The columns of a file by what they are, as indexes.
pub(super) type Found = BTreeMap<PurchaseColumn, usize>;

/// Finds columns by their names: the required ones first, so that no other takes their column.
pub(super) fn find_by_name(
    columns: &[InferredColumn],
    sample: &Sample,
    layout: Layout,
    found: &mut Found,
) {
    for wanted in PurchaseColumn::ALL {
        if !found.contains_key(&wanted)
            && let Some(at) = find(wanted, columns, sample, layout, found)
        {
            found.insert(wanted, at);
        }
    }
}

/// Returns the index of the column with the likeliest name for `wanted`. Of several that fit, one
/// that is filled much more often is preferred, as an e-mail address is to an id of few users.
fn find(
    wanted: PurchaseColumn,
    columns: &[InferredColumn],
    sample: &Sample,
    layout: Layout,
    found: &Found,
) -> Option<usize> {
    let is_free = |at: &usize| !found.values().any(|taken| taken == at);
    let wanted_names = names(wanted, layout).iter().chain(further_names(wanted));
    let fitting = wanted_names.flat_map(|name| {
        let is_called = move |column: &InferredColumn| {
            names_of(wanted, &column.name).iter().any(|candidate| candidate == name)
        };
        (0..columns.len()).filter(move |at| is_called(&columns[*at]))
    });
    let fitting: Vec<usize> =
        fitting.filter(is_free).filter(|at| suits(wanted, &columns[*at], sample, *at)).collect();
    let most = fitting.iter().map(|at| columns[*at].count).max()?;
    fitting.into_iter().find(|at| columns[*at].count * 10 >= most * 9)
}

/// Returns the normalized names that a header may stand for.
fn names_of(wanted: PurchaseColumn, header: &str) -> Vec<String> {
    match wanted {
        PurchaseColumn::Value | PurchaseColumn::Revenue | PurchaseColumn::Refunded => {
            amount_names(header)
        }
        _ => words::name_candidates(header),
    }
}

/// Returns `true` if the values of a column, the one at `at`, may be what `wanted` is.
fn suits(wanted: PurchaseColumn, column: &InferredColumn, sample: &Sample, at: usize) -> bool {
    let is_number =
        matches!(column.dtype, DataType::Int64 | DataType::Float64 | DataType::Decimal { .. });
    let is_id = matches!(column.dtype, DataType::Int64 | DataType::Text);
    let has = |is: &dyn Fn(&str) -> bool| {
        column.distinct.as_ref().is_some_and(|values| values.iter().any(|value| is(value)))
    };
    column.count > 0
        && match wanted {
            PurchaseColumn::User => is_id,
            PurchaseColumn::Time => matches!(column.dtype, DataType::Date | DataType::Timestamp),
            PurchaseColumn::Value
            | PurchaseColumn::Quantity
            | PurchaseColumn::Revenue
            | PurchaseColumn::Refunded => is_number,
            // `Name` is an order in one export, and a person in another.
            PurchaseColumn::Order => is_id && sample.values(at).all(is_code),
            PurchaseColumn::Kind => has(&|value| RowKind::of(value) != RowKind::Purchase),
            PurchaseColumn::Status => {
                has(&|value| PaymentStatus::of(value) != PaymentStatus::Unknown)
            }
            PurchaseColumn::Test => has(&|value| is_test(&column.name, value)),
            PurchaseColumn::Currency => column.distinct.as_ref().is_some_and(|values| {
                values.iter().all(|value| (2..=10).contains(&value.trim().len()))
            }),
            PurchaseColumn::Channel | PurchaseColumn::Country => column.dtype == DataType::Text,
        }
}

/// Returns `true` if a text is a code: it has a digit and no blank.
fn is_code(text: &str) -> bool {
    let text = text.trim();
    text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains(char::is_whitespace)
}
