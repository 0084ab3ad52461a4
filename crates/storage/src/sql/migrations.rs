//! The files of `migrations/`, which are generated from the tables of core.
//!
//! A file that may have been applied to a user's database never changes: these files are listed in
//! `migrations/released.sha256`. `cargo xtask migrations` writes one more file per dialect for what
//! the tables define beyond them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tidegauge_core::{Column, DataType, Table, TableRef, tables};

use super::{Dialect, WiderDecimal};

/// The list of the released files, which never change, in the format of `sha256sum --check`.
const RELEASED_FILE: &str = "migrations/released.sha256";

/// The list of a dialect's files, which the store includes.
const LIST_FILE: &str = "list.rs";

/// The generator of the migrations of a dialect.
pub(crate) struct Migrations {
    /// The dialect's folder in `migrations/`.
    pub(crate) folder: &'static str,
    pub(crate) dialect: &'static Dialect,
    /// Returns the statements that create a table, each with its semicolon and on its own line.
    pub(crate) create: fn(&Table) -> String,
    /// Returns the statements that add columns to a table, in the same form as `create`.
    pub(crate) add: fn(&Table, &[&Column]) -> String,
}

impl Migrations {
    /// Writes the missing migrations, and the list.
    pub(crate) fn write(&self) {
        for name in self.unreleased() {
            fs::remove_file(self.path(&name)).unwrap();
        }
        for (name, text) in self.expected_files() {
            fs::write(self.path(&name), text).unwrap();
        }
    }

    /// Asserts that the files match the tables and the released files.
    pub(crate) fn check(&self) {
        let stale = "run `cargo xtask migrations`";
        let expected_files = self.expected_files();
        for name in self.unreleased() {
            assert!(expected_files.contains_key(&name), "{}: {stale}", self.path(&name).display());
        }
        for (name, text) in expected_files {
            let path = self.path(&name);
            let existing = fs::read_to_string(&path).unwrap_or_default();
            assert!(existing == text, "{} is not what the tables say: {stale}", path.display());
        }
    }

    /// Returns the generated files: the migrations after the released ones, and the list.
    fn expected_files(&self) -> BTreeMap<String, String> {
        let mut names = Vec::new();
        let mut declared = String::new();
        for (name, sum) in self.released() {
            let text = fs::read_to_string(self.path(&name)).unwrap();
            let path = self.path(&name);
            assert_eq!(digest(&text), sum, "{} was released, and has changed", path.display());
            declared += &text;
            names.push(name);
        }
        let mut expected_files = BTreeMap::new();
        if let Some((what, text)) = self.next_migration(&declared, tables::all()) {
            let name = format!("{:04}_{what}.sql", names.len() + 1);
            names.push(name.clone());
            expected_files.insert(name, text);
        }
        expected_files.insert(LIST_FILE.into(), list_source(&names));
        expected_files
    }

    /// Returns the migration from the columns that the statements `declared` declare to `tables`,
    /// named after the first table that it changes.
    fn next_migration(
        &self,
        declared: &str,
        tables: impl IntoIterator<Item = TableRef>,
    ) -> Option<(String, String)> {
        let existing = columns(self.dialect, declared);
        let mut what = None;
        let mut parts = Vec::new();
        for table in tables {
            let of_table = match existing.get(table.name.as_ref()) {
                None => vec![format!("-- {}\n{}", table.description, (self.create)(&table))],
                Some(existing) => self.schema_changes(&table, existing),
            };
            if !of_table.is_empty() {
                what.get_or_insert_with(|| table.name.to_string());
                parts.extend(of_table);
            }
        }
        Some((what?, parts.join("\n")))
    }

