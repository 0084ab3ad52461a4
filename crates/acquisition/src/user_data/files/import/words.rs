//! Vocabulary of exports: column names, null markers, totals, states and currencies.

use std::collections::BTreeSet;

use crate::user_data::mapping::names;

/// Null markers, in lower case.
const NULL_MARKERS: [&str; 14] = [
    "null",
    "(null)",
    "none",
    "nil",
    "nan",
    "n/a",
    "#n/a",
    "na",
    "-",
    "--",
    "–",
    "\\n",
    "undefined",
    "unknown",
];

/// The beginnings of lines with totals, in lower case.
const TOTALS: [&str; 22] = [
    "total",
    "totals",
    "subtotal",
    "grand total",
    "sum",
    "sums",
    "summe",
    "gesamt",
    "gesamtsumme",
    "endsumme",
    "zwischensumme",
    "razem",
    "ogółem",
    "total general",
    "total général",
    "somme",
    "suma",
    "totale",
    "totaal",
    "saldo",
    "end of report",
    "end of file",
];

/// Returns `true` if a cell is a null marker.
pub(super) fn is_null_marker(cell: &str) -> bool {
    NULL_MARKERS.contains(&cell.trim().to_lowercase().as_str())
}

/// Returns `true` if a line that begins with `cell` may contain totals.
pub(super) fn is_total(cell: &str) -> bool {
    let word = cell.trim().to_lowercase();
    let rest = |total: &str| word.strip_prefix(total).map(|rest| rest.starts_with([' ', ':', '(']));
    is_total_alone(cell) || TOTALS.iter().any(|total| rest(total) == Some(true))
}

/// Returns `true` if `cell` is a word for totals, and nothing else.
pub(super) fn is_total_alone(cell: &str) -> bool {
    TOTALS.contains(&cell.trim().trim_end_matches(':').to_lowercase().as_str())
}

/// Returns a name of letters, digits and underscores in lower case: `Customer ID` and `customerId`
/// become `customer_id`.
pub(super) fn normalize(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut was_lower = false;
    for c in name.trim().chars() {
        if c.is_uppercase() && was_lower {
            plain.push('_');
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        plain.push(c);
    }
    let compaction = names::fold(&plain).replace('ß', "ss").replace('ł', "l");
    let compaction = compaction.replace('#', " number ");
    let mut plain = String::with_capacity(compaction.len());
    for c in compaction.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => plain.push(c),
            _ if !plain.ends_with('_') && !plain.is_empty() => plain.push('_'),
            _ => {}
        }
    }
    plain.trim_end_matches('_').to_owned()
}

/// Returns `true` if two names are the same but for case, accents and separators.
pub(super) fn are_similar(one: &str, other: &str) -> bool {
    one.trim() == other.trim() || normalize(one) == normalize(other)
}

/// Returns the normalized names that a header may stand for: all of it, without the part in
/// brackets, and numbers as ids.
pub(super) fn name_candidates(name: &str) -> Vec<String> {
    let mut name_candidates = vec![normalize(name)];
    if let Some((before, rest)) = name.split_once(['(', '['])
        && let Some((_, after)) = rest.split_once([')', ']'])
    {
        name_candidates.push(normalize(&format!("{before} {after}")));
    }
    for at in 0..name_candidates.len() {
        name_candidates.push(as_id(&name_candidates[at]));
    }
    let mut known = BTreeSet::new();
    name_candidates.retain(|candidate| !candidate.is_empty() && known.insert(candidate.clone()));
    name_candidates
}

/// Returns `customer_id` for `customer_no`, `cust_number` and the like, and any other name
/// unchanged.
fn as_id(name: &str) -> String {
    const NUMBERS: [&str; 7] = ["_no", "_nr", "_num", "_number", "_nummer", "_numero", "_ref"];
    let full = match name.strip_prefix("cust_") {
        Some(rest) => format!("customer_{rest}"),
        None => name.to_owned(),
    };
    match NUMBERS.iter().find_map(|number| full.strip_suffix(number)) {
        Some(stem) => format!("{stem}_id"),
        None => full,
    }
}

/// Returns a name for a table, a column or a source: [`normalize`], beginning with a letter, and at
/// most 56 characters, which stores accept.
pub(super) fn identifier(name: &str, otherwise: &str) -> String {
    let plain = normalize(name);
    let mut name = match plain.chars().next() {
        None => otherwise.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{otherwise}_{plain}"),
        Some(_) => plain,
    };
    // The name is ASCII, and a number may be appended to it.
    name.truncate(56);
    name.trim_end_matches('_').to_owned()
}

/// Returns `true` if a column has a name for times of day.
pub(super) fn is_time_of_day(name: &str) -> bool {
    let words = ["time", "hour", "hora", "heure", "uhrzeit", "zeit", "godzina", "ora", "tijd"];
    let plain = normalize(name);
    words.iter().any(|word| plain == *word || plain.ends_with(&format!("_{word}")))
}

/// Returns the divisor of integer amounts in a column called `name`, as `amount_cents` and
/// `cost_micros` are, or `None` if the name does not tell one.
pub(super) fn divisor(name: &str) -> Option<u64> {
    let plain = normalize(name);
    let has = |words: &[&str]| plain.split('_').any(|word| words.contains(&word));
    match (has(&["cents", "pence", "centimes", "minor"]), has(&["micros"])) {
        (true, _) => Some(100),
        (_, true) => Some(1_000_000),
        _ => None,
    }
}

