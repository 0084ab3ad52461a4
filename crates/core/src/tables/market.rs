//! Tables of prices and exchange rates.

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
    /// The time of the price according to the source.
    observed_at: DateTime<Utc>,
    /// The source.
    source: String,
    /// The instrument's full name.
    name: String,
    /// The price of one unit, US dollars.
    price_usd: Crypto,
    /// The trading volume of the preceding 24 hours, US dollars.
    volume_24h_usd: Option<Fiat>,
    /// The market capitalization: price times supply, US dollars.
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
    /// The instrument, as in `BTC`, `AAPL`, `EUR/USD`.
    symbol: String,
    /// The length of the interval: `30m`, `4h`, `1d`, `4d`…
    interval: String,
    /// The start of the interval, included; it ends at the start of the next one, excluded.
    open_at: DateTime<Utc>,
    /// The first price.
    open: Crypto,
    /// The highest price.
    high: Crypto,
    /// The lowest price.
    low: Crypto,
    /// The last price.
    close: Crypto,
    /// The trading volume, in the currency of the prices; null if the source does not report it.
    volume: Option<Crypto>,
    /// The trading volume, in units of the instrument (coins, shares); null if the source does not report it.
    base_volume: Option<Crypto>,
    /// The currency of the prices, ISO 4217.
    currency: String,
}

table! {
    /// The latest price of an instrument by source, with bid and ask.
    "quotes" => Quote;
    key: ["source", "symbol", "at"];
    time: "at";
    write: Merge;
    /// The source.
    source: String,
    /// The instrument, as in `BTC`, `AAPL`, `EUR/USD`.
    symbol: String,
    /// The time of the price according to the source.
    at: DateTime<Utc>,
    /// The price of one unit.
    price: Crypto,
    /// The currency of the prices, ISO 4217.
    currency: String,
    /// The best bid.
    bid: Option<Crypto>,
    /// The best ask.
    ask: Option<Crypto>,
    /// The trading volume of the preceding 24 hours (stocks: of the session), in units of the instrument.
    base_volume: Option<Crypto>,
}

table! {
    /// Public trades of a market; `trades` has those of the exchange's own users.
    "market_trades" => MarketTrade;
    key: ["source", "symbol", "trade_id"];
    time: "at";
    write: Merge;
    /// The source.
    source: String,
    /// The instrument.
    symbol: String,
    /// The id of the trade in the source.
    trade_id: i64,
    /// The time of the trade.
    at: DateTime<Utc>,
    /// The side of the taker: `buy` or `sell`.
    side: String,
    /// The price of one unit.
    price: Crypto,
    /// The amount, in units of the instrument.
    base_amount: Crypto,
    /// The currency of the price, ISO 4217.
    currency: String,
}

table! {
    /// The single source of truth: one price per instrument and five minutes, from all sources.
    "market_prices" => MarketPrice;
    key: ["symbol", "at"];
    time: "at";
    write: Merge;
    /// The instrument.
    symbol: String,
    /// The end of the five minutes of which it is the last price.
    at: DateTime<Utc>,
    /// The price of one unit, US dollars.
    price_usd: Crypto,
    /// The source of the price, chosen by the configured precedence.
    source: String,
    /// The number of sources with a price in those five minutes.
    sources: i64,
    /// The other source with the largest difference in price; null if there is no other.
    other_source: Option<String>,
    /// The price of the other source, US dollars.
    other_price_usd: Option<Crypto>,
    /// The relative difference: the other price divided by `price_usd`, minus 1.
    difference: Option<f64>,
    /// `true` if the difference exceeds the configured threshold.
    is_disputed: bool,
}

table! {
    /// Exchange rates of currencies.
    "fx_rates" => FxRate;
    key: ["base", "quote", "rate_date", "source"];
    time: "rate_date";
    write: Merge;
    /// The base currency, which is priced.
    base: String,
    /// The quote currency, in which it is priced.
    quote: String,
    /// The day of the fixing.
    rate_date: NaiveDate,
    /// The source.
    source: String,
    /// The rate: units of `quote` per unit of `base`.
    rate: Crypto,
}

table! {
    /// One US dollar rate per currency and calendar day, from `fx_rates`, without gaps.
    "fx_daily" => FxDaily;
    key: ["base", "quote", "rate_date"];
    time: "rate_date";
    write: Merge;
    /// The base currency, which is priced.
    base: String,
    /// The quote currency, in which it is priced.
    quote: String,
    /// The day.
    rate_date: NaiveDate,
    /// The rate: units of `quote` per unit of `base`.
    rate: Crypto,
    /// The day of the fixing: earlier than `rate_date` over weekends and holidays.
    fixed_on: NaiveDate,
    /// `true` if the day has no fixing of its own.
    is_filled: bool,
    /// The third currency through which the rate was computed; null if the pair itself was fixed.
    via: Option<String>,
}

table! {
    /// Changes and volatility of crypto assets, from `market_prices`.
    "crypto_metrics" => CryptoMetric;
    key: ["symbol", "metric_time"];
    time: "metric_time";
    write: Merge;
    /// The instrument.
    symbol: String,
    /// The time of the metrics.
    metric_time: DateTime<Utc>,
    /// The relative change of the price over 5 minutes: 0.01 is 1 %.
    price_change_5m: Option<f64>,
    /// The relative change of the price over 15 minutes.
    price_change_15m: Option<f64>,
    /// The relative change of the price over an hour.
    price_change_1h: Option<f64>,
    /// The relative change of the price over 24 hours.
    price_change_24h: Option<f64>,
    /// The mean price of the preceding hour, US dollars.
    mean_price_1h: Option<f64>,
    /// The lowest price of the preceding hour, US dollars.
    min_price_1h: Option<f64>,
    /// The highest price of the preceding hour, US dollars.
    max_price_1h: Option<f64>,
    /// The standard deviation of the log returns of the preceding 24 hours.
    volatility: Option<f64>,
    /// The trading volume of the preceding 24 hours, US dollars.
    volume: Option<f64>,
}
