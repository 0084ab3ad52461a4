//! The statements that wrap the user's query. Names are quoted, values are parameters.

use super::dialect::{Dialect, Native, Written};

/// A column of the query by which it is read in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ordered {
    pub(super) column: String,
    pub(super) native: Native,
}

/// What a page asks for.
#[derive(Debug)]
pub(super) struct Select<'a> {
    pub(super) dialect: Dialect,
    /// The user's query.
    pub(super) query: &'a str,
    /// The columns wanted, and how each is written.
    pub(super) columns: &'a [(String, Written)],
    /// What it is ordered by, which makes each row's place its own.
    pub(super) order: &'a [Ordered],
    pub(super) limit: usize,
}

/// From where on rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Start,
    /// Behind the row that has these values in the ordered columns.
    Behind,
    /// From this value of the first ordered column on.
    FirstAtLeast,
}

impl Select<'_> {
    /// The page, and for each of its parameters which ordered column's value it takes.
    ///
    /// The columns come first, then the ordered ones, and for SQLite their types.
    pub(super) fn page(&self, from: Begin) -> (String, Vec<usize>) {
        let dialect = self.dialect;
        let mut shown: Vec<String> = Vec::with_capacity(self.columns.len() + self.order.len());
        for (name, written) in self.columns {
            shown.push(dialect.written(&self.column(name), *written));
        }
        let ordered: Vec<_> = self.order.iter().map(|it| self.column(&it.column)).collect();
        shown.extend(ordered.iter().map(|column| dialect.digits(column)));
        if dialect == Dialect::Sqlite {
            shown.extend(ordered.iter().map(|column| format!("typeof({column})")));
        }
        let (condition, parameters) = self.condition(from, &ordered);
        let sql = format!(
            "SELECT {} FROM (\n{}\n) AS q{condition} ORDER BY {} LIMIT {}",
            shown.join(", "),
            bare(self.query),
            ordered.join(", "),
            self.limit
        );
        (sql, parameters)
    }

    /// `(a, b) > (?, ?)` written out, since not every planner sees an index behind the short form.
    fn condition(&self, from: Begin, ordered: &[String]) -> (String, Vec<usize>) {
        let mut parameters = Vec::new();
        let mut compare = |at: usize, sign: &str| {
            parameters.push(at);
            let native = self.order[at].native;
            let value = self.dialect.parameter(parameters.len(), native);
            format!("{} {sign} {value}", ordered[at])
        };
        let condition = match from {
            Begin::Start => String::new(),
            Begin::FirstAtLeast => format!(" WHERE {}", compare(0, ">=")),
            Begin::Behind => {
                let first = compare(0, ">=");
                let mut ways = Vec::with_capacity(ordered.len());
                for at in 0..ordered.len() {
                    let mut way: Vec<_> = (0..at).map(|at| compare(at, "=")).collect();
                    way.push(compare(at, ">"));
                    ways.push(format!("({})", way.join(" AND ")));
                }
                format!(" WHERE {first} AND ({})", ways.join(" OR "))
            }
        };
        (condition, parameters)
    }

    /// How many rows have no place in the order.
    pub(super) fn nulls(&self) -> String {
        let null = |it: &Ordered| format!("{} IS NULL", self.column(&it.column));
        let nulls: Vec<_> = self.order.iter().map(null).collect();
        let (query, nulls) = (bare(self.query), nulls.join(" OR "));
        format!("SELECT COUNT(*) FROM (\n{query}\n) AS q WHERE {nulls}")
    }

    /// By which rules MySQL compares a column that the driver takes for bytes: text that is compared
    /// byte by byte looks like it.
    pub(super) fn charset(&self, name: &str) -> String {
        let (column, query) = (self.column(name), bare(self.query));
        format!("SELECT CHARSET({column}) FROM (\n{query}\n) AS q LIMIT 1")
    }

    fn column(&self, name: &str) -> String {
        format!("q.{}", self.dialect.quoted(name))
    }
}

/// What tells the columns of the query.
pub(super) fn columns(query: &str) -> String {
    format!("SELECT * FROM (\n{}\n) AS q", bare(query))
}

/// The query without the semicolons at its end.
fn bare(query: &str) -> &str {
    query.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_exactly() {
        let order = [
            Ordered { column: "updated_at".into(), native: Native::Cast("TIMESTAMPTZ") },
            Ordered { column: "id".into(), native: Native::Cast("INT8") },
        ];
        let select = Select {
            dialect: Dialect::Postgres,
            query: "SELECT * FROM customers; ",
            columns: &[
                ("id".into(), Written::Text),
                ("x\"; DROP TABLE y; --".into(), Written::Digits),
            ],
            order: &order,
            limit: 10,
        };
        let (sql, parameters) = select.page(Begin::Behind);
        assert_eq!(
            sql,
            "SELECT CAST(q.\"id\" AS TEXT), CAST(q.\"x\"\"; DROP TABLE y; --\" AS TEXT), \
             CAST(q.\"updated_at\" AS TEXT), CAST(q.\"id\" AS TEXT) \
             FROM (\nSELECT * FROM customers\n) AS q \
             WHERE q.\"updated_at\" >= CAST($1 AS TIMESTAMPTZ) \
             AND ((q.\"updated_at\" > CAST($2 AS TIMESTAMPTZ)) \
             OR (q.\"updated_at\" = CAST($3 AS TIMESTAMPTZ) AND q.\"id\" > CAST($4 AS INT8))) \
             ORDER BY q.\"updated_at\", q.\"id\" LIMIT 10"
        );
        assert_eq!(parameters, [0, 0, 0, 1]);
        let mysql = Select { dialect: Dialect::MySql, ..select };
        assert!(mysql.page(Begin::FirstAtLeast).0.contains("WHERE q.`updated_at` >= CAST(? AS"));
        assert!(!mysql.page(Begin::Start).0.contains("WHERE"));
        let bits = Dialect::MySql.written("q.`flag`", Written::Bits);
        assert_eq!(bits, "CAST(q.`flag` + 0 AS CHAR)");
        let instant = Dialect::MySql.written("q.`ts`", Written::Instant);
        assert_eq!(instant, "CONCAT(CAST(q.`ts` AS CHAR), '+00:00')");
        assert_eq!(Dialect::MySql.quoted("a`b"), "`a``b`");
    }
}
