use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Builds rates from tuples of (pair, day of January 2026, source, rate).
fn rates(rows: &[(&str, u32, &str, &str)]) -> Rates {
    let row = |(pair, day, source, rate): &(&str, u32, &str, &str)| FxRate {
        base: pair[..3].into(),
        quote: pair[4..].into(),
        rate_date: NaiveDate::from_ymd_opt(2026, 1, *day).unwrap(),
        source: (*source).into(),
        rate: rate.parse().unwrap(),
    };
    let batch = Batch::from_rows(FxRate::table(), rows.iter().map(row)).unwrap();
    Rates::from_batches(&[batch]).unwrap()
}

/// Returns the value of a thousand pounds in US cents on 2026-01-07.
fn usd_cents_for_1000_gbp(rows: &[(&str, u32, &str, &str)]) -> i128 {
    rates(rows).usd_rate("GBP", day("2026-01-07")).unwrap().to_usd(100_000).unwrap()
}

#[test]
fn all_conversion_paths_to_usd_are_found() {
    assert_eq!(usd_cents_for_1000_gbp(&[("GBP/USD", 7, "a", "1.25")]), 125_000);
    // 0.8 pounds to the dollar: 1.25 dollars to the pound.
    assert_eq!(usd_cents_for_1000_gbp(&[("USD/GBP", 7, "a", "0.8")]), 125_000);
    // 0.8 pounds and 1.2 dollars to the euro: 1.5 dollars to the pound.
    assert_eq!(
        usd_cents_for_1000_gbp(&[("EUR/GBP", 7, "a", "0.8"), ("EUR/USD", 7, "a", "1.2")]),
        150_000
    );
    // 0.9 pounds and 1.08 dollars to the franc: 1.2 dollars to the pound.
    assert_eq!(
        usd_cents_for_1000_gbp(&[("CHF/GBP", 7, "a", "0.9"), ("CHF/USD", 7, "a", "1.08")]),
        120_000
    );
    // The euro itself has a single path.
    let euro = rates(&[("EUR/GBP", 7, "a", "0.8"), ("EUR/USD", 7, "a", "1.2")]);
    let euro = euro.usd_rate("EUR", day("2026-01-07")).unwrap();
    assert_eq!((euro.to_usd(100), euro.from_usd(120)), (Some(120), Some(100)));
    let dollar = rates(&[]).usd_rate("USD", day("2026-01-07")).unwrap();
    assert_eq!((dollar.to_usd(7), dollar.ratio()), (Some(7), (1, 1)));
}

#[test]
fn path_with_the_freshest_older_fixing_wins() {
    let euro = [("EUR/GBP", 5, "ecb", "0.8"), ("EUR/USD", 7, "ecb", "1.2")];
    // The euro path's fixing of the pound is of the 5th, the dollar's of the 6th.
    let both = [&euro[..], &[("USD/GBP", 6, "open", "0.8")]].concat();
    assert_eq!(usd_cents_for_1000_gbp(&both), 125_000);
    // With a fixing of the 4th it is the older one.
    let both = [&euro[..], &[("USD/GBP", 4, "open", "0.8")]].concat();
    assert_eq!(usd_cents_for_1000_gbp(&both), 150_000);
    // A fixing after the day does not count.
    let both = [&euro[..], &[("USD/GBP", 8, "open", "0.8")]].concat();
    assert_eq!(usd_cents_for_1000_gbp(&both), 150_000);
}

#[test]
fn equally_fresh_paths_are_ranked_in_fixed_order() {
    let all = [
        ("EUR/GBP", 7, "a", "0.8"),
        ("EUR/USD", 7, "a", "1.2"), // 1.5
        ("GBP/USD", 7, "a", "1.25"),
        ("USD/GBP", 7, "a", "0.5"), // 2
        ("AUD/GBP", 7, "a", "0.5"),
        ("AUD/USD", 7, "a", "1.5"), // 3
        ("CHF/GBP", 7, "a", "0.5"),
        ("CHF/USD", 7, "a", "2"), // 4
    ];
    let in_order = [(0, 150_000), (2, 125_000), (3, 200_000), (4, 300_000), (6, 400_000)];
    for (left_out, dollars) in in_order {
        let mut rows = all[left_out..].to_vec();
        rows.reverse(); // the order of rows says nothing
        assert_eq!(usd_cents_for_1000_gbp(&rows), dollars, "{rows:?}");
    }
}

#[test]
fn first_source_by_name_wins() {
    let (one, other) = (("GBP/USD", 7, "b", "1.3"), ("GBP/USD", 7, "a", "1.2"));
    assert_eq!(usd_cents_for_1000_gbp(&[one, other]), 120_000);
    assert_eq!(usd_cents_for_1000_gbp(&[other, one]), 120_000);
}

