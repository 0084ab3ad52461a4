//! Reading the manifest, and committing it by compare-and-swap.

use std::io;
use std::path::Path;

use serde::Deserialize;

use super::directory::Directory;
use super::format::Format;
use super::layout::MANIFEST_PATH;
use super::manifest::{Manifest, VERSION, checksum_matches, with_checksum};
use crate::{Error, Result};

impl Manifest {
    /// Reads the manifest of the folder at `directory`; it is empty if nothing was ever loaded.
    ///
    /// # Errors
    /// When the manifest is missing although data files exist, when it is damaged, or when it is
    /// older than a commit that is known to have been made.
    pub(crate) fn read<F: Format<D>, D: Directory>(directory: &D) -> Result<Self> {
        let wrong = |reason: String| Error::Manifest {
            path: directory.name(MANIFEST_PATH),
            reason,
            advice: F::ADVICE.into(),
        };
        loop {
            let known_commit = directory.known_commit();
            let Some((text, manifest_version)) = directory.read_manifest()? else {
                let Some(orphan) = F::find_orphan(directory)? else {
                    return Ok(Self::empty(F::NAME, known_commit));
                };
                if directory.read_manifest()?.is_some() {
                    continue; // the first load has just begun
                }
                return Err(wrong(format!(
                    "is gone, and files of rows are there, such as `{}`",
                    directory.name(&orphan)
                )));
            };
            let manifest = match Self::parse::<F, D>(directory, &text)? {
                Ok(manifest) => Self { manifest_version, ..manifest },
                Err(reason) => return Err(wrong(format!("is damaged: {reason}"))),
            };
            if manifest.commit < known_commit {
                return Err(wrong(format!(
                    "is an older one: it ends with commit {}, and commit {known_commit} was made",
                    manifest.commit
                )));
            }
            directory.record_commit(manifest.commit);
            return Ok(manifest);
        }
    }

    /// Decodes a manifest. The inner result is the reason why it is damaged.
    ///
    /// # Errors
    /// When it was written by a newer release, or belongs to another format.
    pub(crate) fn parse<F: Format<D>, D: Directory>(
        directory: &D,
        text: &[u8],
    ) -> Result<std::result::Result<Self, String>> {
        // Only the version of a manifest of a newer release can be relied on.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        match serde_json::from_slice(text) {
            Ok(Versioned { version }) if version > VERSION => {
                return Err(Error::NewerVersion { path: directory.name("") });
            }
            Ok(_) => {}
            Err(error) => return Ok(Err(error.to_string())),
        }
        match serde_json::from_slice::<Self>(text) {
            Ok(manifest) if manifest.format != F::NAME => {
                Err(Error::ForeignFile { path: directory.name(MANIFEST_PATH) })
            }
            Ok(manifest) => Ok(match manifest.checksum {
                Some(checksum) if !checksum_matches(text, checksum) => {
                    Err("it is not as a load has written it, but was changed since".into())
                }
                _ => Ok(Self { checksum: None, ..manifest }),
            }),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Commits by compare-and-swap of the folder's manifest. Returns `false` on conflict, if the
    /// manifest has changed since this one was derived from it.
    pub(crate) fn commit_to(&mut self, directory: &impl Directory) -> Result<bool> {
        self.version = VERSION;
        let text = self.to_json(directory)?;
        let done = directory.swap_manifest(&text, self.manifest_version.as_ref())?;
        if done {
            directory.record_commit(self.commit);
        }
        Ok(done)
    }

    /// Returns the manifest as it is written.
    pub(crate) fn to_json(&self, directory: &impl Directory) -> Result<Vec<u8>> {
        let to_error =
            |error| Error::io(Path::new(&directory.name(MANIFEST_PATH)), io::Error::other(error));
        serde_json::to_vec(self).map(with_checksum).map_err(to_error)
    }
}
