//! The choice of one currency: amounts of several are never added up.

use super::columns::{EventKind, PurchaseColumns};
use super::params::AnalyzeParams;
use super::rows::PurchaseRows;
use super::summary::AnalysisSummary;
use crate::{Error, Result};

/// The currency that amounts are taken for if nothing tells it.
const DEFAULT: &str = "USD";

/// Keeps the rows of one currency, and returns it.
///
/// # Errors
/// When there are several currencies and none was chosen, or the chosen one has no row.
pub(super) fn choose_currency(
    rows: &mut PurchaseRows,
    params: &AnalyzeParams,
    summary: &mut AnalysisSummary,
) -> Result<()> {
    let given = params.currency_code.as_deref().map(str::to_uppercase);
    let given = given.map(|code| rows.currencies.index(&code));
    let currency_of =
        |columns: &PurchaseColumns, row| columns.currency.get(row).flatten().or(given);
    let mut counts = vec![0u64; rows.currencies.len()];
    let mut unknown = 0u64;
    for row in 0..rows.columns.len() {
        if rows.columns.kind[row] == EventKind::RefundedPart {
            continue;
        }
        match currency_of(&rows.columns, row) {
            Some(currency) => counts[currency as usize] += 1,
            None => unknown += 1,
        }
    }
    let mut used: Vec<(String, u64)> = (0u32..)
        .zip(&counts)
        .filter(|(_, count)| **count > 0)
        .map(|(currency, count)| (rows.currencies.text(currency).to_owned(), *count))
        .collect();
    used.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), code.clone()));
    if let Some(only) = params.only_currency.as_deref().map(str::to_uppercase) {
        if !used.iter().any(|(code, _)| *code == only) {
            let reason = format!("no row is in `{only}`; there are {}", listed(&used));
            return Err(Error::Setting { setting: "--only-currency", reason });
        }
        let kept = rows.currencies.index(&only);
        let is_kept = |row| currency_of(&rows.columns, row) == Some(kept);
        let keep: Vec<bool> = (0..rows.columns.len()).map(is_kept).collect();
        rows.columns.retain(&keep);
        for (code, count) in used.iter().filter(|(code, _)| *code != only) {
            summary.leave_out(format!("they are in {code}, by `--only-currency {only}`"), *count);
        }
        if unknown > 0 {
            summary.leave_out("they have no currency".into(), unknown);
        }
        summary.currency = Some(only);
        return Ok(());
    }
    match used.as_slice() {
        [] => {
            summary.notes.push(format!(
                "No column says the currency: amounts are taken for {DEFAULT}, and `--currency-code` says otherwise."
            ));
            summary.currency = Some(DEFAULT.into());
        }
        [(code, _)] => {
            if unknown > 0 {
                summary
                    .notes
                    .push(format!("{unknown} rows have no currency, and are taken for {code}."));
            }
            summary.currency = Some(code.clone());
        }
        [(first, _), ..] => {
            return Err(Error::SeveralCurrencies { found: listed(&used), first: first.clone() });
        }
    }
    Ok(())
}

fn listed(used: &[(String, u64)]) -> String {
    let shown = |(code, count): &(String, u64)| match count {
        1 => format!("`{code}` (1 row)"),
        count => format!("`{code}` ({count} rows)"),
    };
    used.iter().map(shown).collect::<Vec<_>>().join(", ")
}
