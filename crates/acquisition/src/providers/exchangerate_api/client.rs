//! The client of ExchangeRate-API's two endpoints: with a key, and without.

use std::time::Duration;

use secrecy::SecretString;

use super::decode::{self, Latest};
use super::name::NAME;
use crate::bad_rows::RowFilter;
use crate::http::client::Http;
use crate::http::service::{Key, Service};
use crate::http::{Budget, HttpConfig, Quota};
use crate::providers::open_er_api;
use crate::redact::Redactor;
use crate::{Context, Error, Result};

/// A client of ExchangeRate-API, for direct access to its rows instead of the tables.
#[derive(Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// Creates a client of `v6.exchangerate-api.com`, which requires a key. The key is sent in a header,
    /// never in the path.
    ///
    /// # Errors
    /// When there is no key, or it or the base URL cannot be used.
    pub fn keyed(key: Option<&SecretString>, http: &HttpConfig, context: &Context) -> Result<Self> {
        let value = key.ok_or(Error::NoKey { service: NAME })?.clone();
        let key = Key { header: "authorization", prefix: "Bearer ", value };
        let service = Service {
            // The quota of the free plan.
            quota: Quota { per_month: Some(1_500), ..Quota::per_minute(6) },
            // A monthly quota that is used up is not renewed within a minute.
            throttled_pause: Duration::from_secs(60 * 60),
            ..Service::new(NAME, "https://v6.exchangerate-api.com/v6", decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, Some(key), context)? })
    }

    /// Creates a client of the open endpoint `open.er-api.com`.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn open(http: &HttpConfig, context: &Context) -> Result<Self> {
        let service = Service {
            quota: Quota::per_minute(6),
            // Clients that exceed the rate limit are blocked for 20 minutes.
            throttled_pause: Duration::from_secs(20 * 60),
            ..Service::new(open_er_api::NAME, "https://open.er-api.com/v6", decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, None, context)? })
    }

    /// Returns the quota of the service and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns the key to redact from replies.
    pub(super) fn redactor(&self) -> &Redactor {
        self.http.redactor()
    }

    /// Returns the latest rates of `base`.
    ///
    /// # Errors
    /// When the request fails, or the rates have another base.
    pub async fn latest(&self, base: &str, row_filter: &mut RowFilter) -> Result<Latest> {
        let read = |body: &[u8]| decode::latest(body, row_filter);
        let latest = self.http.read(&["latest", base], &[], read).await?;
        if latest.base != base {
            let reason = "which is not the base asked for";
            let error = Error::value(base, "base_code", &latest.base, reason);
            return Err(self.redactor().error(error));
        }
        Ok(latest)
    }
}
