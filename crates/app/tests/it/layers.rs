//! The boundaries between the layers, checked in the manifests and the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const CORE: &str = "tidegauge-core";
const APP: &str = "tidegauge";
const EXAMPLES: &str = "tidegauge-examples";
const TESTKIT: &str = "tidegauge-testkit";
const ANALYTICS: &str = "tidegauge-analytics";
const MODELS: &str = "tidegauge-models";
const REPORT: &str = "tidegauge-report";
const LAYERS: [&str; 4] =
    ["tidegauge-acquisition", "tidegauge-simulation", "tidegauge-storage", "tidegauge-analytics"];

/// A crate of the workspace.
struct Member {
    folder: PathBuf,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// `true` for a normal dependency; the others are for tests and build scripts.
    normal: bool,
}

/// Returns the crates of the workspace by name.
fn members() -> BTreeMap<String, Member> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let member = |package: &Value| {
        let dependency = |dependency: &Value| Dependency {
            name: text(&dependency["name"]),
            normal: dependency["kind"].is_null(),
        };
        let folder = Path::new(&text(&package["manifest_path"])).parent().unwrap().to_owned();
        let dependencies = list(&package["dependencies"]).iter().map(dependency).collect();
        (text(&package["name"]), Member { folder, dependencies })
    };
    let members: BTreeMap<_, _> = list(&metadata["packages"]).iter().map(member).collect();
    for name in LAYERS.into_iter().chain([CORE, MODELS, REPORT, APP]) {
        assert!(members.contains_key(name), "no member {name}");
    }
    members
}

/// Returns the members that `name` depends on; with `normal`, its normal dependencies only.
fn siblings(members: &BTreeMap<String, Member>, name: &str, normal: bool) -> Vec<String> {
    let among = |dependency: &&Dependency| {
        members.contains_key(&dependency.name) && (dependency.normal || !normal)
    };
    members[name]
        .dependencies
        .iter()
        .filter(among)
        .map(|dependency| dependency.name.clone())
        .collect()
}

/// Returns the members that depend on `dependency` in any way.
fn users(members: &BTreeMap<String, Member>, dependency: &str) -> Vec<String> {
    let uses = |member: &Member| member.dependencies.iter().any(|other| other.name == dependency);
    members.iter().filter(|(_, member)| uses(member)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn core_has_no_dependencies_and_no_io() {
    let members = members();
    assert_eq!(siblings(&members, CORE, false), [""; 0]);
    for dependency in &members[CORE].dependencies {
        for io in ["tokio", "reqwest", "hyper", "sqlx", "polars", "polars-io"] {
            assert!(!dependency.normal || dependency.name != io, "core depends on {io}");
        }
    }
}

#[test]
fn polars_stays_in_analytics() {
    // Tests and examples may build frames for the crate; users of other crates link Arrow only.
    for (name, member) in members() {
        let of_polars = member
            .dependencies
            .iter()
            .filter(|dependency| dependency.normal && dependency.name.starts_with("polars"));
        let found: Vec<_> = of_polars.map(|dependency| &dependency.name).collect();
        assert!(found.is_empty() || name == ANALYTICS, "{name} depends on {found:?}");
    }
}

#[test]
fn layers_depend_on_core_only() {
    let members = members();
    // Tests of any layer may start servers; no normal dependency may.
    assert_eq!(siblings(&members, TESTKIT, false), [CORE]);
    for user in users(&members, TESTKIT) {
        let normal = siblings(&members, &user, true);
        assert!(!normal.iter().any(|sibling| sibling == TESTKIT), "{user} ships with {TESTKIT}");
    }
    for layer in LAYERS {
        let below = if layer == ANALYTICS { vec![CORE, MODELS] } else { vec![CORE] };
        assert_eq!(siblings(&members, layer, true), below, "{layer}");
        let expected = if layer == ANALYTICS { vec![APP, REPORT] } else { vec![APP] };
        assert_eq!(users(&members, layer), expected, "who depends on {layer}");
    }
    assert_eq!(users(&members, APP), [EXAMPLES], "who depends on the app");
}

#[test]
fn models_depend_on_no_other_crate_of_the_workspace() {
    let members = members();
    assert_eq!(siblings(&members, MODELS, false), [""; 0]);
    assert_eq!(users(&members, MODELS), [ANALYTICS], "who depends on {MODELS}");
}

#[test]
fn report_does_no_io() {
    let members = members();
    assert_eq!(siblings(&members, REPORT, false), [ANALYTICS, CORE]);
    assert_eq!(users(&members, REPORT), [APP]);
    // An explicit list: each new dependency must be checked for I/O.
    let others = ["askama", "chrono", "serde", "serde_json", "thiserror"];
    for dependency in members[REPORT].dependencies.iter().filter(|dependency| dependency.normal) {
        let name = dependency.name.as_str();
        assert!(others.contains(&name) || [ANALYTICS, CORE].contains(&name), "{name}");
    }
    let code = code(&members[REPORT]);
    assert!(!code.is_empty());
    for (place, line) in code {
        for word in ["std::fs", "std::io", "std::net", "std::env", "tokio", "polars"] {
            assert!(!line.contains(word), "{place}: {line}");
        }
        // Names of providers and simulators must be passed as data.
        for name in ["coingecko", "kraken", "twelvedata", "frankfurter", "recorded", "classic"] {
            assert!(!line.to_lowercase().contains(name), "{place}: {line}");
        }
    }
}

#[test]
fn http_and_sql_clients_stay_in_their_layers() {
    let members = members();
    assert_eq!(users(&members, "reqwest"), ["tidegauge-acquisition", "tidegauge-storage"]);
    // BigQuery is a store with an HTTP API only.
    let found = found(&["reqwest::"], &["tidegauge-acquisition"]);
    let module = |place: &String| place.contains("/storage/src/bigquery/");
    assert!(found.iter().all(module), "{found:?}");
    assert_eq!(users(&members, "sqlx"), ["tidegauge-acquisition", "tidegauge-storage"]);
}

#[test]
fn acquisition_reads_databases_in_one_module() {
    let found = found(&["sqlx::"], &["tidegauge-storage"]);
    let module = |place: &String| place.contains("/acquisition/src/user_data/database/");
    assert!(found.iter().all(module), "{found:?}");
    assert!(!found.is_empty(), "it asks, and is not found to");
    let writes = ["INSERT ", "UPDATE ", "DELETE ", "CREATE ", "DROP ", "ALTER ", "TRUNCATE "];
    let writing = |(_, line): &(String, String)| writes.iter().any(|word| line.contains(word));
    let code = code(&members()["tidegauge-acquisition"]);
    let written: Vec<_> = code.iter().filter(|line| writing(line)).collect();
    assert!(written.is_empty(), "{written:?}");
}

#[test]
fn versions_and_lints_are_inherited_from_the_workspace() {
    for (name, member) in members() {
        let manifest = fs::read_to_string(member.folder.join("Cargo.toml")).unwrap();
        let manifest: Value = toml::from_str(&manifest).unwrap();
        assert_eq!(manifest["lints"]["workspace"], true, "{name}: lints");
        for field in ["version", "edition", "rust-version", "license"] {
            assert_eq!(manifest["package"][field]["workspace"], true, "{name}: {field}");
        }
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest[kind].as_object() else { continue };
            for (dependency, asked) in dependencies {
                let place = format!("{name}: {kind}.{dependency}");
                assert_eq!(asked["workspace"], true, "{place}");
                for own in ["version", "path", "git"] {
                    assert!(asked.get(own).is_none(), "{place} has a {own} of its own");
                }
            }
        }
    }
}

/// Returns the lines of a crate's code with their positions, without comments and unit tests.
fn code(member: &Member) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut folders = vec![member.folder.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let own = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                lines.extend(own.lines().enumerate().filter_map(|(at, line)| {
                    let line = line.trim();
                    let place = format!("{}:{}", path.display(), at + 1);
                    (!line.starts_with("//")).then(|| (place, line.to_owned()))
                }));
            }
        }
    }
    lines
}

