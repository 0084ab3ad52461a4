//! Frankfurter's API, version 1.

use chrono::NaiveDate;

use super::NAME;
use super::decode::{self, Rate};
use crate::http::{Http, HttpConfig, Quota, Service};
use crate::{Context, Result};

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
    pub fn new(http: &HttpConfig, context: &Context) -> Result<Self> {
        let service = Service::new(NAME, "https://api.frankfurter.dev/v1", decode::refusal);
        let service = Service { quota: Quota::per_minute(60), ..service };
        Ok(Self { http: Http::new(service, http, None, context)? })
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
