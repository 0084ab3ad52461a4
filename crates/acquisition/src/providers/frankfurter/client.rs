//! Frankfurter's API, versions 1 and 2.

use chrono::NaiveDate;

use super::NAME;
use super::config::Api;
use super::decode::{self, Rate};
use crate::bad_rows::RowFilter;
use crate::http::{Budget, Http, HttpConfig, Quota, Service};
use crate::{Context, Error, Result};

/// A client of `api.frankfurter.dev`, for those who want its rows and not its tables.
#[derive(Debug)]
pub struct Client {
    http: Http,
    api: Api,
}

/// Whose rates, and in what.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The currency priced.
    pub base: &'a str,
    /// The currencies that it is priced in.
    pub quotes: &'a [String],
    /// The central banks whose rates are taken (version 2 alone); empty: all, blended.
    pub providers: &'a [String],
}

impl Client {
    /// A client of that version of the API.
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

    /// What the service allows, and how much of it is left.
    ///
    /// # Errors
    /// When the record of what was spent cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// What the base was worth from `from` to `to`, both included; nothing where there is nothing.
    /// Version 1 goes back to the day before where `from` has no rates, and both leave out, without
    /// a word, currencies that they have no rates of.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn range(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        pairs: Pairs<'_>,
        sieve: &mut RowFilter,
    ) -> Result<Vec<Rate>> {
        match self.api {
            Api::V1 => {
                let (days, quotes) = (format!("{from}..{to}"), pairs.quotes.join(","));
                let query = [("base", pairs.base), ("symbols", quotes.as_str())];
                let body = self.find(&[&days], &query).await?;
                body.map_or_else(|| Ok(Vec::new()), |body| decode::range(&body, sieve))
            }
            Api::V2 => {
                let (from, to) = (from.to_string(), to.to_string());
                self.v2(&[("from", &from), ("to", &to)], pairs, sieve).await
            }
        }
    }

    /// What the base was worth last, each rate with its own day.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn latest(&self, pairs: Pairs<'_>, sieve: &mut RowFilter) -> Result<Vec<Rate>> {
        match self.api {
            Api::V1 => {
                let quotes = pairs.quotes.join(",");
                let query = [("base", pairs.base), ("symbols", quotes.as_str())];
                let body = self.find(&["latest"], &query).await?;
                body.map_or_else(|| Ok(Vec::new()), |body| decode::day(&body, sieve))
            }
            Api::V2 => self.v2(&[], pairs, sieve).await,
        }
    }

    async fn v2(
        &self,
        days: &[(&str, &str)],
        pairs: Pairs<'_>,
        sieve: &mut RowFilter,
    ) -> Result<Vec<Rate>> {
        let (quotes, providers) = (pairs.quotes.join(","), pairs.providers.join(","));
        let mut query = days.to_vec();
        query.extend([("base", pairs.base), ("quotes", &quotes)]);
        if !providers.is_empty() {
            query.push(("providers", &providers));
        }
        match self.find(&["rates"], &query).await? {
            Some(body) => decode::rates_v2(&body, sieve),
            None => Ok(Vec::new()),
        }
    }

    /// The reply; none where the service says that it has none.
    async fn find(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Option<Vec<u8>>> {
        match self.http.get(path, query).await {
            Ok(body) => Ok(Some(body)),
            // Somebody else's 404 says it in other words.
            Err(Error::Status { status: 404, message, .. }) if message == decode::NOT_FOUND => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
