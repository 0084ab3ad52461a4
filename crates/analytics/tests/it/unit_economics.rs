use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_analytics::stats::Interval;
use tidegauge_analytics::unit_economics::{
    Breakdown, PaybackInterval, UnitEconomicsParams, unit_economics,
};

use crate::support::{at, day, events, times};

fn facts() -> Facts {
    let users = df!(
        "user" => ["a", "b", "c", "o"],
        "signup_at" => times(&["2026-01-01 08:00", "2026-01-01 20:00", "2026-01-06", "2026-01-02"]),
        "channel" => ["search", "search", "search", "organic"],
        "campaign" => [Some("brand"), Some("brand"), Some("generic"), None],
    )
    .unwrap();
    let events = events(&[
        ("a", "2026-01-01 09:00", 0.0, 6.0),  // age 0 days
        ("a", "2026-01-04 08:00", 0.0, 10.0), // age 3 days exactly: from age 4 on
        ("b", "2026-01-05", 0.0, 4.0),        // age 3 days 4 h: from age 4 on
        ("c", "2026-01-06 10:00", 0.0, 5.0),
        ("o", "2026-01-03", 0.0, 2.0),
    ]);
    let spend = df!(
        "day" => [day("2026-01-01"), day("2026-01-06"), day("2026-01-07"), day("2026-02-01")],
        "channel" => ["search", "search", "social", "search"],
        "campaign" => ["brand", "generic", "video", "brand"],
        "spend_usd" => [20.0, 30.0, 7.0, 1_000.0], // the last one lies after the end
    )
    .unwrap();
    Facts::new(&users, &events, at("2026-01-10")).unwrap().with_spend(&spend).unwrap()
}

#[test]
fn channel_ratios_are_ratios_of_sums() {
    let params = UnitEconomicsParams {
        ages: vec![1, 7, 30],
        min_users: 1,
        ..UnitEconomicsParams::default()
    };
    let table = unit_economics(&facts(), &params).unwrap();
    let names: Vec<_> = table.channels.iter().map(|row| row.channel.as_deref().unwrap()).collect();
    assert_eq!(names, ["organic", "search", "social"]);

    let organic = &table.channels[0].economics;
    assert_eq!((organic.users, organic.cac_usd, organic.roas), (1, None, None));
    assert_eq!((organic.ltv_usd, organic.payback_days), (Some(2.0), None));

    let search = &table.channels[1].economics;
    assert_eq!((search.users, search.spend_usd, search.revenue_usd), (3, 50.0, 25.0));
    assert_eq!((search.cac_usd, search.roas), (Some(50.0 / 3.0), Some(0.5)));
    assert_eq!(search.ltv_to_cac, Some((25.0 / 3.0) / (50.0 / 3.0)));
    // Day 1: both signup days are old enough; a 6 (first 24 h) + c 5, over 20 + 30, over 3 users.
    // Day 7: only 01-01 is (01-02 + 7 days ≤ 01-10). From day 4 on it is alone, where a 10 + b 4
    // are added, over its 20, over its 2 users. Day 30: no user.
    let aged: Vec<_> = search.by_age.iter().map(|aged| (aged.users, aged.spend_usd)).collect();
    assert_eq!(aged, [(3, 50.0), (2, 20.0), (0, 0.0)]);
    let roas: Vec<_> = search.by_age.iter().map(|aged| aged.roas).collect();
    assert_eq!(roas, [Some(11.0 / 50.0), Some(11.0 / 50.0 + 14.0 / 20.0), None]);
    let ltv: Vec<_> = search.by_age.iter().map(|aged| aged.ltv_usd).collect();
    assert_eq!(ltv, [Some(11.0 / 3.0), Some(11.0 / 3.0 + 14.0 / 2.0), None]);
    // The ROAS is 0.92 at the oldest age: not paid back. Three users are too few for an interval.
    assert_eq!((search.payback_days, search.roas_interval), (None, None));

    // Spend without users: no CAC; no revenue on spend: ROAS 0.
    let social = &table.channels[2].economics;
    assert_eq!((social.users, social.cac_usd, social.roas), (0, None, Some(0.0)));
    assert_eq!(social.payback_days, None);

    // Blended: 57 over 4 users; revenue 27. Paid: without organic.
    assert_eq!((table.blended.cac_usd, table.blended.roas), (Some(57.0 / 4.0), Some(27.0 / 57.0)));
    assert_eq!((table.paid.users, table.paid.cac_usd), (3, Some(19.0)));
}

#[test]
fn campaigns_are_separate_and_payback_uses_the_margin() {
    let params = |margin, min_users| UnitEconomicsParams {
        by: Breakdown::Campaign,
        ages: vec![],
        min_users,
        margin,
    };
    let table = unit_economics(&facts(), &params(0.5, 1)).unwrap();
    let rows: Vec<_> = table
        .channels
        .iter()
        .map(|row| (row.channel.as_deref().unwrap(), row.campaign.as_deref(), row.economics.users))
        .collect();
    assert_eq!(
        rows,
        [
            ("organic", None, 1),
            ("search", Some("brand"), 2),
            ("search", Some("generic"), 1),
            ("social", Some("video"), 0)
        ]
    );
    let brand = &table.channels[1].economics;
    // Revenue 20 on spend 20 is margin 10: ROAS 1, LTV:CAC 0.5, not paid back.
    assert_eq!((brand.roas, brand.ltv_to_cac, brand.payback_days), (Some(1.0), Some(0.5), None));
    // With a margin of 1, 6 + 10 + 4 cover the 20 from day 4 on, of two users.
    let payback = |min_users| {
        let table = unit_economics(&facts(), &params(1.0, min_users)).unwrap();
        table.channels[1].economics.payback_days
    };
    assert_eq!([payback(2), payback(3)], [Some(4), None]);
}

