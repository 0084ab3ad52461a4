//! Values of the same series by NumPy 2 and SciPy, and by hand.

use polars::prelude::*;
use tidegauge_analytics::market_statistics::{
    AssociationParams, DailyMarket, MovingAverage, VolatilityParams, VolumeScale, betas,
    correlations, drawdowns, log_returns, moving_average, volatility, volume_scores,
};

use super::{day, market, near, until};

fn value(frame: &DataFrame, column: &str, row: usize) -> Option<f64> {
    frame.column(column).unwrap().f64().unwrap().get(row)
}

#[test]
fn log_returns_equal_numpy() {
    let table = log_returns(&market());
    let [btc, eth] = [0, 1].map(|at| &table.instruments[at].log_returns);
    assert_eq!((btc[0], eth[0]), (None, None));
    near(btc[1], 0.392_042_087_776_022_9);
    near(btc[59], -0.156_079_320_733_664_6);
    // The hole on day 20 touches its own return and that of the day after, and no other.
    near(eth[19], -0.013_400_535_537_481_773);
    assert_eq!((eth[20], eth[21]), (None, None));
    near(eth[22], -0.717_763_808_195_301_1);
    let frame = table.frame().unwrap();
    assert_eq!((frame.height(), frame.width()), (120, 3));
    assert_eq!(frame.column("log_return").unwrap().null_count(), 4);
    near(value(&frame, "log_return", 1), 0.392_042_087_776_022_9);
}

#[test]
fn volatility_equals_numpy() {
    let market = market();
    let table = volatility(&market, &VolatilityParams::default()).unwrap();
    let btc = &table.instruments[0];
    near(btc.overall.value, 4.836_761_124_066_28);
    assert_eq!(btc.overall.n, 59);
    let interval = btc.overall.interval.unwrap();
    assert!(interval.contains(4.836_761_124_066_28));
    assert!(interval.level == 0.9 && interval.low > 4.0 && interval.high < 7.0, "{interval:?}");
    assert_eq!(btc.rolling[29], None, "29 returns are no window of 30");
    near(btc.rolling[30], 4.925_948_135_785_639);
    near(btc.rolling[59], 4.985_860_181_257_903);
    near(table.instruments[1].overall.value, 8.178_187_211_289_808);
    assert_eq!(table.instruments[1].overall.n, 57);
    let stocks = VolatilityParams { periods_per_year: 252.0, ..VolatilityParams::default() };
    let table = volatility(&market, &stocks).unwrap();
    let eth = &table.instruments[1];
    near(eth.rolling[59], 6.360_364_971_794_319);
    assert_eq!(eth.rolling[50], None, "the window of 30 days has the hole");
    let frame = table.overall_frame().unwrap();
    assert_eq!(frame.height(), 2);
    assert_eq!(value(&frame, "volatility_level", 0), Some(0.9));
    assert_eq!(table.frame().unwrap().height(), 120);
}

#[test]
fn moving_averages_equal_numpy() {
    let market = market();
    let simple = moving_average(&market, MovingAverage::Simple { days: 20 }).unwrap();
    near(simple.instruments[0].values[59], 151.2);
    let short = moving_average(&market, MovingAverage::Simple { days: 5 }).unwrap();
    let eth = &short.instruments[1].values;
    assert_eq!((19..26).filter(|at| eth[*at].is_none()).collect::<Vec<_>>(), [20, 21, 22, 23, 24]);
    near(eth[25], 48.24);
    let exponential = moving_average(&market, MovingAverage::Exponential { span: 10.0 }).unwrap();
    near(exponential.instruments[0].values[59], 151.875_567_163_148_8);
    near(exponential.instruments[1].values[59], 46.001_387_649_505_26);
    assert_eq!(exponential.frame().unwrap().column("average").unwrap().null_count(), 1);
}

