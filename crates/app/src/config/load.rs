//! The reading of settings: defaults, then the file, then the environment.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Serialized};
use figment::value::Dict;

use super::file::ConfigFile;
use super::lines::shown;
use super::names::PREFIX;
use super::origins::Origins;
use super::setting_errors::{self, translate};
use super::settings::{Config, setting_names};
use crate::providers::Providers;
use crate::{Error, Result};

/// The name of the configuration file in the working directory.
pub const FILE: &str = "tidegauge.toml";

/// The variables that are neither settings of [`Config`] nor keys: the file to read, and a switch
/// of the tests.
const NOT_SETTINGS: [&str; 2] = ["config", "require_servers"];

impl Config {
    /// Reads `file`, or `tidegauge.toml` in the working directory if that exists, and then the
    /// environment (`TIDEGAUGE_WAREHOUSE`, `TIDEGAUGE_SIMULATION__SEED`…).
    ///
    /// # Errors
    /// When `file` is missing or not TOML, or a setting is unknown or of another type. The error is
    /// one line with the position of the setting, and never repeats its value.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        Self::load_with(file, Providers::default())
    }

    /// Reads the same with sections for `providers`: for a program that registers its own sources.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_with(file: Option<&Path>, providers: Providers) -> Result<Self> {
        let read = ConfigFile::read(file.unwrap_or(Path::new(FILE)))?;
        if let (Some(file), None) = (file, &read) {
            return Err(Error::NoConfig { file: shown(file).into() });
        }
        let env = Env::prefixed(PREFIX)
            .ignore(&NOT_SETTINGS)
            .filter(|name| !name.as_str().to_ascii_uppercase().ends_with("_KEY"))
            .split("__");
        Self::merged(read.as_ref(), Figment::from(env), providers)
    }

    /// Reads `text` as the content of the file at `path`, without the environment.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub(crate) fn read_text(path: &Path, text: &str) -> Result<Self> {
        let file = ConfigFile::parse(path, text)?;
        Self::merged(Some(&file), Figment::new(), Providers::default())
    }

    /// Merges the defaults, then `file`, then `over`.
    fn merged(file: Option<&ConfigFile>, over: Figment, providers: Providers) -> Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(file);
        }
        let figment = figment.merge(over);
        let lines = file.map(ConfigFile::lines);
        let mut config = Self::extract(&figment, providers)
            .map_err(|error| translate(*error, &figment, lines))?;
        config.origins =
            Origins::new(&config.warehouse, &config.backups, &config.sources, lines.cloned());
        config.check().map_err(|error| config.origins.with_position(error))?;
        Ok(config)
    }

    fn extract(figment: &Figment, providers: Providers) -> Result<Self, Box<figment::Error>> {
        let mut config: Self = figment.extract()?;
        config.providers = providers.read_settings(figment)?;
        let found: Dict = figment.extract()?;
        let mut known = setting_names();
        known.extend(config.providers.specs().map(|spec| spec.name.to_owned()));
        match found.into_keys().find(|name| !known.contains(name)) {
            Some(name) => Err(unknown_setting(figment, name, &known).into()),
            None => Ok(config),
        }
    }
}

/// Returns the error of an unknown setting.
fn unknown_setting(figment: &Figment, name: String, known: &[String]) -> figment::Error {
    let mut error = figment::Error::from(setting_errors::unknown(known));
    error.metadata = figment.find_metadata(&name).cloned();
    error.profile = Some(figment.profile().clone());
    error.path = vec![name];
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        let file = ConfigFile::parse(Path::new(FILE), text)?;
        Config::merged(Some(&file), Figment::new(), Providers::default())
    }

    #[test]
    fn template_equals_the_defaults_and_has_every_source() {
        let config = Config::default();
        let template = config.template();
        assert_eq!(read(&template).unwrap(), config);
        let today = "2026-11-27".parse().unwrap();
        assert_eq!(read(&config.demo_template(today)).unwrap(), Config::demo_until(today));
        assert!(!template.contains("\n[simulation]\n"), "nothing is simulated unasked");
        for spec in config.providers.specs() {
            let section = format!("\n[{}]\n", spec.name);
            assert_eq!(template.contains(&section), !spec.template.is_empty(), "{}", spec.name);
            assert!(template.contains(&format!("#   {} ", spec.name)), "{}", spec.name);
        }
        assert!(!template.contains("#{"), "{template}");
    }

    #[test]
    fn unknown_setting_is_named() {
        for (text, words) in [
            ("[simulation]\nsede = 1", ["sede", "seed"]),
            ("[coingecko]\nplna = 1", ["coingecko", "plan"]),
            ("[coingekco]\nplan = 1", ["coingekco", "`coingecko`"]),
            ("warehuose = 1", ["warehuose", "`warehouse`"]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
        let error = read("[coingecko.http]\nmax_body = 'x'").unwrap_err().to_string();
        assert!(error.contains("coingecko.http.max_body"), "{error}");
    }

    #[test]
    fn invalid_value_is_not_repeated() {
        for text in ["coingecko = 'CG-canary'", "[coingecko]\nplan = 'CG-canary'", "report = []"] {
            let error = read(text).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
            assert!(error.contains("coingecko") || error.contains("report"), "{error}");
        }
    }
}
