//! The URL of a store, which may hold a password.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The URL of a store. Its `Display` is the name of the store, without the password that the URL
/// may hold.
///
/// ```
/// let url = tidegauge::StoreUrl::from("postgres://me:secret@db/shop");
/// assert_eq!(url.to_string(), "postgres://db:5432/shop?schema=tidegauge");
/// assert_eq!(url.expose(), "postgres://me:secret@db/shop");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// Returns the whole URL, with its secrets.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match tidegauge_storage::store_name(&self.0) {
            Ok(name) => f.write_str(&name),
            Err(_) => f.write_str("a URL of no store"),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl<T: Into<String>> From<T> for StoreUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl PartialEq<str> for StoreUrl {
    fn eq(&self, url: &str) -> bool {
        self.0 == url
    }
}

impl PartialEq<&str> for StoreUrl {
    fn eq(&self, url: &&str) -> bool {
        self.0 == *url
    }
}
