//! The index of the sources' pages.

use tidegauge_acquisition::Credentials;

use super::catalog::specs;
use crate::Config;
use crate::config::Secrets;

const HEAD: &str = "\
# Sources

One page per source. This index is generated from the registry of sources:
`tidegauge sources --markdown > docs/sources/README.md`.

| source | data | key | attribution |
|---|---|---|---|
";

/// The rows of sources that a user declares, which are not in the registry.
const USER_SOURCES: &str = "\
| [your files](files.md) | any table, from CSV, JSON lines and Parquet | none | |
| [your databases](database.md) | any table, from PostgreSQL, MySQL, MariaDB and SQLite | a URL, in an environment variable of your choice | |
";

/// Returns the index of the sources' pages, `docs/sources/README.md`, as Markdown.
pub fn sources_page() -> String {
    let config = Config::default();
    let rows = specs(&config).map(|spec| {
        let key = match spec.credentials {
            Credentials::Key(service) => format!("`{}`", Secrets::variable(service)),
            Credentials::Optional(service) => {
                format!("none, or `{}` for more", Secrets::variable(service))
            }
            _ => "none".into(),
        };
        let (name, gives) = (spec.name, spec.summary);
        let shown = spec.attribution.unwrap_or_default();
        format!("| [{name}]({name}.md) | {gives} | {key} | {shown} |\n")
    });
    HEAD.to_owned() + &rows.collect::<String>() + USER_SOURCES
}
