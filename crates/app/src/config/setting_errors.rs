//! Errors of settings in the user's words and on one line: position, name, and valid values. The
//! value is not repeated: it may be a secret in the wrong place.

use figment::Figment;
use figment::error::Kind;
use figment::value::Value;

use super::lines::{FILE_METADATA, Lines};
use super::names::{setting_name, variable};
use crate::Error;

/// Translates figment's errors of refused settings.
pub(super) fn translate(error: figment::Error, figment: &Figment, file: Option<&Lines>) -> Error {
    let reasons = error.into_iter().map(|error| {
        let reason = reason(&error, figment);
        let from_file = error.metadata.as_ref().is_some_and(|from| from.name == FILE_METADATA);
        let position = file.filter(|_| from_file).map(|file| file.position(&error.path));
        match (position, variable(&error.path)) {
            (Some(position), _) => format!("{position}: {}: {reason}", setting_name(&error.path)),
            (None, Some(variable)) => format!("{variable}: {reason}"),
            (None, None) => format!("{}: {reason}", setting_name(&error.path)),
        }
    });
    Error::Config { reason: reasons.collect::<Vec<_>>().join("; ") }
}

fn reason(error: &figment::Error, figment: &Figment) -> String {
    match &error.kind {
        Kind::InvalidType(_, expected)
        | Kind::InvalidValue(_, expected)
        | Kind::InvalidLength(_, expected) => format!("expected {}", toml_syntax(expected)),
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        Kind::UnknownField(_, []) => UNKNOWN_SETTING.into(),
        Kind::UnknownField(_, known) => unknown(known),
        Kind::MissingField(name) => format!("`{name}` is missing"),
        Kind::DuplicateField(name) => format!("`{name}` is there twice"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "the number is too large".into(),
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => "it is nothing that can be set".into(),
        Kind::Message(message) => {
            let value = value_at(figment, &error.path);
            without_value(message, value.as_ref().and_then(Value::as_str).unwrap_or_default())
        }
    }
}

/// Returns the value that was found at `path`.
fn value_at(figment: &Figment, path: &[String]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    let found = figment.find_value(first).ok()?;
    let inner = rest.iter().try_fold(&found, |value, part| match value {
        Value::Dict(_, dict) => dict.get(part),
        Value::Array(_, items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    });
    inner.cloned()
}

/// The prefix of the message of an unknown setting.
const UNKNOWN_SETTING: &str = "there is no such setting";

/// Returns the message of an unknown setting, with the `known` ones.
pub(super) fn unknown(known: &[impl AsRef<str>]) -> String {
    let known: Vec<_> = known.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    format!("{UNKNOWN_SETTING}; there are {}", known.join(", "))
}

/// Returns the message of a type about `value`, without the parts of `value` that it quotes.
fn without_value(message: &str, value: &str) -> String {
    match message {
        // chrono's messages for an invalid date.
        "input contains invalid characters"
        | "input is out of range"
        | "premature end of input"
        | "trailing input" => return format!("expected {DATE_SYNTAX}"),
        untagged if untagged.starts_with("data did not match any variant") => {
            return "it has not the form that this setting takes".into();
        }
        unknown if unknown.starts_with(UNKNOWN_SETTING) => return unknown.into(),
        _ => {}
    }
    let quotes = ['`', '"', '\''];
    let parts = message.split_inclusive(quotes).map(|part| {
        let (inner, quote) = match part.char_indices().next_back() {
            Some((at, quote)) if quotes.contains(&quote) => part.split_at(at),
            _ => (part, ""),
        };
        let is_quoted = !inner.trim().is_empty() && value.contains(inner);
        format!("{}{quote}", if is_quoted { "…" } else { inner })
    });
    parts.collect::<String>().replace(['\n', '\r'], " ")
}

const DATE_SYNTAX: &str = "a day in quotes, as in \"2020-10-01\"";

/// Translates serde's name of a type into the syntax that a user writes.
fn toml_syntax(expected: &str) -> String {
    let integer = |least: i128, most: i128| format!("a whole number from {least} to {most}");
    match expected {
        "u8" => integer(0, u8::MAX.into()),
        "u16" => integer(0, u16::MAX.into()),
        "u32" => integer(0, u32::MAX.into()),
        "u64" | "usize" => integer(0, u64::MAX.into()),
        "i8" => integer(i8::MIN.into(), i8::MAX.into()),
        "i16" => integer(i16::MIN.into(), i16::MAX.into()),
        "i32" => integer(i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => integer(i64::MIN.into(), i64::MAX.into()),
        "f32" | "f64" => "a number".into(),
        "a boolean" | "bool" => "true or false".into(),
        "a string" | "string" | "a borrowed string" | "path string" => "text in quotes".into(),
        "a character" | "char" => "one character in quotes".into(),
        "a formatted date string" => DATE_SYNTAX.into(),
        "a sequence" | "sequence" => "a list, as in [\"a\", \"b\"]".into(),
        other if ["a map", "map", "struct "].iter().any(|prefix| other.starts_with(prefix)) => {
            "settings of its own, as in [section] or { name = \"value\" }".into()
        }
        other
            if ["enum ", "variant ", "string or map"]
                .iter()
                .any(|prefix| other.starts_with(prefix)) =>
        {
            "one of the names that `tidegauge init` lists for it".into()
        }
        other => other.into(),
    }
}
