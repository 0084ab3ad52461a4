//! Fingerprints of devices and payment cards, which identify them without revealing more.

use crate::rng::RandomStream;

/// Operating systems, and their shares of devices in percent.
const SYSTEMS: [(&str, u32); 3] = [("ios", 40), ("android", 35), ("web", 25)];

/// Returns a random device fingerprint.
pub(crate) fn device(rng: &mut RandomStream) -> String {
    let system = rng.pick(&SYSTEMS);
    format!("{system}-{:012x}", rng.bits() >> 16)
}

/// Returns a random card fingerprint. It does not reveal the card number.
pub(crate) fn card(rng: &mut RandomStream) -> String {
    format!("card-{:016x}", rng.bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamId;

    #[test]
    fn fingerprints_are_pinned() {
        let mut rng = RandomStream::new(7, StreamId::UserAttributes, 1);
        let texts = [device(&mut rng), card(&mut rng)];
        assert_eq!(texts, ["web-03f201d91087", "card-9d0df492f9c1c661"]);
    }

    #[test]
    fn fingerprints_are_well_formed_and_match_shares() {
        let mut rng = RandomStream::new(7, StreamId::UserAttributes, 0);
        let mut seen = [0u32; SYSTEMS.len()];
        for _ in 0..10_000 {
            let (device, card) = (device(&mut rng), card(&mut rng));
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
