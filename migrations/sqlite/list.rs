// Written by `cargo xtask migrations`.
&[
    (1, "tables", include_str!("0001_tables.sql")),
    (2, "market", include_str!("0002_market.sql")),
    (3, "exchange", include_str!("0003_exchange.sql")),
    (4, "runs", include_str!("0004_runs.sql")),
    (5, "loaded", include_str!("0005_loaded.sql")),
    (6, "raw_crypto_market_data", include_str!("0006_raw_crypto_market_data.sql")),
    (7, "users", include_str!("0007_users.sql")),
]
