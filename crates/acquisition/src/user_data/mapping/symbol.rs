//! The two sides of a market's symbol.

/// The separators between the two sides.
const SEPARATORS: [char; 4] = ['/', '-', '_', ':'];

/// The quote currencies and coins of markets, with which a symbol without a separator ends.
const QUOTES: [&str; 53] = [
    "AED", "ARS", "AUD", "BIDR", "BNB", "BRL", "BTC", "BUSD", "CAD", "CHF", "COP", "CZK", "DAI",
    "DKK", "DOGE", "ETH", "EUR", "EURC", "EURI", "FDUSD", "GBP", "HKD", "IDR", "IDRT", "INR",
    "JPY", "KRW", "MXN", "NGN", "NOK", "NZD", "PAX", "PLN", "PYUSD", "RON", "RUB", "SEK", "SGD",
    "SOL", "THB", "TRX", "TRY", "TUSD", "UAH", "USD", "USDC", "USDP", "USDS", "USDT", "VAI", "XBT",
    "XRP", "ZAR",
];

/// Quote currencies in Kraken's notation for symbols of eight letters: `XXBTZEUR`.
const KRAKEN_QUOTES: [&str; 8] = ["XETH", "XXBT", "ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZUSD"];

/// Base coins whose last letter might be taken for the first of a quote currency (`TUSD`, `BUSD`,
/// `BIDR`): `DOTUSD` is not `DO` in `TUSD`.
const BASES: [&str; 48] = [
    "ACT", "ALT", "ANT", "APT", "ARB", "BAT", "BIT", "BLAST", "BNB", "BOLT", "BTT", "CAT", "CULT",
    "DENT", "DOT", "DRIFT", "FET", "FLT", "GHST", "GMT", "GOAT", "GRT", "GST", "HFT", "HNT",
    "IOST", "JST", "LIT", "LPT", "MINT", "MNT", "NEXT", "NFT", "OXT", "PNUT", "POPCAT", "QNT",
    "RENT", "SCRT", "SHIB", "SNT", "STPT", "TNT", "TRB", "TRUST", "USDT", "WCT", "XRT",
];

/// Returns the base and the quote currency of a market, split at the separator, or else before the
/// longest quote currency that the symbol ends with.
///
/// # Errors
/// Returns an error if the two sides cannot be distinguished.
pub(super) fn split_symbol(symbol: &str) -> Result<(&str, &str), String> {
    let symbol = symbol.trim();
    let mut sides = symbol.split(SEPARATORS);
    match (sides.next(), sides.next(), sides.next()) {
        (Some(base), Some(quote), None) => {
            let (base, quote) = (base.trim(), quote.trim());
            let is_currency = |side: &str| side.chars().any(char::is_alphabetic) && side != "PERP";
            return match is_currency(base) && is_currency(quote) {
                true => Ok((base, quote)),
                false => Err(ambiguous("one side of it is no currency")),
            };
        }
        (_, _, Some(_)) => return Err(ambiguous("it has more than two parts")),
        _ => {}
    }
    let upper = symbol.to_ascii_uppercase();
    let is_base = |base: &&str| !base.is_empty();
    let kraken = KRAKEN_QUOTES.iter().filter(|quote| {
        let base = upper.strip_suffix(**quote);
        base.is_some_and(|base| base == "USDT" || base.len() == 4 && base.starts_with(['X', 'Z']))
    });
    let others =
        QUOTES.iter().filter(|quote| upper.strip_suffix(**quote).filter(is_base).is_some());
    let mut fitting: Vec<&str> = kraken.chain(others).copied().collect();
    fitting.sort_by_key(|quote| std::cmp::Reverse(quote.len()));
    let known: Vec<&str> = fitting
        .iter()
        .filter(|quote| upper.strip_suffix(**quote).is_some_and(|base| BASES.contains(&base)))
        .copied()
        .collect();
    let quote = match (&known[..], &fitting[..]) {
        ([known], _) => known,
        ([], [longest, ..]) => longest,
        ([one, other, ..], _) => {
            return Err(ambiguous(&format!("it may be quoted in {one} or {other}")));
        }
        ([], []) => return Err(ambiguous("it ends with no quote currency that is known")),
    };
    symbol.split_at_checked(symbol.len() - quote.len()).ok_or_else(|| ambiguous("it is no symbol"))
}

