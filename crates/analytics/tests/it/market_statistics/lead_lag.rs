//! Lead and lag: values of NumPy, planted leads, and series without any.

use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_analytics::market_statistics::{
    ActivityMeasure, DailyMarket, DailySocial, DailySocialParams, LeadLagParams, Leader,
    MarketMove, activity_lead_lag, social_lead_lag,
};
use tidegauge_analytics::models::series::BlockBootstrap;

use super::{btc, day, market, near, scattered, until};
use crate::support::at;

fn social(days: u64, of: impl Fn(u64) -> (i64, f64)) -> DailySocial {
    let rows: Vec<(i64, f64)> = (0..days).map(of).collect();
    let frame = df!(
        "instrument" => vec!["BTC"; rows.len()],
        "at" => (0..days).map(day).collect::<Vec<_>>(),
        "posts" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "sentiment" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
    )
    .unwrap();
    let end = Some(at(&day(days).to_string()));
    DailySocial::from_frame(&frame, &DailySocialParams { end, ..Default::default() }).unwrap()
}

#[test]
fn correlations_by_lag_equal_numpy() {
    let posts = |at: u64| 50 + scattered(at, (17, 5, 31)) as i64;
    let sentiment = |at: u64| (scattered(at, (11, 3, 21)) - 10.0) / 10.0;
    let mut social = social(60, |at| (posts(at), sentiment(at)));
    let of = |table: &tidegauge_analytics::market_statistics::LeadLagTable, measure, lag| {
        let pair = table.pairs.iter().find(|pair| pair.measure == measure).unwrap();
        let lag = pair.lags.iter().find(|found| found.lag == lag).unwrap();
        (lag.correlation.value, lag.correlation.n)
    };
    let table = social_lead_lag(&market(), &social, &LeadLagParams::default()).unwrap();
    assert_eq!(table.pairs.len(), 2, "ETH has no posts");
    for (lag, expected, n) in [
        (-2, 0.079_387_033_108_812_68, 57),
        (0, 0.212_518_655_485_940_15, 59),
        (3, 0.068_393_888_678_990_13, 56),
    ] {
        let (value, found) = of(&table, "posts", lag);
        near(value, expected);
        assert_eq!(found, n);
    }
    // The sentiment as if it were of ETH, which has a hole.
    social.instruments[0].instrument = "ETH".into();
    let table = social_lead_lag(&market(), &social, &LeadLagParams::default()).unwrap();
    let (value, n) = of(&table, "sentiment", 2);
    near(value, -0.030_246_949_904_475_635);
    assert_eq!(n, 55);
}

#[test]
fn a_planted_lead_is_found_and_unrelated_series_have_none() {
    let market = market();
    // The number of posts is the price two days before; the sentiment has nothing to do with it.
    let social = social(60, |at| {
        let posts = if at < 2 { 100.0 } else { btc(at - 2) };
        (posts as i64, (scattered(at, (11, 3, 21)) - 10.0) / 10.0)
    });
    let params = LeadLagParams { max_lag: 3, ..LeadLagParams::default() };
    let table = social_lead_lag(&market, &social, &params).unwrap();
    let posts = table.get("BTC", MarketMove::Return, "posts").unwrap();
    assert_eq!(posts.leader, Leader::Market);
    let strongest = posts.strongest(params.false_discovery).unwrap();
    assert_eq!(strongest.lag, 2);
    assert!(strongest.correlation.interval.unwrap().low > 0.5);
    let sentiment = table.get("BTC", MarketMove::Return, "sentiment").unwrap();
    assert_eq!(sentiment.leader, Leader::Undetermined);
    assert!(sentiment.strongest(params.false_discovery).is_none());
    // The p-values are adjusted for the lags of both pairs.
    let lags: Vec<_> = table.pairs.iter().flat_map(|pair| &pair.lags).collect();
    let p_values: Vec<f64> = lags.iter().map(|lag| lag.p_value.unwrap()).collect();
    let adjusted = tidegauge_analytics::models::multiple::benjamini_hochberg(&p_values);
    assert!(lags.iter().zip(adjusted).all(|(lag, adjusted)| lag.adjusted == Some(adjusted)));

    let frame = table.frame().unwrap();
    assert_eq!(frame.height(), 2 * 7);
    let lags: Vec<_> = frame.column("lag").unwrap().i64().unwrap().iter().flatten().collect();
    assert_eq!(lags[..7], [-3, -2, -1, 0, 1, 2, 3]);
    assert_eq!(frame.column("leader").unwrap().str().unwrap().get(0), Some("market"));
}

