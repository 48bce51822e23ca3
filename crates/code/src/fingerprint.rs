//! Are these two pieces of code the same but for layout and comments?

use std::fmt;

use tree_sitter::Node;

use crate::languages::Language;
use crate::parsed::{Parsed, span_of};
use crate::span::Span;
use crate::text::Text;
use crate::tokens::Tokens;
use crate::walk::{Step, Walk};

/// A stable 128-bit name for a piece of code, from its normalised syntax tree.
///
/// White space, line breaks, comments, statement ends that the tree implies (`;` or a new line) and
/// trailing commas do not count; node kinds, the fields they fill, names, literals and operators
/// do. So does the choice of quotes. Code that does not parse is named by its tokens instead.
///
/// It is FNV-1a (Fowler, Noll, Vo; 128 bits), the same on every machine and in every version that
/// uses the same grammars. It is for recognising equal code, not for security: collisions can be
/// made on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The fingerprint of `text` as one piece of `language`.
    #[must_use]
    pub fn of(language: &'static Language, text: &Text) -> Self {
        language.parse(text).fingerprint()
    }

    /// The fingerprint of the tokens of `bytes`, whether it parses or not. It never equals one made
    /// from a tree.
    #[must_use]
    pub fn of_tokens(language: &'static Language, bytes: &[u8]) -> Self {
        let mut hash = Fnv::new();
        hash.put(b'k', language.name.as_bytes());
        for token in Tokens::new(language, bytes) {
            hash.put(b't', token);
        }
        hash.finish()
    }

    pub(crate) fn of_parsed(parsed: &Parsed, span: Span) -> Self {
        of_tree(parsed, span).unwrap_or_else(|| {
            let end = span.end.min(parsed.text.len());
            let start = span.start.min(end);
            Self::of_tokens(parsed.language, &parsed.text.as_bytes()[start..end])
        })
    }
}

impl fmt::Display for Fingerprint {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Hashes the nodes that lie inside `span`; `None` where one of them is an error.
///
/// The root itself never counts, nor does the field that the outermost nodes inside the span fill,
/// so a function has one fingerprint alone and in its file.
fn of_tree(parsed: &Parsed, span: Span) -> Option<Fingerprint> {
    if parsed.gave_up {
        return None;
    }
    let language = parsed.language;
    let mut hash = Fnv::new();
    hash.put(b'k', language.name.as_bytes());
    let mut walk = Walk::new(parsed.root());
    // Nodes entered that lie inside the span and have not been left.
    let mut depth = 0_usize;
    let mut commas = Commas::default();
    while let Some(step) = walk.step() {
        match step {
            Step::Enter(node) => {
                let here = span_of(node);
                let outside = here.end < span.start || here.start > span.end;
                // What a frame put around a piece is no part of it.
                let framed = parsed
                    .frame
                    .is_some_and(|frame| depth == 0 && frame.kinds.contains(&node.kind()));
                let invented = parsed.frame.is_some() && here.is_empty() && !node.is_missing();
                if outside
                    || invented
                    || language.is_layout(node)
                    || is_statement_end(node, walk.ancestors())
                {
                    walk.skip();
                    continue;
                }
                if framed || walk.ancestors().is_empty() || (depth == 0 && !span.encloses(here)) {
                    if node.is_error() && here.overlaps(span) {
                        return None;
                    }
                    if node.child_count() == 0 && here.overlaps(span) {
                        // The span cuts through a token: the tree does not describe it.
                        return None;
                    }
                    continue;
                }
                if node.is_error() || node.is_missing() {
                    return None;
                }
                if commas.holds_back(&mut hash, node, walk.ancestors()) {
                    walk.skip();
                    continue;
                }
                if depth > 0
                    && let Some(field) = walk.field()
                {
                    hash.put(b'f', field.as_bytes());
                }
                if node.child_count() == 0 {
                    hash_leaf(&mut hash, language, node, parsed.text.as_bytes());
                    walk.skip();
                } else {
                    hash.put(b'(', node.kind().as_bytes());
                    depth += 1;
                }
            }
            Step::Leave if depth > 0 => {
                hash.put(b')', b"");
                depth -= 1;
            }
            Step::Leave => {}
        }
    }
    Some(hash.finish())
}

fn hash_leaf(hash: &mut Fnv, language: &'static Language, node: Node<'_>, source: &[u8]) {
    let text = source.get(node.byte_range()).unwrap_or_default();
    match node.kind() {
        // A macro's replacement is one leaf, with layout and comments in it.
        "preproc_arg" => {
            for token in Tokens::new(language, text) {
                hash.put(b't', token);
            }
        }
        // White space between tags is laid out freely.
        "jsx_text" => {
            let words = text.split(|b| b.is_ascii_whitespace());
            for word in words.filter(|word| !word.is_empty()) {
                hash.put(b't', word);
            }
        }
        kind => {
            hash.put(b'l', kind.as_bytes());
            if node.is_named() {
                hash.put(b't', text);
            }
        }
    }
}

/// Whether this token only ends a statement, which the tree shows anyway.
fn is_statement_end(node: Node<'_>, ancestors: &[Node<'_>]) -> bool {
    match node.kind() {
        "\n" | "\0" => true,
        // In a macro's tokens it is just a token.
        ";" => ancestors.last().is_some_and(|p| p.kind() != "token_tree"),
        _ => false,
    }
}

/// Leaves out commas that stand before a closing bracket and after an item.
#[derive(Default)]
struct Commas {
    /// A comma was read and not yet hashed.
    pending: bool,
    /// The token before was an item, so a comma now may be a trailing one.
    after_item: bool,
}

impl Commas {
    /// Whether `node` is a comma that must wait for the token after it. Hashes one that waited,
    /// unless `node` closes its list.
    fn holds_back(&mut self, hash: &mut Fnv, node: Node<'_>, ancestors: &[Node<'_>]) -> bool {
        let kind = node.kind();
        if std::mem::take(&mut self.pending) && !matches!(kind, ")" | "]" | "}" | ">") {
            hash.put(b'l', b",");
        }
        // A trailing comma means something in a macro's tokens and in Python's `x[1,]`.
        let free = |parent: &Node<'_>| !matches!(parent.kind(), "token_tree" | "subscript");
        if kind == "," && self.after_item && ancestors.last().is_some_and(free) {
            self.pending = true;
            self.after_item = false;
            return true;
        }
        self.after_item = !matches!(kind, "(" | "[" | "{" | "<" | ",");
        false
    }
}

/// FNV-1a over tagged, length-prefixed items, so that no two lists of items run together.
struct Fnv(u128);

impl Fnv {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    fn new() -> Self {
        Self(Self::OFFSET_BASIS)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(Self::PRIME);
        }
    }

    fn put(&mut self, tag: u8, item: &[u8]) {
        self.bytes(&[tag]);
        self.bytes(&(item.len() as u64).to_le_bytes());
        self.bytes(item);
    }

    fn finish(self) -> Fingerprint {
        Fingerprint(self.0.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // From the reference vectors of the FNV authors: the empty string, and "a".
        assert_eq!(
            Fnv::new().finish().to_string(),
            "6c62272e07bb014262b821756295c58d"
        );
        let mut hash = Fnv::new();
        hash.bytes(b"a");
        assert_eq!(
            hash.finish().to_string(),
            "d228cb696f1a8caf78912b704e4a8964"
        );
    }
}
