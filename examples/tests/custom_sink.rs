//! Runs the conformance tests of sinks on the example's sink.

#[path = "../custom_sink.rs"]
#[allow(dead_code, unreachable_pub)] // its `main`
mod example;

use std::sync::Arc;

use async_trait::async_trait;
use example::Memory;
use tidegauge_core::conformance::Subject;
use tidegauge_core::{Sink, TableRef, sink_promises};

#[async_trait]
impl Subject for Memory {
    fn another(&self) -> Box<dyn Subject> {
        Box::new(Self::default())
    }

    fn sink(&self) -> Arc<dyn Sink> {
        Arc::new(self.clone())
    }

    async fn rows(&self, table: &TableRef) -> usize {
        Self::rows(self, &table.name)
    }
}

sink_promises!(memory, Some(Memory::default()));