#[test]
fn drawdowns_have_peak_trough_and_recovery() {
    let table = drawdowns(&market());
    let fall = table.instruments[0].maximum.unwrap();
    near(Some(fall.depth), 0.434_554_973_821_989_5);
    assert_eq!((fall.peak, fall.trough, fall.recovered), (day(13), day(29), Some(day(47))));
    assert_eq!((fall.days_to_trough(), fall.days_to_recovery()), (16, Some(18)));
    let fall = table.instruments[1].maximum.unwrap();
    near(Some(fall.depth), 0.671_988_388_969_521_1);
    assert_eq!((fall.peak, fall.trough, fall.recovered), (day(9), day(17), None));
    let frame = table.maximum_frame().unwrap();
    assert_eq!(frame.column("recovered").unwrap().null_count(), 1);
    let days = frame.column("days_to_recovery").unwrap().i64().unwrap().get(0);
    assert_eq!(days, Some(18));
    let running = table.frame().unwrap();
    assert_eq!(running.column("drawdown").unwrap().null_count(), 1);
    near(value(&running, "drawdown", 29), 0.434_554_973_821_989_5);
}

#[test]
fn correlation_and_beta_equal_numpy() {
    let market = market();
    let params = AssociationParams::default();
    let table = correlations(&market, &params).unwrap();
    let pair = table.get("ETH", "BTC").unwrap();
    near(pair.value, 0.090_079_026_221_404_83);
    assert_eq!((pair.n, table.pairs.len()), (57, 1));
    let interval = pair.interval.unwrap();
    assert!(interval.low < -0.05 && interval.high > 0.2, "no correlation: {interval:?}");
    let frame = table.frame().unwrap();
    assert_eq!(value(&frame, "correlation_low", 0), Some(interval.low));
    assert!(table.get("BTC", "BTC").is_none());

    let table = betas(&market, "BTC", &params).unwrap();
    let [eth] = table.instruments.as_slice() else { panic!("the benchmark has no beta") };
    near(eth.beta.value, 0.150_115_467_846_724_05);
    let frame = table.frame().unwrap();
    let names: Vec<_> = frame.get_column_names().iter().map(ToString::to_string).collect();
    let beta = ["beta", "beta_low", "beta_high", "beta_level", "beta_n", "beta_few", "beta_heavy"];
    assert_eq!(names, [&["instrument", "benchmark"][..], &beta].concat());
    let error = betas(&market, "DOGE", &params).unwrap_err().to_string();
    assert_eq!(error, "`benchmark` must be an instrument with a price");
}

#[test]
fn volume_scores_equal_scipy() {
    let market = market();
    let robust = volume_scores(&market, VolumeScale::Robust).unwrap();
    near(robust.instruments[0].scores[7], 0.505_411_207_644_738);
    let rolling = volume_scores(&market, VolumeScale::Rolling { window: 14 }).unwrap();
    let scores = &rolling.instruments[0].scores;
    near(scores[59], 0.413_212_225_803_553_66);
    assert!(scores[13].is_none() && scores[14].is_some());
    assert!(rolling.instruments[1].scores.iter().all(Option::is_none), "ETH has no volume");
    assert_eq!(rolling.frame().unwrap().column("z").unwrap().null_count(), 14 + 60);
}

#[test]
fn parameters_out_of_range_are_refused() {
    let market = market();
    let message = |result: tidegauge_analytics::Result<()>| result.unwrap_err().to_string();
    let params = VolatilityParams { window: 1, ..VolatilityParams::default() };
    let found = message(volatility(&market, &params).map(drop));
    assert_eq!(found, "`window` must be at least 2 days");
    let params = VolatilityParams { periods_per_year: 0.0, ..VolatilityParams::default() };
    let found = message(volatility(&market, &params).map(drop));
    assert_eq!(found, "`periods_per_year` must be above 0");
    let params = AssociationParams { level: 1.0, ..AssociationParams::default() };
    let found = message(correlations(&market, &params).map(drop));
    assert_eq!(found, "`level` must be between 0 and 1");
    let found = message(moving_average(&market, MovingAverage::Simple { days: 0 }).map(drop));
    assert_eq!(found, "`days` must be at least 1 day");
}

#[test]
fn a_price_that_never_falls_has_no_drawdown() {
    let rising = df!(
        "instrument" => ["BTC", "BTC"], "at" => [day(0), day(1)], "price" => [1.0, 2.0],
    )
    .unwrap();
    let table = drawdowns(&DailyMarket::from_frame(&rising, &until(2)).unwrap());
    assert_eq!(table.instruments[0].running, [Some(0.0), Some(0.0)]);
    assert!(table.instruments[0].maximum.is_none());
    assert_eq!(table.maximum_frame().unwrap().column("depth").unwrap().null_count(), 1);
}
