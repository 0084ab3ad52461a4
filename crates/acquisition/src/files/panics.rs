//! Panics of the library that reads Parquet, as errors of the file that it reads.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in code whose panics become errors.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `read` and returns what it panics with, if it does, without a word on standard error: the
/// library asserts where damaged files would want an error.
pub(super) fn caught<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    // Panics elsewhere, and on other threads, are reported as before.
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !CAUGHT.get() {
                before(panicked);
            }
        }));
    });
    CAUGHT.set(true);
    // All that `read` has changed is given up with the page.
    let done = panic::catch_unwind(AssertUnwindSafe(read));
    CAUGHT.set(false);
    done.map_err(|payload| said(payload.as_ref()))
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_becomes_an_error() {
        assert_eq!(caught(|| 7), Ok(7));
        let bytes = [0u8; 4];
        let end = std::hint::black_box(9);
        let error = caught(|| bytes[..end].len()).unwrap_err();
        assert!(error.contains("out of range"), "{error}");
        assert!(!CAUGHT.get());
    }
}
