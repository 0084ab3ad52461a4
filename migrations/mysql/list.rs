// Written by `cargo xtask migrations`.
&[
    (1, "tables", include_str!("0001_tables.sql")),
    (2, "exchange", include_str!("0002_exchange.sql")),
    (3, "runs", include_str!("0003_runs.sql")),
    (4, "loaded", include_str!("0004_loaded.sql")),
    (5, "raw_crypto_market_data", include_str!("0005_raw_crypto_market_data.sql")),
    (6, "users", include_str!("0006_users.sql")),
]
