//! The encodings of text files, and their decoding to UTF-8.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult, UTF_8};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text encoding, by any label of the [Encoding
/// Standard](https://encoding.spec.whatwg.org/#names-and-labels): `utf-8`, `windows-1252`,
/// `iso-8859-15`, `utf-16le`, `shift_jis`. As in the standard, `iso-8859-1` is read as
/// `windows-1252`, which has more characters.
///
/// ```
/// use tidegauge_acquisition::files::Encoding;
///
/// let encoding: Encoding = "latin1".parse()?;
/// assert_eq!(encoding.to_string(), "windows-1252");
/// assert!("latin-x".parse::<Encoding>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// Returns the encoding of a file that begins with `head`: that of its byte order mark,
    /// otherwise the one that was `asked` for, otherwise UTF-8. The second value is the number of
    /// bytes of the byte order mark to skip; it is 0 for UTF-8, whose mark is kept.
    ///
    /// # Errors
    /// Returns an error if the file looks like another encoding.
    pub(super) fn of(head: &[u8], asked: Option<Self>) -> io::Result<(Self, usize)> {
        let wrong = |reason: &str| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
            return wrong("it is UTF-32, which is not read: save it as UTF-8");
        }
        match (encoding_rs::Encoding::for_bom(head), asked) {
            (Some((encoding, _)), _) if encoding == UTF_8 => Ok((Self::UTF_8, 0)),
            (Some((encoding, mark)), _) => Ok((Self(encoding), mark)),
            (None, Some(asked)) => Ok((asked, 0)),
            (None, None) => match head {
                [0, 1..=255, ..] => wrong("it looks like UTF-16: set `encoding = \"utf-16be\"`"),
                [1..=255, 0, ..] => wrong("it looks like UTF-16: set `encoding = \"utf-16le\"`"),
                _ => Ok((Self::UTF_8, 0)),
            },
        }
    }

    /// Returns a reader that decodes `input` to UTF-8. Bytes that are invalid in this encoding
    /// become a byte that is invalid in UTF-8.
    pub(super) fn decode<R: BufRead>(self, input: R) -> Utf8Reader<R> {
        let decoder = self.0.new_decoder_without_bom_handling();
        let text = vec![0; 64 * 1024];
        Utf8Reader { input, decoder, text, at: 0, end: 0, is_over: false }
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(candle_key: &str) -> Result<Self, String> {
        let encoding = encoding_rs::Encoding::for_label_no_replacement(candle_key.as_bytes());
        encoding.map(Self).ok_or_else(|| {
            format!(
                "`{candle_key}` is no encoding that is known, as are utf-8, utf-16le, utf-16be, \
                 windows-1252, windows-1250, windows-1251, iso-8859-15, macintosh, shift_jis and gbk"
            )
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name().to_ascii_lowercase())
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A byte that is invalid in UTF-8.
const INVALID: u8 = 0xff;

/// A reader that decodes text to UTF-8.
pub(super) struct Utf8Reader<R> {
    input: R,
    decoder: Decoder,
    /// The buffer of decoded bytes; those not read yet are from `at` to before `end`.
    text: Vec<u8>,
    at: usize,
    end: usize,
    is_over: bool,
}

impl<R: BufRead> Utf8Reader<R> {
    fn fill(&mut self) -> io::Result<()> {
        let input = self.input.fill_buf()?;
        let is_last = input.is_empty();
        let remaining = self.text.len() - 1; // for what is invalid
        let text = &mut self.text[..remaining];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(input, text, is_last);
        self.input.consume(read);
        (self.at, self.end) = (0, written);
        match result {
            DecoderResult::Malformed(..) => {
                self.text[written] = INVALID;
                self.end += 1;
            }
            DecoderResult::InputEmpty => self.is_over = is_last,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.end && !self.is_over {
            self.fill()?;
        }
        let count = buffer.len().min(self.end - self.at);
        buffer[..count].copy_from_slice(&self.text[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn decoded(encoding: &str, bytes: &[u8], step: usize) -> Vec<u8> {
        let encoding: Encoding = encoding.parse().unwrap();
        let mut text = Vec::new();
        encoding.decode(BufReader::with_capacity(step, bytes)).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn encodings_follow_from_byte_order_marks_and_settings() {
        let of = |head: &[u8], asked: Option<&str>| {
            let asked = asked.map(|candle_key| candle_key.parse().unwrap());
            let of = Encoding::of(head, asked);
            of.map(|(encoding, mark)| (encoding.to_string(), mark))
                .map_err(|error| error.to_string())
        };
        let is = |candle_key: &str, mark| Ok((candle_key.to_owned(), mark));
        assert_eq!(of(b"a,b", None), is("utf-8", 0));
        assert_eq!(of(b"", None), is("utf-8", 0));
        assert_eq!(of(b"\xef\xbb\xbfa", Some("windows-1252")), is("utf-8", 0));
        assert_eq!(of(b"\xff\xfea\0", None), is("utf-16le", 2));
        assert_eq!(of(b"\xfe\xff\0a", Some("utf-8")), is("utf-16be", 2));
        assert_eq!(of(b"a\0", Some("utf-16")), is("utf-16le", 0));
        assert_eq!(of(b"\xe9", Some("ISO-8859-1")), is("windows-1252", 0));
        for (head, says) in [
            (&b"a\0b\0"[..], "utf-16le"),
            (b"\0a\0b", "utf-16be"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32"),
        ] {
            assert!(of(head, None).unwrap_err().contains(says), "{head:?}");
        }
        assert!("utf-7".parse::<Encoding>().unwrap_err().contains("windows-1252"));
        assert_eq!(serde_json::to_string(&Encoding::UTF_8).unwrap(), "\"utf-8\"");
    }

    #[test]
    fn text_is_decoded_across_buffer_boundaries() {
        for step in 1..5 {
            assert_eq!(decoded("windows-1252", b"caf\xe9 \x80", step), "café €".as_bytes());
            assert_eq!(decoded("iso-8859-15", b"\xa4", step), "€".as_bytes());
            let units: Vec<u8> = "aé🦄\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(decoded("utf-16le", &units, step), "aé🦄\n".as_bytes());
            // Half of a character at the end, and half of a surrogate pair within.
            let cut = decoded("utf-16le", &units[..units.len() - 1], step);
            assert_eq!(cut, ["aé🦄".as_bytes(), b"\xff"].concat());
            assert_eq!(decoded("utf-16be", b"\xd8\0\0a", step), b"\xffa");
        }
    }

    proptest! {
        #[test]
        fn any_text_round_trips(text in "\\PC{0,40}", step in 1usize..9) {
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            prop_assert_eq!(decoded("utf-16be", &units, step), text.as_bytes());
        }
    }
}
