//! ExchangeRate-API's two ways in: with a key, and without.

use std::time::Duration;

use secrecy::SecretString;

use super::NAME;
use super::decode::{self, Latest};
use crate::bad_rows::RowFilter;
use crate::hidden::Hidden;
use crate::http::{Budget, Http, HttpConfig, Key, Quota, Service};
use crate::providers::open_er_api;
use crate::{Context, Error, Result};

/// A client of ExchangeRate-API, for those who want its rows and not its tables.
#[derive(Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// A client of `v6.exchangerate-api.com`, which wants a key. The key travels in a header, never
    /// in the path.
    ///
    /// # Errors
    /// When there is no key, or it or the base URL cannot be used.
    pub fn keyed(key: Option<&SecretString>, http: &HttpConfig, context: &Context) -> Result<Self> {
        let value = key.ok_or(Error::NoKey { service: NAME })?.clone();
        let key = Key { header: "authorization", prefix: "Bearer ", value };
        let service = Service {
            // The free plan's month.
            quota: Quota { per_month: Some(1_500), ..Quota::per_minute(6) },
            // A month that is used up is not over in a minute.
            throttled_pause: Duration::from_secs(60 * 60),
            ..Service::new(NAME, "https://v6.exchangerate-api.com/v6", decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, Some(key), context)? })
    }

    /// A client of the open endpoint `open.er-api.com`.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn open(http: &HttpConfig, context: &Context) -> Result<Self> {
        let service = Service {
            quota: Quota::per_minute(6),
            // Whoever asks too often is shut out for 20 minutes.
            throttled_pause: Duration::from_secs(20 * 60),
            ..Service::new(open_er_api::NAME, "https://open.er-api.com/v6", decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, None, context)? })
    }

    /// What the service allows, and how much of it is left.
    ///
    /// # Errors
    /// When the record of what was spent cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns what is not shown of replies: the key.
    pub(super) fn hidden(&self) -> &Hidden {
        self.http.hidden()
    }

    /// The latest rates of `base`.
    ///
    /// # Errors
    /// When they cannot be had, or are of another base.
    pub async fn latest(&self, base: &str, sieve: &mut RowFilter) -> Result<Latest> {
        let read = |body: &[u8]| decode::latest(body, sieve);
        let latest = self.http.read(&["latest", base], &[], read).await?;
        if latest.base != base {
            let reason = "which is not the base asked for";
            let error = Error::value(base, "base_code", &latest.base, reason);
            return Err(self.hidden().error(error));
        }
        Ok(latest)
    }
}
