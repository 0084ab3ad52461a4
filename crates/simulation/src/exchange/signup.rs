//! Signups: country, identity check, model parameters and first trade of a user.

use super::World;
use super::countries::COUNTRIES;
use super::names::Kyc;
use super::nature::Nature;
use super::plan::Way;
use crate::draw::{Draws, Stream};
use crate::world::{DAY, HOUR, MINUTE, micros};

/// A user as of signup, with everything that is drawn before the first trade.
#[derive(Debug)]
pub(super) struct Signup {
    /// User id, counted from 1.
    pub(super) id: i64,
    pub(super) way: Way,
    /// Index in `COUNTRIES`.
    pub(super) country: usize,
    pub(super) at: i64,
    pub(super) kyc: Kyc,
    /// Time at which the identity check ended, or `i64::MAX` if it never does, in microseconds since 1970.
    pub(super) checked_at: i64,
    pub(super) nature: Nature,
    /// Time of the first trade or card purchase, or `None` if the user never trades, in microseconds since
    /// 1970.
    pub(super) started: Option<i64>,
    /// User id of the referrer.
    pub(super) referred_by: Option<i64>,
    /// Index of the fraud ring that the account belongs to, if any.
    pub(super) ring: Option<usize>,
}

/// Mean times from signup to the identity check, of the check itself, and from there to the first trade, in
/// microseconds.
const ASKS: f64 = 3.0 * HOUR as f64;
const TAKES: f64 = 8.0 * HOUR as f64;
const STARTS: f64 = 1.5 * DAY as f64;

impl Signup {
    /// Returns the user with that number, counted from 0, and the random stream of the user's trades. Returns
    /// `None` if the channel was off.
    pub(super) fn of(world: &World, number: u64) -> Option<(Self, Draws)> {
        let (day, way) = world.plan.signup(number);
        if world.plan.is_off(day, way) {
            return None;
        }
        let mut draws = Draws::of(world.seed, Stream::Life, number);
        let mix = &world.mixes[way.channel];
        let country = mix.draw(&mut draws).unwrap_or_default();
        let midnight = world.opening + i64::try_from(day).unwrap_or(i64::MAX / DAY / 2) * DAY;
        let at = world.clock.moment(country, midnight, draws.unit());
        let [confirms, passes, starts] =
            way.channel().funnel_in(country).map(|share| draws.chance(share));
        let asks = micros(draws.exponential(ASKS)) + MINUTE;
        let takes = micros(draws.exponential(TAKES)) + MINUTE;
        let begins = micros(draws.exponential(STARTS)) + MINUTE;
        let refused = draws.chance(0.5);
        let nature = way.channel().process.draw(&mut draws);
        let referred_by = way.channel().is_referral.then(|| referrer(world, day, number));
        let (kyc, checked_at) = match (confirms, passes) {
            (true, true) => (Kyc::Verified, world.checked(at + asks, takes)),
            (true, false) if refused => (Kyc::Rejected, world.checked(at + asks, takes)),
            _ => (Kyc::Pending, i64::MAX),
        };
        let started = (confirms && passes && starts).then(|| checked_at + begins);
        let signup = Self {
            id: id(number),
            way,
            country,
            at,
            kyc,
            checked_at,
            nature,
            started,
            referred_by: referred_by.flatten(),
            ring: None,
        };
        Some((signup, draws))
    }

    /// Returns the index of the user's currency in `FIATS`.
    pub(super) fn fiat(&self) -> usize {
        COUNTRIES[self.country].fiat
    }
}

/// Returns a user's id, counted from 1, for a number counted from 0.
pub(super) fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX - 1) + 1
}

/// Draws a referrer among users who signed up before `day` through active channels. Returns `None` if none is
/// found, as on the first day.
fn referrer(world: &World, day: usize, number: u64) -> Option<i64> {
    let mut draws = Draws::of(world.seed, Stream::Referral, number);
    let before = i64::try_from(world.plan.signed_up_before(day)).unwrap_or(i64::MAX);
    // The number of attempts is bounded: all channels may be off.
    (0..64).find_map(|_| {
        let other = u64::try_from(draws.between(0, before)).ok().filter(|other| *other < number)?;
        let (day, way) = world.plan.signup(other);
        (before > 0 && !world.plan.is_off(day, way)).then(|| id(other))
    })
}
