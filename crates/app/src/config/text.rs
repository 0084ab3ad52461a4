//! Text that a user wrote: read from files, and shown without the secrets that it may hold.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use secrecy::SecretString;

/// The maximum length of the name of a setting or an option; longer text is not a name.
const MAX_NAME_LEN: usize = 40;

/// Reads the text of `file`. Returns `None` if it does not exist.
///
/// # Errors
/// The reason why it cannot be read, and the way out, in words that follow the name of the file.
pub(super) fn read(file: &Path) -> Result<Option<String>, String> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        // A dangling link is an error, not a missing file.
        Err(error) if error.kind() == ErrorKind::NotFound && !file.is_symlink() => return Ok(None),
        Err(error) => return Err(unreadable_reason(&error)),
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("it is UTF-16; save it as UTF-8".into());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = line_of(&error.as_bytes()[..valid]);
        format!("line {line}: a character is not UTF-8; save the file as UTF-8")
    })?;
    Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

/// Returns the number of the line that follows `before`, counted from 1.
pub(super) fn line_of(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Returns the reason why a file cannot be read, and the way out.
pub(super) fn unreadable_reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            "this user may not read it; let it (chmod u+r), or run as its owner".into()
        }
        ErrorKind::NotFound => "it is a link to a file that is not there; restore that".into(),
        ErrorKind::IsADirectory => "it is a folder; name a file".into(),
        _ if error.raw_os_error() == Some(TOO_MANY_LINKS) => {
            "it is a link that leads back to itself; put a file in its place, or remove it".into()
        }
        _ => format!("it cannot be read: {error}"),
    }
}

/// `ELOOP`, whose [`ErrorKind`] is not stable yet.
#[cfg(any(target_os = "linux", target_os = "android"))]
const TOO_MANY_LINKS: i32 = 40;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const TOO_MANY_LINKS: i32 = 62;

/// Returns `true` if `name` looks like the name of a setting. Anything else may be a secret in the
/// wrong place, and is not shown.
pub(super) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_LEN).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Returns `text` without user and password of the URLs in it, for logs and for messages that quote
/// input. The placeholder `user:password` of our own messages stays.
pub fn without_userinfo(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for token in text.split_inclusive(char::is_whitespace) {
        let Some((before, host)) = token.rsplit_once('@') else {
            shown.push_str(token);
            continue;
        };
        let (scheme, userinfo) = match before.split_once("://") {
            Some((scheme, userinfo)) => (scheme, userinfo),
            None => ("", before),
        };
        let is_plain = !userinfo.contains(':') && scheme.is_empty();
        if userinfo.ends_with("user:password") || is_plain {
            shown.push_str(token);
            continue;
        }
        shown.push_str(scheme);
        shown.push_str(if scheme.is_empty() { "***@" } else { "://***@" });
        shown.push_str(host);
    }
    shown
}

/// Returns the passwords in `url`, as written and percent-decoded: that of its user, and the values
/// of options. Those that the rest of the URL shows anyway, as in `app:app@db/app`, are not
/// secrets.
pub(super) fn passwords(url: &str) -> Vec<SecretString> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let userinfo = place.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    let user = userinfo.and_then(|(userinfo, host)| {
        let (user, password) = userinfo.split_once(':')?;
        let is_secret = !user.contains(password) && !host.contains(password);
        is_secret.then_some(password)
    });
    let secret =
        |name: &str| ["pass", "secret", "key", "token"].iter().any(|part| name.contains(part));
    let options = query.split('&').filter_map(|option| option.split_once('='));
    let options = options.filter(|(name, _)| secret(name)).map(|(_, value)| value);
    let found = user.into_iter().chain(options);
    found.flat_map(|raw| [raw.to_owned(), percent_decoded(raw)]).map(SecretString::from).collect()
}

/// Returns `text` with its percent-encoded bytes decoded.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_secrets() {
        for (text, shown) in [
            ("no `postgres://u:tiger@h/db`, and", "no `postgres://***@h/db`, and"),
            ("postgres://u:ti@ger@h/x\nnext a@b.example", "postgres://***@h/x\nnext a@b.example"),
            ("(\"http\", u:tiger@127.0.0.1:1)", "(\"http\", ***@127.0.0.1:1)"),
            ("s3://b?endpoint=http://u:tiger@h", "s3://***@h"),
            ("https://tiger@h/x", "https://***@h/x"),
            ("write postgres://user:password@host/db", "write postgres://user:password@host/db"),
        ] {
            assert_eq!(without_userinfo(text), shown);
        }
    }

    #[test]
    fn passwords_are_found_encoded_and_decoded() {
        use secrecy::ExposeSecret;

        let found = |url: &str| {
            let found = passwords(url).into_iter().map(|secret| secret.expose_secret().to_owned());
            found.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("postgres://u:ti%67er@h/db"), "ti%67er tiger");
        assert_eq!(found("postgres://h/db?password=lion&sslmode=off"), "lion lion");
        assert_eq!(found("mysql://app:app@db/app"), "");
        assert_eq!(found("sqlite://tidegauge.db"), "");
    }

    #[test]
    fn unreadable_files_are_reported_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x");
        assert_eq!(read(&file), Ok(None));
        fs::write(&file, "\u{feff}a = 1\n").unwrap();
        assert_eq!(read(&file), Ok(Some("a = 1\n".into())));
        for (bytes, says) in [
            (&b"a = 1\nb = \"tiger \xe4\"\n"[..], "line 2: a character is not UTF-8"),
            (b"\xff\xfea\0", "UTF-16; save it as UTF-8"),
        ] {
            fs::write(&file, bytes).unwrap();
            let error = read(&file).unwrap_err();
            assert!(error.contains(says) && !error.contains("tiger"), "{error}");
        }
        assert!(read(dir.path()).unwrap_err().contains("it is a folder"));
        #[cfg(unix)]
        for (target, says) in [("loop", "leads back to itself"), ("gone", "is not there")] {
            let link = dir.path().join("loop");
            fs::remove_file(&link).ok();
            std::os::unix::fs::symlink(target, &link).unwrap();
            assert!(read(&link).unwrap_err().contains(says), "{target}");
        }
    }
}
