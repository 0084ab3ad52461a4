use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde::Serialize;
use tidegauge_analytics::market::{Observations, PriceParams, market_prices};
use tidegauge_core::instruments::{Instrument, InstrumentKind, InstrumentRegistry};
use tidegauge_core::tables::{Candle, FxRate, MarketTrade, Quote, RawCryptoMarketData};
use tidegauge_core::{Batch, Scan, TableRef};

use super::{candle, lines, quote, raw, second, trade};

#[derive(Debug, Clone, Default)]
struct Rows {
    raw: Vec<RawCryptoMarketData>,
    candles: Vec<Candle>,
    quotes: Vec<Quote>,
    trades: Vec<MarketTrade>,
}

/// Returns the rows in batches of at most seven each.
fn parts<R: Serialize>(table: &TableRef, rows: &[R]) -> Vec<Batch> {
    rows.chunks(7).map(|rows| Batch::from_rows(table, rows).unwrap()).collect()
}

impl Rows {
    fn batches(&self) -> Vec<Batch> {
        let candles = parts(Candle::table(), &self.candles);
        let quotes = parts(Quote::table(), &self.quotes);
        let trades = parts(MarketTrade::table(), &self.trades);
        [candles, quotes, trades, parts(RawCryptoMarketData::table(), &self.raw)].concat()
    }

    fn prices(&self) -> Vec<String> {
        self.until("2026-02-01T00:00:00Z", &PriceParams::default())
    }

    fn until(&self, until: &str, params: &PriceParams) -> Vec<String> {
        let apple = Instrument::new("AAPL", "Apple", InstrumentKind::Stock)
            .with_alias("twelvedata", "AAPL");
        let coins = InstrumentRegistry::default().with(apple).unwrap();
        let observed = Observations::from_batches(&self.batches(), &coins).unwrap();
        let prices = market_prices(&observed, params, second(until)).unwrap();
        let columns = [
            "symbol",
            "at",
            "price_usd",
            "source",
            "sources",
            "other_source",
            "other_price_usd",
            "difference",
            "is_disputed",
        ];
        lines(&prices, &columns)
    }
}

/// Returns a time on 2026-01-05.
fn at(clock: &str) -> DateTime<Utc> {
    second(&format!("2026-01-05T{clock}Z"))
}

#[test]
fn the_last_price_within_five_minutes_is_used() {
    let rows = Rows {
        raw: vec![
            raw("a", "BTC", at("12:00:00"), "1"),
            raw("a", "BTC", at("12:04:59.999999"), "2"),
            raw("a", "BTC", at("12:03:00"), "3"),
            raw("a", "BTC", at("12:05:00"), "4"), // belongs to the next
            raw("a", "ETH", at("12:00:00"), "5"),
        ],
        ..Rows::default()
    };
    let expected = [
        "BTC 01-05T12:05 2.00000000 a 1 - - - false",
        "BTC 01-05T12:10 4.00000000 a 1 - - - false",
        "ETH 01-05T12:05 5.00000000 a 1 - - - false",
    ];
    assert_eq!(rows.prices(), expected);
    // A bucket has a price only once it is over.
    let params = PriceParams::default();
    assert_eq!(rows.until("2026-01-05T12:09:59Z", &params), [expected[0], expected[2]]);
    assert_eq!(rows.until("2026-01-05T12:10:00Z", &params), expected);
}

#[test]
fn a_candle_counts_at_its_end() {
    let rows = Rows {
        candles: vec![
            candle("a", "BTC", "5m", at("11:55:00"), "1"), // ends at 12:00, as does
            candle("a", "BTC", "4h", at("08:00:00"), "2"), // this one: the shorter counts
            candle("a", "BTC", "1d", at("00:00:00"), "3"),
            candle("a", "BTC", "1w", at("00:00:00"), "4"), // longer than a day
            candle("a", "BTC", "1m", at("12:02:00"), "5"),
        ],
        ..Rows::default()
    };
    let expected = [
        "BTC 01-05T12:00 1.00000000 a 1 - - - false",
        "BTC 01-05T12:05 5.00000000 a 1 - - - false",
        "BTC 01-06T00:00 3.00000000 a 1 - - - false",
    ];
    assert_eq!(rows.prices(), expected);
    // A day's candle that was stored at noon has no close yet.
    assert_eq!(rows.until("2026-01-05T12:30:00Z", &PriceParams::default()), expected[..2]);
}