/// Returns the positions of `words` in the code of the members other than `but`. Examples are whole
/// programs, and are excluded.
fn found(words: &[&str], but: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let searched = |name: &str| !but.contains(&name) && name != EXAMPLES;
    for (_, member) in members().iter().filter(|(name, _)| searched(name)) {
        let code = code(member);
        assert!(!code.is_empty(), "{} has no code", member.folder.display());
        let guilty = |line: &str| words.iter().any(|word| line.contains(word));
        found.extend(code.into_iter().filter(|(_, line)| guilty(line)).map(|(place, _)| place));
    }
    found
}

#[test]
fn only_the_app_reads_the_environment() {
    let words = ["std::env", "env::var", "env::args", "env::temp_dir", "env::current_dir"];
    let found_in = found(&words, &[APP, TESTKIT, "xtask"]);
    // Google's clients find an emulator by BIGQUERY_EMULATOR_HOST, and so do users of this crate.
    let emulator = |place: &String| place.contains("/storage/src/bigquery/dataset.rs:");
    assert!(found_in.iter().all(emulator), "{found_in:?}");
    assert!(
        !found(&words, &[TESTKIT, "xtask"]).is_empty(),
        "the app reads it, and is not found to"
    );
}

#[test]
fn libraries_do_not_print() {
    let words = ["print!(", "println!(", "dbg!(", "io::stdout", "io::stderr"];
    let found = found(&words, &[TESTKIT, "xtask"]);
    let command = |place: &String| place.contains("/app/src/bin/");
    assert!(found.iter().all(command), "{found:?}");
    assert!(!found.is_empty(), "the command prints, and is not found to");
}

#[test]
fn only_the_clock_reads_the_time() {
    let found = found(&["SystemTime::now", "Utc::now", "Local::now"], &[]);
    assert!(matches!(&found[..], [place] if place.contains("/core/src/clock.rs:")), "{found:?}");
}

#[test]
fn nothing_is_random_without_a_seed() {
    // Jitter between attempts is the one exception: no row depends on it.
    let words = ["fastrand::", "rand::rng(", "rand::random", "from_os_rng", "thread_rng("];
    let found = found(&words, &[]);
    let pauses = |place: &String| place.contains("/acquisition/src/http/backoff.rs:");
    assert!(found.iter().all(pauses), "{found:?}");
}
