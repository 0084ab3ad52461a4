//! Signups: country, identity check, model parameters and first trade of a user.

use crate::exchange::behavior::btyd::Customer;
use crate::exchange::context::SimulationContext;
use crate::exchange::marketing::channels::CHANNELS;
use crate::exchange::marketing::signup_plan::Attribution;
use crate::exchange::output::enum_values::KycStatus;
use crate::exchange::population::countries::COUNTRIES;
use crate::exchange::population::fraud_ring::ring_of;
use crate::rng::{RandomStream, StreamId};
use crate::units::{DAY, HOUR, MINUTE, micros, midnight};

/// A user as of signup, with everything that is drawn before the first trade.
#[derive(Debug)]
pub(crate) struct Signup {
    /// User id, counted from 1.
    pub(crate) id: i64,
    pub(crate) attribution: Attribution,
    /// Index in `COUNTRIES`.
    pub(crate) country: usize,
    pub(crate) at: i64,
    pub(crate) kyc: KycStatus,
    /// Time at which the identity check ended, or `i64::MAX` if it never does, in microseconds since 1970.
    pub(crate) checked_at: i64,
    pub(crate) customer: Customer,
    /// Time of the first trade or card purchase, or `None` if the user never trades, in microseconds since
    /// 1970.
    pub(crate) started: Option<i64>,
    /// User id of the referrer.
    pub(crate) referred_by: Option<i64>,
    /// Index of the fraud ring that the account belongs to, if any.
    pub(crate) ring: Option<usize>,
}

/// Mean times from signup to the identity check, of the check itself, and from there to the first trade, in
/// microseconds.
const MEAN_KYC_DELAY: f64 = 3.0 * HOUR as f64;
const MEAN_KYC_DURATION: f64 = 8.0 * HOUR as f64;
const MEAN_START_DELAY: f64 = 1.5 * DAY as f64;

impl Signup {
    /// Returns the user with that number, counted from 0, and the random stream of the user's trades. Returns
    /// `None` if the channel was off.
    pub(crate) fn draw(context: &SimulationContext, number: u64) -> Option<(Self, RandomStream)> {
        let (day, attribution) = context.plan.signup(number);
        if context.plan.is_off(day, attribution) {
            return None;
        }
        let mut rng = RandomStream::new(context.seed, StreamId::User, number);
        let mix = &context.country_mixes[attribution.channel];
        let country = mix.draw(&mut rng).unwrap_or_default();
        let midnight = context.opening + i64::try_from(day).unwrap_or(i64::MAX / DAY / 2) * DAY;
        let at = context.clock.moment(country, midnight, rng.unit());
        let [confirms, passes, starts] =
            attribution.channel().funnel_in(country).map(|share| rng.chance(share));
        let kyc_delay = micros(rng.exponential(MEAN_KYC_DELAY)) + MINUTE;
        let kyc_duration = micros(rng.exponential(MEAN_KYC_DURATION)) + MINUTE;
        let start_delay = micros(rng.exponential(MEAN_START_DELAY)) + MINUTE;
        let is_rejected = rng.chance(0.5);
        let customer = attribution.channel().btyd.draw(&mut rng);
        let referred_by = attribution.channel().is_referral.then(|| referrer(context, day, number));
        let (kyc, checked_at) = match (confirms, passes) {
            (true, true) => {
                (KycStatus::Verified, context.kyc_completed_at(at + kyc_delay, kyc_duration))
            }
            (true, false) if is_rejected => {
                (KycStatus::Rejected, context.kyc_completed_at(at + kyc_delay, kyc_duration))
            }
            _ => (KycStatus::Pending, i64::MAX),
        };
        let started = (confirms && passes && starts).then(|| checked_at + start_delay);
        let signup = Self {
            id: user_id(number),
            attribution,
            country,
            at,
            kyc,
            checked_at,
            customer,
            started,
            referred_by: referred_by.flatten(),
            ring: None,
        };
        Some((signup, rng))
    }

    /// Returns the index of the user's currency in `FIATS`.
    pub(crate) fn fiat(&self) -> usize {
        COUNTRIES[self.country].fiat
    }
}

/// Returns a user's id, counted from 1, for a number counted from 0.
pub(crate) fn user_id(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX - 1) + 1
}

/// Draws a referrer among users who signed up before `day` through active channels. Returns `None` if none is
/// found, as on the first day.
fn referrer(context: &SimulationContext, day: usize, number: u64) -> Option<i64> {
    let mut rng = RandomStream::new(context.seed, StreamId::Referral, number);
    let before = i64::try_from(context.plan.signed_up_before(day)).unwrap_or(i64::MAX);
    // The number of attempts is bounded: all channels may be off.
    (0..64).find_map(|_| {
        let other = u64::try_from(rng.between(0, before)).ok().filter(|other| *other < number)?;
        let (day, attribution) = context.plan.signup(other);
        (before > 0 && !context.plan.is_off(day, attribution)).then(|| user_id(other))
    })
}

/// Returns the account with that number, counted from 0 over all rings, and the random stream of its trades.
/// User numbers of rings follow those of all regular users.
pub(crate) fn draw_ring_account(
    context: &SimulationContext,
    account: u64,
) -> Option<(Signup, RandomStream)> {
    let (index, ring) = ring_of(&context.rings, account)?;
    let number = context.plan.users() + account;
    let mut rng = RandomStream::new(context.seed, StreamId::User, number);
    let day = midnight(ring.from) + rng.between(0, ring.days) * DAY;
    let at = context.clock.moment(0, day, rng.unit());
    let kyc_delay = micros(rng.exponential(HOUR as f64)) + MINUTE;
    let kyc_duration = micros(rng.exponential(4.0 * HOUR as f64)) + MINUTE;
    let checked_at = context.kyc_completed_at(at + kyc_delay, kyc_duration);
    let start_delay = micros(rng.exponential(HOUR as f64)) + MINUTE;
    // Ring accounts trade quickly and stop when the first cards are blocked.
    let customer = Customer {
        rate: 6.0,
        dropout: 0.2,
        lifetime_trades: rng.geometric(0.2).saturating_add(1),
        shape: 4.0,
        scale: 120.0,
    };
    let channel =
        CHANNELS.iter().position(|channel| channel.campaigns.is_empty() && !channel.is_referral)?;
    let signup = Signup {
        id: user_id(number),
        attribution: Attribution { channel, campaign: None },
        country: 0,
        at,
        kyc: KycStatus::Verified,
        checked_at,
        customer,
        started: Some(checked_at + start_delay),
        referred_by: None,
        ring: Some(index),
    };
    Some((signup, rng))
}
