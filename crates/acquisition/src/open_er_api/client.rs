//! ExchangeRate-API's open endpoint.

use std::time::Duration;

use super::NAME;
use super::decode::{self, Latest};
use crate::http::{Http, HttpConfig, Quota, Service};
use crate::{Context, Error, Result};

/// A client of `open.er-api.com`, for those who want its rows and not its tables.
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
        let service = Service {
            quota: Quota::per_minute(6),
            // Whoever asks too often is shut out for 20 minutes.
            throttled_pause: Duration::from_secs(20 * 60),
            ..Service::new(NAME, "https://open.er-api.com/v6", decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, None, context)? })
    }

    /// The latest rates of `base`.
    ///
    /// # Errors
    /// When they cannot be had, or are of another base.
    pub async fn latest(&self, base: &str) -> Result<Latest> {
        let latest = decode::latest(&self.http.get(&["latest", base], &[]).await?)?;
        if latest.base != base {
            let reason = "which is not the base asked for";
            return Err(Error::value(base, "base_code", &latest.base, reason));
        }
        Ok(latest)
    }
}
