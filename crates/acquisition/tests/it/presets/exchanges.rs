//! Exports of a user's own account at an exchange.

use super::load;

#[tokio::test]
async fn trades_of_kraken_have_base_and_quote_currencies() {
    load("kraken_trades", "trades")
        .await
        .has("base_currency", ["BTC", "ETH", "XTZ", "DOT", "BTC", "DOGE", "USDC"])
        .has("quote_currency", ["EUR", "BTC", "EUR", "USD", "USD", "EUR", "EUR"])
        .has("fee_currency", ["EUR", "BTC", "EUR", "USD", "USD", "EUR", "EUR"])
        .has("side", ["buy", "sell", "buy", "buy", "sell", "buy", "buy"])
        .has("base_amount", ["0.00185", "0.5", "10", "10", "0.01", "100", "100"])
        .has("quote_amount", ["100", "0.0256", "12.345", "85", "1102.501", "15", "92"])
        .has("external_user_id", ["me"; 7])
        .leaves_out(0)
        // A market whose sides cannot be distinguished.
        .sets_aside(["no quote currency that is known"]);
    let trades = load("kraken_trades", "trades").await;
    assert_eq!(
        crate::files::column(&trades.pages, "trades", "executed_at")[..2],
        ["2024-03-19 19:43:31.679800", "2024-03-20 08:00:00"]
    );
}

#[tokio::test]
async fn ledgers_of_kraken_are_deposits_withdrawals_and_purchases() {
    load("kraken_ledgers", "deposits")
        .await
        .has("external_id", ["LAAAAA-AAAAA-AAAAA1", "LAAAAA-AAAAA-AAAAA2"])
        .has("currency", ["EUR", "BTC"])
        .has("deposit_type", ["fiat", "crypto"])
        .has("payment_method", ["bank_transfer", "blockchain"])
        .has("amount", ["500", "0.05"])
        .leaves_out(11)
        .sets_aside([]);
    // The returned withdrawal is left out, and sent amounts are positive.
    load("kraken_ledgers", "withdrawals")
        .await
        .has("currency", ["ETH", "EUR"])
        .has("amount", ["1.25", "100"])
        .has("fee", ["0.0035", "0.9"])
        .has("destination_type", ["wallet", "bank_account"])
        .leaves_out(11)
        .sets_aside([]);
    // Spent coins are not a purchase, and a payment with fractions of a cent is not rounded.
    load("kraken_ledgers", "ramp_transactions")
        .await
        .has("fiat_currency", ["EUR"])
        .has("fiat_amount", ["50.25"])
        .has("status", ["completed"])
        .leaves_out(11)
        .sets_aside(["more than 2 places"]);
}

#[tokio::test]
async fn the_history_of_coinbase_is_split_by_kind() {
    load("coinbase", "ramp_transactions")
        .await
        .has("external_id", ["65c50000000000000000aa01", "65c50000000000000000aa10"])
        .has("fiat_currency", ["EUR", "USD"])
        .has("fiat_amount", ["852.6", "1775.5"])
        .has("crypto_token", ["BTC", "ETH"])
        .has("crypto_amount", ["0.015", "0.5"])
        .has("created_at", ["2024-03-01 09:15:22", "2024-03-10 08:00:00"])
        .leaves_out(8)
        .sets_aside([]);
    load("coinbase", "trades")
        .await
        .has("trading_pair", ["BTC/EUR", "SOL/EUR"])
        .has("side", ["sell", "buy"])
        .has("base_amount", ["0.01", "2.5"])
        .has("quote_amount", ["571.23", "300.25"])
        .has("price", ["57123.45", "120.1"])
        .has("fee_amount", ["8.51", "1.5"])
        .leaves_out(8)
        .sets_aside([]);
    load("coinbase", "deposits")
        .await
        .has("currency", ["EUR", "ETH"])
        .has("amount", ["500", "0.75"])
        .has("deposit_type", ["fiat", "crypto"])
        .leaves_out(8)
        .sets_aside([]);
    load("coinbase", "withdrawals")
        .await
        .has("currency", ["BTC", "EUR"])
        .has("amount", ["0.005", "120.5"])
        .has("fee", ["0", "0"])
        .has("withdrawal_type", ["crypto", "fiat"])
        .leaves_out(8)
        .sets_aside([]);
}

