//! Tests that every recorded reply gives the right rows, or the right error.
#![cfg(all(
    feature = "coingecko",
    feature = "ecb",
    feature = "exchangerate-api",
    feature = "frankfurter"
))]

use std::collections::BTreeSet;

use crate::support::{Act, Scripted, context, hurried, recording};
use chrono::TimeDelta;
use tidegauge_acquisition::__internal::coingecko::decode as coingecko;
use tidegauge_acquisition::__internal::ecb::decode as ecb;
use tidegauge_acquisition::__internal::exchangerate_api::decode as exchangerate_api;
use tidegauge_acquisition::__internal::frankfurter::decode as frankfurter;
use tidegauge_acquisition::backfill::RowFilter;
use tidegauge_acquisition::coingecko::{Client, Plan};
use tidegauge_acquisition::{Error, Result};
use tidegauge_core::{Crypto, Fiat};

/// The decoder of a recording.
enum Read {
    Ping,
    Prices,
    Markets,
    Chart,
    Candles(TimeDelta),
    FrankfurterDay,
    FrankfurterV2,
    ExchangeRateApi,
    EcbXml,
    EcbCsv,
    EcbData,
}

impl Read {
    /// Returns the number of rows of a reply, and the first and the last one.
    fn rows(&self, body: &[u8]) -> Result<(usize, String)> {
        let shown = |rows: Vec<String>| {
            let mut ends: Vec<_> = [rows.first(), rows.last()].into_iter().flatten().collect();
            ends.dedup();
            (rows.len(), ends.into_iter().cloned().collect::<Vec<_>>().join(" | "))
        };
        let money =
            |amount: Option<Fiat>| amount.map_or_else(|| "-".into(), |amount| amount.to_string());
        Ok(match self {
            Self::Ping => coingecko::ping(body).map(|()| (1, "pong".into()))?,
            Self::Prices => shown(
                coingecko::simple_price(body)?
                    .into_iter()
                    .map(|price| {
                        let (cap, volume) =
                            (money(price.market_cap_usd), money(price.volume_24h_usd));
                        let at =
                            price.last_updated_at.map(|at| at.to_rfc3339()).unwrap_or_default();
                        format!("{} {} {cap} {volume} {at}", price.coin, price.price_usd)
                    })
                    .collect(),
            ),
            Self::Markets => shown(
                coingecko::coins_markets(body, &mut RowFilter::strict())?
                    .into_iter()
                    .map(|market| {
                        let (cap, volume) =
                            (money(market.market_cap_usd), money(market.volume_24h_usd));
                        format!(
                            "{} {} {cap} {volume} {}",
                            market.coin, market.price_usd, market.last_updated
                        )
                    })
                    .collect(),
            ),
            Self::Chart => {
                shown(chart(&coingecko::market_chart("bitcoin", body, &mut RowFilter::strict())?))
            }
            Self::Candles(size) => shown(
                coingecko::ohlc("bitcoin", *size, body, &mut RowFilter::strict())?
                    .iter()
                    .map(|candle| {
                        let at = (candle.open_at + *size).timestamp_millis();
                        format!(
                            "{at} {} {} {} {}",
                            candle.open, candle.high, candle.low, candle.close
                        )
                    })
                    .collect(),
            ),
            Self::FrankfurterDay => shown(rates(frankfurter::day(body, &mut RowFilter::strict())?)),
            Self::FrankfurterV2 => {
                shown(rates(frankfurter::rates_v2(body, &mut RowFilter::strict())?))
            }
            Self::EcbXml => shown(rates(ecb::eurofxref_xml(body, &mut RowFilter::strict())?)),
            Self::EcbCsv => shown(rates(ecb::eurofxref_csv(body, &mut RowFilter::strict())?)),
            Self::EcbData => shown(rates(ecb::exr_csv(body, &mut RowFilter::strict())?)),
            Self::ExchangeRateApi => {
                let latest = exchangerate_api::latest(body, &mut RowFilter::strict())?;
                let rates = latest.rates.into_iter();
                let of = format!("{} {}", latest.base, latest.last_update.to_rfc3339());
                shown(rates.map(|(quote, rate)| format!("{of} {quote} {rate}")).collect())
            }
        })
    }
}

fn chart(chart: &coingecko::Chart) -> Vec<String> {
    let money = |units: Option<i128>| {
        units.map_or_else(|| "-".into(), |units| Fiat::from_units(units).to_string())
    };
    let row = |row: usize| {
        let (cap, volume) = (money(chart.market_cap_usd[row]), money(chart.volume_24h_usd[row]));
        let price = Crypto::from_units(chart.price_usd[row]);
        format!("{} {price} {cap} {volume}", chart.at[row] / 1000)
    };
    (0..chart.at.len()).map(row).collect()
}

