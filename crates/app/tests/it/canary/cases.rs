//! The places of the secrets, and the faults there.

use super::{CANARY, Case};

/// The name of the configuration file.
const FILE: &str = "tidegauge.toml";

/// Returns the text with the canary in place of `@@`.
fn with(text: &str) -> String {
    text.replace("@@", CANARY)
}

/// Returns a case per text, each in the second line of a refused file.
fn refused(expected: &'static str, texts: &[&str]) -> Vec<Case> {
    let case = |text: &&str| {
        Case::new(*text).file(FILE, with(&format!("# a\n{text}\n"))).refused(expected)
    };
    texts.iter().map(case).collect()
}

/// Returns cases of invalid TOML. Every form stops all commands alike, so that two are tried.
pub(super) fn toml() -> Vec<Case> {
    let mut cases = refused(
        "error: tidegauge.toml, line 2: warehouse: ",
        &[
            "warehouse = \"postgres://u:@@@h/db",
            "warehouse = postgres://u:@@@h/db",
            "warehouse = \"postgres://u:@@@h/db\" x",
            "warehouse = 'postgres://u:@@@h/db",
            "warehouse = \"postgres://u:\\q@@@h/db\"",
            "warehouse = \"postgres://u:@@\u{1}@h/db\"",
            "warehouse = { url = \"@@\"",
            "warehouse = = \"@@\"",
        ],
    );
    cases.extend(refused(
        "error: tidegauge.toml, line 3: warehouse: it is set twice",
        &["warehouse = \"postgres://u:@@@h/db\"\nwarehouse = \"postgres://u:@@@h/db\""],
    ));
    cases.extend(refused(
        "error: tidegauge.toml, line ",
        &[
            "warehouse \"postgres://u:@@@h/db\"",
            "postgres://u:@@@h/db",
            "[postgres://u:@@@h/db]",
            "[\"postgres://u:@@@h/db\"]\na = 1",
            "\"postgres://u:@@@h/db\" = 1",
            "@@ = 1",
            "warehouse = \"\"\"postgres://u:\n@@@h/db",
            "warehouse = \"postgres://u:\n@@ = @h/db\"",
            "backups = [\"csv://b\", \"postgres://u:@@@h/db]",
            "[simulation]\nstart_day = 2020-13-41@@",
            "[simulation]\nseed = 12@@",
            "[simulation]\nseed = 99999999999999999999 # @@",
            "[[databases]]\nname = \"a\"\nurl_env = \"@@",
        ],
    ));
    let bytes = [with("warehouse = \"@@").as_bytes(), b"\xff\""].concat();
    cases.push(
        Case::new("bytes")
            .file(FILE, bytes)
            .refused("tidegauge.toml: line 1: a character is not UTF-8"),
    );
    let wide: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain(with("warehouse = \"@@\"").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    cases.push(Case::new("UTF-16").file(FILE, wide).refused("tidegauge.toml: it is UTF-16"));
    cases.into_iter().map(|case| case.run(&["status"]).run(&["run"])).collect()
}

/// Returns cases of settings of the wrong type.
pub(super) fn settings() -> Vec<Case> {
    let mut cases = Vec::new();
    for (expected, text) in [
        ("line 2: warehouse: expected text in quotes", "warehouse = [\"postgres://u:@@@h/db\"]"),
        (
            "line 2: warehouse: expected text in quotes",
            "warehouse = { url = \"postgres://u:@@@h/db\" }",
        ),
        ("line 2: backups: expected a list", "backups = \"postgres://u:@@@h/db\""),
        (
            "line 3: warehouse: the postgres:// url",
            "\nwarehouse = \"postgres://u@h/db?passwrd=@@\"",
        ),
        ("line 2: backups.0: the mysql:// url", "backups = [\"mysql://u:1/@@@h/db\"]"),
        ("line 2: report: it is the path of", "report = \"postgres://u:@@@h/db\""),
        ("line 2: bad_rows: expected one of", "bad_rows = \"@@\""),
        ("line 2: simulation: expected settings", "simulation = \"@@\""),
        ("line 3: simulation.seed: expected a whole", "[simulation]\nseed = \"@@\""),
        ("line 3: simulation.start_day: expected a day", "[simulation]\nstart_day = \"@@\""),
        ("line 3: simulation.preset: expected one of", "[simulation]\npreset = \"@@\""),
        ("line 3: simulation.shard: ", "[simulation]\nshard = \"@@\""),
        ("line 2: coingecko: expected settings", "coingecko = \"@@\""),
        ("line 3: coingecko.plan: expected one of", "[coingecko]\nplan = \"@@\""),
        ("line 3: coingecko.key: there is no such", "[coingecko]\nkey = \"@@\""),
        ("line 3: kraken.http.base_url: ", "[kraken.http]\nbase_url = \"https://u:@@@h\""),
        ("line 3: kraken.http.base_url: ", "[kraken.http]\nbase_url = \"http://h:1x/?@@\""),
        ("line 3: kraken.http.read_timeout: ", "[kraken.http]\nread_timeout = \"@@\""),
        ("line 3: databases.0.url: there is no such", "[[databases]]\nurl = \"postgres://u:@@@h\""),
        (
            "databases.url_env: it names the env",
            "[[databases]]\nurl_env = \"postgres://u:@@@h/db\"",
        ),
        ("line 3: tables.0.columns: ", "[[tables]]\ncolumns = \"@@\""),
        (
            "line 4: tables.0.columns.0.type: there is no type",
            "[[tables]]\nname = \"t\"\ncolumns = [{ name = \"a\", type = \"@@\" }]",
        ),
    ] {
        let file = with(&format!("# a\n{text}\n"));
        cases.push(
            Case::new(text).file(FILE, file).refused(expected).run(&["status"]).run(&["check"]),
        );
    }
    for text in [
        "sources = [\"postgres://u:@@@h/db\"]",
        "sources = [\"my\"]\n[[files]]\nname = \"my\"\npath = \"https://u:@@@h/x.csv\"\ntable = \"users\"",
    ] {
        cases.push(Case::new(text).file(FILE, with(text)));
    }
    cases
}

/// Returns cases of `.env` and of variables.
pub(super) fn environment() -> Vec<Case> {
    let mut cases = Vec::new();
    for text in [
        "TIDEGAUGE_COINGECKO_KEY=@@ and more",
        "@@",
        "TIDEGAUGE_COINGECKO_KEY=@@= x",
        "=@@",
        "TIDEGAUGE_COINGECKO_KEY=\"@@",
        "TIDEGAUGE_COINGECKO_KEY='@@",
        "TIDEGAUGE_WAREHOUSE=\"postgres://u:@@\\p@h/db\"",
        "TIDEGAUGE_WAREHOUSE: postgres://u:@@@h/db",
        "export TIDEGAUGE_WAREHOUSE postgres://u:@@@h/db",
        "TIDEGAUGE_COINGECKO_KEY=@@\0",
    ] {
        let case = Case::new(text).file(".env", with(&format!("A=1\n{text}\n")));
        cases.push(case.refused("error: .env: line "));
    }
    let bytes = [with("A=@@").as_bytes(), b"\xff\n"].concat();
    cases.push(
        Case::new("bytes").file(".env", bytes).refused(".env: line 1: a character is not UTF-8"),
    );
    for (expected, name, value) in [
        ("TIDEGAUGE_COINGECKO: expected settings", "TIDEGAUGE_COINGECKO", "@@"),
        ("TIDEGAUGE_COINGECKO__PLAN: expected one of", "TIDEGAUGE_COINGECKO__PLAN", "@@"),
        ("TIDEGAUGE_SIMULATION__SEED: expected a whole", "TIDEGAUGE_SIMULATION__SEED", "@@"),
        ("TIDEGAUGE_SIMULATION: there is no such", "TIDEGAUGE_SIMULATION", "{\"@@\"=1}"),
        ("TIDEGAUGE_BACKUPS: expected a list", "TIDEGAUGE_BACKUPS", "postgres://u:@@@h/db"),
        ("TIDEGAUGE_BACKUPS: the postgres:// url", "TIDEGAUGE_BACKUPS", "[postgres://u:1/@@@h/db]"),
        ("TIDEGAUGE_WAREHOUSE: expected text", "TIDEGAUGE_WAREHOUSE", "{a=\"@@\"}"),
        (
            "TIDEGAUGE_WAREHOUSE: the postgres:// url",
            "TIDEGAUGE_WAREHOUSE",
            "postgres://u@h/d?pw=@@",
        ),
        ("TIDEGAUGE_PASSWORD: there is no such", "TIDEGAUGE_PASSWORD", "@@"),
        ("no source has its key in TIDEGAUGE_NOPE_KEY", "TIDEGAUGE_NOPE_KEY", "@@"),
        ("there is no `postgres://***@h/db`", "TIDEGAUGE_CONFIG", "postgres://u:@@@h/db"),
    ] {
        let case = Case::new(format!("{name}={value}")).env(name, with(value)).refused(expected);
        cases.push(case.run(&["status"]).run(&["run"]));
    }
    for key in ["@@\nx", " @@", "@@é", "@@ @@", "@@\u{7f}"] {
        let case = Case::new(format!("a key {key:?}")).env("TIDEGAUGE_X_KEY", with(key));
        cases.push(case.run(&["run", "--source", "x"]).run(&["check", "x"]).run(&["status"]));
    }
    cases
}

/// Returns cases of invalid URLs of stores.
pub(super) fn stores() -> Vec<Case> {
    let urls = [
        "postgres://u@127.0.0.1:1/db?passwrd=@@",
        "postgres://u@127.0.0.1:1/db?pass=@@",
        "postgres://u@127.0.0.1:1/db?sslpassword=@@",
        "postgres://u@127.0.0.1:1/db?@@",
        "postgres://u@127.0.0.1:1/db?sslmode=@@",
        "postgres://u@127.0.0.1:1/db?port=@@",
        "postgres://u:@@@127.0.0.1:1",
        "postgres://u:@@@127.0.0.1:1x/db",
        "postgres://u:@@@[::1/db",
        "postgres://u:1/@@@127.0.0.1:1/db",
        "postgres://u:1?@@@127.0.0.1:1/db",
        "postgres://u:1#@@@127.0.0.1:1/db",
        "postgres://u:@@%ff@127.0.0.1:1/db",
        "postgres:/u:@@@127.0.0.1:1/db",
        "postgres//u:@@@127.0.0.1:1/db",
        "u:@@@127.0.0.1:1/db",
        "u:@@@127.0.0.1:1/db?next=a://b",
        "@@@127.0.0.1",
        "@@",
        "oracle://u:@@@h/db",
        "mysql://u@127.0.0.1:1/db?passwrd=@@",
        "mysql://u@127.0.0.1:1/db?require_ssl=@@",
        "mysql://u:@@@127.0.0.1:1",
        "mysql://u:@@@127.0.0.1:1x/db",
        "mysql://u:1/@@@127.0.0.1:1/db",
        "mariadb://u:1#@@@127.0.0.1:1/db",
        "bigquery://p/d?key=@@",
        "bigquery://p/d?max_bytes_billed=@@",
        "bigquery://p/d?endpoint=http://u:@@@127.0.0.1:1",
        "bigquery://u:@@@p/d",
        "parquet://lake?key=@@",
        "parquet://u:@@@h/db",
        "csv://lake?key=@@",
        "csv://u:@@@h/db",
        "sqlite://t.db?key=@@",
        "sqlite://t.db?mode=@@",
        "sqlite://u:@@@h/db",
        "s3://AK:@@@bucket/lake",
        "s3://AK:1/@@@bucket/lake",
        "s3://bucket/lake?secret=@@",
        "s3://bucket/lake?anonymous=@@",
        "s3://bucket/lake?endpoint=http://u:@@@127.0.0.1:1",
        "gs://AK:@@@bucket/lake",
        "gs://bucket/lake?secret=@@",
        "gs://bucket/lake?endpoint=http://u:@@@127.0.0.1:1",
    ];
    let mut cases = Vec::new();
    for url in urls {
        // A store that is not compiled in is refused as well.
        let warehouse = Case::new(url).env("TIDEGAUGE_WAREHOUSE", with(url));
        cases.push(
            warehouse.refused("error: TIDEGAUGE_WAREHOUSE: ").run(&["status"]).run(&["verify"]),
        );
        let word = with(url);
        cases.push(Case::new(url).refused("error: ").run(&["run", "--backup", &word]));
    }
    let crm = "sources = [\"crm\"]\n[[databases]]\nname = \"crm\"\nurl_env = \"CRM_URL\"\n\
               query = \"SELECT 1\"\ntable = \"users\"\n";
    for url in urls.iter().filter(|url| !url.starts_with("s3") && !url.starts_with("gs")) {
        let case =
            Case::new(format!("[[databases]] {url}")).file(FILE, crm).env("CRM_URL", with(url));
        cases.push(case.run(&["check"]).run(&["run"]));
    }
    let key =
        with("{\"type\": \"service_account\", \"private_key\": [\"@@\"], \"client_email\": {}}");
    let unread = with(
        "{\"type\": \"service_account\", \"private_key\": \"@@\", \"client_email\": \"a\", \
         \"private_key_id\": \"@@\", \"project_id\": \"p\"}",
    );
    let strange = with("{\"type\": \"@@\"}");
    for content in
        [key, unread, strange, with("\"@@\""), with("@@ {"), with("{\"type\": [\"@@\"]}")]
    {
        let case = Case::new("a key of Google's").file("key.json", content).run(&["status"]);
        let url = "bigquery://p/d?credentials=key.json";
        cases.push(case.clone().env("TIDEGAUGE_WAREHOUSE", url));
        let case = case.env("GOOGLE_APPLICATION_CREDENTIALS", "key.json");
        cases.push(case.env("TIDEGAUGE_WAREHOUSE", "bigquery://p/d"));
    }
    cases
}

/// Returns cases of URLs whose flag was forgotten, or that follow the wrong flag.
pub(super) fn command_line() -> Vec<Case> {
    let url = with("postgres://u:@@@127.0.0.1:1/db");
    let query = with("postgres://127.0.0.1:1/db?password=@@");
    let attached = format!("--warehuse={query}");
    let words: [&[&str]; 11] = [
        &["report", "--output", &url],
        &[&url],
        &["status", &url],
        &["status", &query],
        &["--warehuse", &url, "status"],
        &[&attached, "status"],
        &["run", "--seed", &query],
        &["run", "--shard", &query],
        &["run", "--until", &query],
        &["run", "--source", &url],
        &["--config", &url, "status"],
    ];
    words.iter().map(|words| Case::new("the command line").run(words)).collect()
}

/// Returns cases of valid settings for services that do not answer.
pub(super) fn closed() -> Vec<Case> {
    let mut cases = Vec::new();
    for url in [
        "postgres://u:@@@127.0.0.1:1/db",
        "postgres://u@127.0.0.1:1/db?password=@@",
        "mysql://u:@@@127.0.0.1:1/db?verify_ca=false",
    ] {
        cases.push(Case::new(url).env("TIDEGAUGE_WAREHOUSE", with(url)));
        let case = Case::new(format!("a backup {url}"))
            .env("TIDEGAUGE_BACKUPS", with(&format!("[{url}]")));
        cases.push(case.run(&["run", "--source", "recorded"]).run(&["status"]));
    }
    let url = "postgres://u@127.0.0.1:1/db";
    let case = Case::new("PGPASSWORD").env("TIDEGAUGE_WAREHOUSE", url).env("PGPASSWORD", CANARY);
    cases.push(case.run(&["status"]));
    if cfg!(feature = "object-store") {
        let case = Case::new("AWS_…")
            .env("TIDEGAUGE_WAREHOUSE", "s3://b/lake?endpoint=http://127.0.0.1:1&region=x")
            .env("AWS_ACCESS_KEY_ID", "AK")
            .env("AWS_SECRET_ACCESS_KEY", CANARY)
            .env("AWS_SESSION_TOKEN", CANARY);
        cases.push(case.run(&["status"]));
        let case = Case::new("AWS_ENDPOINT_URL")
            .env("TIDEGAUGE_WAREHOUSE", "s3://b/lake?region=x")
            .env("AWS_ENDPOINT_URL", with("http://u:@@@127.0.0.1:1"))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "AK")
            .env("AWS_SECRET_ACCESS_KEY", CANARY);
        cases.push(case.run(&["status"]));
        let case = Case::new("GOOGLE_SERVICE_ACCOUNT_KEY")
            .env("TIDEGAUGE_WAREHOUSE", "gs://b/lake")
            .env("GOOGLE_SERVICE_ACCOUNT_KEY", with("{\"private_key\": \"@@\"}"));
        cases.push(case.run(&["status"]));
    }
    let crm = "sources = [\"crm\"]\n[[databases]]\nname = \"crm\"\nurl_env = \"CRM_URL\"\n\
               query = \"SELECT 1\"\ntable = \"users\"\n";
    for url in ["postgres://u:@@@127.0.0.1:1/db", "mysql://u:@@@127.0.0.1:1/db", "sqlite://no.db"] {
        let case =
            Case::new(format!("[[databases]] {url}")).file(FILE, crm).env("CRM_URL", with(url));
        cases.push(case);
    }
    let base = "http://127.0.0.1:1";
    let api = |source: &'static str, key, base_url, attempts| {
        let case = Case::new(source).env(key, CANARY).env(base_url, base).env(attempts, "1");
        case.run(&["run", "--source", source]).run(&["check", source])
    };
    let coingecko = api(
        "coingecko",
        "TIDEGAUGE_COINGECKO_KEY",
        "TIDEGAUGE_COINGECKO__HTTP__BASE_URL",
        "TIDEGAUGE_COINGECKO__HTTP__RETRY__ATTEMPTS",
    );
    cases.push(coingecko.env("TIDEGAUGE_COINGECKO__PLAN", "demo"));
    cases.push(api(
        "twelvedata",
        "TIDEGAUGE_TWELVEDATA_KEY",
        "TIDEGAUGE_TWELVEDATA__HTTP__BASE_URL",
        "TIDEGAUGE_TWELVEDATA__HTTP__RETRY__ATTEMPTS",
    ));
    cases.push(api(
        "exchangerate_api",
        "TIDEGAUGE_EXCHANGERATE_API_KEY",
        "TIDEGAUGE_EXCHANGERATE_API__HTTP__BASE_URL",
        "TIDEGAUGE_EXCHANGERATE_API__HTTP__RETRY__ATTEMPTS",
    ));
    cases.push(api(
        "x",
        "TIDEGAUGE_X_KEY",
        "TIDEGAUGE_X__HTTP__BASE_URL",
        "TIDEGAUGE_X__HTTP__RETRY__ATTEMPTS",
    ));
    let stream = Case::new("twelvedata_stream")
        .env("TIDEGAUGE_TWELVEDATA_KEY", CANARY)
        .env("TIDEGAUGE_TWELVEDATA_STREAM__HTTP__BASE_URL", base)
        .run(&["check", "twelvedata_stream"]);
    cases.push(stream);
    let proxy = Case::new("a proxy")
        .env("HTTPS_PROXY", with("http://u:@@@127.0.0.1:1"))
        .env("TIDEGAUGE_FRANKFURTER__HTTP__RETRY__ATTEMPTS", "1")
        .run(&["check", "frankfurter"]);
    cases.push(proxy);
    cases
}

/// Returns cases that a running server at `address` refuses.
pub(super) fn postgres(address: &str) -> Vec<Case> {
    let url = format!("postgres://tidegauge:{CANARY}@{address}");
    let query = format!("postgres://tidegauge@{address}?password={CANARY}");
    let crm = "[[databases]]\nname = \"crm\"\nurl_env = \"CRM_URL\"\nquery = \"SELECT 1\"\n\
               table = \"users\"\n";
    vec![
        Case::new("a password").env("TIDEGAUGE_WAREHOUSE", &url),
        Case::new("a password in an option").env("TIDEGAUGE_WAREHOUSE", query).run(&["status"]),
        Case::new("of a backup")
            .env("TIDEGAUGE_BACKUPS", format!("[{url}]"))
            .run(&["run", "--source", "recorded"])
            .run(&["status"]),
        Case::new("of a database")
            .file(FILE, crm)
            .env("CRM_URL", &url)
            .run(&["run", "--source", "crm"])
            .run(&["check", "crm"])
            .run(&["status"]),
    ]
}
