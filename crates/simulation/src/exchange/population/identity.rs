//! Fictitious names and contact details of users.

use std::fmt::Write;

use crate::exchange::population::locales::{HouseNumber, Locale, locale};
use crate::rng::RandomStream;

/// Domains that RFC 2606 reserves for examples.
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// Letters that occur in the postal codes of Canada, Great Britain and the Netherlands.
const LETTERS: [char; 14] = ['A', 'B', 'E', 'G', 'H', 'J', 'L', 'N', 'P', 'R', 'T', 'W', 'X', 'Z'];

/// The name and contact details of a user.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    /// Unique e-mail address in ASCII; it contains the user id.
    pub(crate) email: String,
    /// Phone number in international format.
    pub(crate) phone: String,
    /// Postal address in one line, in the format of the country.
    pub(crate) address: String,
}

impl Identity {
    /// Draws the identity of a user from a country; unknown countries use the US.
    pub(crate) fn draw(rng: &mut RandomStream, country: &str, user_id: i64) -> Self {
        // The capacities fit nearly all texts without reallocation.
        let mut identity = Self {
            name: String::with_capacity(40),
            email: String::with_capacity(64),
            phone: String::with_capacity(24),
            address: String::with_capacity(64),
        };
        let locale = locale(country);
        let (first, last) = (name(rng, locale.first), name(rng, locale.last));
        for text in [first, " ", last] {
            identity.name.push_str(text);
        }
        if locale.two_surnames {
            identity.name.push(' ');
            identity.name.push_str(name(rng, locale.last));
        }
        email(rng, [first, last], user_id, &mut identity.email);
        let phone = choose(rng, locale.phones);
        fill_pattern(rng, phone, &mut identity.phone);
        address(rng, locale, &mut identity.address);
        identity
    }
}

