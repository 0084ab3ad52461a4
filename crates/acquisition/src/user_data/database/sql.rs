//! The statements that wrap the user's query. Names are quoted, and values are parameters.

use super::dialect::{Dialect, ParameterForm, SelectForm};

/// A column by which the query is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderColumn {
    pub(super) column: String,
    pub(super) native: ParameterForm,
}

/// The statement that reads a page.
#[derive(Debug)]
pub(super) struct Select<'a> {
    pub(super) dialect: Dialect,
    /// The user's query.
    pub(super) query: &'a str,
    /// The selected columns, and the form of each.
    pub(super) columns: &'a [(String, SelectForm)],
    /// The ordering columns, which give each row a unique position.
    pub(super) order: &'a [OrderColumn],
    pub(super) limit: usize,
}

/// The position at which a page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageStart {
    Start,
    /// After the row that has these values in the ordering columns.
    After,
    /// At this value of the first ordering column.
    FirstAtLeast,
}

impl Select<'_> {
    /// Returns the statement, and for each of its parameters the index of the ordering column whose
    /// value it takes.
    ///
    /// It selects the columns, then the ordering columns, and in SQLite also the types of the
    /// latter.
    pub(super) fn page(&self, from: PageStart) -> (String, Vec<usize>) {
        let dialect = self.dialect;
        let mut shown: Vec<String> = Vec::with_capacity(self.columns.len() + self.order.len());
        for (name, written) in self.columns {
            shown.push(dialect.written(&self.column(name), *written));
        }
        let ordered: Vec<_> =
            self.order.iter().map(|ordered| self.column(&ordered.column)).collect();
        shown.extend(ordered.iter().map(|column| dialect.digits(column)));
        if dialect == Dialect::Sqlite {
            shown.extend(ordered.iter().map(|column| format!("typeof({column})")));
        }
        let (condition, parameters) = self.condition(from, &ordered);
        let sql = format!(
            "SELECT {} FROM (\n{}\n) AS q{condition} ORDER BY {} LIMIT {}",
            shown.join(", "),
            without_semicolon(self.query),
            ordered.join(", "),
            self.limit
        );
        (sql, parameters)
    }

    /// Returns the condition `(a, b) > (?, ?)` written out, since not every planner uses an index
    /// for the short form, and the ordering column of each parameter.
    fn condition(&self, from: PageStart, ordered: &[String]) -> (String, Vec<usize>) {
        let mut parameters = Vec::new();
        let mut compare = |at: usize, sign: &str| {
            parameters.push(at);
            let native = self.order[at].native;
            let value = self.dialect.parameter(parameters.len(), native);
            format!("{} {sign} {value}", ordered[at])
        };
        let condition = match from {
            PageStart::Start => String::new(),
            PageStart::FirstAtLeast => format!(" WHERE {}", compare(0, ">=")),
            PageStart::After => {
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

    /// Returns the statement that counts the rows that are null in an ordering column.
    pub(super) fn nulls(&self) -> String {
        let null = |ordered: &OrderColumn| format!("{} IS NULL", self.column(&ordered.column));
        let nulls: Vec<_> = self.order.iter().map(null).collect();
        let (query, nulls) = (without_semicolon(self.query), nulls.join(" OR "));
        format!("SELECT COUNT(*) FROM (\n{query}\n) AS q WHERE {nulls}")
    }

    /// Returns the statement that reads the character set of a MySQL column that the driver returns
    /// as bytes, as it does text with a binary collation.
    pub(super) fn charset(&self, name: &str) -> String {
        let (column, query) = (self.column(name), without_semicolon(self.query));
        format!("SELECT CHARSET({column}) FROM (\n{query}\n) AS q LIMIT 1")
    }

    fn column(&self, name: &str) -> String {
        format!("q.{}", self.dialect.quoted(name))
    }
}

/// Returns the statement that is prepared to learn the columns of the query.
pub(super) fn columns(query: &str) -> String {
    format!("SELECT * FROM (\n{}\n) AS q", without_semicolon(query))
}

/// Returns the statement that reads all rows of the query, in any order.
pub(super) fn unordered(dialect: Dialect, query: &str, columns: &[(String, SelectForm)]) -> String {
    let select = Select { dialect, query, columns, order: &[], limit: 0 };
    let shown: Vec<String> =
        columns.iter().map(|(name, form)| dialect.written(&select.column(name), *form)).collect();
    format!("SELECT {} FROM (\n{}\n) AS q", shown.join(", "), without_semicolon(query))
}

/// Returns the query without trailing semicolons and white space.
fn without_semicolon(query: &str) -> &str {
    query.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_selected_by_exactly_this_statement() {
        let order = [
            OrderColumn { column: "updated_at".into(), native: ParameterForm::Cast("TIMESTAMPTZ") },
            OrderColumn { column: "id".into(), native: ParameterForm::Cast("INT8") },
        ];
        let select = Select {
            dialect: Dialect::Postgres,
            query: "SELECT * FROM customers; ",
            columns: &[
                ("id".into(), SelectForm::Text),
                ("x\"; DROP TABLE y; --".into(), SelectForm::Digits),
            ],
            order: &order,
            limit: 10,
        };
        let (sql, parameters) = select.page(PageStart::After);
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
        assert!(
            mysql.page(PageStart::FirstAtLeast).0.contains("WHERE q.`updated_at` >= CAST(? AS")
        );
        assert!(!mysql.page(PageStart::Start).0.contains("WHERE"));
        let bits = Dialect::MySql.written("q.`flag`", SelectForm::Bits);
        assert_eq!(bits, "CAST(q.`flag` + 0 AS CHAR)");
        let instant = Dialect::MySql.written("q.`ts`", SelectForm::Instant);
        assert_eq!(instant, "CONCAT(CAST(q.`ts` AS CHAR), '+00:00')");
        assert_eq!(Dialect::MySql.quoted("a`b"), "`a``b`");
    }
}
