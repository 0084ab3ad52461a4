//! The registered sources, each with its settings.

use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

use figment::Figment;
use tidegauge_acquisition::{
    Credentials, Opening, Provider, Settings, SourceHandle, SourceSpec, Visitor, visit,
};

/// The registered sources, each with its settings. By default those of the acquisition layer; a
/// program adds its own with [`with`](Self::with).
///
/// ```
/// use tidegauge::Config;
/// use tidegauge::acquisition::{Kraken, kraken};
///
/// let mut config = Config::default();
/// let settings = kraken::Config { history_days: 7, ..kraken::Config::default() };
/// config.providers = config.providers.with_settings::<Kraken>(settings);
/// assert_eq!(config.providers.settings::<Kraken>().map(|kraken| kraken.history_days), Some(7));
/// ```
#[derive(Clone)]
pub struct Providers(Vec<Arc<dyn ErasedProvider>>);

impl Default for Providers {
    fn default() -> Self {
        let mut all = Self(Vec::new());
        visit(&mut all);
        all
    }
}

impl Visitor for Providers {
    fn visit<P: Provider>(&mut self) {
        self.register(ProviderEntry::<P>(P::Settings::default()));
    }
}

impl Providers {
    /// Registers a source with its default settings, in place of one of the same name.
    #[must_use]
    pub fn with<P: Provider>(self) -> Self {
        self.with_settings::<P>(P::Settings::default())
    }

    /// Registers a source with these settings, in place of one of the same name.
    #[must_use]
    pub fn with_settings<P: Provider>(mut self, settings: P::Settings) -> Self {
        self.register(ProviderEntry::<P>(settings));
        self
    }

    /// Returns the settings of a registered source, or `None` if it is not registered.
    pub fn settings<P: Provider>(&self) -> Option<&P::Settings> {
        self.find(P::SPEC.name)?.settings().downcast_ref()
    }

    /// Returns the entries, in the order of registration.
    pub fn specs(&self) -> impl Iterator<Item = SourceSpec> {
        self.0.iter().map(|entry| entry.spec())
    }

    fn register<P: Provider>(&mut self, entry: ProviderEntry<P>) {
        match self.0.iter_mut().find(|known| known.spec().name == P::SPEC.name) {
            Some(known) => *known = Arc::new(entry),
            None => self.0.push(Arc::new(entry)),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&dyn ErasedProvider> {
        self.iter().find(|entry| entry.spec().name == name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn ErasedProvider> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Reads the settings of every source from its section of the configuration; those of a source
    /// without a section stay.
    pub(crate) fn read_settings(self, figment: &Figment) -> Result<Self, Box<figment::Error>> {
        let read = |entry: Arc<dyn ErasedProvider>| match figment.contains(entry.spec().name) {
            true => entry.read_settings(figment),
            false => Ok(entry),
        };
        self.0.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|entry| (entry.spec().name, entry))).finish()
    }
}

impl PartialEq for Providers {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.iter().zip(other.iter()).all(|(left, right)| left.equals(right))
    }
}

/// A registered source, with the type of its settings erased.
pub(crate) trait ErasedProvider: Debug + Send + Sync {
    fn spec(&self) -> SourceSpec;
    fn credentials(&self) -> Credentials;
    fn open(&self, opening: Opening<'_>) -> tidegauge_acquisition::Result<SourceHandle>;
    fn settings(&self) -> &dyn Any;
    fn equals(&self, other: &dyn ErasedProvider) -> bool;
    fn read_settings(
        &self,
        figment: &Figment,
    ) -> Result<Arc<dyn ErasedProvider>, Box<figment::Error>>;
}

struct ProviderEntry<P: Provider>(P::Settings);

impl<P: Provider> Debug for ProviderEntry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<P: Provider> ErasedProvider for ProviderEntry<P> {
    fn spec(&self) -> SourceSpec {
        P::SPEC
    }

    fn credentials(&self) -> Credentials {
        P::credentials(&self.0)
    }

    fn open(&self, opening: Opening<'_>) -> tidegauge_acquisition::Result<SourceHandle> {
        P::open(&self.0, opening)
    }

    fn settings(&self) -> &dyn Any {
        &self.0
    }

    fn equals(&self, other: &dyn ErasedProvider) -> bool {
        P::SPEC == other.spec() && other.settings().downcast_ref() == Some(&self.0)
    }

    fn read_settings(
        &self,
        figment: &Figment,
    ) -> Result<Arc<dyn ErasedProvider>, Box<figment::Error>> {
        let settings = section::<P::Settings>(figment, P::SPEC.name)?;
        Ok(Arc::new(Self(settings)))
    }
}

/// Extracts one section of the configuration; an error has its full path.
fn section<T: Settings>(figment: &Figment, name: &str) -> Result<T, Box<figment::Error>> {
    figment.extract_inner(name).map_err(|mut error| {
        // The name of the section is appended to the path within it, so it is moved to the front.
        error.path.rotate_right(1);
        Box::new(error)
    })
}