/// Returns a random element, or an empty string if there is none.
fn choose(rng: &mut RandomStream, texts: &[&'static str]) -> &'static str {
    texts.get(rng.index(texts.len())).copied().unwrap_or_default()
}

/// Returns a random name without surrounding punctuation.
fn name(rng: &mut RandomStream, names: &[&'static str]) -> &'static str {
    // Some entries of `fake` end with a tab or a comma.
    choose(rng, names).trim_matches(|letter: char| !letter.is_alphabetic())
}

/// Writes an e-mail address.
fn email(rng: &mut RandomStream, [first, last]: [&str; 2], user_id: i64, text: &mut String) {
    to_ascii_letters(first, text);
    text.push('.');
    to_ascii_letters(last, text);
    let domain = choose(rng, &DOMAINS);
    let _ = write!(text, "{user_id}@{domain}"); // a string takes everything
}

/// Writes a name in lowercase ASCII letters and leaves out all other characters.
fn to_ascii_letters(name: &str, text: &mut String) {
    for letter in name.chars() {
        let plain = match letter {
            'a'..='z' | 'A'..='Z' => {
                text.push(letter.to_ascii_lowercase());
                continue;
            }
            'Á' | 'á' | 'Å' => "a",
            'ä' | 'æ' => "ae",
            'Ć' | 'ć' | 'č' | 'ç' => "c",
            'É' | 'é' | 'è' | 'ê' | 'ë' => "e",
            'ğ' => "g",
            'Í' | 'í' | 'î' | 'ï' => "i",
            'ñ' => "n",
            'Ó' | 'ó' | 'ô' => "o",
            'Ö' | 'ö' => "oe",
            'š' => "s",
            'ß' => "ss",
            'ú' => "u",
            'ü' => "ue",
            _ => "",
        };
        text.push_str(plain);
    }
}

/// Writes a postal address.
fn address(rng: &mut RandomStream, locale: &Locale, text: &mut String) {
    let (street, town) = (choose(rng, locale.streets), choose(rng, locale.towns));
    let number = rng.between(1, locale.houses);
    let _ = match locale.house {
        HouseNumber::Before => write!(text, "{number} {street}, "),
        HouseNumber::After(gap) => write!(text, "{street}{gap}{number}, "),
    };
    fill_pattern(rng, town, text);
}

/// Writes a pattern: `#` becomes any digit, `%` a nonzero digit, `@` a letter.
fn fill_pattern(rng: &mut RandomStream, pattern: &str, text: &mut String) {
    for mark in pattern.chars() {
        text.push(match mark {
            '#' => DIGITS[rng.index(DIGITS.len())],
            '%' => DIGITS[1 + rng.index(DIGITS.len() - 1)],
            '@' => LETTERS[rng.index(LETTERS.len())],
            other => other,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamId;

    const COUNTRIES: [&str; 8] = ["US", "GB", "DE", "CA", "FR", "ES", "NL", "IT"];

    fn identity_of(country: &str, id: u64) -> Identity {
        let mut rng = RandomStream::new(7, StreamId::UserAttributes, id);
        Identity::draw(&mut rng, country, i64::try_from(id).unwrap())
    }

    fn identities(country: &str) -> impl Iterator<Item = Identity> {
        (1..3000).map(move |id| identity_of(country, id))
    }

    /// Returns a text with digits replaced by 9 and ASCII capitals by A.
    fn shape(text: &str) -> String {
        text.chars()
            .map(|c| match c {
                '0'..='9' => '9',
                'A'..='Z' => 'A',
                other => other,
            })
            .collect()
    }

    #[test]
    fn identities_are_pinned() {
        // A failure means that the name tables changed and every seed now gives other users: fix the change,
        // not the test.
        let identity = [("US", 1), ("DE", 2), ("ES", 3)].map(|(country, id)| {
            let identity = identity_of(country, id);
            [identity.name, identity.email, identity.phone, identity.address]
        });
        assert_eq!(identity, PEOPLE);
        // All other names are pinned by their FNV-1a hash.
        let names: String = COUNTRIES
            .into_iter()
            .map(locale)
            .flat_map(|locale| locale.first.iter().chain(locale.last).copied())
            .collect();
        let hash = names.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(hash, 5_064_281_278_265_352_400);
    }

    const PEOPLE: [[&str; 4]; 3] = [
        [
            "Rollin Armstrong",
            "rollin.armstrong1@example.org",
            "+1 503 555 0124",
            "766 Main Street, Philadelphia, PA 19153",
        ],
        [
            "Matthias Schmitt",
            "matthias.schmitt2@example.com",
            "+49 40 66969 809",
            "Hauptstraße 83, 40287 Düsseldorf",
        ],
        [
            "Teresa Iglesias Rubio",
            "teresa.iglesias3@example.net",
            "+34 690 05 53 25",
            "Calle Mayor, 43, 15004 A Coruña",
        ],
    ];

    #[test]
    fn texts_fit_their_capacity() {
        for country in COUNTRIES {
            for identity in identities(country) {
                let room = [&identity.name, &identity.email, &identity.phone, &identity.address]
                    .map(String::capacity);
                assert_eq!(room, [40, 64, 24, 64], "{identity:?}");
            }
        }
    }

    #[test]
    fn emails_are_ascii_unique_and_in_reserved_domains() {
        let mut seen = std::collections::HashSet::new();
        for country in COUNTRIES {
            for id in 1..500 {
                let email = identity_of(country, id).email;
                let (user, domain) = email.split_once('@').unwrap();
                assert!(DOMAINS.contains(&domain), "{email}");
                let (first, last) = user.split_once('.').unwrap();
                let last = last.strip_suffix(&id.to_string()).unwrap();
                for name in [first, last] {
                    assert!(name.len() > 1 && name.chars().all(|c| c.is_ascii_lowercase()));
                }
                assert!(seen.insert((country, email)));
            }
        }
    }

    #[test]
    fn all_letters_of_names_convert_to_ascii() {
        for country in COUNTRIES {
            let locale = locale(country);
            for letter in locale.first.iter().chain(locale.last).flat_map(|name| name.chars()) {
                let mut text = String::new();
                to_ascii_letters(&letter.to_string(), &mut text);
                assert_eq!(letter.is_alphabetic(), !text.is_empty(), "{letter:?} of {country}");
            }
        }
        let mut text = String::new();
        to_ascii_letters("Müller-Groß d'Éa", &mut text);
        assert_eq!(text, "muellergrossdea");
    }

    #[test]
    fn phones_are_well_formed() {
        let shapes: [(&str, &str, &[&str]); 8] = [
            ("US", "+1 ", &["+9 999 999 9999"]),
            ("CA", "+1 ", &["+9 999 999 9999"]),
            ("GB", "+44 ", &["+99 9999 999999", "+99 99 9999 9999", "+99 999 999 9999"]),
            (
                "DE",
                "+49 ",
                &["+99 99 99999 999", "+99 999 9999 999", "+99 999 99999 99", "+99 999 999999 99"],
            ),
            ("FR", "+33 ", &["+99 9 99 99 99 99"]),
            ("ES", "+34 ", &["+99 999 99 99 99"]),
            ("NL", "+31 ", &["+99 9 99999999", "+99 99 999 9999"]),
            ("IT", "+39 ", &["+99 999 999 9999", "+99 99 9999 9999"]),
        ];
        for (country, prefix, shapes) in shapes {
            for Identity { phone, .. } in identities(country) {
                assert!(phone.starts_with(prefix), "{phone}");
                assert!(shapes.contains(&shape(&phone).as_str()), "{phone}");
            }
        }
    }

    #[test]
    fn phones_are_in_ranges_reserved_for_fiction() {
        for country in ["US", "CA"] {
            assert!(identities(country).all(|identity| identity.phone[6..].starts_with(" 555 01")));
        }
        let ranges = [
            ("GB", "7700 900|1632 960|113 496 0|117 496 0|131 496 0|141 496 0|161 496 0|20 7946 0"),
            ("DE", "30 23125 |40 66969 |69 90009 |89 99998 |221 4710 |171 39200 |176 040690 "),
            ("FR", "1 99 00 |2 61 91 |3 53 01 |4 65 71 |5 36 49 |6 39 98 "),
        ];
        for (country, ranges) in ranges {
            for Identity { phone, .. } in identities(country) {
                assert!(ranges.split('|').any(|range| phone[4..].starts_with(range)), "{phone}");
            }
        }
    }

    #[test]
    fn addresses_are_well_formed() {
        let ends: [(&str, &[&str]); 8] = [
            ("US", &["AA 99999"]),
            ("CA", &["AA A9A 9A9"]),
            ("GB", &[" A9 9AA", " AA9 9AA", " AA99 9AA"]),
            ("DE", &["99999"]),
            ("FR", &["99999"]),
            ("ES", &["99999"]),
            ("NL", &["9999 AA"]),
            ("IT", &["99999"]),
        ];
        for (country, codes) in ends {
            for Identity { address, .. } in identities(country) {
                let (line, town) = address.rsplit_once(", ").unwrap();
                let shaped = shape(town);
                let code_first = matches!(country, "DE" | "FR" | "ES" | "NL" | "IT");
                assert!(
                    codes.iter().any(|code| match code_first {
                        true => shaped.starts_with(&format!("{code} ")),
                        false => shaped.ends_with(code),
                    }),
                    "{address}"
                );
                let number_first = matches!(country, "US" | "CA" | "GB" | "FR");
                let at = if number_first { line.chars().next() } else { line.chars().last() };
                assert!(at.unwrap().is_ascii_digit(), "{address}");
            }
        }
    }
}
