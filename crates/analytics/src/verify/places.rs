//! The rule that users pay in the currency of their country.

use super::RuleResult;
use super::books::Books;

/// The countries of the rule, ISO 3166-1 alpha-2, by currency. Croatia (2023) and Bulgaria (2026)
/// are left out: their currency depends on the year.
const MONEY: [(&str, &[&str]); 4] = [
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
    MONEY.iter().find(|(_, countries)| countries.contains(&country)).map(|(currency, _)| *currency)
}

pub(super) fn rule(books: &Books<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "currency_fits_country",
        "fiat deposits and withdrawals are in the currency of the user's country, purchases in that of the payer's",
    )
    .of_simulation(false);
    for transfers in [&books.deposits, &books.withdrawals] {
        for (row, id) in transfers.id.iter().enumerate() {
            if !books.is_simulated(transfers.name, *id, transfers.user[row]) {
                continue;
            }
            let person = books.users.get(&transfers.user[row]);
            let wanted = person.and_then(|person| currency_of(person.country));
            if let Some(wanted) = wanted.filter(|_| transfers.kind.get(row) == "fiat") {
                let fits = transfers.currency.get(row) == wanted;
                rule.check(fits, || format!("{} {id}", transfers.name));
            }
        }
    }
    let ramp = &books.ramp;
    for (row, id) in ramp.id.iter().enumerate() {
        if !books.is_simulated("ramp_transactions", *id, ramp.user[row]) {
            continue;
        }
        if let Some(wanted) = currency_of(ramp.country.get(row)) {
            rule.check(ramp.fiat.get(row) == wanted, || format!("ramp_transactions {id}"));
        }
    }
    rule
}