    /// Returns the statements that change a table with the columns `existing` to `table`: new
    /// columns, decimals with more digits, and columns that become nullable.
    fn schema_changes(&self, table: &Table, existing: &[DeclaredColumn]) -> Vec<String> {
        let mut schema_changes = Vec::new();
        let (mut new, mut wider): (Vec<&Column>, Vec<WiderDecimal<'_>>) = (Vec::new(), Vec::new());
        let mut relaxed: Vec<&Column> = Vec::new();
        for column in &table.columns {
            let Some(DeclaredColumn { dtype, not_null, .. }) =
                existing.iter().find(|declared| *declared.name == *column.name)
            else {
                new.push(column);
                continue;
            };
            if *not_null && column.nullable {
                relaxed.push(column);
            }
            let is_other = !dtype.eq_ignore_ascii_case(&(self.dialect.column_type)(column.dtype));
            if matches!(column.dtype, DataType::Decimal { .. }) && is_other {
                wider.push((column, dtype.clone()));
            }
        }
        if !new.is_empty() {
            let names = new.iter().map(|column| column.name.as_ref()).collect::<Vec<_>>();
            let all_nullable = new.iter().all(|column| column.nullable);
            assert!(all_nullable, "{}: rows that are there lack {names:?}", table.name);
            schema_changes.push((self.add)(table, &new));
        }
        if !wider.is_empty() {
            let name = self.dialect.quoted(&table.name);
            schema_changes.push((self.dialect.widen_decimals)(&name, table, &wider));
        }
        if !relaxed.is_empty() {
            let name = self.dialect.quoted(&table.name);
            schema_changes.push((self.dialect.drop_not_null)(&name, table, &relaxed));
        }
        schema_changes
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new("migrations").join(self.folder).join(name)
    }

    /// Returns the names of the released files with their digests, in order.
    fn released(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(RELEASED_FILE).unwrap();
        let of_dialect = |line: &str| {
            let (sum, path) = line.split_once("  ").unwrap();
            let (folder, name) = path.split_once('/').unwrap();
            (folder == self.folder).then(|| (name.to_owned(), sum.to_owned()))
        };
        let mut released: Vec<_> = text.lines().filter_map(of_dialect).collect();
        released.sort();
        released
    }

    /// Returns the names of the existing migrations that are not released.
    fn unreleased(&self) -> Vec<String> {
        let released = self.released();
        let entries = fs::read_dir(self.path("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let is_unreleased = |name: &String| {
            name.ends_with(".sql") && !released.iter().any(|(released, _)| released == name)
        };
        names.filter(is_unreleased).collect()
    }
}

/// Returns the list of files that the store includes: number, name and statements of each.
fn list_source(names: &[String]) -> String {
    let mut text = String::from("// Written by `cargo xtask migrations`.\n&[\n");
    for (at, name) in names.iter().enumerate() {
        let what = name.trim_end_matches(".sql").split_once('_').unwrap().1;
        text += &format!("    ({}, {what:?}, include_str!({name:?})),\n", at + 1);
    }
    text + "]\n"
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A column as the statements declare it.
#[derive(Debug, Clone)]
struct DeclaredColumn {
    name: String,
    dtype: String,
    not_null: bool,
}

/// Returns the columns of each table after the statements of `sql`.
fn columns(dialect: &Dialect, sql: &str) -> BTreeMap<String, Vec<DeclaredColumn>> {
    let lines: Vec<_> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    let quoted = |text: &str| {
        let (name, rest) = text.strip_prefix(dialect.quote)?.split_once(dialect.quote)?;
        Some((name.to_owned(), rest.to_owned()))
    };
    let name = |text: &str| quoted(text).map(|(name, _)| name);
    let column = |text: &str| {
        let (name, rest) = quoted(text)?;
        let rest = ["TYPE ", "SET DATA TYPE "]
            .iter()
            .find_map(|word| rest.trim_start().strip_prefix(word))
            .unwrap_or(&rest);
        let mut depth = 0;
        let end = rest.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == '\n' || (c == ',' && depth == 0) || c == '\''
        });
        let declared = rest[..end.unwrap_or(rest.len())].trim();
        let dtype = declared.trim_end_matches("NOT NULL").trim().to_owned();
        Some(DeclaredColumn { name, not_null: declared.ends_with("NOT NULL"), dtype })
    };
    let mut tables = BTreeMap::new();
    for statement in lines.join("\n").split(';').map(str::trim) {
        if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
            let rest = rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest);
            let columns = rest.lines().skip(1).filter_map(|line| column(line.trim()));
            tables.insert(name(rest).unwrap(), columns.collect());
        } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
            let table = name(rest).unwrap();
            if rest.contains(" RENAME TO ") {
                tables.remove(&table);
                continue;
            }
            let columns: &mut Vec<DeclaredColumn> = tables.get_mut(&table).unwrap();
            for added in rest.split("ADD COLUMN ").skip(1) {
                columns.extend(column(added.strip_prefix("IF NOT EXISTS ").unwrap_or(added)));
            }
            for declared in rest.split("MODIFY COLUMN ").skip(1).filter_map(column) {
                replace(columns, |known| *known = declared.clone(), &declared.name);
            }
            for declared in rest.split("ALTER COLUMN ").skip(1).filter_map(column) {
                match declared.dtype.as_str() {
                    "DROP" => replace(columns, |known| known.not_null = false, &declared.name),
                    dtype => {
                        replace(columns, |known| known.dtype = dtype.to_owned(), &declared.name)
                    }
                }
            }
        } else if let Some(rest) = statement.strip_prefix("UPDATE sqlite_master ") {
            let mut schema_changes = rest.split("', '");
            let before = schema_changes.next().is_some_and(|before| before.ends_with("NOT NULL"));
            let declared = schema_changes.next().and_then(column);
            let table = rest.rsplit('\'').nth(1).and_then(|table| tables.get_mut(table));
            if let Some((columns, declared)) = table.zip(declared) {
                let change = |known: &mut DeclaredColumn| {
                    known.dtype.clone_from(&declared.dtype);
                    known.not_null &= !before || declared.not_null;
                };
                replace(columns, change, &declared.name);
            }
        }
    }
    tables
}

