//! Prices and exchange rates.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{Crypto, Fiat};

table! {
    /// Prices of crypto assets as a source observed them.
    "raw_crypto_market_data" => RawCryptoMarketData;
    key: ["symbol", "observed_at", "source"];
    time: "observed_at";
    write: Merge;
    /// The instrument, as in `BTC`.
    symbol: String,
    /// When the source says that the price held.
    observed_at: DateTime<Utc>,
    /// The source.
    source: String,
    /// The instrument's full name.
    name: String,
    /// Price of one unit, US dollars.
    price_usd: Crypto,
    /// Traded in the 24 hours before, US dollars.
    volume_24h_usd: Option<Fiat>,
    /// Price times supply, US dollars.
    market_cap_usd: Option<Fiat>,
}

table! {
    /// Open, high, low and close of an interval.
    "candles" => Candle;
    key: ["source", "symbol", "interval", "open_at"];
    time: "open_at";
    write: Merge;
    /// The source.
    source: String,
    /// The instrument, as in `BTC`; priced in US dollars.
    symbol: String,
    /// The length: `30m`, `4h`, `1d`, `4d`…
    interval: String,
    /// Where the interval begins; it ends before the next one's beginning.
    open_at: DateTime<Utc>,
    /// The first price.
    open: Crypto,
    /// The highest price.
    high: Crypto,
    /// The lowest price.
    low: Crypto,
    /// The last price.
    close: Crypto,
    /// Traded, US dollars; null where the source does not say.
    volume: Option<Crypto>,
}

table! {
    /// The single source of truth: one price per instrument and time out of all sources. Not filled yet.
    "market_prices" => MarketPrice;
    key: ["symbol", "at"];
    time: "at";
    write: Merge;
    /// The instrument.
    symbol: String,
    /// When.
    at: DateTime<Utc>,
    /// Price of one unit, US dollars.
    price_usd: Crypto,
    /// The source that won.
    source: String,
}

table! {
    /// Exchange rates of currencies.
    "fx_rates" => FxRate;
    key: ["base", "quote", "rate_date", "source"];
    time: "rate_date";
    write: Merge;
    /// The currency priced.
    base: String,
    /// The currency that it is priced in.
    quote: String,
    /// The day that the rate was fixed for.
    rate_date: NaiveDate,
    /// The source.
    source: String,
    /// Units of `quote` for one unit of `base`.
    rate: Crypto,
}

table! {
    /// Changes and volatility, from `market_prices`. Not filled yet.
    "crypto_metrics" => CryptoMetric;
    key: ["symbol", "metric_time"];
    time: "metric_time";
    write: Merge;
    /// The instrument.
    symbol: String,
    /// When.
    metric_time: DateTime<Utc>,
    /// Price over the price 5 minutes before, less 1.
    price_change_5m: Option<f64>,
    /// Price over the price 15 minutes before, less 1.
    price_change_15m: Option<f64>,
    /// Price over the price an hour before, less 1.
    price_change_1h: Option<f64>,
    /// Price over the price 24 hours before, less 1.
    price_change_24h: Option<f64>,
    /// Mean price over the hour before, US dollars.
    mean_price_1h: Option<f64>,
    /// Lowest price over the hour before, US dollars.
    min_price_1h: Option<f64>,
    /// Highest price over the hour before, US dollars.
    max_price_1h: Option<f64>,
    /// Standard deviation of the log returns over the 24 hours before.
    volatility: Option<f64>,
    /// Traded in the 24 hours before, US dollars.
    volume: Option<f64>,
}
