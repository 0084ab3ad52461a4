//! Cargo's metadata of the workspace and its dependencies.

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::{cargo, shown};

/// The output of `cargo metadata`, reduced to the fields in use.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
}

/// A package: a member of the workspace or a dependency.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) license: Option<String>,
    /// The source of the package; `None` for a package on this machine.
    pub(crate) source: Option<String>,
    /// The registries that it may be published to; an empty list marks a private package.
    pub(crate) publish: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

/// A target of a package: a library, a program or a test.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
}

impl Metadata {
    /// Runs `cargo metadata` with the additional arguments `words`.
    pub(crate) fn read(words: &[&str]) -> Result<Self, String> {
        let said = said(&[&["metadata", "--format-version", "1", "--locked"], words].concat())?;
        serde_json::from_str(&said).map_err(|error| format!("cargo metadata: {error}"))
    }

    /// Returns the packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

impl Package {
    /// Returns `true` if the package has a library target, on which others may depend.
    pub(crate) fn is_library(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

/// Returns the standard output of cargo with the arguments `words`.
pub(crate) fn said(words: &[&str]) -> Result<String, String> {
    let mut command = cargo();
    command.args(words);
    let output = command.output().map_err(|error| format!("`{}`: {error}", shown(&command)))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` failed: {error}", shown(&command)));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("`{}`: {error}", shown(&command)))
}
