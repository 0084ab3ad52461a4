//! The paths of a folder's own files.

/// The folder of the store's own files.
pub(crate) const META_DIR: &str = "_tidegauge";
/// The path of the manifest.
pub(crate) const MANIFEST_PATH: &str = "_tidegauge/manifest.json";

/// The manifest as of the last reset: without it, a manifest that is lost could not be rebuilt
/// without the removed rows.
#[cfg(feature = "parquet")]
pub(super) const RESET_COPY_PATH: &str = "_tidegauge/reset.json";
