//! Whoever wants to know how a run goes.

/// Is told how a run goes. Libraries do not print; the app passes in who does.
pub trait Observer: Send + Sync {
    /// A source begins.
    fn source_started(&self, source: &str);
    /// A page of a source is committed.
    fn page_loaded(&self, source: &str, rows: usize);
    /// A source has nothing more for now.
    fn source_finished(&self, source: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn source_started(&self, _: &str) {}
    fn page_loaded(&self, _: &str, _: usize) {}
    fn source_finished(&self, _: &str) {}
}