#[tokio::test]
async fn earlier_layouts_of_coinbase_have_no_ids() {
    // Two equal lines have the same id, so a sink stores one row.
    let id = "2023-11-01T09:15:22Z|Buy|BTC|0.015|£426.26";
    load("coinbase_without_ids", "ramp_transactions")
        .await
        .has("external_id", [id, id])
        .has("fiat_amount", ["426.26", "426.26"])
        .has("fiat_currency", ["GBP", "GBP"])
        .leaves_out(4)
        .sets_aside([]);
    load("coinbase_without_ids", "trades")
        .await
        .has("side", ["sell"])
        .has("price", ["28500.5"])
        .leaves_out(5)
        .sets_aside([]);
    load("coinbase_without_ids", "deposits").await.has("amount", ["0.25"]).sets_aside([]);
    load("coinbase_without_ids", "withdrawals").await.has("amount", ["0.05"]).sets_aside([]);
    load("coinbase_spot_price", "ramp_transactions")
        .await
        .has("fiat_amount", ["21625"])
        .has("created_at", ["2022-01-15 10:30:00"])
        .leaves_out(4)
        .sets_aside([]);
    load("coinbase_spot_price", "trades")
        .await
        .has("side", ["sell"])
        .has("quote_amount", ["10775.03"])
        .has("fee_amount", ["64.65"])
        .sets_aside([]);
    load("coinbase_spot_price", "deposits").await.has("amount", ["0.1"]).sets_aside([]);
    load("coinbase_spot_price", "withdrawals").await.has("amount", ["0.1"]).sets_aside([]);
    load("coinbase_fees", "ramp_transactions")
        .await
        .has("fiat_amount", ["1979.25"])
        .leaves_out(2)
        .sets_aside([]);
    load("coinbase_fees", "trades")
        .await
        .has("quote_amount", ["675"])
        .has("fee_amount", ["10.12"])
        .sets_aside([]);
    load("coinbase_fees", "deposits").await.has("amount", []).leaves_out(3);
    load("coinbase_fees", "withdrawals").await.has("amount", []).leaves_out(3);
}

#[tokio::test]
async fn trades_of_binance_have_their_coins_after_the_numbers() {
    load("binance_trades_utc", "trades")
        .await
        .has("base_currency", ["BTC", "TRX", "ETH", "ETH", "BTC", "PEPE"])
        .has("quote_currency", ["USDT", "BTC", "USDT", "USDT", "EUR", "FDUSD"])
        .has("side", ["buy", "sell", "buy", "buy", "sell", "buy"])
        .has("base_amount", ["0.12", "150", "0.004", "0.004", "1", "1000000"])
        .has("quote_amount", ["445.854", "0.0006255", "5.40836", "5.40836", "20100", "1.31"])
        .has("price", ["3715.45", "0.00000417", "1352.09", "1352.09", "20100", "0.00000131"])
        .has("fee_amount", ["0.03217", "0.00019035", "0.000000321", "0.000000321", "20.1", "0"])
        .has("fee_currency", ["BNB", "BNB", "ETH", "ETH", "EUR", "FDUSD"])
        // A coin that begins with a digit is ambiguous after a number, and is not guessed.
        .leaves_out(1)
        .sets_aside([]);
    load("binance_trades_old", "trades")
        .await
        .has("base_currency", ["BTC", "ETH", "BNB", "GALA"])
        .has("quote_currency", ["USDT", "BTC", "ETH", "BUSD"])
        .has("base_amount", ["0.1", "2", "10", "5000"])
        .has("fee_currency", ["BTC", "BTC", "BNB", "BNB"])
        .leaves_out(0)
        .sets_aside(["no quote currency"]);
}

/// Checks that later exports name the order, have years of two digits, and lines that are longer
/// than the header.
#[tokio::test]
async fn the_layouts_of_binance_without_a_zone() {
    load("binance_trades", "trades")
        .await
        .has("external_order_id", ["9000000001", "9000000002", "9000000003"])
        .has("base_currency", ["BTC", "XAUT", "SOL"])
        .has("quote_currency", ["USDT", "USDT", "USDC"])
        .has("base_amount", ["0.01", "0.1234", "9.434"])
        .has("price", ["60000", "4000", "74.12"])
        .has("side", ["buy", "sell", "buy"])
        .has("executed_at", ["2025-10-11 01:01:13", "2026-01-02 18:31:37", "2026-06-02 21:39:30"])
        .leaves_out(1)
        .sets_aside([]);
    load("binance_deposits", "deposits")
        .await
        .has("currency", ["USDT", "BTC"])
        .has("amount", ["1000.5", "0.01"])
        .has("tx_hash", ["0xaa02", "aa03"])
        .has("completed_at", ["2025-10-10 15:28:51", "2026-01-01 10:00:00"])
        .leaves_out(1)
        .sets_aside([]);
    load("binance_withdrawals", "withdrawals")
        .await
        .has("currency", ["TAO", "BNB"])
        .has("fee", ["0.0003", "0"])
        .has("address", ["5Gexample", "0xdef"])
        .leaves_out(1)
        .sets_aside([]);
}

