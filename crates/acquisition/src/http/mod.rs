//! The HTTP client: every request of every source goes through `client::Http`.
//!
//! It enforces one host, a rate limit, a maximum body size and timeouts; it retries transient failures; and
//! it never shows a key.

pub(crate) mod backoff;
pub(crate) mod classify;
pub(crate) mod client;
mod config;
mod credit_use;
mod endpoint;
pub(crate) mod quota;
mod rate_limit;
mod retry;
pub(crate) mod service;
#[cfg(feature = "_socket")]
pub(crate) mod socket;
mod usage;

pub use config::{HttpConfig, Retry};
pub use endpoint::BaseUrl;
pub use quota::{Budget, PerMinute, Quota};
pub use usage::{Traffic, Usage};

pub use crate::refusal::{Endpoint, RefusalKind};
