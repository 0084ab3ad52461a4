//! What the registry holds of a source, and how the source is made of its settings.

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

/// A source that a configuration may name: what it gives, needs and owes.
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
    /// The name in a configuration, under which sinks keep the cursor; the `source` of the rows.
    pub name: &'static str,
    /// What the source gives, in a few words.
    pub summary: &'static str,
    /// What the source needs to be let in, unless its settings say otherwise.
    pub credentials: Credentials,
    /// What the provider's terms want shown wherever the data is shown.
    pub attribution: Option<&'static str>,
    /// The key under which instruments have their name at this provider, if they have one.
    pub alias: Option<&'static str>,
    /// Whether the source never ends.
    pub is_live: bool,
    /// The source's part of `tidegauge.toml`, commented, with the defaults; empty if it has none.
    pub template: &'static str,
}

impl SourceSpec {
    /// Creates the entry of a source that needs and owes nothing.
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

    /// Sets what the source needs to be let in.
    #[must_use]
    pub const fn credentials(self, credentials: Credentials) -> Self {
        Self { credentials, ..self }
    }

    /// Sets what the provider's terms want shown.
    #[must_use]
    pub const fn attribution(self, attribution: &'static str) -> Self {
        Self { attribution: Some(attribution), ..self }
    }

    /// Sets the key under which instruments have their name at this provider.
    #[must_use]
    pub const fn alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// Says that the source never ends.
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

/// What a source needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing.
    None,
    /// A key of this service, where the settings ask for one.
    Optional(&'static str),
    /// A key of this service; a stream shares that of the service which it belongs to.
    Key(&'static str),
}

impl Credentials {
    /// Returns the service whose key it is.
    pub const fn service(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Optional(service) | Self::Key(service) => Some(service),
        }
    }
}

/// What the settings of a source can do; implemented for every type that can.
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

/// What makes a source beside its settings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Opening<'a> {
    /// The key that [`Provider::credentials`] asks for, where it is set.
    pub key: Option<SecretString>,
    /// The clock, the instruments, and what all sources share.
    pub context: &'a Context,
}

impl<'a> Opening<'a> {
    /// Creates an opening without a key.
    pub fn new(context: &'a Context) -> Self {
        Self { key: None, context }
    }

    /// Sets the key.
    #[must_use]
    pub fn with_key(self, key: Option<SecretString>) -> Self {
        Self { key, ..self }
    }
}

/// A source in the registry: its entry, the type of its settings, and how it is opened.
///
/// # Implementing
/// Implement it for your source and hand that to the app's configuration: it then has a part of its
/// own in `tidegauge.toml`, is listed by `tidegauge sources`, gets its key from the environment, and
/// its attribution is in the report.
pub trait Provider: 'static {
    /// The source's part of the configuration.
    type Settings: Settings;

    /// The source's entry.
    const SPEC: SourceSpec;

    /// Returns what the source needs with these settings.
    fn credentials(settings: &Self::Settings) -> Credentials {
        let _ = settings;
        Self::SPEC.credentials
    }

    /// Creates the source; nothing is asked of the provider yet.
    ///
    /// # Errors
    /// When a setting makes no sense, or the key is missing or cannot be used.
    fn open(settings: &Self::Settings, opening: Opening<'_>) -> Result<SourceHandle>;
}

/// A source, ready to be read, with what can be done with it beside reading.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SourceHandle {
    /// A source.
    Plain(Arc<dyn Source>),
    /// A source, and what its service allows.
    #[cfg(feature = "_http")]
    Counted(Arc<dyn Source>, Budget),
    /// A source that never ends.
    #[cfg(feature = "_live")]
    Live(Arc<dyn Stream>),
    /// A source of which any span of time can be asked.
    #[cfg(feature = "_series")]
    Historical(Arc<dyn HistoricalSource>),
}

impl SourceHandle {
    /// Creates the handle of a source that can be read and nothing else.
    pub fn plain(source: impl Source + 'static) -> Self {
        Self::Plain(Arc::new(source))
    }

    /// Creates the handle of a source that never ends.
    #[cfg(feature = "_live")]
    pub fn from_stream(stream: impl Stream + 'static) -> Self {
        Self::Live(Arc::new(stream))
    }

    /// Creates the handle of a source of which any span can be asked.
    #[cfg(feature = "_series")]
    pub fn from_archive(archive: impl HistoricalSource + 'static) -> Self {
        Self::Historical(Arc::new(archive))
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
            Self::Historical(archive) => archive.clone(),
        }
    }

    /// Returns the source as an archive, if any span of it can be asked for.
    #[cfg(feature = "_series")]
    pub fn archive(&self) -> Option<&Arc<dyn HistoricalSource>> {
        match self {
            Self::Historical(archive) => Some(archive),
            _ => None,
        }
    }

    /// Returns what the service allows and what is left of it, if requests are counted.
    ///
    /// # Errors
    /// When the record of what was spent cannot be read.
    #[cfg(feature = "_http")]
    pub fn budget(&self) -> Result<Option<Budget>> {
        match self {
            Self::Plain(_) => Ok(None),
            Self::Counted(_, budget) => Ok(Some(*budget)),
            #[cfg(feature = "_live")]
            Self::Live(stream) => stream.budget().map(Some),
            #[cfg(feature = "_series")]
            Self::Historical(archive) => archive.budget().map(Some),
        }
    }
}

/// An instrument that a provider lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundInstrument {
    /// What the provider calls the instrument: its alias there.
    pub id: String,
    /// Its symbol there.
    pub symbol: String,
    /// Its full name there.
    pub name: String,
}

impl FoundInstrument {
    /// Creates an instrument that the provider calls `id`.
    pub fn new(id: impl Into<String>, symbol: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), symbol: symbol.into(), name: name.into() }
    }
}