/// Returns a number from 0 to 1 of a series and a day (SplitMix64).
fn uniform(series: u64, at: u64) -> f64 {
    let mixed = (series * 1_000_003 + at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
}

/// Returns a market of BTC.
fn market_of(days: u64, price: impl Fn(u64) -> f64) -> DailyMarket {
    let prices = df!(
        "instrument" => vec!["BTC"; days as usize],
        "at" => (0..days).map(day).collect::<Vec<_>>(),
        "price" => (0..days).map(price).collect::<Vec<_>>(),
    )
    .unwrap();
    DailyMarket::from_frame(&prices, &until(days)).unwrap()
}

#[test]
fn unrelated_series_rarely_lead() {
    // A random walk, and posts that are independent from day to day, so that their changes are not.
    const WORLDS: u64 = 40;
    let bootstrap = BlockBootstrap { replicates: 199, ..BlockBootstrap::default() };
    let params = LeadLagParams { bootstrap, ..LeadLagParams::default() };
    let leads = |world: u64| {
        let steps: Vec<f64> = (0..120)
            .scan(0.0, |sum, at| {
                *sum += 0.1 * (uniform(2 * world, at) - 0.5);
                Some(f64::exp(*sum))
            })
            .collect();
        let market = market_of(120, |at| steps[at as usize]);
        let social = social(120, |at| (50 + (50.0 * uniform(2 * world + 1, at)) as i64, 0.0));
        let table = social_lead_lag(&market, &social, &params).unwrap();
        table.get("BTC", MarketMove::Return, "posts").unwrap().leader != Leader::Undetermined
    };
    let false_leads = (0..WORLDS).filter(|world| leads(*world)).count();
    // At 10 % more than ten of forty would be seen once in a thousand runs.
    assert!(false_leads <= 10, "{false_leads} of {WORLDS}");
}

#[test]
fn the_other_side_may_lead() {
    // The posts are the price two days later.
    let price = |at: u64| 100.0 + 100.0 * uniform(1, at);
    let social = social(120, |at| (price(at + 2) as i64, 0.0));
    let table =
        social_lead_lag(&market_of(120, price), &social, &LeadLagParams::default()).unwrap();
    let posts = table.get("BTC", MarketMove::Return, "posts").unwrap();
    assert_eq!(posts.leader, Leader::Other);
    assert_eq!(posts.strongest(0.1).unwrap().lag, -2);
}

/// Returns facts with a number of signups and purchases on each day.
fn facts(days: u64, per_day: impl Fn(u64) -> u64) -> Facts {
    let rows: Vec<(u64, u64)> = (0..days)
        .flat_map(|at| (0..per_day(at)).map(move |user| (at, at * 1_000 + user)))
        .collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.1.cast_signed()).collect();
    let dates: Vec<_> = rows.iter().map(|row| day(row.0)).collect();
    let users = df!("user" => &ids, "signup_at" => &dates).unwrap();
    let events = df!(
        "user" => &ids,
        "at" => &dates,
        "kind" => rows.iter().map(|row| if row.1 % 2 == 0 { "deposit" } else { "trade" }).collect::<Vec<_>>(),
        "volume_usd" => vec![10.0; ids.len()],
        "revenue_usd" => vec![0.1; ids.len()],
    )
    .unwrap();
    Facts::new(&users, &events, at(&day(days).to_string())).unwrap()
}

#[test]
fn signups_that_follow_the_market_are_found() {
    let facts = facts(60, |at| if at < 1 { 50 } else { btc(at - 1) as u64 });
    let measures = ActivityMeasure::defaults();
    let params = LeadLagParams { max_lag: 2, ..LeadLagParams::default() };
    let table = activity_lead_lag(&market(), &facts, &measures, &params).unwrap();
    let names: Vec<_> = table
        .pairs
        .iter()
        .filter(|pair| pair.instrument == "BTC")
        .map(|pair| pair.measure.as_str())
        .collect();
    assert_eq!(names, ["signups", "deposits", "transactions", "volume_usd"]);
    for measure in names {
        let pair = table.get("BTC", MarketMove::Return, measure).unwrap();
        assert_eq!((pair.leader, pair.strongest(0.1).unwrap().lag), (Leader::Market, 1));
        // The first day may have begun before the data: 60 days have 58 changes and not 59, of
        // which one is beyond the last return a day earlier.
        let same_day = pair.lags.iter().find(|lag| lag.lag == 0).unwrap();
        assert_eq!(same_day.correlation.n, 58);
    }
}

#[test]
fn a_weekday_effect_is_no_lead() {
    // BTC rises on Mondays and falls on Tuesdays; five times as many sign up on Tuesdays.
    let noise = |at: u64| 1.0 + scattered(at, (29, 5, 53)) / 530.0;
    let price = |at: u64| (if at.is_multiple_of(7) { 150.0 } else { 100.0 }) * noise(at);
    let market = market_of(140, price);
    let facts = facts(140, |at| {
        let level = if at % 7 == 1 { 100.0 } else { 20.0 };
        (level * (1.0 + scattered(at, (31, 7, 61)) / 100.0)) as u64
    });
    let measures = [("signups".to_owned(), ActivityMeasure::Signups)];
    let table = activity_lead_lag(&market, &facts, &measures, &LeadLagParams::default()).unwrap();
    assert_eq!(table.pairs[0].leader, Leader::Undetermined);
    let size = |lag: isize| {
        let found = table.pairs[0].lags.iter().find(|found| found.lag == lag).unwrap();
        found.correlation.value.unwrap().abs()
    };
    assert!((-7..=7).all(|lag| size(lag) < 0.25), "{:?}", table.pairs[0].lags);
}

#[test]
fn days_that_are_not_over_in_the_facts_do_not_count() {
    let params = LeadLagParams { max_lag: 1, ..LeadLagParams::default() };
    let measures = [("signups".to_owned(), ActivityMeasure::Signups)];
    let per_day = |at: u64| 10 + scattered(at, (17, 5, 31)) as u64;
    let n = |days: u64| {
        let table =
            activity_lead_lag(&market(), &facts(days, per_day), &measures, &params).unwrap();
        table.pairs[0].lags[1].correlation.n
    };
    assert_eq!((n(60), n(50)), (58, 48));
    let moves = vec![MarketMove::Return, MarketMove::AbsoluteReturn];
    let both = LeadLagParams { moves, ..params };
    let table = activity_lead_lag(&market(), &facts(60, per_day), &measures, &both).unwrap();
    assert_eq!(table.pairs.len(), 4);
}