#[test]
fn observations_at_one_instant_have_an_order() {
    let (then, before) = (at("12:04:59.999999"), at("12:00:00"));
    let mut rows = Rows {
        raw: vec![raw("a", "BTC", then, "1")],
        trades: vec![
            trade("a", "BTC", 7, then, "2"),
            trade("a", "BTC", 8, then, "3"),
            trade("a", "BTC", 9, before, "4"),
        ],
        quotes: vec![quote("a", "BTC", then, "5")],
        candles: vec![candle("a", "BTC", "5m", before, "6")],
    };
    let price = |rows: &Rows| rows.prices()[0].split(' ').nth(2).unwrap()[..1].to_owned();
    assert_eq!(price(&rows), "1");
    rows.raw.clear();
    assert_eq!(price(&rows), "3");
    rows.trades.clear();
    assert_eq!(price(&rows), "5");
    rows.quotes.clear();
    assert_eq!(price(&rows), "6");
}

#[test]
fn the_first_source_wins_and_the_furthest_price_is_recorded() {
    let seen = |source: &str, clock: &str, price: &str| raw(source, "BTC", at(clock), price);
    let mut rows = Rows {
        raw: vec![
            seen("aaa", "12:04:00", "103"),
            seen("recorded", "12:04:00", "100.5"),
            seen("kraken", "12:03:00", "101"),
            seen("kraken_stream", "12:04:59", "99"),
            seen("coingecko", "12:00:01", "100"),
        ],
        ..Rows::default()
    };
    let told = |rows: &Rows| rows.prices().remove(0).split_off("BTC 01-05T12:05 ".len());
    assert_eq!(told(&rows), "100.00000000 coingecko 5 aaa 103.00000000 0.03 true");
    rows.raw.pop();
    // Of a family the later observation: 103 ÷ 99 − 1.
    let expected = format!("99.00000000 kraken_stream 4 aaa 103.00000000 {} true", 4.0 / 99.0);
    assert_eq!(told(&rows), expected);
    rows.raw[3].observed_at = at("12:03:00"); // at the same instant by name
    rows.raw.remove(0);
    // 99 is further from 101 than 100.5, and within 2 %.
    let expected =
        format!("101.00000000 kraken 3 kraken_stream 99.00000000 {} false", -2.0 / 101.0);
    assert_eq!(told(&rows), expected);
    // Sources that are not named come last, by name.
    rows.raw = vec![
        seen("zzz", "12:00:00", "1"),
        seen("mmm", "12:00:00", "1"),
        seen("recorded", "12:00:00", "1"),
    ];
    assert_eq!(told(&rows), "1.00000000 recorded 3 mmm 1.00000000 0.0 false");
    rows.raw.pop();
    assert_eq!(told(&rows), "1.00000000 mmm 2 zzz 1.00000000 0.0 false");
    let params = PriceParams { precedence: vec!["zzz".into()], ..PriceParams::default() };
    assert!(rows.until("2026-02-01T00:00:00Z", &params)[0].contains(" zzz 2 mmm "));
}

#[test]
fn a_price_is_disputed_past_the_threshold_and_not_at_it() {
    for (other, disputed) in
        [("102", false), ("102.00000001", true), ("98", false), ("97.99999999", true)]
    {
        let rows = Rows {
            raw: vec![
                raw("coingecko", "BTC", at("12:00:00"), "100"),
                raw("kraken", "BTC", at("12:00:00"), other),
            ],
            ..Rows::default()
        };
        let told = rows.prices().remove(0);
        assert!(told.ends_with(&format!(" {disputed}")), "{told}");
        assert!(told.contains(other), "both are kept: {told}");
    }
}

