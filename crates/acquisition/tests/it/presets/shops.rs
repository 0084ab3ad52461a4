//! Orders and payments of a shop.

use super::load;

#[tokio::test]
async fn an_order_of_shopify_is_one_purchase_however_many_items_it_has() {
    load("shopify_orders", "ramp_transactions")
        .await
        .has(
            "transaction_id",
            ["5001000000001", "5001000000002", "5001000000003", "5001000000004", "5001000000005"],
        )
        .has(
            "external_user_id",
            [
                "ann@example.com",
                "bob@example.com",
                "ann@example.com",
                "cy@example.com",
                "cy@example.com",
            ],
        )
        .has("fiat_currency", ["EUR", "EUR", "USD", "EUR", "EUR"])
        .has("fiat_amount", ["34.98", "119", "1250", "10", "10"])
        // Refunded and voided orders do not count, partially refunded ones do.
        .has("status", ["completed", "failed", "completed", "failed", "pending"])
        .has("country", ["DE", "AT", "US", "FR", "FR"])
        .has(
            "created_at",
            [
                "2024-05-01 07:58:12",
                "2024-05-02 07:00:00",
                "2024-05-03 14:00:00",
                "2024-05-04 08:00:00",
                "2024-05-05 08:00:00",
            ],
        )
        .leaves_out(1)
        // Sold in a shop, without an email address.
        .sets_aside(["is empty, and must not be"]);
}

#[tokio::test]
async fn payments_of_stripe_have_currencies_in_capitals() {
    load("stripe_payments", "ramp_transactions")
        .await
        .has("fiat_currency", ["USD", "EUR", "EUR", "GBP", "JPY"])
        .has("fiat_amount", ["3125", "19.9", "100", "5", "1200"])
        .has("status", ["completed", "failed", "completed", "failed", "completed"])
        .has("card", ["null"; 5])
        .has("fee_usd", ["null"; 5])
        .leaves_out(0)
        .sets_aside(["is empty, and must not be", "none of the `values`"]);
    load("stripe_payments_old", "ramp_transactions")
        .await
        .has("external_user_id", ["ann@example.com", "bob@example.com"])
        .has("fiat_currency", ["USD", "EUR"])
        .has("status", ["completed", "failed"])
        .has("card", ["fp00001", "fp00002"])
        .has("country", ["US", "null"])
        .has("created_at", ["2019-01-02 03:04:00", "2019-01-03 03:04:00"])
        .sets_aside([]);
}

#[tokio::test]
async fn orders_of_woocommerce_by_its_report_and_by_plugins() {
    load("woocommerce_analytics", "ramp_transactions")
        .await
        .has(
            "external_user_id",
            [
                "Ann Example",
                "Bob Example",
                "Ann Example",
                "Cy Example",
                "Cy Example",
                "Bob Example",
            ],
        )
        .has("fiat_amount", ["1234.5", "20", "50", "10", "10", "0"])
        .has("status", ["completed", "completed", "failed", "failed", "pending", "completed"])
        .leaves_out(1)
        .sets_aside(["is empty, and must not be"]);
    load("woocommerce_orders", "ramp_transactions")
        .await
        .has("transaction_id", ["701", "702", "703", "704", "705"])
        .has("fiat_currency", ["EUR", "USD", "EUR", "EUR", "EUR"])
        .has("fiat_amount", ["34.98", "1250", "12", "12", "15"])
        .has("status", ["completed", "completed", "failed", "failed", "pending"])
        .has("country", ["IT", "US", "IT", "FR", "null"])
        .has(
            "created_at",
            [
                "2025-08-05 11:11:03",
                "2025-08-06 11:11:03",
                "2016-09-06 06:29:00",
                "2025-08-08 11:11:03",
                "2025-08-09 11:11:03",
            ],
        )
        .sets_aside(["is empty, and must not be"]);
    // The two items of order 801 are equal lines, of which a sink stores one.
    load("woocommerce_advanced_order_export", "ramp_transactions")
        .await
        .has(
            "external_user_id",
            [
                "ann@example.com",
                "ann@example.com",
                "bob@example.com",
                "cy@example.com",
                "ann@example.com",
            ],
        )
        .has("fiat_amount", ["108", "108", "50", "20", "1250.5"])
        .has("status", ["completed", "completed", "failed", "pending", "completed"])
        .sets_aside(["is empty, and must not be"]);
}
