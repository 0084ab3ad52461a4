use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use tidegauge_analytics::market::fx_daily;
use tidegauge_core::market::{Market, Rates};
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Batch, Crypto, multiply_divide};

use super::{lines, money};
use crate::support::day;

fn fixing(pair: &str, source: &str, date: &str, rate: &str) -> FxRate {
    FxRate {
        base: pair[..3].into(),
        quote: pair[4..].into(),
        rate_date: day(date),
        source: source.into(),
        rate: money(rate),
    }
}

fn daily(rows: &[FxRate], quote: &str, today: NaiveDate) -> Vec<String> {
    let fixings = Batch::from_rows(FxRate::table(), rows).unwrap();
    let rates = fx_daily(&Rates::from_batches(&[fixings]).unwrap(), quote, today).unwrap();
    lines(&rates, &["base", "quote", "rate_date", "rate", "fixed_on", "is_filled", "via"])
}

#[test]
fn every_calendar_day_has_a_rate() {
    // Friday 2026-01-02, Monday 2026-01-05.
    let rows = [
        fixing("EUR/USD", "ecb", "2026-01-02", "1.2"),
        fixing("EUR/GBP", "ecb", "2026-01-02", "0.9"),
        fixing("EUR/USD", "ecb", "2026-01-05", "1.1"),
    ];
    let expected = [
        "EUR USD 2026-01-02 1.20000000 2026-01-02 false -",
        "EUR USD 2026-01-03 1.20000000 2026-01-02 true -",
        "EUR USD 2026-01-04 1.20000000 2026-01-02 true -",
        "EUR USD 2026-01-05 1.10000000 2026-01-05 false -",
        "EUR USD 2026-01-06 1.10000000 2026-01-05 true -",
        "GBP USD 2026-01-02 1.333333333333333333 2026-01-02 false EUR",
        "GBP USD 2026-01-03 1.333333333333333333 2026-01-02 true EUR",
        "GBP USD 2026-01-04 1.333333333333333333 2026-01-02 true EUR",
        // The rate is 1.1 ÷ 0.9, and as old as the older of the two.
        "GBP USD 2026-01-05 1.222222222222222222 2026-01-02 true EUR",
        "GBP USD 2026-01-06 1.222222222222222222 2026-01-02 true EUR",
    ];
    assert_eq!(daily(&rows, "USD", day("2026-01-06")), expected);
    assert_eq!(daily(&rows, "USD", day("2026-01-02")), [expected[0], expected[5]]);
    assert_eq!(daily(&rows, "USD", day("2026-01-01")), [""; 0]);
    assert_eq!(daily(&[], "USD", day("2026-01-06")), [""; 0]);

    let pounds = daily(&rows, "GBP", day("2026-01-02"));
    let expected = [
        "EUR GBP 2026-01-02 0.90000000 2026-01-02 false -",
        "USD GBP 2026-01-02 0.75000000 2026-01-02 false EUR",
    ];
    assert_eq!(pounds, expected);
}

#[test]
fn a_fixing_is_valid_for_seven_days() {
    let rows = [
        fixing("EUR/USD", "ecb", "2026-01-02", "1.2"),
        fixing("EUR/USD", "ecb", "2026-01-20", "1.1"),
    ];
    let days = |today: &str| -> Vec<String> {
        let told = daily(&rows, "USD", day(today));
        told.iter().map(|line| line[8..18].to_owned()).collect()
    };
    let first: Vec<_> = (2..=9).map(|day| format!("2026-01-{day:02}")).collect();
    assert_eq!(days("2026-01-19"), first);
    let second: Vec<_> = (20..=27).map(|day| format!("2026-01-{day:02}")).collect();
    assert_eq!(days("2026-06-01"), [first, second].concat());
}

#[test]
fn rates_are_rounded_once_half_to_even() {
    let rows = [
        fixing("USD/AAA", "x", "2026-01-02", "0.00000003"), // 33333333.3…
        fixing("USD/BBB", "x", "2026-01-02", "2000000000000000000"), // 5e-19
        fixing("USD/CCC", "x", "2026-01-02", "400000000000000000"), // 2.5e-18
        fixing("USD/DDD", "x", "2026-01-02", "666666666666666666"), // 1.5…e-18
    ];
    let expected = [
        "AAA USD 2026-01-02 33333333.333333333333333333 2026-01-02 false -",
        // One BBB is worth half of the last place, which is rounded to an even 0: no rate at all.
        "CCC USD 2026-01-02 0.000000000000000002 2026-01-02 false -",
        "DDD USD 2026-01-02 0.000000000000000002 2026-01-02 false -",
    ];
    assert_eq!(daily(&rows, "USD", day("2026-01-02")), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Checks that a daily rate is that of `Market`, which values all amounts.
    #[test]
    fn daily_rates_equal_the_rates_of_valuation(
        fixings in proptest::collection::btree_map(
            (0usize..8, 0usize..2, 0u64..30), 50_000_000i128..500_000_000, 0..60,
        ),
        today in 0u64..50,
        reverse in any::<bool>(),
    ) {
        let pairs =
            ["EUR/USD", "EUR/GBP", "USD/GBP", "CAD/USD", "EUR/CAD", "CHF/USD", "CHF/GBP", "USD/EUR"];
        let first = day("2026-01-01");
        let mut rows: Vec<FxRate> = fixings
            .iter()
            .map(|((pair, source, number), units)| FxRate {
                rate_date: first + Days::new(*number),
                rate: Crypto::from_units(*units * (Crypto::ONE / 100_000_000)),
                ..fixing(pairs[*pair], ["ecb", "open"][*source], "2026-01-01", "1")
            })
            .collect();
        if reverse {
            rows.reverse();
        }
        let today = first + Days::new(today);
        let empty = Batch::from_rows(Candle::table(), [(); 0]).unwrap();
        let raw = Batch::from_rows(RawCryptoMarketData::table(), [(); 0]).unwrap();
        let batch = Batch::from_rows(FxRate::table(), &rows).unwrap();
        let market = Market::from_batches(&[empty], &[raw], &[batch]).unwrap();

        let mut expected = BTreeMap::new();
        for base in ["CAD", "CHF", "EUR", "GBP"] {
            for date in first.iter_days().take_while(|date| *date <= today) {
                if let Ok(rate) = market.rate(base, date) {
                    let (units, dollars) = rate.ratio();
                    let rate = multiply_divide(dollars, Crypto::ONE, units).unwrap();
                    expected.insert((base.to_owned(), date.to_string()), rate);
                }
            }
        }
        let told = daily(&rows, "USD", today);
        let mut found = BTreeMap::new();
        for line in &told {
            let words: Vec<&str> = line.split(' ').collect();
            found.insert((words[0].into(), words[2].into()), money(words[3]).units());
            prop_assert_eq!(words[5] == "true", words[4] < words[2]);
            let age = day(words[2]) - day(words[4]);
            prop_assert!((0..=7).contains(&age.num_days()), "{}", line);
        }
        prop_assert_eq!(found.len(), told.len(), "no day is there twice");
        prop_assert_eq!(found, expected);
    }
}
