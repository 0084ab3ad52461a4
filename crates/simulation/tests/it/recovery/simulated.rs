//! The estimators recover the parameters of simulated customers and reject others.

use super::bgnbd::{self, Customer};
use super::gamma_gamma::{self, Spend};
use super::parameter_test::{Forecast, test_parameters};
use super::sample::TestRng;

const CUSTOMERS: usize = 100_000;

/// Length of the forecast period, in days.
const FUTURE: f64 = 180.0;

/// Returns customers who arrive uniformly over a year and are observed until 30 days after it, and the number
/// of repeats of each in the forecast period.
fn simulated(theta: &bgnbd::Theta, seed: u64) -> (Vec<Customer>, Vec<f64>) {
    let mut rng = TestRng(seed);
    let customer = |_| {
        let t = 30.0 + 365.0 * rng.uniform();
        let repeats = rng.repeats(theta, t + FUTURE);
        let customer = Customer::observed(&repeats, t);
        (customer, repeats.len() as f64 - f64::from(customer.x))
    };
    (0..CUSTOMERS).map(customer).unzip()
}

#[test]
fn bgnbd_parameters_and_forecasts_are_recovered() {
    for (truth, seed) in
        [([0.62, 9.0, 0.8, 2.9], 1), ([0.45, 12.0, 1.1, 2.0], 2), ([0.243, 31.0, 0.793, 2.426], 3)]
    {
        let (customers, realised) = simulated(&truth, seed);
        let test = test_parameters(truth, |theta| bgnbd::log_likelihood(theta, &customers));
        println!("{test:.3?}");
        assert!(test.holds(), "{test:.3?}");
        for theta in [truth, test.found] {
            let expected = |customer| bgnbd::conditional_expected(&theta, customer, FUTURE);
            let forecast =
                Forecast::of(customers.iter().map(expected).zip(realised.iter().copied()));
            println!("{forecast:.2?}, ratio {:.4}", forecast.ratio());
            assert!(forecast.holds() && (forecast.ratio() - 1.0).abs() < 0.02, "{forecast:.2?}");
        }
    }
}

#[test]
fn gamma_gamma_parameters_are_recovered() {
    let (customers, _) = simulated(&[0.62, 9.0, 0.8, 2.9], 4);
    let truth = [2.2, 3.2, 300.0];
    let mut rng = TestRng(5);
    let spends: Vec<Spend> =
        customers.iter().map(|customer| rng.spend(&truth, customer.x + 1)).collect();
    let test = test_parameters(truth, |theta| gamma_gamma::log_likelihood(theta, &spends));
    println!("{test:.3?}");
    assert!(test.holds(), "{test:.3?}");
}

#[test]
fn wrong_parameters_are_rejected() {
    let truth = [0.62, 9.0, 0.8, 2.9];
    let (customers, _) = simulated(&truth, 6);
    for i in 0..4 {
        let mut wrong = truth;
        wrong[i] *= 1.1;
        let test = test_parameters(wrong, |theta| bgnbd::log_likelihood(theta, &customers));
        assert!(!test.holds(), "{test:.3?}");
    }
}

#[test]
fn simulated_mean_matches_expectation() {
    for (truth, seed) in
        [([0.62, 9.0, 0.8, 2.9], 7), ([0.9, 5.0, 1.0, 2.0], 8), ([2.0, 1.0, 3.0, 9.0], 9)]
    {
        let mut rng = TestRng(seed);
        let expected = bgnbd::expected(&truth, FUTURE);
        let realised = (0..CUSTOMERS).map(|_| rng.repeats(&truth, FUTURE).len() as f64);
        let forecast = Forecast::of(realised.map(|repeats| (expected, repeats)));
        println!("{truth:?}: {forecast:.2?}");
        assert!(forecast.holds(), "{truth:?}: {forecast:.2?}");
    }
}
