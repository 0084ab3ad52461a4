//! The client of the ECB's files and its data API.

use chrono::NaiveDate;

use super::decode::{self, Rate};
use super::name::NAME;
use crate::bad_rows::RowFilter;
use crate::http::client::Http;
use crate::http::service::{Request, Service};
use crate::http::{Budget, HttpConfig, Quota};
use crate::{Context, Error, Result};

/// A client of the ECB, for direct access to its rows instead of the tables.
#[derive(Debug)]
pub struct Client {
    files: Http,
    data: Http,
}

impl Client {
    /// Creates a client.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(http: &HttpConfig, context: &Context) -> Result<Self> {
        let of = |base_url| {
            let service = Service::new(NAME, base_url, decode::refusal);
            let service = Service { quota: Quota::per_minute(20), ..service };
            Http::new(service, http, None, context)
        };
        Ok(Self {
            files: of("https://www.ecb.europa.eu")?,
            data: of("https://data-api.ecb.europa.eu")?,
        })
    }

    /// Returns the quota of the data API and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.data.budget()
    }

    /// Returns the latest fixing of all currencies, from a file of 2 kB.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn daily(&self, row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
        self.file("eurofxref-daily.xml", row_filter).await
    }

    /// Returns the fixings of the last 90 days for all currencies, newest first.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn last_90_days(&self, row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
        self.file("eurofxref-hist-90d.xml", row_filter).await
    }

    /// Returns every fixing since 1999-01-04, newest first, from one file of more than 8 MB with some 230,000
    /// rates.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn history(&self, row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
        self.file("eurofxref-hist.xml", row_filter).await
    }

    async fn file(&self, name: &str, row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
        let path = ["stats", "eurofxref", name];
        let request = Request { json: false, ..Request::get(&path, &[]) };
        decode::eurofxref_xml(&self.files.send(request).await?, row_filter)
    }

    /// Returns the fixings from `from` to `to`, both inclusive, by currency; empty if there are none. An
    /// empty `quotes` selects all currencies. The service omits unknown currencies without an error.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn range(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        quotes: &[&str],
        row_filter: &mut RowFilter,
    ) -> Result<Vec<Rate>> {
        let key = format!("D.{}.EUR.SP00.A", quotes.join("+"));
        let (from, to) = (from.to_string(), to.to_string());
        let path = ["service", "data", "EXR", &key];
        let query = [
            ("startPeriod", from.as_str()),
            ("endPeriod", to.as_str()),
            ("detail", "dataonly"),
            ("format", "csvdata"),
        ];
        let request = Request { json: false, ..Request::get(&path, &query) };
        match self.data.send(request).await {
            Ok(body) => decode::exr_csv(&body, row_filter),
            // The 404 of another host, such as a proxy, has another message.
            Err(Error::Status { status: 404, message, .. })
                if message.starts_with(decode::NO_RESULTS) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}