fn ambiguous(why: &str) -> String {
    format!(
        "is no symbol of a market whose two sides can be told apart, as `BTC/EUR` is: {why}; map its currencies from \
         other columns, or leave such rows out by `where`"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn symbols_are_split_into_base_and_quote() {
        for (symbol, base, quote) in [
            ("XBT/EUR", "XBT", "EUR"),
            ("BTC-USD", "BTC", "USD"),
            ("BTC_USDT", "BTC", "USDT"),
            ("tBTC:USD", "tBTC", "USD"),
            (" eth / eur ", "eth", "eur"),
            ("1INCH/EUR", "1INCH", "EUR"),
            ("BTCUSDT", "BTC", "USDT"),
            ("btceur", "btc", "eur"),
            ("PEPEFDUSD", "PEPE", "FDUSD"),
            ("GALABUSD", "GALA", "BUSD"),
            ("ETHBTC", "ETH", "BTC"),
            ("TUSDUSDT", "TUSD", "USDT"),
            ("1000SATSUSDT", "1000SATS", "USDT"),
            ("USDTTRY", "USDT", "TRY"),
            ("USDTUSD", "USDT", "USD"),
            ("TUSDT", "T", "USDT"),
            ("SHIBBUSD", "SHIB", "BUSD"),
            // Kraken's old names, and coins with similar endings.
            ("XXBTZEUR", "XXBT", "ZEUR"),
            ("XETHXXBT", "XETH", "XXBT"),
            ("ZEURZUSD", "ZEUR", "ZUSD"),
            ("USDTZUSD", "USDT", "ZUSD"),
            ("XTZEUR", "XTZ", "EUR"),
            ("XTZUSD", "XTZ", "USD"),
            ("CHZEUR", "CHZ", "EUR"),
            ("TRXXBT", "TRX", "XBT"),
            ("ICXETH", "ICX", "ETH"),
            ("DASHXBT", "DASH", "XBT"),
            // Coins whose last letter would make another quote currency.
            ("DOTUSD", "DOT", "USD"),
            ("SHIBUSD", "SHIB", "USD"),
            ("BNBUSD", "BNB", "USD"),
            ("BTCTUSD", "BTC", "TUSD"),
            ("BTCPYUSD", "BTC", "PYUSD"),
        ] {
            assert_eq!(split_symbol(symbol), Ok((base, quote)), "{symbol}");
        }
    }

    #[test]
    fn an_ambiguous_symbol_is_rejected() {
        for (symbol, says) in [
            ("", "no quote currency"),
            ("EUR", "no quote currency"),
            ("BTCXYZ", "no quote currency"),
            ("BTC/", "no currency"),
            ("BTCUSDT_240329", "no currency"),
            ("BTCUSD_PERP", "no currency"),
            ("BTC/USD:USD", "more than two parts"),
            ("é", "no quote currency"),
        ] {
            let error = split_symbol(symbol).unwrap_err();
            assert!(error.contains(says) && error.contains("BTC/EUR"), "{symbol}: {error}");
        }
    }

    proptest! {
        #[test]
        fn joined_symbols_are_split_back(base in "[A-Z]{2,6}", quote in 0..QUOTES.len(), between in 0usize..4) {
            let symbol = format!("{base}{}{}", SEPARATORS[between], QUOTES[quote]);
            prop_assume!(base != "PERP");
            prop_assert_eq!(split_symbol(&symbol), Ok((base.as_str(), QUOTES[quote])));
        }

        #[test]
        fn no_text_causes_a_panic(text in "\\PC{0,12}", end in "(ZEUR|usdt|ß|)") {
            let symbol = format!("{text}{end}");
            if let Ok((base, quote)) = split_symbol(&symbol) {
                prop_assert!(symbol.contains(base) && symbol.contains(quote));
            }
        }
    }
}
