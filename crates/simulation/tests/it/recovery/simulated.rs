//! The estimators recover the parameters of simulated customers and reject others.

use super::bgnbd::{self, Customer};
use super::gamma_gamma::{self, Spend};
use super::judge::{Forecast, judge};
use super::sample::Draws;

const CUSTOMERS: usize = 100_000;

/// Length of the forecast period, in days.
const FUTURE: f64 = 180.0;

/// Returns customers who arrive uniformly over a year and are observed until 30 days after it, and the number
/// of repeats of each in the forecast period.
fn simulated(theta: &bgnbd::Theta, seed: u64) -> (Vec<Customer>, Vec<f64>) {
    let mut draws = Draws(seed);
    let customer = |_| {
        let t = 30.0 + 365.0 * draws.unit();
        let repeats = draws.repeats(theta, t + FUTURE);
        let customer = Customer::observed(&repeats, t);
        (customer, repeats.len() as f64 - f64::from(customer.x))
    };
    (0..CUSTOMERS).map(customer).unzip()
}

#[test]
fn bgnbd_is_found_again_and_its_forecast_comes_true() {
    for (truth, seed) in
        [([0.62, 9.0, 0.8, 2.9], 1), ([0.45, 12.0, 1.1, 2.0], 2), ([0.243, 31.0, 0.793, 2.426], 3)]
    {
        let (customers, realised) = simulated(&truth, seed);
        let judgement = judge(truth, |theta| bgnbd::log_likelihood(theta, &customers));
        println!("{judgement:.3?}");
        assert!(judgement.holds(), "{judgement:.3?}");
        for theta in [truth, judgement.found] {
            let expected = |customer| bgnbd::conditional_expected(&theta, customer, FUTURE);
            let forecast =
                Forecast::of(customers.iter().map(expected).zip(realised.iter().copied()));
            println!("{forecast:.2?}, ratio {:.4}", forecast.ratio());
            assert!(forecast.holds() && (forecast.ratio() - 1.0).abs() < 0.02, "{forecast:.2?}");
        }
    }
}

#[test]
fn gamma_gamma_is_found_again() {
    let (customers, _) = simulated(&[0.62, 9.0, 0.8, 2.9], 4);
    let truth = [2.2, 3.2, 300.0];
    let mut draws = Draws(5);
    let spends: Vec<Spend> =
        customers.iter().map(|customer| draws.spend(&truth, customer.x + 1)).collect();
    let judgement = judge(truth, |theta| gamma_gamma::log_likelihood(theta, &spends));
    println!("{judgement:.3?}");
    assert!(judgement.holds(), "{judgement:.3?}");
}

#[test]
fn what_is_a_little_wrong_is_not_found() {
    let truth = [0.62, 9.0, 0.8, 2.9];
    let (customers, _) = simulated(&truth, 6);
    for i in 0..4 {
        let mut wrong = truth;
        wrong[i] *= 1.1;
        let judgement = judge(wrong, |theta| bgnbd::log_likelihood(theta, &customers));
        assert!(!judgement.holds(), "{judgement:.3?}");
    }
}

#[test]
fn the_mean_of_many_is_what_is_expected() {
    for (truth, seed) in
        [([0.62, 9.0, 0.8, 2.9], 7), ([0.9, 5.0, 1.0, 2.0], 8), ([2.0, 1.0, 3.0, 9.0], 9)]
    {
        let mut draws = Draws(seed);
        let expected = bgnbd::expected(&truth, FUTURE);
        let realised = (0..CUSTOMERS).map(|_| draws.repeats(&truth, FUTURE).len() as f64);
        let forecast = Forecast::of(realised.map(|repeats| (expected, repeats)));
        println!("{truth:?}: {forecast:.2?}");
        assert!(forecast.holds(), "{truth:?}: {forecast:.2?}");
    }
}