#[tokio::test]
async fn purchases_deposits_and_withdrawals_of_binance() {
    load("binance_purchases", "ramp_transactions")
        .await
        .has("fiat_currency", ["EUR", "EUR", "USD", "GBP", "EUR"])
        .has("fiat_amount", ["100", "1500.5", "50", "20", "30"])
        .has("crypto_token", ["BTC", "ETH", "SOL", "BTC", "BTC"])
        .has("payment_method", ["card", "bank_transfer", "apple_pay", "null", "google_pay"])
        .has("status", ["completed", "completed", "failed", "failed", "pending"])
        .has(
            "created_at",
            [
                "2024-01-15 14:30:00",
                "2024-01-16 09:00:00",
                "2024-01-17 09:00:00",
                "2024-01-18 09:00:00",
                "2024-01-19 09:00:00",
            ],
        )
        // A sale.
        .sets_aside(["`0.01 BTC` is none of"]);
    load("binance_deposits_utc", "deposits")
        .await
        .has("currency", ["BTC", "USDT"])
        .has("amount", ["0.5", "1000.25"])
        .has("created_at", ["2023-05-01 10:00:00", "2023-05-02 10:00:00"])
        .leaves_out(1)
        .sets_aside([]);
    load("binance_withdrawals_utc", "withdrawals")
        .await
        .has("currency", ["BTC", "BNB"])
        .has("amount", ["0.4998", "2.5"])
        .has("fee", ["0.0002", "0"])
        .leaves_out(1)
        .sets_aside([]);
}

#[tokio::test]
async fn both_layouts_of_bitstamp() {
    load("bitstamp_old", "trades")
        .await
        .has("base_currency", ["BTC", "ETH", "XRP"])
        .has("quote_currency", ["EUR", "EUR", "USD"])
        .has("side", ["buy", "sell", "sell"])
        .has("base_amount", ["0.1", "1", "752.423808"])
        .has("quote_amount", ["3015.5", "1710.55", "29.34"])
        .has("price", ["30155", "1710.55", "0.03899"])
        .has("fee_amount", ["15.0775", "8.55", "null"])
        .has("fee_currency", ["EUR", "EUR", "null"])
        .has("executed_at", ["2021-01-15 15:04:00", "2022-06-03 13:05:00", "2023-12-31 23:59:00"])
        .leaves_out(5)
        .sets_aside([]);
    load("bitstamp_old", "deposits")
        .await
        .has("currency", ["EUR", "XRP"])
        .has("amount", ["10000", "250"])
        .has("deposit_type", ["fiat", "crypto"])
        .has("created_at", ["2021-01-14 09:00:00", "2022-09-15 07:30:00"])
        .leaves_out(6)
        .sets_aside([]);
    load("bitstamp_old", "withdrawals")
        .await
        .has("currency", ["EUR", "BTC"])
        .has("amount", ["1804.66", "0.05"])
        .has("fee", ["3", "0"])
        .has("destination_type", ["bank_account", "wallet"])
        .leaves_out(6)
        .sets_aside([]);
    load("bitstamp", "trades")
        .await
        .has("trade_id", ["10000002", "10000003"])
        .has("order_id", ["100000001", "100000002"])
        .has("trading_pair", ["BTC/EUR", "BTC/EUR"])
        .has("side", ["buy", "sell"])
        .has("fee_amount", ["null", "7.5"])
        .leaves_out(6)
        .sets_aside([]);
    load("bitstamp", "deposits")
        .await
        .has("deposit_id", ["10000001", "10000007"])
        .has("deposit_type", ["fiat", "crypto"])
        .leaves_out(6)
        .sets_aside([]);
    load("bitstamp", "withdrawals")
        .await
        .has("withdrawal_id", ["10000004", "10000006"])
        .has("amount", ["0.05", "20"])
        .has("fee", ["0.0001", "0"])
        .leaves_out(6)
        .sets_aside([]);
}
