//! Frankfurter's API, version 1.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use tidegauge_core::Clock;

use super::NAME;
use super::decode::{self, Rate};
use crate::Result;
use crate::http::{Http, HttpConfig, PerMinute, Service};

/// A client of `api.frankfurter.dev`, for those who want its rows and not its tables.
#[derive(Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(http: &HttpConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let service = Service {
            name: NAME,
            base_url: "https://api.frankfurter.dev/v1",
            per_minute: PerMinute::at_least_one(60),
            throttled_pause: Duration::from_secs(60),
            refusal: decode::refusal,
        };
        Ok(Self { http: Http::new(service, http, None, clock)? })
    }

    /// What a euro was worth in `quotes`, from `from` to `to`, both included. The service goes back
    /// to the day before where `from` has no rates, and leaves out currencies that it does not know.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn range(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        quotes: &[String],
    ) -> Result<Vec<Rate>> {
        let (days, symbols) = (format!("{from}..{to}"), quotes.join(","));
        decode::range(&self.http.get(&[&days], &[("symbols", &symbols)]).await?)
    }
}
