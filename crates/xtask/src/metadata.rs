//! Cargo's metadata of the workspace and its dependencies.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::process::{cargo, stdout_of};

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
    /// Runs `cargo metadata` with the additional arguments `args`.
    pub(crate) fn read(args: &[&str]) -> Result<Self, String> {
        let mut cargo = cargo();
        cargo.args(["metadata", "--format-version", "1", "--locked"]).args(args);
        serde_json::from_str(&stdout_of(&mut cargo)?)
            .map_err(|error| format!("cargo metadata: {error}"))
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