/// Returns `true` if `unit` consists of currency signs.
pub(super) fn is_currency_sign(unit: &str) -> bool {
    let is_sign = |c: char| "$¢£¤¥֏؋৳฿៛元円₿﷼".contains(c) || ('₠'..='⃏').contains(&c);
    currency(unit).is_some() || unit.chars().all(is_sign)
}

/// Returns the status of a purchase that is in `state`, or `None` if the word is unknown.
pub(super) fn status(state: &str) -> Option<&'static str> {
    let state = normalize(state);
    let completed = [
        "completed",
        "complete",
        "paid",
        "succeeded",
        "success",
        "successful",
        "settled",
        "captured",
        "fulfilled",
        "shipped",
        "delivered",
        "done",
        "closed",
        "processed",
        "processing",
        "approved",
        "partially_refunded",
        "partial_refund",
        "ok",
        "bezahlt",
        "abgeschlossen",
        "paye",
        "pagado",
        "pagato",
        "payee",
        "paiement_accepte",
        "terminee",
        "livree",
        "expediee",
        "completado",
        "completada",
        "pagada",
        "enviado",
        "entregado",
        "zaplacone",
        "oplacone",
        "zrealizowane",
        "wyslane",
        "versandt",
        "geliefert",
        "confirmed",
    ];
    let failed = [
        "failed",
        "failure",
        "canceled",
        "cancelled",
        "refunded",
        "void",
        "voided",
        "declined",
        "rejected",
        "expired",
        "reversed",
        "chargeback",
        "disputed",
        "error",
        "storniert",
        "fehlgeschlagen",
        "erstattet",
        "refund",
        "trash",
        "annule",
        "annulee",
        "rembourse",
        "remboursee",
        "echouee",
        "cancelado",
        "cancelada",
        "reembolsado",
        "reembolsada",
        "anulado",
        "fallido",
        "anulowane",
        "zwrocone",
        "annullato",
        "rimborsato",
        "abandoned",
    ];
    let pending = [
        "pending",
        "open",
        "unpaid",
        "on_hold",
        "authorized",
        "draft",
        "created",
        "new",
        "waiting",
        "pending_payment",
        "requires_payment_method",
        "requires_action",
        "partially_paid",
        "in_progress",
        "offen",
        "incomplete",
        "en_attente",
        "en_cours",
        "pendiente",
        "en_proceso",
        "oczekujace",
        "w_trakcie",
        "ausstehend",
        "in_attesa",
        "uncaptured",
    ];
    let known = [(&completed[..], "completed"), (&failed, "failed"), (&pending, "pending")];
    known.iter().find(|(words, _)| words.contains(&state.as_str())).map(|(_, status)| *status)
}

/// Returns the currency of `sign`, and `true` if it is certain or `false` if it is only the
/// likeliest; `None` if the sign is unknown.
pub(super) fn currency(sign: &str) -> Option<(&'static str, bool)> {
    Some(match sign {
        "€" => ("EUR", true),
        "£" => ("GBP", true),
        "$" | "US$" => ("USD", sign == "US$"),
        "C$" | "CA$" => ("CAD", true),
        "A$" | "AU$" => ("AUD", true),
        "¥" => ("JPY", false),
        "₹" => ("INR", true),
        "₽" => ("RUB", true),
        "₺" => ("TRY", true),
        "₩" => ("KRW", true),
        "zł" => ("PLN", true),
        "R$" => ("BRL", true),
        "CHF" | "Fr." => ("CHF", true),
        _ => return None,
    })
}

/// Returns `true` if `code` is one of the currencies that are most common in exports.
pub(super) fn is_currency(code: &str) -> bool {
    const CODES: [&str; 40] = [
        "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP",
        "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NGN", "NOK", "NZD", "PHP",
        "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "USDC",
        "USDT", "ZAR",
    ];
    CODES.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_compared_by_normalized_words() {
        for (name, expected) in [
            ("Customer ID", "customer_id"),
            ("customerId", "customer_id"),
            ("ORDER_ID", "order_id"),
            (" Größe (cm) ", "grosse_cm"),
            ("Order #", "order_number"),
            ("Date(UTC)", "date_utc"),
            ("user.id", "user_id"),
            ("---", ""),
        ] {
            assert_eq!(normalize(name), expected, "{name}");
        }
        assert_eq!(name_candidates("Date(UTC)"), ["date_utc", "date"]);
        let all = ["cust_no_old", "cust_no", "customer_no_old", "customer_id"];
        assert_eq!(name_candidates("Cust. No. (old)"), all);
        for name in ["Customer No", "Customer #", "cust_id", "customerNumber"] {
            assert_eq!(
                name_candidates(name).last().map(String::as_str),
                Some("customer_id"),
                "{name}"
            );
        }
        assert_eq!(identifier("2024 sales", "t"), "t_2024_sales");
        assert_eq!(identifier("—", "column"), "column");
        assert_eq!(identifier(&"long ".repeat(30), "t").len(), 56);
    }

    #[test]
    fn totals_are_recognized_by_their_first_word() {
        for cell in ["Total", "TOTAL:", "Summe", "Grand Total (EUR)", "total 2024"] {
            assert!(is_total(cell), "{cell}");
        }
        for cell in ["Totalenergies", "summer", "", "12"] {
            assert!(!is_total(cell), "{cell}");
        }
    }

    #[test]
    fn states_are_recognized_in_several_languages() {
        assert_eq!(status("Paid"), Some("completed"));
        assert_eq!(status("on-hold"), Some("pending"));
        assert_eq!(status("Refunded"), Some("failed"));
        assert_eq!(status("teleported"), None);
    }
}
