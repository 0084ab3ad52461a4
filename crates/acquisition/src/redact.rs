//! Redaction of the key from replies in which the service repeats it.
//!
//! The key is removed from errors, logs and notes. Rows are stored as they were received.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// The key to redact, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<SecretString>);

/// The length of a prefix of the key that is redacted like the whole key: a text that was cut may end within
/// the key.
const MIN_PREFIX_CHARS: usize = 8;

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    pub(crate) fn new(key: Option<SecretString>) -> Self {
        Self(key)
    }

    /// Returns the key, or `None` if there is none or it is empty.
    pub(crate) fn key(&self) -> Option<&str> {
        self.0.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty())
    }

    /// Returns `text` with every occurrence of the key replaced by `[key]`.
    pub(crate) fn text(&self, text: &str) -> String {
        let Some(key) = self.key() else { return text.to_owned() };
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let same = rest.chars().zip(key.chars()).take_while(|(one, other)| one == other);
            let (count, bytes) =
                same.fold((0, 0), |(count, bytes), (char, _)| (count + 1, bytes + char.len_utf8()));
            if count >= MIN_PREFIX_CHARS.min(key.chars().count()) {
                clean.push_str("[key]");
                rest = rest.get(bytes..).unwrap_or_default();
            } else {
                clean.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        clean
    }

    /// Returns the error with the key redacted.
    pub(crate) fn error(&self, error: Error) -> Error {
        match self.key() {
            Some(_) => error.map_texts(|text| self.text(&text)),
            None => error,
        }
    }
}

impl Error {
    /// Applies `change` to every text that may originate from a reply.
    pub(crate) fn map_texts(mut self, change: impl Fn(String) -> String) -> Self {
        let texts: [Option<&mut String>; 3] = match &mut self {
            Self::Decode { of, field, reason } => [Some(of), Some(field), Some(reason)],
            Self::BadValue { of, field, value, .. } => [Some(of), Some(field), Some(value)],
            Self::BadRow { place, value, reason, .. } => [Some(place), Some(value), Some(reason)],
            Self::Status { code, message, .. } | Self::Auth { code, message, .. } => {
                [code.as_mut(), Some(message), None]
            }
            Self::NotJson { reason, start, .. } => [Some(reason), Some(start), None],
            Self::NoInstrument { symbol, known, .. } => [Some(symbol), Some(known), None],
            Self::SymbolRefused { symbol, reason, .. } => [Some(symbol), Some(reason), None],
            Self::Refused { series, reason, .. } => [Some(series), Some(reason), None],
            Self::RateLimited { message, .. } => [Some(message), None, None],
            Self::Interrupted { reason, .. } | Self::Config { reason, .. } => {
                [Some(reason), None, None]
            }
            _ => [None, None, None],
        };
        for text in texts.into_iter().flatten() {
            *text = change(std::mem::take(text));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_is_redacted_whole_or_truncated() {
        let redactor = Redactor::new(Some("CG-secret-7f".into()));
        for (text, shown) in [
            ("bad key CG-secret-7f, CG-secret-7f!", "bad key [key], [key]!"),
            ("cut: CG-secret-", "cut: [key]"),
            ("CG-pro is another é CG-s", "CG-pro is another é CG-s"),
            ("", ""),
        ] {
            assert_eq!(redactor.text(text), shown);
        }
        assert_eq!(Redactor::new(Some("k".into())).text("ok"), "o[key]");
        assert_eq!(Redactor::default().text("ok"), "ok");
        let error = redactor.error(Error::decode("CG-secret-7f", "id", "`CG-secret-7f` is odd"));
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
