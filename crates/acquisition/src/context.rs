//! What every source is given by whoever makes it.

use std::sync::Arc;

use tidegauge_core::Clock;
use tidegauge_core::instruments::Registry;

use crate::bad_rows::BadRows;
#[cfg(feature = "_http")]
use crate::http::Usage;

/// What every source is given by whoever makes it: the clock, the names of things, and what all
/// share. Cheap to clone.
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
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The instruments that there are.
    pub registry: Registry,
    /// What becomes of rows that make no sense.
    pub bad_rows: BadRows,
    /// What has been asked of each service, and how much may be.
    #[cfg(feature = "_http")]
    pub usage: Usage,
}

impl Context {
    /// The instruments of the house, no bad row taken, and no memory of earlier requests.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            registry: Registry::default(),
            bad_rows: BadRows::default(),
            #[cfg(feature = "_http")]
            usage: Usage::default(),
        }
    }
}
