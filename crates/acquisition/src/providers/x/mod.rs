//! X, formerly Twitter: posts that mention an instrument, their sentiment, and their number.

mod client;
mod config;
mod counts;
pub(crate) mod decode;
mod name;
mod posts;
mod problem;
mod spec;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tidegauge_core::tables::{SocialCount, SocialPost};
use tidegauge_core::{Cursor, Page, Source, Span, TableRef};

pub use client::{Client, SearchRecent};
pub use config::{Config, Scorer};
pub use decode::{Bucket, Counts, Metrics, Post, Search};
pub use name::NAME;

use crate::backfill::{self, HistoricalSource, Series, WindowRequest, WindowResponse};
use crate::http::Budget;
use crate::instruments::{self, ListedInstrument};
use crate::sentiment::{Sentiment, Vader};
use crate::{Context, Error, Result};

/// The alias of an instrument that is its search query.
const ALIAS: &str = "query";

/// The attribution to show wherever posts are shown.
pub const ATTRIBUTION: &str = "Posts from X (https://x.com)";

/// The longest window of posts. A search of a whole day may take a thousand pages; progress is kept page by
/// page.
const WINDOW: TimeDelta = TimeDelta::days(1);

/// The margin below X's lookback that allows for the latency of requests.
const LOOKBACK_MARGIN: TimeDelta = TimeDelta::minutes(30);

/// The source X.
///
/// A round reads first the counts of every symbol, then its posts, up to 30 seconds before it began. A new
/// round begins once [`Config::refresh`] has passed.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::x::{Config, X};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { symbols: vec!["BTC".into()], posts: false, ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let page = X::new(config, Some(key.into()), &context)?.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct X {
    client: Client,
    config: Config,
    instruments: Vec<ListedInstrument>,
    sentiment: Option<Arc<dyn Sentiment>>,
    context: Context,
}

/// The content of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SeriesKind {
    Counts,
    Posts,
}

impl SeriesKind {
    fn name(self, listed: &ListedInstrument) -> String {
        let kind = match self {
            Self::Counts => "counts",
            Self::Posts => "posts",
        };
        format!("{kind} {}", listed.symbol)
    }

    /// Returns the alignment of windows: counts are of whole hours, and X reads times to the second.
    const fn alignment(self) -> TimeDelta {
        match self {
            Self::Counts => TimeDelta::hours(1),
            Self::Posts => TimeDelta::seconds(1),
        }
    }
}

impl X {
    /// Creates the source from `config`; the key is the *bearer token* of an app.
    ///
    /// # Errors
    /// When there is no key, a symbol has no query in the registry, a setting is out of bounds, or
    /// the key or the base URL cannot be used.
    pub fn new(config: Config, key: Option<SecretString>, context: &Context) -> Result<Self> {
        config.validate()?;
        let instruments = instruments::select(NAME, &context.registry, &config.symbols, ALIAS)?;
        let client = Client::new(key.as_ref(), &config.http, context)?;
        let sentiment: Option<Arc<dyn Sentiment>> = match config.sentiment {
            Scorer::Vader => Some(Arc::new(Vader::new())),
            Scorer::None => None,
        };
        Ok(Self { client, config, instruments, sentiment, context: context.clone() })
    }

    /// Sets the sentiment model, in place of the one in `config`.
    #[must_use]
    pub fn with_sentiment(self, sentiment: Arc<dyn Sentiment>) -> Self {
        Self { sentiment: Some(sentiment), ..self }
    }

    /// Returns the series in the order in which a round reads them: counts cost little, posts may use up the
    /// credits of the month.
    fn all(&self) -> impl Iterator<Item = (SeriesKind, &ListedInstrument)> {
        let counts = self.instruments.iter().map(|listed| (SeriesKind::Counts, listed));
        let posts = self.instruments.iter().map(|listed| (SeriesKind::Posts, listed));
        let wanted = |kind: &SeriesKind| match kind {
            SeriesKind::Counts => self.config.counts,
            SeriesKind::Posts => self.config.posts,
        };
        counts.chain(posts).filter(move |(kind, _)| wanted(kind))
    }
}

#[async_trait]
impl HistoricalSource for X {
    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let history = TimeDelta::days(self.config.history_days.into());
        let since = now - history.min(client::LOOKBACK - LOOKBACK_MARGIN * 2);
        let series = |(kind, listed): (SeriesKind, &ListedInstrument)| Series {
            lookback: Some(client::LOOKBACK - LOOKBACK_MARGIN),
            alignment: Some(kind.alignment()),
            is_paged: kind == SeriesKind::Posts,
            // X needs some time to index and count a post.
            finality_delay: match kind {
                SeriesKind::Counts => TimeDelta::minutes(5),
                SeriesKind::Posts => TimeDelta::seconds(30),
            },
            ..Series::history(
                kind.name(listed),
                ceil(since, kind.alignment()),
                match kind {
                    SeriesKind::Counts => client::LOOKBACK,
                    SeriesKind::Posts => WINDOW,
                },
                self.config.refresh,
            )
        };
        self.all().map(series).collect()
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    /// Checks the service by the counts of one hour, because posts cost money.
    async fn check(&self, now: DateTime<Utc>) -> Result<String> {
        let Some(listed) = self.instruments.first() else {
            return Ok("nothing is configured".into());
        };
        let hour = SeriesKind::Counts.alignment();
        let series =
            Series::history(SeriesKind::Counts.name(listed), now - hour, hour, self.config.refresh);
        let to = ceil(now - hour, hour);
        let window = Span::new(to - hour, to);
        let request = WindowRequest {
            series: &series,
            window,
            page_token: None,
            resume_token: None,
            reaches_now: false,
            now,
        };
        self.counts(listed, &request).await?;
        Ok("answers, and takes the key".into())
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let mut all = self.all();
        match all.find(|(kind, listed)| kind.name(listed) == request.series.name) {
            Some((SeriesKind::Counts, listed)) => self.counts(listed, request).await,
            Some((SeriesKind::Posts, listed)) => self.posts(listed, request).await,
            None => Err(Error::NoInstrument {
                service: NAME,
                symbol: request.series.name.clone(),
                known: self
                    .all()
                    .map(|(kind, listed)| kind.name(listed))
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }
}

#[async_trait]
impl Source for X {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        backfill::tables([SocialPost::table(), SocialCount::table()])
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let page = backfill::sync_page(self, &self.context, cursor).await;
        page.map_err(|error| error.into_source_error(NAME))
    }
}

/// Returns the last multiple of `alignment` up to `at`.
fn floor(at: DateTime<Utc>, alignment: TimeDelta) -> DateTime<Utc> {
    let micros = |length: TimeDelta| length.num_microseconds().unwrap_or(1).max(1);
    at - TimeDelta::microseconds(at.timestamp_micros().rem_euclid(micros(alignment)))
}

/// Returns the first multiple of `alignment` from `at` on.
fn ceil(at: DateTime<Utc>, alignment: TimeDelta) -> DateTime<Utc> {
    let floor = floor(at, alignment);
    if floor < at { floor + alignment } else { at }
}
