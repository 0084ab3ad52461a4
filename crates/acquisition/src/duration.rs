//! Durations as text: `500ms`, `10s`, `5m`, `2h`, `1d`, `1h 30m`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

/// Serializes a duration, for `#[serde(with = "duration")]`.
pub(crate) fn serialize<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    // The text is not repeated: it may be a secret in the wrong place.
    parse(&text).ok_or_else(|| de::Error::custom("it is not a length of time, as in `30s`, `5m`"))
}

/// Parses a duration. Returns `None` if `text` is none, or if it exceeds `u64::MAX` milliseconds, which
/// clocks cannot count with.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let duration = humantime::parse_duration(text).ok()?;
    (duration <= Duration::from_millis(u64::MAX)).then_some(duration)
}

pub(crate) fn shown(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// The same for optional durations.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Duration, Serializer, de, parse, shown};

    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.serialize_str(&shown(*duration)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let wrong = || de::Error::custom("it is not a length of time, as in `30s`, `5m`");
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| parse(&text).ok_or_else(wrong)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_durations_are_parsed_and_formatted_back() {
        for (text, millis) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("90s", 90_000),
            ("10 s", 10_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1h 30m", 5_400_000),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(text), Some(duration), "{text}");
            assert_eq!(parse(&shown(duration)), Some(duration), "{text}");
        }
        for text in ["", "5", "m", "-5s", "99999999999999999999s", "18446744073709551615s"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(shown(Duration::from_mins(5)), "5m");
    }
}
