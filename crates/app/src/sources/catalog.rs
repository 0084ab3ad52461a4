//! The catalog of all sources that a configuration may name, and how each is opened.

use tidegauge_acquisition::http::Usage;
use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_acquisition::snapshot::WriteRows;
use tidegauge_acquisition::{
    Context, Credentials, DatabaseSource, FileSource, Opening, SourceHandle, SourceSpec, database,
    files,
};
use tidegauge_core::TableRef;
use tidegauge_simulation::Exchange;

use super::simulation::SPEC as SIMULATION_SPEC;
use crate::config::{Config, Secrets, UserSource, without_userinfo};
use crate::source_names::{BACKFILL_SUFFIX, MARKET, SIMULATION, is_simulation};
use crate::{Error, Result, derived_tables};

/// A source that a configuration may name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceInfo {
    /// The name of the source.
    pub name: String,
    /// A short description of its data.
    pub description: String,
    /// The credential that it needs.
    pub credential: Credential,
    /// `true` if it is a live source, which never ends.
    pub is_live: bool,
}

/// The credential that a source needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// No credential.
    None,
    /// A key, in this environment variable.
    Key(String),
    /// A URL, in this environment variable.
    Url(String),
}

/// Returns the entries of all sources that need no declaration: the registered ones, and the
/// simulation.
pub(crate) fn specs(config: &Config) -> impl Iterator<Item = SourceSpec> {
    config.providers.specs().chain([SIMULATION_SPEC])
}

/// Returns all sources that exist with these settings.
pub(crate) fn known_sources(config: &Config) -> Vec<SourceInfo> {
    let registered =
        config.providers.iter().map(|entry| info_of_spec(entry.spec(), entry.credentials()));
    let files = config.files.iter().map(|file| SourceInfo {
        name: file.name.clone(),
        // A path may be a URL by mistake, with a password.
        description: format!("your files {}, into {}", without_userinfo(&file.path), file.table),
        credential: Credential::None,
        is_live: false,
    });
    let databases = config.databases.iter().map(|database| SourceInfo {
        name: database.name.clone(),
        description: format!("your database, into {}", database.table),
        credential: Credential::Url(database.url_env.clone()),
        is_live: false,
    });
    let simulation = info_of_spec(SIMULATION_SPEC, SIMULATION_SPEC.credentials);
    registered.chain(files).chain(databases).chain([simulation]).collect()
}

fn info_of_spec(spec: SourceSpec, credentials: Credentials) -> SourceInfo {
    let credential = match credentials {
        Credentials::Key(service) => Credential::Key(Secrets::variable(service)),
        _ => Credential::None,
    };
    SourceInfo {
        name: spec.name.into(),
        description: spec.summary.into(),
        credential,
        is_live: spec.is_live,
    }
}

/// Returns the configured sources, live or not, without the simulation.
pub(crate) fn configured(config: &Config, live: bool) -> impl Iterator<Item = SourceInfo> {
    let active = config.active_sources();
    let is_selected = move |info: &SourceInfo| {
        let on = active.contains(&info.name) && info.name != SIMULATION;
        on && info.is_live == live
    };
    known_sources(config).into_iter().filter(is_selected)
}

/// The tables that a source fills.
#[derive(Debug, Clone)]
pub(crate) struct SourceTables {
    pub(crate) tables: Vec<TableRef>,
    /// `true` if rows with a column `source` have the source's name in it.
    pub(crate) writes_source_name: bool,
}

/// Returns the tables that the source called `name` fills, or `None` if the settings do not know
/// it. No request is sent, and no key is needed.
pub(crate) fn tables_of(
    name: &str,
    config: &Config,
    context: &Context,
) -> Result<Option<SourceTables>> {
    let own = |tables| Some(SourceTables { tables, writes_source_name: false });
    if name == MARKET {
        return Ok(own(derived_tables::tables()));
    }
    if is_simulation(name) {
        return Ok(own(Exchange::all_tables()));
    }
    // The backfill of a source has its own cursor.
    let provider = name.strip_suffix(BACKFILL_SUFFIX).unwrap_or(name);
    if let Some(entry) = config.providers.find(provider) {
        let key = entry.credentials().service().map(|_| "none is needed".into());
        // The usage of its service is not read, since that would create a file.
        let context = &Context { usage: Usage::default(), ..context.clone() };
        let tables = entry.open(Opening::new(context).with_key(key))?.source().tables();
        return Ok(Some(SourceTables { tables, writes_source_name: true }));
    }
    match config.user_sources().find(|own| own.name == name || own.name == provider) {
        Some(UserSource { table, .. }) => Ok(own(vec![resolve(table, &declare(&config.tables)?)?])),
        None => Ok(None),
    }
}

/// Opens the source called `name`, which is not the simulation.
pub(crate) fn open(
    name: &str,
    config: &Config,
    secrets: &Secrets,
    context: &Context,
) -> Result<SourceHandle> {
    let Some(entry) = config.providers.find(name) else {
        return open_user_source(name, config, secrets, context);
    };
    let key = entry.credentials().service().and_then(|service| secrets.key(service));
    Ok(entry.open(Opening::new(context).with_key(key))?)
}

/// Opens a file or a database of the user's own.
fn open_user_source(
    name: &str,
    config: &Config,
    secrets: &Secrets,
    context: &Context,
) -> Result<SourceHandle> {
    let declared = declare(&config.tables)?;
    let write = match config.user_sources().any(|own| own.name == name && own.replaces) {
        true => WriteRows::Replace,
        false => WriteRows::ByTable,
    };
    if let Some(file) = config.files.iter().find(|file| file.name == name) {
        let table = resolve(&file.table, &declared)?;
        let file = files::Config { write, ..file.clone() };
        return Ok(SourceHandle::plain(FileSource::new(file, table, context.clock.clone())?));
    }
    let found = config.databases.iter().find(|database| database.name == name);
    let database = found.ok_or_else(|| Error::Setting {
        setting: "sources",
        reason: format!("there is no `{name}`"),
    })?;
    let url = secrets.url(&database.url_env).ok_or_else(|| Error::Setting {
        setting: "databases.url_env",
        reason: format!(
            "`{name}` is to find its URL in the variable {}, which is not set",
            database.url_env
        ),
    })?;
    let table = resolve(&database.table, &declared)?;
    let clock = context.clock.clone();
    let database = database::Config { write, ..database.clone() };
    Ok(SourceHandle::plain(DatabaseSource::new(database, &url, table, clock)?))
}
