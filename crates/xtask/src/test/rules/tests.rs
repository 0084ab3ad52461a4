use super::*;

const RULES: &str = r#"
    [graph]
    all-features = true
    [advisories]
    yanked = "deny"
    [licenses]
    allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
    private = { ignore = true }
    [bans]
    multiple-versions = "allow"
    wildcards = "allow"
    deny = [{ crate = "native-tls", reason = "one TLS stack: rustls" }]
    [sources]
    unknown-registry = "deny"
    unknown-git = "deny"
"#;

fn package(license: &str) -> Package {
    Package {
        name: "dep".into(),
        version: "1.2.3".into(),
        license: Some(license.into()),
        source: Some(CRATES_IO.into()),
        ..Package::default()
    }
}

fn broken(package: &Package) -> Vec<String> {
    Rules::parse(RULES).unwrap().broken_by(package)
}

#[test]
fn licences_are_read_as_the_expressions_that_they_are() {
    for allowed in [
        "MIT",
        "MIT OR GPL-3.0-only",
        "GPL-3.0-only OR Apache-2.0",
        "MIT/Unlicense",
        "MIT AND Apache-2.0",
        "(GPL-2.0-only OR MIT) AND Apache-2.0",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
    ] {
        assert_eq!(broken(&package(allowed)), [""; 0], "{allowed}");
    }
    for (refused, which) in [
        ("GPL-3.0-only", "GPL-3.0-only"),
        ("MIT AND GPL-3.0-only", "GPL-3.0-only"),
        ("(MIT OR Unlicense) AND (ISC OR Zlib)", "ISC, Unlicense, Zlib"),
        ("MIT WITH LLVM-exception", "MIT WITH LLVM-exception"),
    ] {
        let said = format!("dep 1.2.3 is under `{refused}`, and deny.toml does not allow {which}");
        assert_eq!(broken(&package(refused)), [said]);
    }
}

#[test]
fn a_licence_that_is_missing_or_unknown_is_named_with_its_crate() {
    let nothing = Package { license: None, ..package("") };
    assert_eq!(broken(&nothing), ["dep 1.2.3 names no licence in its manifest"]);
    let unknown = broken(&package("My-Own-1.0"));
    assert!(unknown[0].starts_with("dep 1.2.3: licence `My-Own-1.0`: "), "{unknown:?}");
}

#[test]
fn private_packages_may_say_what_they_like() {
    let private = Package { license: None, source: None, publish: Some(vec![]), ..package("") };
    assert_eq!(broken(&private), [""; 0]);
}

#[test]
fn what_is_banned_and_what_comes_from_elsewhere_is_named() {
    let banned = broken(&Package { name: "native-tls".into(), ..package("MIT") });
    assert!(banned[0].starts_with("native-tls 1.2.3 is banned (one TLS stack: rustls);"));
    for source in ["git+https://example.com/dep", "registry+https://example.com/index"] {
        let elsewhere = Package { source: Some(source.into()), ..package("MIT") };
        let said = format!("dep 1.2.3 comes from {source}, and not from crates.io");
        assert_eq!(broken(&elsewhere), [said]);
    }
}

#[test]
fn a_rule_that_is_not_known_is_refused() {
    for (now, then) in [
        ("wildcards = \"allow\"", "wildcards = \"deny\""),
        ("private = { ignore = true }", "private = { ignore = true }\nclarify = []"),
        ("unknown-git = \"deny\"", "unknown-git = \"deny\"\nallow-git = []"),
        ("\"MIT\",", "\"MIT-ish\","),
        ("\"native-tls\"", "\"native-tls@<0.2\""),
    ] {
        let error = Rules::parse(&RULES.replace(now, then)).unwrap_err();
        assert!(error.starts_with("deny.toml: "), "{error}");
    }
}

#[test]
fn the_rules_of_the_house_are_read() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deny.toml"));
    Rules::parse(&text.unwrap()).unwrap();
}
