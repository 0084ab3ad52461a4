//! Fakes of the ECB's own services and of Frankfurter, with the same fixings.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use tidegauge_core::Clock;
use wiremock::{Request, Respond, ResponseTemplate};

use super::{json, query};

/// Fixings of every business day from 1999 up to the present, at 15:10 UTC: US dollars, pounds,
/// Canadian dollars, Israeli shekels from 2011 on, and rubles until 2022-03-01.
#[derive(Debug, Clone)]
pub struct Fixings(pub Arc<dyn Clock>);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Fixings {
    fn has(&self, day: NaiveDate) -> bool {
        // Good Friday and Easter Monday of 2026.
        let holiday = [(4, 3), (4, 6)].contains(&(day.month(), day.day())) && day.year() == 2026;
        let out = day.and_hms_opt(15, 10, 0).unwrap().and_utc() <= self.0.now();
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        out && !weekend && !holiday && day >= self::day("1999-01-04")
    }

    /// Returns the rates of a day, which differ from each other and from day to day.
    pub fn on(&self, at: NaiveDate) -> Vec<(&'static str, String)> {
        let all = [
            ("USD", self.has(at)),
            ("GBP", self.has(at)),
            ("CAD", self.has(at)),
            ("ILS", self.has(at) && at >= day("2011-01-03")),
            ("RUB", self.has(at) && at <= day("2022-03-01")),
        ];
        let rate = |(place, (code, there)): (usize, (&'static str, bool))| {
            there.then(|| (code, format!("{}.{:04}", place + 1, at.ordinal())))
        };
        all.into_iter().enumerate().filter_map(rate).collect()
    }

    pub fn today(&self) -> NaiveDate {
        self.0.now().date_naive()
    }

    /// Returns the last day with a fixing, on `day` or before.
    pub fn last(&self, day: NaiveDate) -> NaiveDate {
        day.iter_days().rev().find(|day| self.has(*day)).unwrap()
    }
}

/// A fake of `api.frankfurter.dev/v1`.
#[derive(Debug)]
pub struct FrankfurterV1(pub Fixings);

impl Respond for FrankfurterV1 {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = request.url.path().rsplit('/').next().unwrap();
        let symbols = query(request, "symbols");
        assert_eq!(query(request, "base"), "EUR");
        let of_day = |at: NaiveDate| {
            let rates = self.0.on(at).into_iter();
            let rates = rates.filter(|(code, _)| symbols.split(',').any(|symbol| symbol == *code));
            rates.map(|(code, rate)| format!("\"{code}\":{rate}")).collect::<Vec<_>>().join(",")
        };
        let (from, to) = match asked.split_once("..") {
            Some((from, to)) => (self.0.last(day(from).min(self.0.today())), day(to)),
            None => (self.0.last(self.0.today()), self.0.today()),
        };
        let days = from.iter_days().take_while(|day| *day <= to);
        let days = days.map(|day| (day, of_day(day))).filter(|(_, rates)| !rates.is_empty());
        let days: Vec<_> = days.collect();
        if days.is_empty() {
            return ResponseTemplate::new(404)
                .set_body_raw(r#"{"message":"not found"}"#, "application/json");
        }
        if asked == "latest" {
            let (at, rates) = &days[0];
            return json(format!(
                r#"{{"amount":1.0,"base":"EUR","date":"{at}","rates":{{{rates}}}}}"#
            ));
        }
        let rates: Vec<_> =
            days.iter().map(|(day, rates)| format!("\"{day}\":{{{rates}}}")).collect();
        let rates = rates.join(",");
        json(format!(
            r#"{{"amount":1.0,"base":"EUR","start_date":"{from}","end_date":"{to}","rates":{{{rates}}}}}"#
        ))
    }
}

/// A fake of `www.ecb.europa.eu` and `data-api.ecb.europa.eu`.
#[derive(Debug)]
pub struct Ecb(pub Fixings);

impl Respond for Ecb {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        if path == "/stats/eurofxref/eurofxref-daily.xml" {
            let last = self.0.last(self.0.today());
            let rates = self.0.on(last).into_iter();
            let cubes =
                rates.map(|(code, rate)| format!("<Cube currency='{code}' rate='{rate}'/>"));
            let cubes: String = cubes.collect();
            return ResponseTemplate::new(200).set_body_raw(
                format!(
                    "<?xml version=\"1.0\"?>\n<gesmes:Envelope xmlns:gesmes=\"g\" xmlns=\"e\">\
                     <Cube><Cube time='{last}'>{cubes}</Cube></Cube></gesmes:Envelope>"
                ),
                "text/xml",
            );
        }
        let key = path.strip_prefix("/service/data/EXR/D.").unwrap();
        let codes = key.strip_suffix(".EUR.SP00.A").unwrap();
        let (from, to) = (day(&query(request, "startPeriod")), day(&query(request, "endPeriod")));
        assert_eq!(query(request, "format"), "csvdata");
        let mut lines = Vec::new();
        for at in from.iter_days().take_while(|day| *day <= to) {
            // The data API is half an hour behind the daily file.
            if at == self.0.today() && !self.0.has_since(at, TimeDelta::minutes(30)) {
                continue;
            }
            for (code, rate) in self.0.on(at) {
                if codes.is_empty() || codes.split('+').any(|wanted| wanted == code) {
                    lines.push((code, format!("EXR.D.{code},D,{code},EUR,SP00,A,{at},{rate}")));
                }
            }
        }
        lines.sort_by_key(|(code, _)| *code);
        let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
        if lines.is_empty() {
            // Both replies are known from the service.
            return if to - from > TimeDelta::days(1) {
                ResponseTemplate::new(404).set_body_raw(NO_RESULTS, "application/problem+json")
            } else {
                ResponseTemplate::new(200)
            };
        }
        let header =
            "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE\r\n";
        ResponseTemplate::new(200)
            .set_body_raw(format!("{header}{}\r\n", lines.join("\r\n")), "text/csv")
    }
}

/// The reply of the data API without results.
pub const NO_RESULTS: &str = r#"{"type":"/x","title":"Not Found","status":404,"detail":"No results found.","instance":"/x"}"#;

impl Fixings {
    fn has_since(&self, day: NaiveDate, since: TimeDelta) -> bool {
        self.has(day) && day.and_hms_opt(15, 10, 0).unwrap().and_utc() + since <= self.0.now()
    }
}
