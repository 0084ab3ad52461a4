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
    /// The instrument, as in `BTC`, `AAPL`, `EUR/USD`.
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
    /// Traded, in the currency of the prices; null where the source does not say.
    volume: Option<Crypto>,
    /// Traded, in the instrument's own units (coins, shares); null where the source does not say.
    base_volume: Option<Crypto>,
    /// What the prices are in, ISO 4217.
    currency: String,
}

table! {
    /// The latest price of an instrument as a source saw it, with bid and ask.
    "quotes" => Quote;
    key: ["source", "symbol", "at"];
    time: "at";
    write: Merge;
    /// The source.
    source: String,
    /// The instrument, as in `BTC`, `AAPL`, `EUR/USD`.
    symbol: String,
    /// When the source says that the price held.
    at: DateTime<Utc>,
    /// The price of one unit.
    price: Crypto,
    /// What the prices are in, ISO 4217.
    currency: String,
    /// What buyers offered.
    bid: Option<Crypto>,
    /// What sellers asked.
    ask: Option<Crypto>,
    /// Traded in the 24 hours (stocks: in the session) before, in the instrument's own units.
    base_volume: Option<Crypto>,
}

table! {
    /// What was traded on a market, trade by trade; `trades` are the exchange's own users'.
    "market_trades" => MarketTrade;
    key: ["source", "symbol", "trade_id"];
    time: "at";
    write: Merge;
    /// The source.
    source: String,
    /// The instrument.
    symbol: String,
    /// The trade, as the source numbers it.
    trade_id: i64,
    /// When.
    at: DateTime<Utc>,
    /// `buy` or `sell`: what the one did who did not wait in the book.
    side: String,
    /// The price of one unit.
    price: Crypto,
    /// How much, in the instrument's own units.
    base_amount: Crypto,
    /// What the price is in, ISO 4217.
    currency: String,
}

table! {
    /// The single source of truth: one price per instrument and five minutes out of all sources.
    "market_prices" => MarketPrice;
    key: ["symbol", "at"];
    time: "at";
    write: Merge;
    /// The instrument.
    symbol: String,
    /// Where the five minutes end in which it was the last price.
    at: DateTime<Utc>,
    /// Price of one unit, US dollars.
    price_usd: Crypto,
    /// The source that won, by the precedence that is configured.
    source: String,
    /// How many sources had a price in those five minutes.
    sources: i64,
    /// The other source whose price was furthest away; null where there was no other.
    other_source: Option<String>,
    /// Its price, US dollars.
    other_price_usd: Option<Crypto>,
    /// Its price over the winner's, less 1.
    difference: Option<f64>,
    /// Whether the difference is past the threshold that is configured.
    is_disputed: bool,
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
    /// One US dollar rate per currency and calendar day, from `fx_rates`, without a hole.
    "fx_daily" => FxDaily;
    key: ["base", "quote", "rate_date"];
    time: "rate_date";
    write: Merge;
    /// The currency priced.
    base: String,
    /// The currency that it is priced in.
    quote: String,
    /// The day.
    rate_date: NaiveDate,
    /// Units of `quote` for one unit of `base`.
    rate: Crypto,
    /// The day of the fixing: earlier than `rate_date` over weekends and holidays.
    fixed_on: NaiveDate,
    /// Whether the day has no fixing of its own.
    is_filled: bool,
    /// The currency across which the rate was worked out; null where the pair itself was fixed.
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