#[test]
fn fixings_expire_after_seven_days() {
    let rates = rates(&[("EUR/GBP", 2, "a", "0.8"), ("EUR/USD", 5, "a", "1.2")]);
    assert!(rates.usd_rate("GBP", day("2026-01-09")).is_ok());
    let fixed = Some(day("2026-01-02"));
    assert_eq!(rates.usd_rate("GBP", day("2026-01-10")), Err(fixed));
    assert_eq!(rates.usd_rate("GBP", day("2029-01-10")), Err(fixed));
    assert_eq!(rates.usd_rate("GBP", day("2026-01-01")), Err(None));
    assert_eq!(rates.usd_rate("CAD", day("2026-01-05")), Err(None));
    assert!(rates.has_currency("GBP") && rates.has_currency("EUR") && !rates.has_currency("CAD"));
}

#[test]
fn fixings_name_their_path_and_are_rounded_once() {
    let rates = rates(&[
        ("EUR/USD", 5, "a", "1.1"),
        ("EUR/GBP", 6, "a", "0.9"),
        ("USD/JPY", 6, "a", "150"),
        ("EUR/IRR", 6, "a", "1000000000000"),
    ]);
    let fixing = |base: &str, quote: &str| {
        let fixing = rates.fixing(base, quote, day("2026-01-07")).unwrap();
        (fixing.rate().unwrap().to_string(), fixing.fixed_on.to_string(), fixing.via)
    };
    let of = |rate: &str, day: &str, via| (rate.to_owned(), format!("2026-01-{day}"), via);
    // 1.1 ÷ 0.9 = 1.2222…; the older of the two fixings counts.
    assert_eq!(fixing("GBP", "USD"), of("1.222222222222222222", "05", Some("EUR")));
    assert_eq!(fixing("USD", "GBP"), of("0.818181818181818182", "05", Some("EUR")));
    assert_eq!(fixing("EUR", "USD"), of("1.10000000", "05", None));
    assert_eq!(fixing("GBP", "EUR"), of("1.111111111111111111", "06", None));
    assert_eq!(fixing("JPY", "USD"), of("0.006666666666666667", "06", None));
    assert_eq!(fixing("IRR", "USD"), of("0.0000000000011", "05", Some("EUR")));
    assert_eq!(rates.fixing("GBP", "JPY", day("2026-01-07")), None);
    assert_eq!(rates.fixing("EUR", "USD", day("2026-01-13")), None);
    let all: Vec<_> = rates.currencies().into_iter().collect();
    assert_eq!(all, ["EUR", "GBP", "IRR", "JPY", "USD"]);
    assert_eq!(rates.span(), Some((day("2026-01-05"), day("2026-01-06"))));
    assert_eq!(Rates::default().span(), None);
}

#[test]
fn overflow_returns_none() {
    let rate = Rate { units: 1, usd: 10i128.pow(27) };
    assert_eq!(rate.to_usd(10i128.pow(27)), None);
    assert_eq!(rate.from_usd(10i128.pow(27)), Some(1));
    // An overflow of the intermediate product alone does not matter.
    let price = Rate::of_price(60_000 * ONE);
    assert_eq!(price.to_usd(1_000_000 * ONE), Some(60_000_000_000 * ONE));
}

#[test]
fn rounded_rates_keep_the_ratio_at_fewer_places() {
    let rate = |units: &str, usd: &str| {
        let [units, usd] = [units, usd].map(|amount| amount.parse::<Crypto>().unwrap().units());
        Rate { units, usd }.rounded(8).map(Rate::ratio)
    };
    assert_eq!(rate("0.8", "1.2"), Some((80_000_000, 120_000_000)));
    assert_eq!(rate("1", "0.000000015"), Some((100_000_000, 2)));
    assert_eq!(rate("1", "4.2e-12"), None);
    assert_eq!(Rate::DOLLAR.rounded(8), Some(Rate::DOLLAR));
}

#[test]
fn zero_rates_are_set_aside_and_the_others_are_used() {
    let row = |quote: &str, rate: &str| FxRate {
        base: "EUR".into(),
        quote: quote.into(),
        rate_date: day("2026-01-02"),
        source: "a".into(),
        rate: rate.parse().unwrap(),
    };
    let rows = [row("USD", "1.2"), row("GBP", "0")];
    let batch = Batch::from_rows(FxRate::table(), rows).unwrap();
    let rates = Rates::from_batches(&[batch]).unwrap();
    assert!(rates.usd_rate("EUR", day("2026-01-02")).is_ok());
    assert_eq!(rates.usd_rate("GBP", day("2026-01-02")), Err(None));
    let [aside] = rates.set_aside() else { panic!("{:?}", rates.set_aside()) };
    assert_eq!((aside.reason, aside.rows), (SetAsideReason::NotPositive, 1));
    let error = rates.strict().unwrap_err().to_string();
    assert!(error.contains("EUR/GBP on 2026-01-02 is not above zero"), "{error}");
}
