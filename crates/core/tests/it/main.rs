//! The conformance tests, run against an in-memory warehouse.
#![allow(clippy::unwrap_used)] // these are tests

mod memory;

use std::sync::Arc;

use memory::Memory;
use tidegauge_core::conformance::Subject;
use tidegauge_core::{Sink, Warehouse};

#[async_trait::async_trait]
impl Subject for Memory {
    fn another(&self) -> Box<dyn Subject> {
        Box::new(Self::default())
    }

    fn sink(&self) -> Arc<dyn Sink> {
        Arc::new(self.clone())
    }

    fn warehouse(&self) -> Option<Arc<dyn Warehouse>> {
        Some(Arc::new(self.clone()))
    }
}

tidegauge_core::sink_promises!(memory_sink, Some(Memory::default()));
tidegauge_core::warehouse_promises!(memory_warehouse, Some(Memory::default()));
