//! The check of the machine's clock.

use chrono::{DateTime, Datelike, Utc};

use crate::{Error, Result};

/// The years in which the clock may be: no coin was traded before 2009, and 64-bit nanoseconds
/// since 1970 end in 2262. Outside of them libraries panic, as TLS does before 1970.
const PLAUSIBLE_YEARS: std::ops::Range<i32> = 2009..2262;

/// Checks that the clock of the machine is plausible; history, requests and certificates depend on
/// it.
///
/// # Errors
/// When the year of `now` is outside of `PLAUSIBLE_YEARS`.
pub(crate) fn check(now: DateTime<Utc>) -> Result<()> {
    if PLAUSIBLE_YEARS.contains(&now.year()) {
        return Ok(());
    }
    let reason = format!(
        "it says {}, which cannot be; set it (timedatectl set-ntp true), then run again",
        now.format("%Y-%m-%d %H:%M:%S UTC")
    );
    Err(Error::Setting { setting: "the clock of this machine", reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implausible_clock_is_an_error() {
        for (now, shown) in [
            ("1960-01-01T00:00:00Z", "1960-01-01 00:00:00 UTC"),
            ("1970-01-01T00:00:07Z", "1970-01-01 00:00:07 UTC"),
            ("2262-01-01T00:00:00Z", "2262-01-01 00:00:00 UTC"),
        ] {
            let error = check(now.parse().unwrap()).unwrap_err().to_string();
            let says = format!("the clock of this machine: it says {shown}, which cannot be");
            assert!(error.starts_with(&says), "{error}");
        }
        assert!(
            check(DateTime::<Utc>::MIN_UTC).is_err() && check(DateTime::<Utc>::MAX_UTC).is_err()
        );
        assert!(check("2100-01-01T00:00:00Z".parse().unwrap()).is_ok());
    }
}
