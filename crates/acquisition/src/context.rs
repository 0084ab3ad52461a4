//! The context that is passed to every source.

use std::sync::Arc;

use tidegauge_core::Clock;
use tidegauge_core::instruments::InstrumentRegistry;

use crate::bad_rows::BadRows;
#[cfg(feature = "_http")]
use crate::http::Usage;

/// The context that is passed to every source: the clock, the registry of instruments, the policy for bad
/// rows and the request budgets. Cheap to clone.
///
/// ```
/// # #[cfg(feature = "kraken")] {
/// use std::sync::Arc;
/// use tidegauge_acquisition::{Context, http::Usage};
/// use tidegauge_core::SystemClock;
///
/// let context = Context::new(Arc::new(SystemClock));
/// // What a program remembers of its requests is forgotten when it ends, unless it is kept.
/// let context = Context { usage: Usage::kept_in("state/usage"), ..context };
/// # let _ = context;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Context {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The known instruments.
    pub registry: InstrumentRegistry,
    /// The policy for bad rows.
    pub bad_rows: BadRows,
    /// The requests made to each service, and their budgets.
    #[cfg(feature = "_http")]
    pub usage: Usage,
}

impl Context {
    /// Creates a context with the built-in instruments, the default policy for bad rows (fail), and a usage
    /// that is kept in memory only.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            registry: InstrumentRegistry::default(),
            bad_rows: BadRows::default(),
            #[cfg(feature = "_http")]
            usage: Usage::default(),
        }
    }
}
