//! The catalog of all sources that a configuration may name, and how each is opened.

pub(crate) use tidegauge_acquisition::SourceHandle as Opened;
use tidegauge_acquisition::http::Usage;
use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_acquisition::snapshot::WriteRows;
use tidegauge_acquisition::{
    Context, Credentials, DatabaseSource, FileSource, Opening, SourceSpec, database, files,
};
use tidegauge_core::TableRef;
use tidegauge_simulation::Exchange;

use super::simulation;
use crate::config::{Config, OwnSource, Secrets, without_userinfo};
use crate::{Error, Result, derived};

/// A source that a configuration may name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// The name of the source.
    pub name: String,
    /// A short description of its data.
    pub what: String,
    /// The credential that it needs.
    pub needs: Needs,
    /// `true` if it is a live source, which never ends.
    pub is_live: bool,
}

/// The credential that a source needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// No credential.
    Nothing,
    /// A key, in this environment variable.
    Key(String),
    /// A URL, in this environment variable.
    Url(String),
}

/// Returns the entries of all sources that need no declaration: the registered ones, and the
/// simulation.
pub(crate) fn specs(config: &Config) -> impl Iterator<Item = SourceSpec> {
    config.providers.specs().chain([simulation::SPEC])
}

/// Returns all sources that exist with these settings.
pub(crate) fn offers(config: &Config) -> Vec<Offer> {
    let registered =
        config.providers.iter().map(|entry| of_spec(entry.spec(), entry.credentials()));
    let files = config.files.iter().map(|file| Offer {
        name: file.name.clone(),
        // A path may be a URL by mistake, with a password.
        what: format!("your files {}, into {}", without_userinfo(&file.path), file.table),
        needs: Needs::Nothing,
        is_live: false,
    });
    let databases = config.databases.iter().map(|database| Offer {
        name: database.name.clone(),
        what: format!("your database, into {}", database.table),
        needs: Needs::Url(database.url_env.clone()),
        is_live: false,
    });
    let simulation = of_spec(simulation::SPEC, simulation::SPEC.credentials);
    registered.chain(files).chain(databases).chain([simulation]).collect()
}

fn of_spec(spec: SourceSpec, credentials: Credentials) -> Offer {
    let needs = match credentials {
        Credentials::Key(service) => Needs::Key(Secrets::variable(service)),
        _ => Needs::Nothing,
    };
    Offer { name: spec.name.into(), what: spec.summary.into(), needs, is_live: spec.is_live }
}

/// The suffix of a source's name under which sinks keep the cursor of its backfill.
pub(crate) const FILL: &str = " fill";

/// The tables that a source fills.
#[derive(Debug, Clone)]
pub(crate) struct Fills {
    pub(crate) tables: Vec<TableRef>,
    /// `true` if rows with a column `source` have the source's name in it.
    pub(crate) names_itself: bool,
}

/// Returns the tables that the source called `name` fills, or `None` if the settings do not know
/// it. No request is sent, and no key is needed.
pub(crate) fn fills(name: &str, config: &Config, context: &Context) -> Result<Option<Fills>> {
    let own = |tables| Some(Fills { tables, names_itself: false });
    if name == derived::NAME {
        return Ok(own(derived::tables()));
    }
    if super::is_simulation(name) {
        return Ok(own(Exchange::all_tables()));
    }
    // The backfill of a source has its own cursor.
    let provider = name.strip_suffix(FILL).unwrap_or(name);
    if let Some(entry) = config.providers.find(provider) {
        let key = entry.credentials().service().map(|_| "none is needed".into());
        // The usage of its service is not read, since that would create a file.
        let context = &Context { usage: Usage::default(), ..context.clone() };
        let tables = entry.open(Opening::new(context).with_key(key))?.source().tables();
        return Ok(Some(Fills { tables, names_itself: true }));
    }
    match config.own_sources().find(|own| own.name == name || own.name == provider) {
        Some(OwnSource { table, .. }) => Ok(own(vec![resolve(table, &declare(&config.tables)?)?])),
        None => Ok(None),
    }
}

/// Opens the source called `name`, which is not the simulation.
pub(crate) fn open(
    name: &str,
    config: &Config,
    secrets: &Secrets,
    context: &Context,
) -> Result<Opened> {
    let Some(entry) = config.providers.find(name) else {
        return users(name, config, secrets, context);
    };
    let key = entry.credentials().service().and_then(|service| secrets.key(service));
    Ok(entry.open(Opening::new(context).with_key(key))?)
}

/// Opens a file or a database of the user's own.
fn users(name: &str, config: &Config, secrets: &Secrets, context: &Context) -> Result<Opened> {
    let declared = declare(&config.tables)?;
    let write = match config.own_sources().any(|own| own.name == name && own.replaces) {
        true => WriteRows::Replace,
        false => WriteRows::ByTable,
    };
    if let Some(file) = config.files.iter().find(|file| file.name == name) {
        let table = resolve(&file.table, &declared)?;
        let file = files::Config { write, ..file.clone() };
        return Ok(Opened::plain(FileSource::new(file, table, context.clock.clone())?));
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
    Ok(Opened::plain(DatabaseSource::new(database, &url, table, clock)?))
}
