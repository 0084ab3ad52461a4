//! Validation of the estimators with the public CDNOW data set.
//!
//! `cdnow.csv` holds the numbers of `cdnow_customers_summary_with_transactions.csv` in the Python package
//! lifetimes 0.11.3 (MIT) under other column names: 2,357 customers in weeks, with recency and T rounded to
//! two decimals, aggregated from the data that Bruce Hardie publishes
//! (<http://www.brucehardie.com/datasets/>).

use super::bgnbd::{self, Customer};
use super::gamma_gamma::{self, Spend};
use super::optimise::fit;

/// Best fit to the rounded data, by Newton's method to a gradient of 1e-11. The papers report .243, 4.414,
/// .793, 2.426 with −9582.4, and 6.25, 3.74, 15.44.
const THETA: bgnbd::Theta =
    [0.242_592_907_204, 4.413_531_561_205, 0.792_886_148_099, 2.425_753_436_494];

/// Reads the customers of the data set.
fn rows() -> impl Iterator<Item = (Customer, Spend)> {
    include_str!("cdnow.csv").lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().expect("a number");
        let x = cells[1].parse().expect("a whole number");
        let spend = Spend { n: x, mean: number(4) };
        (Customer { x, t_x: number(2), t: number(3) }, spend)
    })
}

/// Asserts that two values differ by a relative error below `error`.
fn close(found: f64, wanted: f64, error: f64) {
    assert!((found / wanted - 1.0).abs() < error, "{found}, not {wanted}");
}

#[test]
fn bgnbd_fit_matches_published_values() {
    let customers: Vec<Customer> = rows().map(|row| row.0).collect();
    let of = |ln: &[f64; 4]| bgnbd::log_likelihood(&ln.map(libm::exp), &customers);
    for start in [[0.0; 4], [-3.0, 5.0, 2.0, 3.0], [3.0, -3.0, -3.0, 4.0]] {
        let fit = fit(of, start).expect("a maximum");
        println!("{fit:?}");
        close(fit.log_likelihood, -9_582.425_560_567, 1e-12);
        let se = [0.012_557_32, 0.378_221_42, 0.185_719_14, 0.705_345_76];
        for ((found, wanted), (relative, se)) in
            fit.theta().into_iter().zip(THETA).zip(fit.se.into_iter().zip(se))
        {
            close(found, wanted, 1e-5);
            close(relative * wanted, se, 1e-4);
        }
    }
}

#[test]
fn change_of_time_unit_changes_only_alpha() {
    let customers: Vec<Customer> = rows().map(|row| row.0).collect();
    let days = |customer: &Customer| Customer {
        x: customer.x,
        t_x: 7.0 * customer.t_x,
        t: 7.0 * customer.t,
    };
    let in_days: Vec<Customer> = customers.iter().map(days).collect();
    let [r, alpha, a, b] = THETA;
    let repeats: f64 = customers.iter().map(|customer| f64::from(customer.x)).sum();
    let shifted = bgnbd::log_likelihood(&THETA, &customers) - repeats * libm::log(7.0);
    close(bgnbd::log_likelihood(&[r, 7.0 * alpha, a, b], &in_days), shifted, 1e-13);
}

#[test]
fn bgnbd_expectations_match_high_precision_values() {
    for (weeks, wanted) in
        [(1.0, 0.053_184_740_776), (39.0, 1.195_016_297_703), (78.0, 1.857_971_782_428)]
    {
        close(bgnbd::expected(&THETA, weeks), wanted, 1e-10);
    }
    for (x, t_x, t, alive, in_39, in_104) in [
        (2, 30.43, 38.86, 0.726_609_151_551, 1.225_910_452_123, 2.669_091_115_496),
        (0, 0.0, 38.86, 1.0, 0.194_780_847_006, 0.453_085_637_732),
        (29, 37.71, 38.0, 0.969_133_588_091, 20.053_664_452_925, 40.927_179_524_701),
        (21, 4.71, 29.29, 2.489_434_280_861e-11, 4.499_060_578_783e-10, 8.928_463_042_756e-10),
    ] {
        let customer = Customer { x, t_x, t };
        close(bgnbd::p_alive(&THETA, &customer), alive, 1e-10);
        close(bgnbd::conditional_expected(&THETA, &customer, 39.0), in_39, 1e-10);
        close(bgnbd::conditional_expected(&THETA, &customer, 104.0), in_104, 1e-10);
    }
}

#[test]
fn gamma_gamma_fit_matches_published_values() {
    let spends: Vec<Spend> = rows().map(|row| row.1).filter(|spend| spend.n > 0).collect();
    let of = |ln: &[f64; 3]| gamma_gamma::log_likelihood(&ln.map(libm::exp), &spends);
    for start in [[0.0; 3], [3.0, 3.0, 0.0]] {
        let fit = fit(of, start).expect("a maximum");
        println!("{fit:?}");
        close(fit.log_likelihood, -4_055.923_243_503, 1e-12);
        let wanted =
            [(6.248_802_490, 1.189_687), (3.744_588_453, 0.290_165_6), (15.447_748, 4.159_994)];
        for ((found, relative), (wanted, se)) in fit.theta().into_iter().zip(fit.se).zip(wanted) {
            close(found, wanted, 1e-5);
            close(relative * wanted, se, 1e-4);
        }
    }
}
