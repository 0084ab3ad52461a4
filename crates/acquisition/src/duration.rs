//! Lengths of time as people write them: `500ms`, `10s`, `5m`, `2h`, `1d`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

/// For `#[serde(with = "duration")]`.
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
    // What was found is not repeated: it may be a secret in the wrong place.
    parse(&text).ok_or_else(|| de::Error::custom("it is not a length of time, as in `30s`, `5m`"))
}

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(digits);
    let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit.trim())?;
    Some(Duration::from_millis(count.parse::<u64>().ok()?.checked_mul(millis)?))
}

pub(crate) fn shown(duration: Duration) -> String {
    let millis = duration.as_millis();
    let fits = |(_, unit): &(&str, u64)| millis.is_multiple_of(u128::from(*unit));
    match UNITS.into_iter().rev().find(fits) {
        Some((name, unit)) if millis > 0 => format!("{}{name}", millis / u128::from(unit)),
        _ => "0s".into(),
    }
}

/// The same for what need not be set.
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
    fn what_people_write_is_understood_and_written_the_same() {
        for (text, millis) in [("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("1d", 86_400_000)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(shown(Duration::from_millis(millis)), text);
        }
        for text in ["", "5", "m", "-5s", "1.5h", "5 weeks", "99999999999999999999s"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(shown(Duration::from_secs(90)), "90s");
    }
}