#[test]
fn only_prices_of_coins_in_us_dollars_are_used() {
    let noon = at("12:00:00");
    let mut euro = quote("a", "BTC", noon, "5");
    euro.currency = "EUR".into();
    let mut paid = trade("a", "BTC", 1, noon, "5");
    paid.currency = "USDT".into();
    let mut yen = candle("a", "BTC", "5m", noon, "5");
    yen.currency = "JPY".into();
    let stocks = Rows {
        quotes: vec![quote("a", "AAPL", noon, "5"), quote("a", "EUR/USD", noon, "5"), euro],
        trades: vec![trade("a", "MSFT", 1, noon, "5"), paid],
        candles: vec![candle("a", "AAPL", "5m", noon, "5"), yen],
        ..Rows::default()
    };
    assert_eq!(stocks.prices(), [""; 0]);
    // A symbol that is not registered is a coin if the coins' own table has it.
    let mut rows = stocks;
    rows.quotes.push(quote("a", "DOGE", noon, "0.3"));
    assert_eq!(rows.prices(), [""; 0]);
    rows.raw.push(raw("b", "DOGE", at("09:00:00"), "0.2"));
    let both = [
        "DOGE 01-05T09:05 0.20000000 b 1 - - - false",
        "DOGE 01-05T12:05 0.30000000 a 1 - - - false",
    ];
    assert_eq!(rows.prices(), both);
}

#[test]
fn prices_are_exact() {
    let big = "12345678901234567890.12345678";
    let rows = Rows {
        raw: vec![
            raw("coingecko", "BTC", at("12:00:00"), big),
            raw("kraken", "BTC", at("12:00:00"), "12345678901234567890.12345679"),
        ],
        ..Rows::default()
    };
    let told = rows.prices().remove(0);
    assert!(told.contains(big) && told.contains("12345678901234567890.12345679"), "{told}");
    assert!(told.ends_with("e-28 false"), "{told}");
}

#[test]
fn implausible_observations_are_errors_in_strict_mode() {
    let mut rows = Rows { quotes: vec![quote("a", "BTC", at("12:00:00"), "0")], ..Rows::default() };
    let refused = |batches: &[Batch]| {
        Observations::from_batches(batches, &InstrumentRegistry::default()).unwrap_err().to_string()
    };
    rows.quotes.push(quote("a", "BTC", at("12:01:00"), "7"));
    let observed =
        Observations::from_batches(&rows.batches(), &InstrumentRegistry::default()).unwrap();
    assert_eq!((observed.set_aside().len(), observed.set_aside()[0].rows), (1, 1));
    assert_eq!(rows.prices().len(), 1, "the other row counts");
    let error = observed.strict().unwrap_err().to_string();
    for word in ["`quotes`", "`BTC` by a at 2026-01-05 12:00:00 UTC", "not above zero"] {
        assert!(error.contains(word), "{error}");
    }
    rows.quotes.clear();
    let observed =
        Observations::from_batches(&rows.batches(), &InstrumentRegistry::default()).unwrap();
    for disputed_above in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let params = PriceParams { disputed_above, ..PriceParams::default() };
        let error = market_prices(&observed, &params, at("13:00:00")).unwrap_err().to_string();
        assert!(error.contains("`disputed_above` must be above 0"), "{error}");
    }
    let few =
        Scan::columns(MarketTrade::table(), ["source", "symbol", "at"]).output_schema().unwrap();
    let error = refused(&[Batch::empty(&few)]);
    assert!(error.contains("market_trades need a column `price`"), "{error}");
    let error = refused(&[Batch::empty(FxRate::table())]);
    assert!(error.contains("`fx_rates`") && error.contains("no prices"), "{error}");
}

