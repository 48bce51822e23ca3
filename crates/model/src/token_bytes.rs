//! Which bytes does a token stand for?
//!
//! Vocabularies hide bytes in two ways: byte-level BPE writes each byte as a printable character
//! (Radford et al. 2019, section 2.2), sentencepiece writes a space as `▁` and rare bytes as `<0xAB>`.
//! The decoder that `tokenizer.json` names says which.

use serde_json::Value;

/// How a vocabulary writes bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Each character is one byte, by the table of byte-level BPE.
    ByteLevel,
    /// Characters stand for themselves, except these.
    Plain {
        /// Written in place of a space.
        space: Option<char>,
        /// Whether `<0xAB>` is one byte.
        byte_fallback: bool,
    },
}

impl Spelling {
    /// The spelling that a decoder of `tokenizer.json` undoes.
    pub(crate) fn of_decoder(decoder: &Value) -> Spelling {
        let mut parts = Vec::new();
        flatten(decoder, &mut parts);
        let mut space = None;
        let mut byte_fallback = false;
        for part in parts {
            match part["type"].as_str() {
                Some("ByteLevel") => return Spelling::ByteLevel,
                Some("ByteFallback") => byte_fallback = true,
                Some("Metaspace") => space = single(&part["replacement"]),
                Some("Replace") if part["content"] == " " => {
                    space = single(&part["pattern"]["String"]);
                }
                _ => {}
            }
        }
        Spelling::Plain {
            space,
            byte_fallback,
        }
    }

    /// The bytes of one token of the model's vocabulary.
    pub(crate) fn bytes(&self, token: &str) -> Vec<u8> {
        match self {
            Spelling::ByteLevel => {
                let bytes: Option<Vec<u8>> = token.chars().map(byte_of).collect();
                // A token outside the table is one that was written out in full.
                bytes.unwrap_or_else(|| token.as_bytes().to_vec())
            }
            Spelling::Plain {
                space,
                byte_fallback,
            } => {
                if let Some(byte) = fallback_byte(token).filter(|_| *byte_fallback) {
                    return vec![byte];
                }
                match space {
                    Some(space) => token.replace(*space, " ").into_bytes(),
                    None => token.as_bytes().to_vec(),
                }
            }
        }
    }
}

/// The parts of a decoder, sequences taken apart.
fn flatten<'a>(decoder: &'a Value, parts: &mut Vec<&'a Value>) {
    match decoder["decoders"].as_array() {
        Some(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        None => parts.push(decoder),
    }
}

fn single(value: &Value) -> Option<char> {
    let mut characters = value.as_str()?.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// `<0xAB>` → 0xAB.
fn fallback_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let exact = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| exact)
}

/// The byte a character of a byte-level vocabulary stands for.
///
/// Printable bytes stand for themselves; the other 68 were given the characters from U+0100 on, in
/// their order.
fn byte_of(character: char) -> Option<u8> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let code = u32::from(character);
    match u8::try_from(code) {
        Ok(byte) => Some(byte).filter(|byte| printable(*byte)),
        Err(_) => {
            let rank = usize::try_from(code.checked_sub(0x100)?).ok()?;
            (0..=u8::MAX).filter(|byte| !printable(*byte)).nth(rank)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Spelling, byte_of};

    #[test]
    fn every_byte_has_one_character() {
        let mut found: Vec<u8> = (0..0x200)
            .filter_map(char::from_u32)
            .filter_map(byte_of)
            .collect();
        found.sort_unstable();
        assert_eq!(found, (0..=255).collect::<Vec<u8>>());
        assert_eq!(byte_of('Ġ'), Some(b' '));
        assert_eq!(byte_of('Ċ'), Some(b'\n'));
        assert_eq!(byte_of(' '), None);
    }

    #[test]
    fn sentencepiece_spellings_are_undone() {
        let decoder = json!({"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]});
        let spelling = Spelling::of_decoder(&decoder);
        assert_eq!(spelling.bytes("▁the▁"), b" the ");
        assert_eq!(spelling.bytes("<0x0A>"), b"\n");
        assert_eq!(spelling.bytes("<0xE2>"), b"\xE2");
        assert_eq!(spelling.bytes("<0x+A>"), b"<0x+A>");
        assert_eq!(spelling.bytes("<0x0A"), b"<0x0A");
    }

    #[test]
    fn bytes_in_angle_brackets_are_text_without_the_fallback() {
        let spelling = Spelling::of_decoder(&json!({"type": "Metaspace", "replacement": "▁"}));
        assert_eq!(spelling.bytes("▁a"), b" a");
        assert_eq!(spelling.bytes("<0x0A>"), b"<0x0A>");
        assert_eq!(
            Spelling::of_decoder(&json!(null)).bytes("▁"),
            "▁".as_bytes()
        );
    }
}
