//! Fingerprints of devices and payment cards, which identify them without revealing more.

use crate::draw::Draws;

/// Operating systems, and their shares of devices in percent.
const SYSTEMS: [(&str, u32); 3] = [("ios", 40), ("android", 35), ("web", 25)];

/// Returns a random device fingerprint.
pub(super) fn device(draws: &mut Draws) -> String {
    let system = draws.pick(&SYSTEMS);
    format!("{system}-{:012x}", draws.bits() >> 16)
}

/// Returns a random card fingerprint. It does not reveal the card number.
pub(super) fn card(draws: &mut Draws) -> String {
    format!("card-{:016x}", draws.bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Stream;

    #[test]
    fn fingerprints_never_change() {
        let mut draws = Draws::of(7, Stream::Person, 1);
        let texts = [device(&mut draws), card(&mut draws)];
        assert_eq!(texts, ["web-03f201d91087", "card-9d0df492f9c1c661"]);
    }

    #[test]
    fn fingerprints_are_well_formed_and_in_their_shares() {
        let mut draws = Draws::of(7, Stream::Person, 0);
        let mut seen = [0u32; SYSTEMS.len()];
        for _ in 0..10_000 {
            let (device, card) = (device(&mut draws), card(&mut draws));
            let (system, device) = device.split_once('-').unwrap();
            let card = card.strip_prefix("card-").unwrap();
            assert_eq!((device.len(), card.len()), (12, 16));
            assert!([device, card].concat().chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')));
            seen[SYSTEMS.iter().position(|(name, _)| *name == system).unwrap()] += 1;
        }
        for (seen, (_, share)) in seen.into_iter().zip(SYSTEMS) {
            assert!(seen.abs_diff(share * 100) < 200, "{seen} of {share} in a hundred");
        }
    }
}
