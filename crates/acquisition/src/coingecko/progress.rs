//! How far CoinGecko has been read: what its cursor holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::registry::Listed;

/// A part of a round; each is one page, but a history of several windows.
#[derive(Debug)]
pub(super) enum Step<'a> {
    History(&'a Listed),
    Candles(&'a Listed),
    Markets,
}

impl<'a> Step<'a> {
    /// The steps of a round, in order.
    pub(super) fn all(instruments: &'a [Listed]) -> Vec<Self> {
        let histories = instruments.iter().map(Self::History);
        let candles = instruments.iter().map(Self::Candles);
        histories.chain(candles).chain([Self::Markets]).collect()
    }

    /// Its name in the cursor.
    pub(super) fn name(&self) -> String {
        match self {
            Self::History(it) => format!("history {}", it.symbol),
            Self::Candles(it) => format!("candles {}", it.symbol),
            Self::Markets => "markets".into(),
        }
    }
}

/// The round under way, and the last instant that each step has taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// The instant up to which the round reads: that of its beginning.
    #[serde(with = "instant")]
    pub(super) as_of: DateTime<Utc>,
    /// The step that comes next; none when the round is over.
    pub(super) next: Option<String>,
    /// Step → milliseconds since 1970.
    read: BTreeMap<String, i64>,
}

impl Progress {
    pub(super) fn begin(now: DateTime<Utc>) -> Self {
        Self { as_of: now, next: Some(String::new()), read: BTreeMap::new() }
    }

    /// The next round.
    pub(super) fn again(self, now: DateTime<Utc>) -> Self {
        Self { read: self.read, ..Self::begin(now) }
    }

    pub(super) fn read(&self, step: &str) -> Option<DateTime<Utc>> {
        self.read.get(step).copied().and_then(DateTime::from_timestamp_millis)
    }

    pub(super) fn set_read(&mut self, step: String, at: DateTime<Utc>) {
        self.read.insert(step, at.timestamp_millis());
    }
}

/// An instant as RFC 3339 text of whole microseconds.
mod instant {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        at: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