/// Applies `change` to the column `name`.
fn replace(columns: &mut [DeclaredColumn], change: impl FnMut(&mut DeclaredColumn), name: &str) {
    columns.iter_mut().filter(|declared| declared.name == name).for_each(change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{ListBinding, TEXT_DATE_RANGE, TEXT_TIMESTAMP_RANGE};

    const DIALECT: Dialect = Dialect {
        quote: '"',
        column_type: |dtype| {
            if let DataType::Text = dtype { "text".into() } else { dtype.to_string() }
        },
        widen_decimals: |name, _, columns| {
            let wider = columns.iter().map(|(column, before)| {
                format!(
                    "ALTER TABLE {name} ALTER COLUMN \"{}\" {before} TO {};\n",
                    column.name, column.dtype
                )
            });
            wider.collect()
        },
        drop_not_null: |name, _, columns| {
            let relaxed = columns.iter();
            let relax = |column: &&Column| {
                format!("ALTER TABLE {name} ALTER COLUMN \"{}\" DROP NOT NULL;\n", column.name)
            };
            relaxed.map(relax).collect()
        },
        typed_null: |_| "NULL".into(),
        select_value: |column, _| column,
        placeholder: |_, _| "?".into(),
        binary_text: |text| text,
        list_binding: ListBinding::PerValue,
        binary_equality: true,
        non_numeric_decimals: None,
        date_range: TEXT_DATE_RANGE,
        timestamp_range: TEXT_TIMESTAMP_RANGE,
        aggregate_sql: None,
    };

    const SAMPLE_DIALECT: Migrations = Migrations {
        folder: "made_up",
        dialect: &DIALECT,
        create: |table| format!("CREATE {};\n", table.name),
        add: |table, columns| {
            let names: Vec<_> = columns.iter().map(|column| column.name.as_ref()).collect();
            format!("ALTER {} ADD {};\n", table.name, names.join(", "))
        },
    };

    #[test]
    fn columns_are_those_that_the_last_statement_declares() {
        let sql = "-- One; two.\nCREATE TABLE IF NOT EXISTS \"a\" (\n    \"x\" text,\n    \"y\" decimal(28,8) NOT NULL,\n    \
                   PRIMARY KEY (\"x\")\n);\nALTER TABLE \"a\"\n    ADD COLUMN \"z\" text,\n    \
                   ADD COLUMN IF NOT EXISTS \"w\" text;\nCREATE TABLE \"b\" (\n    \"x\" text\n);\n\
                   ALTER TABLE \"b\" RENAME TO \"c\";\nCREATE TABLE \"b\" (\n    \"v\" text\n);\n";
        let columns = columns(&DIALECT, sql);
        let of = |table: &str| -> Vec<String> {
            columns[table]
                .iter()
                .map(|declared| format!("{} {}", declared.name, declared.dtype))
                .collect()
        };
        assert_eq!(of("a"), ["x text", "y decimal(28,8)", "z text", "w text"]);
        assert_eq!(of("b"), ["v text"]);
    }

    #[test]
    fn types_are_those_that_the_last_statement_declares() {
        let sql = "CREATE TABLE \"a\" (\n    \"x\" decimal(28,8) NOT NULL,\n    \"y\" decimal(28,8),\n    \
                   \"z\" decimal(28,8)\n);\nALTER TABLE \"a\"\n    ALTER COLUMN \"x\" TYPE decimal(38,18),\n    \
                   ALTER COLUMN \"y\" TYPE decimal(38,18);\nALTER TABLE \"a\" MODIFY COLUMN \"y\" \
                   decimal(38,20) NOT NULL;\nUPDATE sqlite_master SET sql = replace(sql, '\"z\" decimal(28,8)', \
                   '\"z\" decimal(38,18)') WHERE type = 'table' AND name = 'a';\n";
        let columns = columns(&DIALECT, sql);
        let types: Vec<_> = columns["a"].iter().map(|declared| declared.dtype.as_str()).collect();
        assert_eq!(types, ["decimal(38,18)", "decimal(38,20)", "decimal(38,18)"]);
    }

    #[test]
    fn nullability_is_that_of_the_last_statement() {
        let sql = "CREATE TABLE \"a\" (\n    \"v\" text NOT NULL,\n    \"w\" text NOT NULL,\n    \
                   \"x\" text NOT NULL,\n    \"y\" text NOT NULL,\n    \"z\" decimal(28,8) NOT NULL\n);\n\
                   ALTER TABLE \"a\"\n    ALTER COLUMN \"w\" DROP NOT NULL;\n\
                   ALTER TABLE \"a\"\n    MODIFY COLUMN \"x\" text;\n\
                   UPDATE sqlite_master SET sql = replace(sql, '\"y\" text NOT NULL', '\"y\" text') \
                   WHERE type = 'table' AND name = 'a';\n\
                   UPDATE sqlite_master SET sql = replace(sql, '\"z\" decimal(28,8)', '\"z\" decimal(38,18)') \
                   WHERE type = 'table' AND name = 'a';\n";
        let columns = columns(&DIALECT, sql);
        let not_null: Vec<_> = columns["a"].iter().filter(|declared| declared.not_null).collect();
        let names: Vec<_> = not_null.iter().map(|declared| declared.name.as_str()).collect();
        assert_eq!(names, ["v", "z"]);
    }

    #[test]
    fn the_next_migration_is_the_difference_between_tables_and_files() {
        let old = Table::builder("old", "What is there.").column("x", DataType::Text, "");
        let old = old.column("money", DataType::CRYPTO, "");
        let old = old.nullable("y", DataType::Text, "").nullable("z", DataType::Text, "");
        let new = Table::builder("new", "What is not.").column("x", DataType::Text, "");
        let tables = [old.key(["x"]).build().unwrap(), new.key(["x"]).build().unwrap()];
        let declared = "CREATE TABLE \"old\" (\n    \"x\" text,\n    \"money\" decimal(28,8),\n    \"y\" text NOT NULL\n);\n";
        let (what, text) = SAMPLE_DIALECT.next_migration(declared, tables.clone()).unwrap();
        assert_eq!(what, "old");
        assert_eq!(
            text,
            "ALTER old ADD z;\n\nALTER TABLE \"old\" ALTER COLUMN \"money\" decimal(28,8) TO decimal(38,18);\n\n\
                   ALTER TABLE \"old\" ALTER COLUMN \"y\" DROP NOT NULL;\n\n-- What is not.\nCREATE new;\n"
        );
        let declared = "CREATE TABLE \"old\" (\n    \"x\" text,\n    \"money\" decimal(38,18),\n    \"y\" text,\n    \"z\" text\n);\n\
                    CREATE TABLE \"new\" (\n    \"x\" text\n);\n";
        assert_eq!(SAMPLE_DIALECT.next_migration(declared, tables), None);
    }
}
