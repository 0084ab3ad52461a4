//! The client of Frankfurter's API, versions 1 and 2.

use chrono::NaiveDate;

use super::config::Api;
use super::decode::{self, Rate};
use super::name::NAME;
use crate::bad_rows::RowFilter;
use crate::http::client::Http;
use crate::http::service::Service;
use crate::http::{Budget, HttpConfig, Quota};
use crate::{Context, Error, Result};

/// A client of `api.frankfurter.dev`, for direct access to its rows instead of the tables.
#[derive(Debug)]
pub struct Client {
    http: Http,
    api: Api,
}

/// The currency pairs of a request.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The base currency.
    pub base: &'a str,
    /// The quote currencies.
    pub quotes: &'a [String],
    /// The central banks whose rates are used (version 2 only); empty: all, blended.
    pub providers: &'a [String],
}

impl Client {
    /// Creates a client of the given version of the API.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(api: Api, http: &HttpConfig, context: &Context) -> Result<Self> {
        let base_url = match api {
            Api::V1 => "https://api.frankfurter.dev/v1",
            Api::V2 => "https://api.frankfurter.dev/v2",
        };
        let service = Service::new(NAME, base_url, decode::refusal);
        let service = Service { quota: Quota::per_minute(60), ..service };
        Ok(Self { http: Http::new(service, http, None, context)?, api })
    }

    /// Returns the quota of the service and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns the rates of the base from `from` to `to`, both inclusive; empty if there are none. Version 1
    /// starts at the last day with rates if `from` has none, and both versions omit currencies without rates,
    /// without an error.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn range(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        pairs: Pairs<'_>,
        row_filter: &mut RowFilter,
    ) -> Result<Vec<Rate>> {
        match self.api {
            Api::V1 => {
                let (days, quotes) = (format!("{from}..{to}"), pairs.quotes.join(","));
                let query = [("base", pairs.base), ("symbols", quotes.as_str())];
                let body = self.find(&[&days], &query).await?;
                body.map_or_else(|| Ok(Vec::new()), |body| decode::range(&body, row_filter))
            }
            Api::V2 => {
                let (from, to) = (from.to_string(), to.to_string());
                self.v2(&[("from", &from), ("to", &to)], pairs, row_filter).await
            }
        }
    }

    /// Returns the latest rates of the base, each with its own day.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn latest(&self, pairs: Pairs<'_>, row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
        match self.api {
            Api::V1 => {
                let quotes = pairs.quotes.join(",");
                let query = [("base", pairs.base), ("symbols", quotes.as_str())];
                let body = self.find(&["latest"], &query).await?;
                body.map_or_else(|| Ok(Vec::new()), |body| decode::day(&body, row_filter))
            }
            Api::V2 => self.v2(&[], pairs, row_filter).await,
        }
    }

    async fn v2(
        &self,
        days: &[(&str, &str)],
        pairs: Pairs<'_>,
        row_filter: &mut RowFilter,
    ) -> Result<Vec<Rate>> {
        let (quotes, providers) = (pairs.quotes.join(","), pairs.providers.join(","));
        let mut query = days.to_vec();
        query.extend([("base", pairs.base), ("quotes", &quotes)]);
        if !providers.is_empty() {
            query.push(("providers", &providers));
        }
        match self.find(&["rates"], &query).await? {
            Some(body) => decode::rates_v2(&body, row_filter),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the reply, or `None` if the service reports that it has no rates.
    async fn find(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Option<Vec<u8>>> {
        match self.http.get(path, query).await {
            Ok(body) => Ok(Some(body)),
            // The 404 of another host, such as a proxy, has another message.
            Err(Error::Status { status: 404, message, .. }) if message == decode::NOT_FOUND => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
