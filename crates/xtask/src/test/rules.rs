//! The bans, licences and sources of `deny.toml`, checked against all packages that are built.
//!
//! `cargo deny` reads the same file and checks advisories in addition; this check needs no tool
//! that may not be installed.

use std::collections::BTreeSet;

use serde::Deserialize;
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

use crate::metadata::{Metadata, Package};
use crate::paths::root;
use crate::process::{cargo, stdout_of};
use crate::terminal::say;

/// The source of packages from crates.io.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The content of `deny.toml`. An unknown rule is an error, so that none is ignored.
#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    #[serde(rename = "sources")]
    _sources: Sources,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: Vec<String>,
    private: Private,
}

/// `private.ignore`: whether private packages are exempt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Private {
    ignore: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bans {
    #[serde(rename = "multiple-versions")]
    _versions: Allowed,
    #[serde(rename = "wildcards")]
    _wildcards: Allowed,
    deny: Vec<Ban>,
}

/// The only supported level of rules that forbid nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Allowed {
    Allow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    #[serde(rename = "unknown-registry")]
    _registry: Denied,
    #[serde(rename = "unknown-git")]
    _git: Denied,
}

/// The only supported level of rules that forbid something.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Denied {
    Deny,
}

/// Checks the rules against the workspace.
pub(super) fn rules() -> Result<(), String> {
    let file = root().join("deny.toml");
    let text =
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let rules = Rules::parse(&text)?;
    let metadata = Metadata::read(&["--all-features"])?;
    let built = built_packages()?;
    let packages: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| built.contains(&(package.name.clone(), package.version.clone())))
        .collect();
    say(&format!("\n▶ deny.toml: bans, licences and sources of {} packages", packages.len()));
    let violations: Vec<_> =
        packages.into_iter().flat_map(|package| rules.violations(package)).collect();
    if violations.is_empty() { Ok(()) } else { Err(violations.join("\n")) }
}

/// Returns names and versions of the packages that are really built, on any platform. `cargo
/// metadata` lists more: it includes features that are only enabled if a package is present anyway.
fn built_packages() -> Result<BTreeSet<(String, String)>, String> {
    let args = ["tree", "--workspace", "--all-features", "--locked", "--target", "all"];
    let tree = stdout_of(cargo().args(args).args(["--prefix", "none", "--format", "{p}"]))?;
    let package = |line: &str| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((name.to_owned(), version.to_owned()))
    };
    let lines = tree.lines().filter(|line| !line.is_empty());
    lines.map(|line| package(line).ok_or_else(|| format!("cargo tree says `{line}`"))).collect()
}

impl Rules {
    fn parse(text: &str) -> Result<Self, String> {
        let rules: Self = toml::from_str(text).map_err(|error| format!("deny.toml: {error}"))?;
        for allowed in &rules.licenses.allow {
            Licensee::parse(allowed).map_err(|error| format!("deny.toml: {error}"))?;
        }
        match rules.bans.deny.iter().find(|ban| ban.name.contains(['@', ':'])) {
            Some(ban) => Err(format!("deny.toml: `{}`: a ban is of all versions here", ban.name)),
            None => Ok(rules),
        }
    }

    /// Returns the violations of a package, one per line.
    fn violations(&self, package: &Package) -> Vec<String> {
        let Package { name, version, .. } = package;
        let mut violations = Vec::new();
        if let Some(ban) = self.bans.deny.iter().find(|ban| ban.name == *name) {
            violations.push(format!(
                "{name} {version} is banned ({}); `cargo tree --workspace --all-features --target all \
                 --invert {name}` says who brings it",
                ban.reason
            ));
        }
        if let Some(source) = package.source.as_deref().filter(|source| *source != CRATES_IO) {
            violations
                .push(format!("{name} {version} comes from {source}, and not from crates.io"));
        }
        let is_private = package.publish.as_ref().is_some_and(Vec::is_empty);
        if !(is_private && self.licenses.private.ignore) {
            violations.extend(self.license_violation(package));
        }
        violations
    }

    /// Returns why the licence of a package is not allowed, or `None` if it is.
    fn license_violation(&self, package: &Package) -> Option<String> {
        let Package { name, version, .. } = package;
        let Some(license) = &package.license else {
            return Some(format!("{name} {version} names no licence in its manifest"));
        };
        // In cargo's lax mode: `MIT/Apache-2.0` is an old notation for `OR`.
        let expression = match Expression::parse_mode(license, ParseMode::LAX) {
            Ok(expression) => expression,
            Err(error) => {
                let reason = error.reason;
                return Some(format!("{name} {version}: licence `{license}`: {reason}"));
            }
        };
        let is_allowed = |requirement: &LicenseReq| {
            let allowed =
                self.licenses.allow.iter().filter_map(|licence| Licensee::parse(licence).ok());
            allowed.into_iter().any(|licensee| licensee.satisfies(requirement))
        };
        let refused = expression.evaluate_with_failures(is_allowed).err()?;
        let refused: BTreeSet<_> =
            refused.iter().map(|requirement| requirement.req.to_string()).collect();
        let refused: Vec<_> = refused.into_iter().collect();
        Some(format!(
            "{name} {version} is under `{license}`, and deny.toml does not allow {}",
            refused.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests;
