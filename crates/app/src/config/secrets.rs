//! Secrets: keys, and URLs with passwords.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::names::PREFIX;
use super::settings::Config;
use super::text;
use crate::{Error, Result, sources};

/// Variables of other programs that clients of stores read and that hold secrets.
const THIRD_PARTY_VARIABLES: [&str; 6] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "MYSQL_PWD",
    "PGPASSWORD",
    "SERVICE_ACCOUNT_KEY",
];

/// The minimum length of a text that is redacted: shorter ones are no secrets, and would blank out
/// words.
const MIN_SECRET_LEN: usize = 6;

/// The keys, and the URLs that hold passwords. They come from the environment alone.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    named: BTreeMap<String, SecretString>,
    /// Other values that must not be shown: the passwords in URLs.
    others: Vec<SecretString>,
}

impl Secrets {
    /// Reads the secrets that the sources of `config` need: keys such as `TIDEGAUGE_COINGECKO_KEY`,
    /// and the variables that `config.databases` name.
    ///
    /// # Errors
    /// When a variable is named like a key, and no such source exists.
    pub fn from_env(config: &Config) -> Result<Self> {
        let mut secrets = Self::default();
        let services = sources::specs(config).filter_map(|spec| spec.credentials.service());
        let names = sources::known_sources(config).into_iter().map(|info| info.name);
        let known: Vec<_> = names.chain(services.map(str::to_owned)).collect();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str() else { continue };
            if THIRD_PARTY_VARIABLES.contains(&name) {
                secrets.others.extend(value.to_str().map(SecretString::from));
            }
            if !is_key(name) {
                continue;
            }
            if !known.iter().any(|service| Self::variable(service) == name) {
                let reason =
                    format!("no source has its key in {name}: `tidegauge sources` lists them");
                return Err(Error::Setting { setting: "the environment", reason });
            }
            secrets.insert(name, value.to_str());
        }
        for database in &config.databases {
            let value = std::env::var(&database.url_env).ok();
            secrets.others.extend(value.iter().flat_map(|url| text::passwords(url)));
            secrets.insert(&database.url_env, value.as_deref());
        }
        for url in std::iter::once(&config.warehouse).chain(&config.backups) {
            secrets.others.extend(text::passwords(url.expose()));
        }
        Ok(secrets)
    }

    fn insert(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            self.named.insert(name.into(), value.into());
        }
    }

    /// Adds the key of the service called `service`.
    #[must_use]
    pub fn with_key(mut self, service: &str, key: SecretString) -> Self {
        self.named.insert(Self::variable(service), key);
        self
    }

    /// Returns the name of the variable that holds the key of `service`.
    pub(crate) fn variable(service: &str) -> String {
        format!("{PREFIX}{}_KEY", service.to_ascii_uppercase())
    }

    /// Returns the key of `service`, or `None` if it is not set.
    pub(crate) fn key(&self, service: &str) -> Option<SecretString> {
        self.named.get(&Self::variable(service)).cloned()
    }

    /// Returns the value of the variable `name`, or `None` if it is not set.
    pub(crate) fn url(&self, name: &str) -> Option<SecretString> {
        self.named.get(name).cloned()
    }

    /// Returns `text` with every secret replaced by `***`, and without the user and password of
    /// every URL.
    pub fn redacted(&self, text: &str) -> String {
        let secrets = self.named.values().chain(&self.others);
        let secrets = secrets.map(|secret| secret.expose_secret().trim());
        let blank = |text: String, secret: &str| text.replace(secret, "***");
        // The URL of a file has no user and no password, and messages need it to say which file
        // failed.
        let is_secret =
            |secret: &&str| secret.len() >= MIN_SECRET_LEN && !secret.starts_with("sqlite:");
        let secrets = secrets.filter(is_secret);
        secrets.fold(text::without_userinfo(text), blank)
    }

    /// Returns `true` if the variable `name` was set.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }
}

/// Returns `true` if an environment variable holds a key and not a setting.
fn is_key(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with("_KEY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted() {
        let secrets = Secrets::default().with_key("twelvedata", "canary".to_owned().into());
        assert!(!format!("{secrets:?}").contains("canary"));
        assert!(secrets.key("twelvedata").is_some());
        assert!(secrets.key("coingecko").is_none());
        assert_eq!(secrets.redacted("bad key canary"), "bad key ***");
        let mut secrets = Secrets::default();
        secrets.insert("CRM", Some("sqlite://crm.db"));
        secrets.insert("SHOP", Some("postgres://shop.example/canary"));
        let shown = secrets.redacted("no sqlite://crm.db, no postgres://shop.example/canary");
        assert_eq!(shown, "no sqlite://crm.db, no ***");
    }
}