fn rates(rates: Vec<frankfurter::Rate>) -> Vec<String> {
    let shown = |rate: frankfurter::Rate| {
        format!("{} {}/{} {}", rate.date, rate.base, rate.quote, rate.rate)
    };
    rates.into_iter().map(shown).collect()
}

const HALF_HOUR: TimeDelta = TimeDelta::minutes(30);
const FOUR_HOURS: TimeDelta = TimeDelta::hours(4);

/// Recording, decoder, number of rows, the first and the last row.
const ROWS: &[(&str, Read, usize, &str)] = &[
    ("coingecko/ping.oas-example-2026.json", Read::Ping, 1, "pong"),
    (
        "coingecko/simple_price.oas-example-2026.json",
        Read::Prices,
        1,
        "bitcoin 76975.00000000 1542226908349.84 29096603418.89 2026-05-18T08:17:38+00:00",
    ),
    (
        "coingecko/simple_price_bitcoin_usd.recorded-2021-05-15.json",
        Read::Prices,
        1,
        "bitcoin 49013.00000000 - - ",
    ),
    ("coingecko/jkorf_GetPrices.2024.json", Read::Prices, 1, "ethereum 1498.64000000 - - "),
    (
        "coingecko/coins_markets.oas-example-2026.json",
        Read::Markets,
        1,
        "bitcoin 77671.00000000 1555886872303.00 33235034316.00 2026-05-18 12:49:21.599 UTC",
    ),
    (
        "coingecko/coins_markets_bitcoin_usd.recorded-2021-05-15.json",
        Read::Markets,
        1,
        "bitcoin 49053.00000000 917825524991.00 61679663434.00 2021-05-15 15:59:43.867 UTC",
    ),
    (
        // 50675.258073370765 in the recording, whose last two points are out of order
        "coingecko/market_chart_bitcoin_usd_1d_5min.recorded-2021-05-15.json",
        Read::Chart,
        288,
        "1621003519770 50675.258073370765 948130277908.41 71027222216.53 | \
         1621089594955 49078.83040364477 918302952945.76 59650085993.00",
    ),
    (
        "coingecko/market_chart_bitcoin_usd_30d_hourly.recorded-2021-05-15.json",
        Read::Chart,
        722,
        "1618499053863 62641.967327043465 1172109995119.84 65940825884.30 | \
         1621088009000 49424.27756187507 923497456368.47 60004857729.24",
    ),
    (
        "coingecko/market_chart_bitcoin_usd_90d_daily.recorded-2021-05-15.json",
        Read::Chart,
        91,
        "1613347200000 48607.8745224845 905515462577.00 57738376570.13 | \
         1621089594000 49078.83040364477 918302952945.76 59650085993.00",
    ),
    (
        "coingecko/jkorf_GetMarketChart.2024.json",
        Read::Chart,
        3,
        "1711843200000 69702.3087473573 1370247487960.09 16408802301.84 | \
         1711983682000 68887.7495158568 1355701979725.16 30137418199.64",
    ),
    (
        "coingecko/coins_market_chart.oas-example-2026.json",
        Read::Chart,
        2,
        "1779027899041 77953.82550382407 1560631481361.80 18688431751.86 | \
         1779028199661 78052.87543398788 1562027330524.27 18974828816.45",
    ),
    (
        "coingecko/coins_market_chart_range.oas-example-2026.json",
        Read::Chart,
        2,
        "1779027899041 77953.82550382407 1560631481361.80 18688431751.86 | \
         1779028199661 78052.87543398788 1562027330524.27 18974828816.45",
    ),
    (
        "coingecko/ohlc_bitcoin_usd_7d.recorded-2021-05-15.json",
        Read::Candles(FOUR_HOURS),
        42,
        "1620504000000 57945.79000000 59122.18000000 57945.79000000 59122.18000000 | \
         1621094400000 48868.60000000 49675.91000000 48868.60000000 49675.91000000",
    ),
    (
        "coingecko/jkorf_GetOhlc.2024.json",
        Read::Candles(FOUR_HOURS),
        3,
        "1709395200000 61942.00000000 62211.00000000 61721.00000000 61845.00000000 | \
         1709424000000 62171.00000000 62210.00000000 61821.00000000 62068.00000000",
    ),
    (
        "coingecko/coins_ohlc.oas-example-2026.json",
        Read::Candles(HALF_HOUR),
        2,
        "1779199200000 76769.00000000 76889.00000000 76744.00000000 76818.00000000 | \
         1779201000000 76712.00000000 76712.00000000 76321.00000000 76422.00000000",
    ),
    (
        "coingecko/pro_coins_ohlc_range.oas-example-2026.json",
        Read::Candles(TimeDelta::days(1)),
        2,
        "1764547200000 90832.00000000 91905.00000000 90406.00000000 90406.00000000 | \
         1764633600000 90360.00000000 90360.00000000 83989.00000000 86281.00000000",
    ),
    (
        "fx/frankfurter_v2_rates.openapi-example.json",
        Read::FrankfurterV2,
        2, // the third says that a euro is a euro
        "2024-01-15 EUR/GBP 0.86230000 | 2024-01-15 EUR/USD 1.08900000",
    ),
    (
        "fx/frankfurter_v2_rates_usd.captured-2026-09-05.json",
        Read::FrankfurterV2,
        5,
        "2026-09-05 USD/AED 3.67250000 | 2026-09-05 USD/SAR 3.75000000",
    ),
    (
        "fx/open_er_api_latest_czk.recorded-2026-02-18.json",
        Read::ExchangeRateApi,
        165,
        "CZK 2026-02-18T00:02:32+00:00 AED 0.17914000 | \
         CZK 2026-02-18T00:02:32+00:00 ZWL 1.24824600",
    ),
    (
        "fx/exchangerate-api_v6_standard.official-docs.json",
        Read::ExchangeRateApi,
        8,
        "USD 2020-03-27T00:00:00+00:00 AUD 1.48170000 | USD 2020-03-27T00:00:00+00:00 GBP 0.76790000",
    ),
    (
        "fx/ecb_eurofxref-daily.2018-06-11.xml",
        Read::EcbXml,
        32,
        "2018-06-11 EUR/USD 1.17900000 | 2018-06-11 EUR/ZAR 15.49910000",
    ),
    (
        "fx/ecb_eurofxref-hist-90d.excerpt-3days.2018.xml",
        Read::EcbXml,
        96,
        "2018-06-11 EUR/USD 1.17900000 | 2018-06-07 EUR/ZAR 15.13530000",
    ),
    (
        "fx/ecb_eurofxref-hist.2025-01-01..2026-04-13.csv",
        Read::EcbCsv,
        9_680,
        "2026-04-13 EUR/USD 1.16840000 | 2025-01-02 EUR/ZAR 19.27190000",
    ),
    (
        "fx/ecb_sdmx_exr.2026-02-17..2026-03-18.csv",
        Read::EcbData,
        638,
        "2026-02-17 EUR/AUD 1.67760000 | 2026-03-18 EUR/ZAR 19.41740000",
    ),
];

