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

fn violations(package: &Package) -> Vec<String> {
    Rules::parse(RULES).unwrap().violations(package)
}

#[test]
fn licence_expressions_are_evaluated() {
    for allowed in [
        "MIT",
        "MIT OR GPL-3.0-only",
        "GPL-3.0-only OR Apache-2.0",
        "MIT/Unlicense",
        "MIT AND Apache-2.0",
        "(GPL-2.0-only OR MIT) AND Apache-2.0",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
    ] {
        assert_eq!(violations(&package(allowed)), [""; 0], "{allowed}");
    }
    for (refused, which) in [
        ("GPL-3.0-only", "GPL-3.0-only"),
        ("MIT AND GPL-3.0-only", "GPL-3.0-only"),
        ("(MIT OR Unlicense) AND (ISC OR Zlib)", "ISC, Unlicense, Zlib"),
        ("MIT WITH LLVM-exception", "MIT WITH LLVM-exception"),
    ] {
        let expected =
            format!("dep 1.2.3 is under `{refused}`, and deny.toml does not allow {which}");
        assert_eq!(violations(&package(refused)), [expected]);
    }
}

#[test]
fn missing_and_unknown_licences_are_reported_with_their_package() {
    let unlicensed = Package { license: None, ..package("") };
    assert_eq!(violations(&unlicensed), ["dep 1.2.3 names no licence in its manifest"]);
    let unknown = violations(&package("My-Own-1.0"));
    assert!(unknown[0].starts_with("dep 1.2.3: licence `My-Own-1.0`: "), "{unknown:?}");
}

#[test]
fn private_packages_need_no_licence() {
    let private = Package { license: None, source: None, publish: Some(vec![]), ..package("") };
    assert_eq!(violations(&private), [""; 0]);
}

#[test]
fn banned_packages_and_other_sources_are_reported() {
    let banned = violations(&Package { name: "native-tls".into(), ..package("MIT") });
    assert!(banned[0].starts_with("native-tls 1.2.3 is banned (one TLS stack: rustls);"));
    for source in ["git+https://example.com/dep", "registry+https://example.com/index"] {
        let elsewhere = Package { source: Some(source.into()), ..package("MIT") };
        let expected = format!("dep 1.2.3 comes from {source}, and not from crates.io");
        assert_eq!(violations(&elsewhere), [expected]);
    }
}

#[test]
fn unknown_rules_are_refused() {
    for (rule, replacement) in [
        ("wildcards = \"allow\"", "wildcards = \"deny\""),
        ("private = { ignore = true }", "private = { ignore = true }\nclarify = []"),
        ("unknown-git = \"deny\"", "unknown-git = \"deny\"\nallow-git = []"),
        ("\"MIT\",", "\"MIT-ish\","),
        ("\"native-tls\"", "\"native-tls@<0.2\""),
    ] {
        let error = Rules::parse(&RULES.replace(rule, replacement)).unwrap_err();
        assert!(error.starts_with("deny.toml: "), "{error}");
    }
}

#[test]
fn deny_toml_of_the_workspace_is_valid() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deny.toml"));
    Rules::parse(&text.unwrap()).unwrap();
}
