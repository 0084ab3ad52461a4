//! The HTTP client: every request of every source goes through [`Http`].
//!
//! It enforces one host, a rate limit, a maximum body size and timeouts; it retries transient failures; and
//! it never shows a key.

pub(crate) mod backoff;
mod classify;
mod client;
mod config;
mod credit_use;
mod endpoint;
mod quota;
mod rate_limit;
mod retry;
mod service;
#[cfg(feature = "_socket")]
mod socket;
mod usage;

pub use classify::Refusal;
pub use client::Http;
pub use config::{HttpConfig, Retry};
pub use endpoint::BaseUrl;
pub use quota::{Budget, PerMinute, Quota, RateLimitHint};
pub use service::{Key, Request, Service};
#[cfg(feature = "_socket")]
pub use socket::{QueryKey, Socket, SocketMessage, Sockets};
pub use usage::{Traffic, Usage};

pub use crate::refusal::{Endpoint, RefusalKind};