/// Returns the prices by their definition, without regard to speed.
fn by_definition(rows: &Rows, params: &PriceParams) -> Vec<String> {
    // (symbol, end of the bucket) → source → (when, table, turn, price)
    type Said = (i64, u8, i64, i128);
    let mut seen: BTreeMap<(String, i64), BTreeMap<String, Said>> = BTreeMap::new();
    let mut take = |symbol: &str, source: &str, said: Said| {
        let end = (said.0.div_euclid(300_000_000) + 1) * 300_000_000;
        let of = seen.entry((symbol.into(), end)).or_default();
        let last = of.entry(source.into()).or_insert(said);
        *last = said.max(*last);
    };
    for observation in &rows.raw {
        let said =
            (observation.observed_at.timestamp_micros(), 3, 0, observation.price_usd.units());
        take(&observation.symbol, &observation.source, said);
    }
    for trade in &rows.trades {
        take(
            &trade.symbol,
            &trade.source,
            (trade.at.timestamp_micros(), 2, trade.trade_id, trade.price.units()),
        );
    }
    for quote in &rows.quotes {
        take(
            &quote.symbol,
            &quote.source,
            (quote.at.timestamp_micros(), 1, 0, quote.price.units()),
        );
    }
    for candle in &rows.candles {
        let minutes: i64 = candle.interval.trim_end_matches('m').parse().unwrap();
        let end = candle.open_at.timestamp_micros() + minutes * 60_000_000;
        take(&candle.symbol, &candle.source, (end - 1, 0, -minutes, candle.close.units()));
    }
    let rank = |source: &str| {
        let family = source.split('_').next().unwrap();
        params.precedence.iter().position(|name| name == family).unwrap_or(usize::MAX)
    };
    let mut told = Vec::new();
    for ((symbol, end), of) in seen {
        let mut sources: Vec<_> = of.into_iter().collect(); // by name
        sources.sort_by_key(|(name, said)| {
            let rank = rank(name);
            (rank, if rank == usize::MAX { 0 } else { -said.0 })
        });
        let (source, price) = (&sources[0].0, sources[0].1.3);
        let mut other: Option<(&str, i128)> = None;
        for (name, said) in &sources[1..] {
            if other.is_none_or(|best| (said.3 - price).abs() > (best.1 - price).abs()) {
                other = Some((name, said.3));
            }
        }
        let at = super::time(end).format("%m-%dT%H:%M");
        let units = |units: i128| tidegauge_core::Crypto::from_units(units);
        let mut line = format!("{symbol} {at} {} {source} {}", units(price), sources.len());
        match other {
            None => line += " - - - false",
            Some((name, other)) => {
                let difference = (other - price) as f64 / price as f64;
                let disputed = difference.abs() > params.disputed_above;
                line += &format!(" {name} {} {difference:?} {disputed}", units(other));
            }
        }
        told.push(line);
    }
    told
}

fn rows() -> impl Strategy<Value = Rows> {
    let sources = ["coingecko", "kraken", "kraken_stream", "recorded", "aaa", "zzz"];
    let one = (0usize..4, 0usize..2, 0usize..6, 0i64..1_800, 9_700i64..10_300, 0i64..3);
    proptest::collection::vec(one, 0..60).prop_map(move |all| {
        let mut rows = Rows::default();
        for (table, symbol, source, second, cents, id) in all {
            let (symbol, source) = (["BTC", "ETH"][symbol], sources[source]);
            // Half of the times are at whole ten seconds, so that some coincide.
            let second = if second % 2 == 0 { second / 100 * 100 } else { second };
            let noon = at("12:00:00");
            let at = noon + TimeDelta::seconds(second);
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            match table {
                0 => rows.raw.push(raw(source, symbol, at, &price)),
                1 => rows.quotes.push(quote(source, symbol, at, &price)),
                2 => rows.trades.push(trade(source, symbol, id, at, &price)),
                _ => {
                    let interval = ["1m", "5m", "10m"][usize::try_from(id).unwrap()];
                    let open_at = noon + TimeDelta::minutes(second / 60 / 5 * 5);
                    rows.candles.push(candle(source, symbol, interval, open_at, &price));
                }
            }
        }
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prices_equal_their_definition_in_any_order_of_rows(
        (rows, shuffled) in rows().prop_flat_map(|rows| {
            let shuffled = (
                Just(rows.raw.clone()).prop_shuffle(),
                Just(rows.candles.clone()).prop_shuffle(),
                Just(rows.quotes.clone()).prop_shuffle(),
                Just(rows.trades.clone()).prop_shuffle(),
            );
            let shuffled = shuffled
                .prop_map(|(raw, candles, quotes, trades)| Rows { raw, candles, quotes, trades });
            (Just(rows), shuffled)
        }),
    ) {
        let told = rows.prices();
        prop_assert_eq!(&told, &by_definition(&rows, &PriceParams::default()));
        prop_assert_eq!(&told, &shuffled.prices());
    }
}
