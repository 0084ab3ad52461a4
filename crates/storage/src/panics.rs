//! Panics of a library on damaged input, as errors of the file that has it.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use parquet::errors::ParquetError;

thread_local! {
    /// Whether what panics on this thread is caught here, and is not to be printed.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs `work`, which decodes what may be damaged.
///
/// # Errors
/// Returns what `work` returns, or an error if it panics: nothing is printed of that.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    HOOK.call_once(|| {
        let printed = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !IS_CAUGHT.get() {
                printed(panicked);
            }
        }));
    });
    let outer = IS_CAUGHT.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(outer);
    done.unwrap_or_else(|panicked| {
        let reason = format!("it cannot be decoded ({})", said(&*panicked));
        Err(ParquetError::General(reason))
    })
}

/// Returns what a panic said, in one line.
fn said(panicked: &(dyn Any + Send)) -> String {
    let text = panicked.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panicked.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_is_an_error_and_the_next_one_is_not_caught() {
        let error = caught::<()>(|| panic!("index {} out\nof range", 7)).unwrap_err().to_string();
        assert!(error.contains("it cannot be decoded (index 7 out)"), "{error}");
        assert_eq!(caught(|| Ok(1)).unwrap(), 1);
        assert!(!IS_CAUGHT.get());
    }
}
