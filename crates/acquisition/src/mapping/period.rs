//! Spans of time in a configuration: `90s`, `10m`, `2h`, `1d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A span of whole seconds, written as `90s`, `10m`, `2h` or `1d`.
///
/// ```
/// use tidegauge_acquisition::mapping::Period;
///
/// let lag: Period = "10m".parse()?;
/// assert_eq!(lag, Period::seconds(600));
/// assert_eq!(lag.to_string(), "10m");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Period {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The span.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
            let count: u64 = text.strip_suffix(*unit)?.parse().ok()?;
            count.checked_mul(*seconds).filter(|seconds| *seconds <= 3_650 * 86_400)
        };
        read().map(Self::seconds).ok_or_else(|| {
            format!("`{text}` is not a span of time such as 90s, 10m, 2h or 1d, below ten years")
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let whole = |(_, unit): &&(char, u64)| seconds > 0 && seconds.is_multiple_of(*unit);
        let (name, unit) = UNITS.iter().find(whole).unwrap_or(&('s', 1));
        write!(f, "{}{name}", seconds / unit)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        for text in ["0s", "90s", "10m", "2h", "1d"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["", "m", "10", "-1s", "1.5h", "10 m", "99999999999999999999d", "9999d"] {
            assert!(text.parse::<Period>().unwrap_err().contains("10m"), "{text}");
        }
    }
}