/// Returns 40 users of one day for a spend of 20 dollars: 20 pay 2 on their first day, 20 pay nothing,
/// and the first of the paying users pays `more` on the fourth day.
fn forty(more: f64) -> Facts {
    let names: Vec<String> = (10..50).map(|user| user.to_string()).collect();
    let users = df!(
        "user" => names.clone(),
        "signup_at" => times(&["2026-01-01"; 40]),
        "channel" => ["search"; 40],
    )
    .unwrap();
    let mut rows: Vec<_> =
        names[..20].iter().map(|name| (name.as_str(), "2026-01-01", 0.0, 2.0)).collect();
    rows.push((&names[0], "2026-01-04 12:00", 0.0, more));
    let spend = df!(
        "day" => [day("2026-01-01")],
        "channel" => ["search"],
        "campaign" => ["brand"],
        "spend_usd" => [20.0],
    )
    .unwrap();
    Facts::new(&users, &events(&rows), at("2026-01-12")).unwrap().with_spend(&spend).unwrap()
}

fn assert_near(found: Option<Interval>, low: f64, high: f64) {
    let found = found.unwrap();
    assert!((found.low - low).abs() < 1e-3 && (found.high - high).abs() < 1e-3, "{found:?}");
}

#[test]
fn intervals_include_the_variance_of_users_and_of_their_number() {
    let params = UnitEconomicsParams { ages: vec![1, 10], ..UnitEconomicsParams::default() };
    let table = unit_economics(&forty(0.0), &params).unwrap();
    let search = &table.channels[0].economics;
    // LTV 1: s² = 40 × 1² / 39, error √(s²/40) = 0.16013, factor exp(1.96 × 0.16013) = 1.36868.
    assert_eq!(search.ltv_usd, Some(1.0));
    assert_near(search.ltv_interval, 1.0 / 1.36868, 1.36868);
    // CAC 0.5, of 40 users: factor exp(1.96 / √40) = 1.36328.
    assert_near(search.cac_interval, 0.5 / 1.36328, 0.5 * 1.36328);
    // ROAS 2: error √(20 × 2²) / 20 = 0.44721, factor exp(1.96 × 0.44721 / 2) = 1.55002.
    assert_eq!(search.roas, Some(2.0));
    assert_near(search.roas_interval, 2.0 / 1.55002, 2.0 * 1.55002);
    // All users are old enough and no revenue came later: the metrics are the same at each age.
    for aged in &search.by_age {
        assert_eq!((aged.users, aged.ltv_usd, aged.roas), (40, Some(1.0), Some(2.0)));
        assert_near(aged.ltv_interval, 1.0 / 1.36868, 1.36868);
        assert_near(aged.roas_interval, 2.0 / 1.55002, 2.0 * 1.55002);
    }
}

#[test]
fn the_payback_interval_has_an_earliest_and_a_latest_day() {
    let payback = |margin, more| {
        let params = UnitEconomicsParams { margin, ..UnitEconomicsParams::default() };
        let search = unit_economics(&forty(more), &params).unwrap();
        let search = &search.channels[0].economics;
        (search.payback_days, search.payback_interval)
    };
    // ROAS is 2 (1.290 to 3.100) from day 1 on.
    let at_once = PaybackInterval { low_days: 1, high_days: Some(1) };
    assert_eq!(payback(1.0, 0.0), (Some(1), Some(at_once)));
    // A margin of 0.6 requires a ROAS of 1.667, which the lower bound never reaches.
    let perhaps = PaybackInterval { low_days: 1, high_days: None };
    assert_eq!(payback(0.6, 0.0), (Some(1), Some(perhaps)));
    // A margin of 0.4 requires 2.5, which another 10 on day 4 reach.
    assert_eq!(payback(0.4, 0.0), (None, Some(perhaps)));
    assert_eq!(payback(0.4, 10.0), (Some(4), Some(perhaps)));
    assert_eq!(payback(0.3, 0.0), (None, None));
    // A refund on day 4 leaves 1.9: the payback does not hold, so there is none.
    assert_eq!(payback(0.5, -2.0).0, None);
}

#[test]
fn cac_and_roas_are_unknown_without_spend() {
    let facts = crate::support::facts(
        &[("a", "2026-01-01", Some("search"))],
        &[("a", "2026-01-02", 1.0, 1.0)],
        "2026-02-01",
    );
    let table = unit_economics(&facts, &UnitEconomicsParams::default()).unwrap();
    assert_eq!((table.blended.cac_usd, table.blended.roas), (None, None));
    assert_eq!((table.paid.users, table.blended.payback_days), (0, None));
    let campaign =
        UnitEconomicsParams { by: Breakdown::Campaign, ..UnitEconomicsParams::default() };
    let error = unit_economics(&facts, &campaign).unwrap_err().to_string();
    assert!(error.contains("need a column `campaign`"), "{error}");
}
