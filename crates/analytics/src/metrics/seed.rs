//! The seeds of bootstraps.

/// Returns the seed of the bootstrap of a metric of a cohort, which depends on their names alone
/// (FNV-1a).
pub(crate) fn seed(metric: &str, cohort: Option<&str>) -> u64 {
    let cohort = cohort.unwrap_or_default();
    metric.bytes().chain([0]).chain(cohort.bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
