//! The entry of a source in the registry, and how the source is built from its settings.

use std::fmt::Debug;
use std::sync::Arc;

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tidegauge_core::Source;

#[cfg(feature = "_series")]
use crate::backfill::HistoricalSource;
#[cfg(feature = "_http")]
use crate::http::Budget;
#[cfg(feature = "_live")]
use crate::live::Stream;
use crate::{Context, Result};

/// The registry entry of a source: its name, summary, credentials and attribution.
///
/// ```
/// use tidegauge_acquisition::{Credentials, SourceSpec};
///
/// const TICKETS: SourceSpec = SourceSpec::new("tickets", "support tickets")
///     .credentials(Credentials::Key("tickets"))
///     .attribution("Tickets by Example Ltd");
/// assert_eq!(TICKETS.credentials.service(), Some("tickets"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceSpec {
    /// The name in a configuration, under which sinks store the cursor; the `source` of the rows.
    pub name: &'static str,
    /// What the source provides, in a few words.
    pub summary: &'static str,
    /// The credentials that the source needs, unless its settings say otherwise.
    pub credentials: Credentials,
    /// The attribution that the provider's terms require wherever the data is shown.
    pub attribution: Option<&'static str>,
    /// The key under which instruments have their alias at this provider, if they have one.
    pub alias: Option<&'static str>,
    /// Whether the source is a live stream, which never ends.
    pub is_live: bool,
    /// The source's part of `tidegauge.toml`, commented, with the defaults; empty if it has none.
    pub template: &'static str,
}

impl SourceSpec {
    /// Creates the entry of a source without credentials and attribution.
    pub const fn new(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            credentials: Credentials::None,
            attribution: None,
            alias: None,
            is_live: false,
            template: "",
        }
    }

    /// Sets the credentials that the source needs.
    #[must_use]
    pub const fn credentials(self, credentials: Credentials) -> Self {
        Self { credentials, ..self }
    }

    /// Sets the attribution that the provider's terms require.
    #[must_use]
    pub const fn attribution(self, attribution: &'static str) -> Self {
        Self { attribution: Some(attribution), ..self }
    }

    /// Sets the key under which instruments have their alias at this provider.
    #[must_use]
    pub const fn alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// Marks the source as a live stream.
    #[must_use]
    pub const fn live(self) -> Self {
        Self { is_live: true, ..self }
    }

    /// Sets the source's part of `tidegauge.toml`.
    #[must_use]
    pub const fn template(self, template: &'static str) -> Self {
        Self { template, ..self }
    }
}

/// The credentials that a source needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// No credentials.
    None,
    /// A key of this service, if the settings require one.
    Optional(&'static str),
    /// A key of this service; a stream shares the key of the service that it belongs to.
    Key(&'static str),
}

impl Credentials {
    /// Returns the service whose key is used, or `None` if no key is needed.
    pub const fn service(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Optional(service) | Self::Key(service) => Some(service),
        }
    }
}

/// The trait bounds of the settings of a source; implemented for every type that meets them.
pub trait Settings:
    Debug + Clone + PartialEq + Default + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T> Settings for T where
    T: Debug + Clone + PartialEq + Default + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

/// The settings of a source that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// The arguments for opening a source, apart from its settings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Opening<'a> {
    /// The key that [`Provider::credentials`] requires, if it is set.
    pub key: Option<SecretString>,
    /// The context that all sources share.
    pub context: &'a Context,
}

impl<'a> Opening<'a> {
    /// Creates the arguments without a key.
    pub fn new(context: &'a Context) -> Self {
        Self { key: None, context }
    }

    /// Sets the key.
    #[must_use]
    pub fn with_key(self, key: Option<SecretString>) -> Self {
        Self { key, ..self }
    }
}

/// A source of the registry: its entry, the type of its settings, and how it is opened.
///
/// # Implementing
/// Implement it for a source and pass the type to the app's configuration: the source then has its own part
/// of `tidegauge.toml`, is listed by `tidegauge sources`, gets its key from the environment, and its
/// attribution is in the report.
pub trait Provider: 'static {
    /// The source's part of the configuration.
    type Settings: Settings;

    /// The source's entry.
    const SPEC: SourceSpec;

    /// Returns the credentials that the source needs with these settings.
    fn credentials(settings: &Self::Settings) -> Credentials {
        let _ = settings;
        Self::SPEC.credentials
    }

    /// Creates the source; no request is made yet.
    ///
    /// # Errors
    /// When a setting is invalid, or the key is missing or cannot be used.
    fn open(settings: &Self::Settings, opening: Opening<'_>) -> Result<SourceHandle>;
}

/// An opened source, by what it supports beyond reading.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SourceHandle {
    /// A source that can only be read.
    Plain(Arc<dyn Source>),
    /// A source with a request budget, as it was when the source was opened.
    #[cfg(feature = "_http")]
    Counted(Arc<dyn Source>, Budget),
    /// A live stream.
    #[cfg(feature = "_live")]
    Live(Arc<dyn Stream>),
    /// A source with history, which supports backfill of any time range.
    #[cfg(feature = "_series")]
    Historical(Arc<dyn HistoricalSource>),
}

impl SourceHandle {
    /// Creates the handle of a source that can only be read.
    pub fn plain(source: impl Source + 'static) -> Self {
        Self::Plain(Arc::new(source))
    }

    /// Creates the handle of a live stream.
    #[cfg(feature = "_live")]
    pub fn from_stream(stream: impl Stream + 'static) -> Self {
        Self::Live(Arc::new(stream))
    }

    /// Creates the handle of a source with history.
    #[cfg(feature = "_series")]
    pub fn from_historical(source: impl HistoricalSource + 'static) -> Self {
        Self::Historical(Arc::new(source))
    }

    /// Returns the source to read.
    pub fn source(&self) -> Arc<dyn Source> {
        match self {
            Self::Plain(source) => source.clone(),
            #[cfg(feature = "_http")]
            Self::Counted(source, _) => source.clone(),
            #[cfg(feature = "_live")]
            Self::Live(stream) => stream.clone(),
            #[cfg(feature = "_series")]
            Self::Historical(source) => source.clone(),
        }
    }

    /// Returns the source with history, or `None` if the source does not support backfill.
    #[cfg(feature = "_series")]
    pub fn historical(&self) -> Option<&Arc<dyn HistoricalSource>> {
        match self {
            Self::Historical(source) => Some(source),
            _ => None,
        }
    }

    /// Returns the quota of the service and what is left of it, or `None` if requests are not counted.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    #[cfg(feature = "_http")]
    pub fn budget(&self) -> Result<Option<Budget>> {
        match self {
            Self::Plain(_) => Ok(None),
            Self::Counted(_, budget) => Ok(Some(*budget)),
            #[cfg(feature = "_live")]
            Self::Live(stream) => stream.budget().map(Some),
            #[cfg(feature = "_series")]
            Self::Historical(source) => source.budget().map(Some),
        }
    }
}

/// An instrument that a provider lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundInstrument {
    /// The provider's identifier of the instrument, used as its alias.
    pub id: String,
    /// The provider's symbol.
    pub symbol: String,
    /// The provider's full name.
    pub name: String,
}

impl FoundInstrument {
    /// Creates an instrument with the provider's identifier `id`.
    pub fn new(id: impl Into<String>, symbol: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), symbol: symbol.into(), name: name.into() }
    }
}
