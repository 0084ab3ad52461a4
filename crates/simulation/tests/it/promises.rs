//! Conformance of both presets to the contract of a source.

use std::sync::Arc;

use crate::support::{self, MARKET};
use async_trait::async_trait;
use tidegauge_core::conformance::source::SourceSubject;
use tidegauge_core::{Source, source_promises};
use tidegauge_simulation::{Classic, ClassicConfig, Exchange, ExchangeConfig};

/// Number of rows by which a page may exceed the limit, because the rows of one event stay together.
const EVENT_ROWS: usize = 20;

/// The `classic` preset under test.
struct ClassicSubject;

#[async_trait]
impl SourceSubject for ClassicSubject {
    async fn source(&self) -> Arc<dyn Source> {
        let default = ClassicConfig::default();
        let until = Some(default.start_day);
        let config = ClassicConfig { until, page_rows: 20_000, ..default };
        Arc::new(Classic::new(config, MARKET.clone()).unwrap())
    }

    fn most_rows(&self) -> usize {
        20_000 + EVENT_ROWS
    }
}

/// The `exchange` preset under test.
struct ExchangeSubject;

#[async_trait]
impl SourceSubject for ExchangeSubject {
    async fn source(&self) -> Arc<dyn Source> {
        let page_rows = 20_000;
        let config = ExchangeConfig { page_rows, ..support::config(300, 60) };
        Arc::new(Exchange::new(config, MARKET.clone()).unwrap())
    }

    fn most_rows(&self) -> usize {
        40_000
    }
}

source_promises!(classic_keeps, Some(ClassicSubject));
source_promises!(exchange_keeps, Some(ExchangeSubject));
