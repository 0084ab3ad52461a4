//! Conversion of library panics on damaged input to errors.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// `true` while a panic on this thread becomes an error instead of being printed.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` and converts a panic to an error with the first line of its message, without
/// printing it.
///
/// For libraries that assert where damaged input should be an error. After a panic the caller must
/// discard whatever `work` has changed. Other panics, and those on other threads, go to the panic
/// hook as before; a program that sets its own hook must set it before the first call.
///
/// ```
/// use tidegauge_core::panics::catch;
///
/// assert_eq!(catch(|| 7), Ok(7));
/// let error = catch(|| [0, 1][std::hint::black_box(9)]).unwrap_err();
/// assert!(error.contains("out of bounds"));
/// ```
///
/// # Errors
/// Returns the message of the panic.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !IS_CAUGHT.get() {
                previous(panicked);
            }
        }));
    });
    let outer = IS_CAUGHT.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(outer);
    result.map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_errors_and_nested_calls_are_independent() {
        assert_eq!(catch::<()>(|| panic!("index {} out\nof range", 7)), Err("index 7 out".into()));
        assert_eq!(catch::<()>(|| panic::panic_any(7)), Err("it panicked".into()));
        let inner = || catch::<()>(|| panic!("inner"));
        assert_eq!(catch(inner), Ok(Err("inner".into())));
        assert!(!IS_CAUGHT.get());
    }
}
