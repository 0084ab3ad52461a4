//! Validation of URLs of servers and files as users write them. Parts that a driver would ignore,
//! log or misread are refused before the driver sees them; the messages name an option but repeat
//! nothing that may be a password.

/// The advice on characters that end a password early unless they are percent-encoded.
const ENCODING_ADVICE: &str = "in a password, write / as %2F, ? as %3F, # as %23 and @ as %40";

/// The URL options that sqlx's PostgreSQL driver knows; it ignores others, and logs them with their
/// values.
pub const POSTGRES_OPTIONS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Refuses a server URL in which a password ends early, so that its rest would be taken for a
/// database name or an option.
///
/// ```
/// use tidegauge_core::connection_url;
///
/// assert!(connection_url::check_server("postgres://me:a%2Fb@db/shop").is_ok());
/// assert!(connection_url::check_server("postgres://me:5/b@db/shop").is_err());
/// ```
///
/// # Errors
/// Returns what is wrong with the URL, worded to follow "the URL".
pub fn check_server(url: &str) -> Result<(), String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = behind.split('?').next().unwrap_or_default();
    let is_cut = !authority.contains('@') && authority.contains(':') && behind.contains('@');
    match url {
        _ if is_cut || path.contains('@') => {
            Err(format!("has an @ behind the host; {ENCODING_ADVICE}"))
        }
        _ if url.contains('#') => Err(format!("has a #; {ENCODING_ADVICE}")),
        _ => Ok(()),
    }
}

/// Refuses a URL of a file or folder that names a server with a user and a password.
///
/// # Errors
/// Returns what is wrong with the URL, worded to follow "the URL".
pub fn check_path(url: &str) -> Result<(), String> {
    let path = url.split_once("://").map_or(url, |(_, path)| path);
    let first = path.split(['/', '?']).next().unwrap_or_default();
    match first.split_once(':').is_some_and(|(_, rest)| rest.contains('@')) {
        true => Err("names a path, and takes no user and password".into()),
        false => Ok(()),
    }
}

/// Refuses options of `url` that are not in `known`; `options[name]` counts as `options`.
///
/// ```
/// use tidegauge_core::connection_url;
///
/// let error = connection_url::check_options("postgres://db/shop?passwrd=tiger", &["sslmode"]);
/// assert_eq!(error, Err("has an option `passwrd` that there is not; it takes sslmode".into()));
/// ```
///
/// # Errors
/// Returns which option is unknown, worded to follow "the URL".
pub fn check_options(url: &str, known: &[&str]) -> Result<(), String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').map(|option| option.split('=').next().unwrap_or_default());
    let is_known = |name: &str| known.contains(&name.split('[').next().unwrap_or_default());
    let Some(name) = names.filter(|name| !name.is_empty()).find(|name| !is_known(name)) else {
        return Ok(());
    };
    // With an @ in the query the name may be the rest of a password.
    let name = match is_option(name) && !query.contains('@') {
        true => format!(" `{name}`"),
        false => String::new(),
    };
    let takes = match known {
        [] => "none".to_owned(),
        known => known.join(", "),
    };
    Err(format!("has an option{name} that there is not; it takes {takes}"))
}

/// Returns `true` if `name` looks like an option name, which is safe to repeat in a message.
fn is_option(name: &str) -> bool {
    name.len() <= 40
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unencoded_passwords_are_refused_and_not_repeated() {
        for url in [
            "postgres://u:5432/tiger@h/db",
            "postgres://u:12?tiger@h/db",
            "postgres://u:12?tiger&x@h/db",
            "postgres://u:12#tiger@h/db",
            "postgres://u:12/db#tiger",
            "postgres://u:a@h/tiger@h/db",
        ] {
            let error = check_server(url).unwrap_err();
            assert!(error.contains("write / as %2F") && !error.contains("tiger"), "{error}");
        }
        for url in ["postgres://u:a@b@h/db", "postgres://h/db?password=a@b", "mysql://u@[::1]:1/d"]
        {
            assert_eq!(check_server(url), Ok(()), "{url}");
        }
        assert!(check_path("sqlite://u:tiger@h/x").unwrap_err().contains("takes no user"));
        for url in ["sqlite:///a:b@c/x", "sqlite://c:/x@y", "csv://me@home/x"] {
            assert_eq!(check_path(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn unknown_options_are_named_unless_they_may_be_a_password() {
        for (query, says) in [
            ("pass=tiger", "has an option `pass` that there is not; it takes mode, options"),
            ("mode=ro&TIGER=1", "has an option that there is not"),
            ("tiger@h/db", "has an option that there is not"),
            ("t1ger", "has an option that there is not"),
        ] {
            let error =
                check_options(&format!("x://h/d?{query}"), &["mode", "options"]).unwrap_err();
            assert!(error.starts_with(says) && !error.to_lowercase().contains("tiger"), "{error}");
        }
        for query in ["", "mode=ro", "mode=ro&&options[a]=1&options=2"] {
            assert_eq!(check_options(&format!("x://h/d?{query}"), &["mode", "options"]), Ok(()));
        }
        assert!(check_options("x://h?y=1", &[]).unwrap_err().ends_with("it takes none"));
    }
}
