//! Facts of a warehouse: the same whatever the batches and the memory, and as those of frames.

use proptest::prelude::*;
use tidegauge_analytics::{Facts, FactsParams};
use tidegauge_core::SetAsideReason;
use tidegauge_core::tables::{
    Chargeback, Deposit, MarketingSpend, RampTransaction, Trade, User, Withdrawal,
};

use super::world::{Happened, KINDS, View, World, assert_alike, metrics, world};
use crate::support::{Memory, run};
use crate::warehouse::{trade, user, withdrawal};

/// Returns an amount in dollars as text.
fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Returns the tables of a world, in US dollars, which need no prices.
fn tables(world: &World) -> Memory {
    let mut memory = Memory::default();
    let users = world.people.iter().zip(0_i64..).map(|(person, user_id)| User {
        user_id,
        signup_at: World::time(person.signup),
        kyc_verified_at: person.verified.map(|after| World::time(person.signup + after)),
        acquisition_channel: person.channel.map(|channel| format!("channel {channel}")),
        ..user()
    });
    memory.put(User::table(), &users.collect::<Vec<_>>());
    let (mut trades, mut purchases, mut chargebacks) = (vec![], vec![], vec![]);
    let (mut withdrawals, mut deposits) = (vec![], vec![]);
    for (event, id) in world.happened.iter().zip(0_i64..) {
        let (user_id, at) = (i64::try_from(event.user).unwrap(), World::time(world.when(event)));
        let (amount, fee) = (dollars(event.cents), dollars(event.fee_cents));
        match KINDS[event.kind] {
            "trade" => trades.push(Trade {
                user_id,
                order_id: None,
                executed_at: at,
                ..trade(id, "2026-01-01", "USD", &amount, (&fee, "USD"))
            }),
            "ramp" if event.is_reversal => chargebacks.push(Chargeback {
                chargeback_id: id,
                // The purchase follows its reversal.
                transaction_id: id + 1,
                user_id,
                currency: "USD".into(),
                amount: amount.parse().unwrap(),
                reason: "dispute".into(),
                created_at: at,
                external_id: None,
                external_transaction_id: None,
                external_user_id: None,
            }),
            "ramp" => purchases.push(RampTransaction {
                transaction_id: id,
                user_id,
                fiat_currency: "USD".into(),
                fiat_amount: amount.parse().unwrap(),
                crypto_token: None,
                crypto_amount: None,
                payment_method: None,
                country: None,
                status: "completed".into(),
                fee_usd: Some(fee.parse().unwrap()),
                created_at: at,
                card: None,
                external_id: None,
                external_user_id: None,
            }),
            "withdrawal" => withdrawals.push(Withdrawal {
                user_id,
                completed_at: Some(at),
                ..withdrawal(id, "completed", "2026-01-01", (&fee, "USD"))
            }),
            _ => deposits.push(Deposit {
                deposit_id: id,
                user_id,
                deposit_type: "fiat".into(),
                currency: "USD".into(),
                amount: amount.parse().unwrap(),
                payment_method: "card".into(),
                status: "completed".into(),
                blockchain_confirmations: None,
                created_at: at,
                completed_at: Some(at),
                tx_hash: None,
                external_id: None,
                external_user_id: None,
            }),
        }
    }
    memory.put(Trade::table(), &trades);
    memory.put(RampTransaction::table(), &purchases);
    memory.put(Chargeback::table(), &chargebacks);
    memory.put(Withdrawal::table(), &withdrawals);
    memory.put(Deposit::table(), &deposits);
    let spend = world.spend.iter().map(|(day, channel, cents)| MarketingSpend {
        day: World::time(day * 1_440).date_naive(),
        channel: format!("channel {channel}"),
        campaign: "all".into(),
        currency: "USD".into(),
        spend: dollars(*cents).parse().unwrap(),
    });
    memory.put(MarketingSpend::table(), &spend.collect::<Vec<_>>());
    memory
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn batches_and_memory_change_no_bit(world in world()) {
        let end = Some(World::time(world.end));
        let params = FactsParams { end, ..FactsParams::default() };
        let read = |batch_rows, params| {
            run(Facts::from_warehouse(&tables(&world).in_batches_of(batch_rows), &params)).unwrap()
        };
        let facts = read(1_000, params);
        prop_assert!(facts.set_aside().is_empty(), "{:?}", facts.set_aside());
        let expected = metrics(&facts, 0.01);
        // 40 bytes are one event: all others go through the temporary file.
        for (batch_rows, memory) in [(1, 1 << 30), (3, 40), (1, 1), (7, 400)] {
            let found = metrics(&read(batch_rows, FactsParams { memory, ..params }), 0.01);
            prop_assert_eq!(found.to_string(), expected.to_string(), "{} {}", batch_rows, memory);
        }
        assert_alike(&expected, &metrics(&world.facts(&View::default()), 0.01), &|_| 1.0);
        let without = metrics(&read(5, FactsParams { amounts: false, memory: 80, ..params }), 0.01);
        for metric in ["retention", "churn", "growth", "active_users", "funnel"] {
            prop_assert_eq!(&without[metric], &expected[metric], "{}", metric);
        }
    }

    #[test]
    fn a_row_years_ahead_does_not_move_the_end(
        world in world(), who in any::<prop::sample::Index>(), days in 400..4_000_i64,
    ) {
        let now = Some(World::time(world.end));
        let read = |world: &World| {
            run(Facts::from_warehouse(&tables(world), &FactsParams { now, ..FactsParams::default() }))
                .unwrap()
        };
        let (user, after) = (who.index(world.people.len()), days * 1_440);
        let mut ahead = world.clone();
        ahead.happened.push(
            Happened { user, after, kind: 0, cents: 999_999, fee_cents: 9, is_reversal: false },
        );
        let (expected, found) = (read(&world), read(&ahead));
        prop_assert_eq!(found.end(), expected.end());
        let late = |facts: &Facts| {
            let events = facts.set_aside().iter().filter(|aside| aside.table == "events");
            let late = events.filter(|aside| aside.reason == SetAsideReason::AfterEnd);
            late.map(|aside| aside.rows).sum::<u64>()
        };
        prop_assert_eq!(late(&found), late(&expected) + 1);
        prop_assert_eq!(metrics(&found, 0.01).to_string(), metrics(&expected, 0.01).to_string());
    }
}
