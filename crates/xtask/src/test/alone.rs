//! Checks that each crate and each feature compiles without the others, and that each library makes
//! a package.
//!
//! In a build of the whole workspace a crate gets all features that any other crate requests, so a
//! feature that its own manifest forgets to request goes unnoticed.

use crate::metadata::{Metadata, Package};
use crate::process::{cargo, run};

/// Checks every library without features and with each one, and every crate's tests separately,
/// with the default features and without; then packages what is not private.
pub(super) fn alone() -> Result<(), String> {
    let metadata = Metadata::read(&["--no-deps"])?;
    for args in metadata.members().flat_map(checks) {
        run(cargo().args(["check", "--quiet", "--locked"]).args(args))?;
    }
    let is_private = |package: &&Package| package.publish.as_ref().is_some_and(Vec::is_empty);
    let private: Vec<_> =
        metadata.members().filter(is_private).map(|package| package.name.as_str()).collect();
    run(cargo()
        .args(["package", "--quiet", "--workspace", "--no-verify", "--exclude-lockfile"])
        .arg("--allow-dirty")
        .args(private.iter().flat_map(|name| ["--exclude", *name])))
}

/// Returns the arguments of cargo for each check of `package`. Tests are checked separately,
/// because the features of dev-dependencies would otherwise be enabled for the library too.
fn checks(package: &Package) -> Vec<Vec<String>> {
    // A feature that begins with `_` is shared by other features and never selected by itself.
    let is_selectable = |feature: &&String| *feature != "default" && !feature.starts_with('_');
    let features = package.features.keys().filter(is_selectable);
    let mut selections = vec![vec![]];
    if package.is_library() {
        selections.push(vec!["--no-default-features".into()]);
    }
    selections.extend(
        features.map(|feature| {
            vec!["--no-default-features".into(), "--features".into(), feature.clone()]
        }),
    );
    let mut checks = Vec::new();
    for selection in selections {
        let has_feature = selection.iter().any(|arg| arg == "--features");
        for part in ["--lib", "--tests"] {
            let is_checked = match part {
                "--tests" => !has_feature,
                _ => package.is_library() && !selection.is_empty(),
            };
            if is_checked {
                let args = ["--package", &package.name, part].map(ToOwned::to_owned);
                checks.push([args.as_slice(), &selection].concat());
            }
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(kind: &str, features: &[&str]) -> Package {
        let text = serde_json::json!({
            "id": "p 1.0.0", "name": "p", "version": "1.0.0",
            "features": features
                .iter()
                .map(|feature| (*feature, [""; 0]))
                .collect::<std::collections::BTreeMap<_, _>>(),
            "targets": [{ "kind": [kind] }, { "kind": ["test"] }],
        });
        serde_json::from_value(text).unwrap()
    }

    fn arguments(package: &Package) -> Vec<String> {
        checks(package).iter().map(|args| args[2..].join(" ")).collect()
    }

    #[test]
    fn libraries_are_checked_with_each_feature_and_their_tests_without_features() {
        let expected = [
            "--tests",
            "--lib --no-default-features",
            "--tests --no-default-features",
            "--lib --no-default-features --features csv",
            "--lib --no-default-features --features sqlite",
        ];
        assert_eq!(arguments(&package("lib", &["_sql", "csv", "default", "sqlite"])), expected);
    }

    #[test]
    fn programs_are_checked_with_their_tests_only() {
        assert_eq!(arguments(&package("bin", &[])), ["--tests"]);
    }
}
