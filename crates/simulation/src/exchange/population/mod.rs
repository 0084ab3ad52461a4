//! Population: signups, identities, countries and fraud rings.

pub(super) mod countries;
pub(super) mod device;
pub(super) mod fraud_ring;
pub(super) mod identity;
pub(super) mod locales;
pub(super) mod signup;
