use polars::prelude::*;
use tidegauge_analytics::unit_economics::{
    Breakdown, PaybackInterval, UnitEconomicsParams, unit_economics,
};
use tidegauge_analytics::{Estimate, Facts};

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
    assert_eq!((organic.users, organic.cac.value, organic.roas.value), (1, None, None));
    assert_eq!((organic.ltv.value, organic.payback_days), (Some(2.0), None));

    let search = &table.channels[1].economics;
    assert_eq!((search.users, search.spend_usd, search.revenue_usd), (3, 50.0, 25.0));
    assert_eq!((search.cac.value, search.roas.value), (Some(50.0 / 3.0), Some(0.5)));
    // No user is 180 days old.
    assert_eq!(search.ltv_to_cac.value, None);
    // Day 1: both signup days are old enough; a 6 (first 24 h) + c 5, over 20 + 30, over 3 users.
    // Day 7: only 01-01 is (01-02 + 7 days ≤ 01-10). From day 4 on it is alone, where a 10 + b 4
    // are added, over its 20, over its 2 users. Day 30: no user.
    let aged: Vec<_> = search.by_age.iter().map(|aged| (aged.users, aged.spend_usd)).collect();
    assert_eq!(aged, [(3, 50.0), (2, 20.0), (0, 0.0)]);
    let roas: Vec<_> = search.by_age.iter().map(|aged| aged.roas.value).collect();
    assert_eq!(roas, [Some(11.0 / 50.0), Some(11.0 / 50.0 + 14.0 / 20.0), None]);
    let ltv: Vec<_> = search.by_age.iter().map(|aged| aged.ltv.value).collect();
    assert_eq!(ltv, [Some(11.0 / 3.0), Some(11.0 / 3.0 + 14.0 / 2.0), None]);
    // The ROAS is 0.92 at the oldest age: not paid back. Three users are too few for an interval.
    assert_eq!((search.payback_days, search.roas.interval), (None, None));

    // Spend without users: no CAC; no revenue on spend: ROAS 0.
    let social = &table.channels[2].economics;
    assert_eq!((social.users, social.cac.value, social.roas.value), (0, None, Some(0.0)));
    assert_eq!(social.payback_days, None);

    // Blended: 57 over 4 users; revenue 27. Paid: without organic.
    assert_eq!(
        (table.blended.cac.value, table.blended.roas.value),
        (Some(57.0 / 4.0), Some(27.0 / 57.0))
    );
    assert_eq!((table.paid.users, table.paid.cac.value), (3, Some(19.0)));
}

#[test]
fn campaigns_are_separate_and_payback_uses_the_margin() {
    let params = |margin, min_users| UnitEconomicsParams {
        by: Breakdown::Campaign,
        ages: vec![],
        min_users,
        margin,
        horizon_days: 8,
        ..UnitEconomicsParams::default()
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
    let ltv_to_cac = brand.ltv_to_cac.value;
    assert_eq!((brand.roas.value, ltv_to_cac, brand.payback_days), (Some(1.0), Some(0.5), None));
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

/// Checks the bounds of an estimate against the factor of a normal interval on the log scale; the
/// bootstrap differs from it by a few percent.
fn assert_near(found: &Estimate, value: f64, factor: f64) {
    let interval = found.interval.unwrap();
    assert_eq!(found.value, Some(value));
    let (low, high) = (value / factor, value * factor);
    assert!((interval.low / low - 1.0).abs() < 0.06, "{found:?}, {low}");
    assert!((interval.high / high - 1.0).abs() < 0.06, "{found:?}, {high}");
}

#[test]
fn intervals_include_the_variance_of_users_and_of_their_number() {
    let params = UnitEconomicsParams { ages: vec![1, 10], ..UnitEconomicsParams::default() };
    let table = unit_economics(&forty(0.0), &params).unwrap();
    let search = &table.channels[0].economics;
    // LTV 1: s² = 40 × 1² / 39, error √(s²/40) = 0.16013, factor exp(1.645 × 0.16013) = 1.30134.
    assert_near(&search.ltv, 1.0, 1.30134);
    // CAC 0.5, of 40 users: factor exp(1.645 / √40) = 1.29702.
    assert_near(&search.cac, 0.5, 1.29702);
    // ROAS 2: error √(20 × 2²) / 20 = 0.44721, factor exp(1.645 × 0.44721 / 2) = 1.44462.
    assert_near(&search.roas, 2.0, 1.44462);
    // All users are old enough and no revenue came later: the metrics are the same at each age.
    for aged in &search.by_age {
        assert_eq!(aged.users, 40);
        assert_near(&aged.ltv, 1.0, 1.30134);
        assert_near(&aged.roas, 2.0, 1.44462);
    }
    assert_eq!(search.milestones.signed_up, 40);
}

#[test]
fn spend_finds_its_channel_whatever_the_letter_case_and_is_listed_if_it_finds_none() {
    let spend = df!(
        "day" => [day("2026-01-01"), day("2026-01-01")],
        "channel" => ["Paid Search", "podcast"],
        "campaign" => ["brand", "one"],
        "spend_usd" => [20.0, 5.0],
    );
    let people = [("a", "2026-01-01", Some("paid_search")), ("b", "2026-01-01", Some("organic"))];
    let facts = crate::support::facts(&people, &[], "2026-02-01").with_spend(&spend.unwrap());
    let table = unit_economics(&facts.unwrap(), &UnitEconomicsParams::default()).unwrap();
    let rows: Vec<_> = table
        .channels
        .iter()
        .map(|row| (row.channel.as_deref().unwrap(), row.economics.users, row.economics.spend_usd))
        .collect();
    assert_eq!(rows, [("organic", 1, 0.0), ("paid_search", 1, 20.0), ("podcast", 0, 5.0)]);
    assert_eq!(table.blended.spend_usd, 25.0);
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
    assert_eq!((table.blended.cac.value, table.blended.roas.value), (None, None));
    assert_eq!((table.paid.users, table.blended.payback_days), (0, None));
    let campaign =
        UnitEconomicsParams { by: Breakdown::Campaign, ..UnitEconomicsParams::default() };
    // Without spend the campaign is unknown; with spend it is missed.
    let table = unit_economics(&facts, &campaign).unwrap();
    assert_eq!((table.channels.len(), table.channels[0].campaign.as_deref()), (1, None));
    let spend = df!("day" => [day("2026-01-01")], "channel" => ["search"], "campaign" => ["brand"],
        "spend_usd" => [1.0]);
    let facts = facts.with_spend(&spend.unwrap()).unwrap();
    let error = unit_economics(&facts, &campaign).unwrap_err().to_string();
    assert!(error.contains("need a column `campaign`"), "{error}");
}
