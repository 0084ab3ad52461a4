//! Changes to a store with a client of its database, by a user.

use super::Store;

/// Runs `sql` in the store's database; `"` quotes identifiers. Returns `false` if the store is not
/// a database.
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "bigquery")),
    allow(unused_variables, unreachable_code)
)]
pub(crate) async fn run(store: &Store, sql: &str) -> bool {
    match store.url.split_once(':').unwrap().0 {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite(store, sql).await,
        #[cfg(feature = "postgres")]
        "postgres" => {
            use sqlx::{AssertSqlSafe, Connection};

            let mut connection = postgres(store).await;
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        #[cfg(feature = "mysql")]
        "mysql" => {
            use mysql_async::prelude::Queryable;

            let mut connection = mysql_async::Conn::from_url(&store.url).await.unwrap();
            connection.query_drop(sql.replace('"', "`")).await.unwrap();
            connection.disconnect().await.unwrap();
        }
        #[cfg(feature = "bigquery")]
        "bigquery" => bigquery(store, &sql.replace('"', "`")).await,
        _ => return false,
    }
    true
}

#[cfg(feature = "sqlite")]
async fn sqlite(store: &Store, sql: &str) {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

    let options = SqliteConnectOptions::new().filename(&store.path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Connects to the schema of a PostgreSQL store.
#[cfg(feature = "postgres")]
pub(crate) async fn postgres(store: &Store) -> sqlx::postgres::PgConnection {
    use sqlx::{AssertSqlSafe, ConnectOptions};

    let mut url = url::Url::parse(&store.url).unwrap();
    let schema = url.query_pairs().find(|(name, _)| name == "schema");
    let schema = schema.map_or("tidegauge".into(), |(_, schema)| schema.into_owned());
    url.set_query(None);
    let options: sqlx::postgres::PgConnectOptions = url.as_str().parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let path = format!("SET search_path TO \"{}\"", schema.replace('"', "\"\""));
    sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut connection).await.unwrap();
    connection
}

#[cfg(feature = "bigquery")]
async fn bigquery(store: &Store, sql: &str) {
    let parsed = url::Url::parse(&store.url).unwrap();
    let endpoint = parsed.query_pairs().find(|(name, _)| name == "endpoint").unwrap().1;
    let dataset = store.name.rsplit_once('/').unwrap().1;
    let body = serde_json::json!({
        "query": sql,
        "useLegacySql": false,
        "defaultDataset": { "projectId": "tidegauge", "datasetId": dataset },
    });
    let url = format!("{endpoint}/bigquery/v2/projects/tidegauge/queries");
    let asked = reqwest::Client::new().post(url).header("content-type", "application/json");
    let answer = asked.body(body.to_string()).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}
