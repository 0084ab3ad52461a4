//! What cargo knows of the workspace and of all that it is built of.

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::{cargo, shown};

/// The answer of `cargo metadata`, as far as chores ask.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
}

/// A package: one of ours, or one that we build on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) license: Option<String>,
    /// Where it comes from; none for what lies on this machine.
    pub(crate) source: Option<String>,
    /// The registries that it may go to; an empty list: none, it is private.
    pub(crate) publish: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

/// A library, a program, a test of a package.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
}

impl Metadata {
    /// Asks cargo, with `words` behind what is always said.
    pub(crate) fn read(words: &[&str]) -> Result<Self, String> {
        let said = said(&[&["metadata", "--format-version", "1", "--locked"], words].concat())?;
        serde_json::from_str(&said).map_err(|error| format!("cargo metadata: {error}"))
    }

    /// The packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

impl Package {
    /// Whether it has a library, so that others may build on it.
    pub(crate) fn is_library(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

/// What cargo says to `words`.
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
