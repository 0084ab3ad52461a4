//! Checks that the docs page of the tables matches their definitions.

#[test]
fn docs_tables_is_current() {
    let page = std::fs::read_to_string("../../docs/tables.md");
    assert_eq!(
        page.unwrap_or_default(),
        tidegauge_report::reference::tables_page(),
        "docs/tables.md is stale: cargo run -p tidegauge -- tables --markdown > docs/tables.md"
    );
}