/// Recording, wrong decoder, what the error names.
const ELSEWHERE: &[(&str, Read, &str)] = &[
    ("coingecko/coins_list_include_platform.oas-example-2026.json", Read::Markets, "last_updated"),
    ("coingecko/jkorf_GetAssets.2024.json", Read::Markets, "`0chain`"),
    ("coingecko/pro_key_usage.oas-example-2026.json", Read::Prices, "instead of an object"),
    ("coingecko/supported_vs_currencies.oas-example-2026.json", Read::Chart, "`bitcoin`"),
    ("coingecko/jkorf_GetOhlc.2024.json", Read::Candles(TimeDelta::days(4)), "closer"),
    ("fx/frankfurter_v2_currencies.openapi-example.json", Read::FrankfurterV2, "`quote`"),
    ("fx/frankfurter_v2_currency.openapi-example.json", Read::FrankfurterDay, "`base`"),
    ("fx/frankfurter_v2_providers.openapi-example.json", Read::FrankfurterV2, "`quote`"),
    ("fx/frankfurter_v2_rate.openapi-example.json", Read::FrankfurterDay, "`amount`"),
    ("fx/ecb_eurofxref-daily.2018-06-11.xml", Read::EcbCsv, "`Date`"),
    ("fx/ecb_eurofxref-daily.2018-06-11.xml", Read::EcbData, "`CURRENCY`"),
    ("fx/ecb_sdmx_exr.2026-02-17..2026-03-18.csv", Read::EcbXml, "not XML"),
    ("fx/ecb_eurofxref-hist.2025-01-01..2026-04-13.csv", Read::EcbData, "`CURRENCY`"),
    ("fx/exchangerate-host_error_101.recorded-http200.json", Read::ExchangeRateApi, "`result`"),
];

enum Refused {
    Auth,
    Status,
    RateLimited,
}
use Refused::{Auth, RateLimited, Status};

