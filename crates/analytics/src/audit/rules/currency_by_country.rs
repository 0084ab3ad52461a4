//! The rule that users pay in the currency of their country.

use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// The countries of the rule, ISO 3166-1 alpha-2, by currency. Croatia (2023) and Bulgaria (2026)
/// are left out: their currency depends on the year.
const COUNTRIES_BY_CURRENCY: [(&str, &[&str]); 4] = [
    ("USD", &["US"]),
    ("GBP", &["GB"]),
    ("CAD", &["CA"]),
    (
        "EUR",
        &[
            "AT", "BE", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "IE", "IT", "LT", "LU", "LV",
            "MT", "NL", "PT", "SI", "SK",
        ],
    ),
];

fn currency_of(country: &str) -> Option<&'static str> {
    COUNTRIES_BY_CURRENCY
        .iter()
        .find(|(_, countries)| countries.contains(&country))
        .map(|(currency, _)| *currency)
}

/// Checks the currency of deposits, withdrawals and purchases.
pub(crate) fn rule(records: &Records<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "currency_fits_country",
        "fiat deposits and withdrawals are in the currency of the user's country, purchases in that of the payer's",
    )
    .only_simulated_unless(false);
    for transfers in [&records.deposits, &records.withdrawals] {
        for (row, id) in transfers.id.iter().enumerate() {
            if !records.is_simulated(transfers.name, *id, transfers.user[row]) {
                continue;
            }
            let record = records.users.get(&transfers.user[row]);
            let wanted = record.and_then(|record| currency_of(record.country));
            if let Some(wanted) = wanted.filter(|_| transfers.kind.get(row) == "fiat") {
                let fits = transfers.currency.get(row) == wanted;
                rule.check(fits, || format!("{} {id}", transfers.name));
            }
        }
    }
    let ramp = &records.ramp;
    for (row, id) in ramp.id.iter().enumerate() {
        if !records.is_simulated("ramp_transactions", *id, ramp.user[row]) {
            continue;
        }
        if let Some(wanted) = currency_of(ramp.country.get(row)) {
            rule.check(ramp.fiat.get(row) == wanted, || format!("ramp_transactions {id}"));
        }
    }
    rule
}
