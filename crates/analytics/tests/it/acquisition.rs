use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_analytics::acquisition::{AcquisitionParams, Breakdown, acquisition};

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
fn channels_are_judged_by_ratios_of_sums() {
    let params = AcquisitionParams { ages: vec![1, 7, 30], ..AcquisitionParams::default() };
    let table = acquisition(&facts(), &params).unwrap();
    let names: Vec<_> = table.channels.iter().map(|it| it.channel.as_deref().unwrap()).collect();
    assert_eq!(names, ["organic", "search", "social"]);

    let organic = &table.channels[0].economics;
    assert_eq!((organic.users, organic.cac_usd, organic.roas), (1, None, None));
    assert_eq!((organic.ltv_usd, organic.payback_days), (Some(2.0), None));

    let search = &table.channels[1].economics;
    assert_eq!((search.users, search.spend_usd, search.revenue_usd), (3, 50.0, 25.0));
    assert_eq!((search.cac_usd, search.roas), (Some(50.0 / 3.0), Some(0.5)));
    assert_eq!(search.ltv_to_cac, Some((25.0 / 3.0) / (50.0 / 3.0)));
    // 1 day: both days are old enough; a 6 (first 24 h) + c 5 over 20 + 30.
    // 7 days: only 01-01 is (01-02 + 7 days ≤ 01-10); 6 + 10 + 4 over 20.
    // 30 days: nobody.
    let aged: Vec<_> = search
        .roas_by_age
        .iter()
        .map(|it| (it.users, it.spend_usd, it.revenue_usd, it.roas))
        .collect();
    assert_eq!(
        aged,
        [(3, 50.0, 11.0, Some(11.0 / 50.0)), (2, 20.0, 20.0, Some(1.0)), (0, 0.0, 0.0, None)]
    );
    // Ages 1 to 3: 01-06 is old enough too, 11 of 50. Age 4: 01-06 is not (01-07 + 4 = 01-11 > 01-10),
    // and 6 + 10 + 4 pay back the 20 of 01-01.
    assert_eq!(search.payback_days, Some(4));

    // Spend without users: no CAC; no revenue on spend: ROAS 0.
    let social = &table.channels[2].economics;
    assert_eq!((social.users, social.cac_usd, social.roas), (0, None, Some(0.0)));
    assert_eq!(social.payback_days, None);

    // All 57 over 4 users; revenue 27. Paid: without organic.
    assert_eq!((table.blended.cac_usd, table.blended.roas), (Some(57.0 / 4.0), Some(27.0 / 57.0)));
    assert_eq!((table.paid.users, table.paid.cac_usd), (3, Some(19.0)));
}

#[test]
fn campaigns_apart_and_only_the_margin_pays_back() {
    let params = AcquisitionParams { by: Breakdown::Campaign, ages: vec![], margin: 0.5 };
    let table = acquisition(&facts(), &params).unwrap();
    let rows: Vec<_> = table
        .channels
        .iter()
        .map(|it| (it.channel.as_deref().unwrap(), it.campaign.as_deref(), it.economics.users))
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
}

#[test]
fn without_spend_nothing_is_known_of_cost() {
    let facts = crate::support::facts(
        &[("a", "2026-01-01", Some("search"))],
        &[("a", "2026-01-02", 1.0, 1.0)],
        "2026-02-01",
    );
    let table = acquisition(&facts, &AcquisitionParams::default()).unwrap();
    assert_eq!((table.blended.cac_usd, table.blended.roas), (None, None));
    assert_eq!((table.paid.users, table.blended.payback_days), (0, None));
    let campaign = AcquisitionParams { by: Breakdown::Campaign, ..AcquisitionParams::default() };
    let error = acquisition(&facts, &campaign).unwrap_err().to_string();
    assert!(error.contains("need a column `campaign`"), "{error}");
}