/// Recording, HTTP status, error, parts of its message.
const REFUSALS: &[(&str, u16, Refused, &[&str])] = &[
    (
        "error_400_wrong_host_10010.recorded-2025-10-12.json",
        400,
        Auth,
        &["code 10010", "check both"],
    ),
    ("error_400_wrong_host_10011.shape.json", 400, Auth, &["code 10011", "the demo plan"]),
    (
        "error_401_key_missing_10002.recorded-2026-05-17.message-truncated.json",
        401,
        Auth,
        &["code 10002", "API Key Missing"],
    ),
    (
        "error_401_past_365_days_10012.recorded-2024-03-30.json",
        401,
        Auth,
        &["code 10012", "history before the past 365 days needs a paid plan"],
    ),
    ("error_401_pro_only_10005.shape.json", 401, Auth, &["code 10005", "paid plan"]),
    ("error_404_coin_not_found.json", 404, Status, &["404", "coin not found", "registry"]),
    (
        "error_422_coins_markets_missing_vs_currency.recorded-2021-05-15.json",
        422,
        Status,
        &["422", "Missing parameter vs_currency"],
    ),
    (
        "error_422_simple_price_missing_ids.recorded-2021-05-15.json",
        422,
        Status,
        &["422", "Missing parameter ids"],
    ),
    ("error_429_status_object.recorded.json", 429, RateLimited, &["exceeded the Rate Limit"]),
    (
        "error_500_ohlc_missing_params.recorded-2021-05-15.json",
        500,
        Status,
        &["500", "Internal Server Error"],
    ),
];

#[test]
fn recordings_decode_to_their_rows() {
    for (name, read, count, rows) in ROWS {
        let found = read.rows(&recording(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found, (*count, (*rows).to_owned()), "{name}");
    }
}

#[test]
fn a_reply_of_another_kind_is_rejected_by_name() {
    for (name, read, says) in ELSEWHERE {
        let error = read.rows(&recording(name)).expect_err(name);
        assert!(
            matches!(error, Error::Decode { .. } | Error::BadValue { .. }),
            "{name}: {error:?}"
        );
        assert!(error.to_string().contains(says), "{name}: {error} should say {says}");
    }
}

#[tokio::test]
async fn recorded_refusals_become_typed_errors_at_their_status_and_even_at_200() {
    for (name, status, refused, says) in REFUSALS {
        let body = String::from_utf8(recording(&format!("coingecko/{name}"))).unwrap();
        for sent in [*status, 200] {
            let server = Scripted::start(vec![Act::reply(&format!("{sent} X"), "", &body)]).await;
            let context = context("2026-05-18T00:00:00Z");
            let http = hurried(&server.url);
            let client = Client::new(Plan::Keyless, None, &http, &context).unwrap();
            let error = client.market_chart("bitcoin", 30).await.expect_err(name);
            let right = match refused {
                Auth => matches!(&error, Error::Auth { status, .. } if *status == sent),
                Status => matches!(&error, Error::Status { status, .. } if *status == sent),
                RateLimited => matches!(error, Error::RateLimited { .. }),
            };
            assert!(right, "{name} at {sent}: {error:?}");
            for says in *says {
                // A refusal with status 200 is shown with the status 200.
                if says.parse::<u16>().is_err() || sent != 200 {
                    assert!(error.to_string().contains(says), "{name}: {error} should say {says}");
                }
            }
            assert!(error.to_string().contains("/coins/bitcoin/market_chart"), "{error}");
            let again = matches!(refused, RateLimited) || sent == 500;
            assert_eq!(server.requests().len(), if again { 3 } else { 1 }, "{name} at {sent}");
        }
    }
}

#[test]
fn refusals_of_the_fx_services_are_decoded() {
    for (name, refusal, says) in [
        (
            "fx/exchangerate-api_v6_error_invalid_key.json",
            exchangerate_api::refusal as fn(&[u8]) -> _,
            "invalid-key",
        ),
        ("fx/frankfurter_v1_error_404.json", frankfurter::refusal, "not found"),
        ("fx/frankfurter_v1_error_422.json", frankfurter::refusal, "bad currency pair"),
        ("fx/frankfurter_v2_error_404.json", frankfurter::refusal, "not found"),
        (
            "fx/frankfurter_v2_error_422_invalid_currency.captured-2026-09-05.json",
            frankfurter::refusal,
            "invalid currency: XXX",
        ),
    ] {
        assert_eq!(refusal(&recording(name)).expect(name).message, says, "{name}");
    }
    assert_eq!(exchangerate_api::refusal(&recording(ROWS[18].0)), None);
}

#[test]
fn every_recording_is_tested() {
    let mut listed: BTreeSet<String> = ROWS.iter().map(|row| row.0.into()).collect();
    listed.extend(ELSEWHERE.iter().map(|row| row.0.into()));
    listed.extend(REFUSALS.iter().map(|row| format!("coingecko/{}", row.0)));
    let root = "tests/recordings";
    for folder in ["coingecko", "fx"] {
        for file in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
            let name = format!("{folder}/{}", file.unwrap().file_name().to_string_lossy());
            let fx_error = name.starts_with("fx/") && name.contains("_error_");
            assert!(listed.contains(&name) || fx_error, "{name} is in no table of this test");
        }
    }
}
