//! What stands in the program so far, and where does each token stand in it?
//!
//! The buffer is the rendered program as a list of tokens, with an index of every token's occurrences
//! so that a scope can be located without reading the buffer through. The index is a chain: each
//! position knows how far back the same token stood before, and each id knows its last position. A
//! chain of distances can be cut and grown at its end, so a splice undoes everything from the scope's
//! start and writes the patch and the tail again.
//!
//! Costs, with B tokens in the buffer, D of them distinct: one more token O(1) (O(D) words moved when
//! it is new to the buffer); the distinct tokens O(1); the positions of a token O(how many there are);
//! a splice O(tokens from the scope's start to the buffer's end), which is little where a revision
//! comes soon after what it takes back, and never more than O(B).

use std::ops::Range;

use crate::Vocabulary;

/// The rendered program as tokens and bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    tokens: Vec<u32>,
    /// The byte at which each token starts.
    starts: Vec<usize>,
    bytes: Vec<u8>,
    /// How far back the same token stood before; 0 where it stood nowhere.
    back: Vec<usize>,
    /// For each id of the vocabulary, its last position plus one; 0 where it stands nowhere. Zeroed
    /// memory that is only touched where a token is used costs next to nothing.
    last: Vec<usize>,
    /// The distinct tokens, sorted.
    distinct: Vec<u32>,
}

impl Buffer {
    pub(crate) fn new(vocabulary: &Vocabulary) -> Buffer {
        Buffer {
            last: vec![0; vocabulary.len()],
            ..Buffer::default()
        }
    }

    pub(crate) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The tokens that stand anywhere in the buffer, sorted, each once.
    pub(crate) fn distinct(&self) -> &[u32] {
        &self.distinct
    }

    /// The positions of `id`, from the right-most to the left-most.
    pub(crate) fn positions(&self, id: u32) -> impl Iterator<Item = usize> + '_ {
        let mut next = self.last.get(id as usize).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let position = next.checked_sub(1)?;
            let distance = self.back[position];
            next = if distance == 0 { 0 } else { next - distance };
            Some(position)
        })
    }

    /// The bytes that a range of tokens covers.
    pub(crate) fn byte_range(&self, tokens: Range<usize>) -> Range<usize> {
        let start = |index: usize| self.starts.get(index).copied().unwrap_or(self.bytes.len());
        start(tokens.start)..start(tokens.end)
    }

    /// Appends a code token of the vocabulary.
    pub(crate) fn push(&mut self, id: u32, vocabulary: &Vocabulary) {
        let position = self.tokens.len();
        let last = &mut self.last[id as usize];
        if *last == 0
            && let Err(place) = self.distinct.binary_search(&id)
        {
            self.distinct.insert(place, id);
        }
        self.back
            .push(if *last == 0 { 0 } else { position + 1 - *last });
        *last = position + 1;
        self.tokens.push(id);
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(vocabulary.bytes(id));
    }

    /// Replaces the tokens of `scope` by `patch`, both code tokens of the vocabulary.
    pub(crate) fn splice(&mut self, scope: Range<usize>, patch: &[u32], vocabulary: &Vocabulary) {
        let removed = self.tokens[scope.clone()].to_vec();
        let tail = self.tokens[scope.end..].to_vec();
        while self.tokens.len() > scope.start {
            self.pop();
        }
        for &id in patch.iter().chain(&tail) {
            self.push(id, vocabulary);
        }
        // `pop` left every token listed as distinct, because most come back with the tail. Only those
        // of the scope can be gone for good.
        for id in removed {
            if self.last[id as usize] == 0
                && let Ok(place) = self.distinct.binary_search(&id)
            {
                self.distinct.remove(place);
            }
        }
    }

    /// Takes the last token off, but leaves it among the distinct ones.
    fn pop(&mut self) {
        if let (Some(id), Some(start), Some(distance)) =
            (self.tokens.pop(), self.starts.pop(), self.back.pop())
        {
            self.bytes.truncate(start);
            let last = &mut self.last[id as usize];
            *last = if distance == 0 { 0 } else { *last - distance };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(buffer: &Buffer, expected: &[u32], vocabulary: &Vocabulary) {
        assert_eq!(buffer.tokens(), expected);
        let bytes: Vec<u8> = expected
            .iter()
            .flat_map(|&id| vocabulary.bytes(id))
            .copied()
            .collect();
        assert_eq!(buffer.bytes(), bytes);
        let mut distinct = expected.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(buffer.distinct(), distinct);
        for id in 0..=u32::try_from(vocabulary.len()).unwrap() {
            let naive: Vec<usize> = (0..expected.len())
                .rev()
                .filter(|&position| expected[position] == id)
                .collect();
            assert_eq!(buffer.positions(id).collect::<Vec<_>>(), naive);
        }
    }

    proptest! {
        #[test]
        fn splices_keep_the_index_right(
            start in prop::collection::vec(0u32..5, 0..20),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::collection::vec(0u32..5, 0..4)), 0..6),
        ) {
            let vocabulary = Vocabulary::new(
                ["a", "bb", "c", "dd\n", "é"].map(|t| t.as_bytes().to_vec()).to_vec(), None, vec![],
            ).unwrap();
            let mut buffer = Buffer::new(&vocabulary);
            let mut expected = start.clone();
            for id in start {
                buffer.push(id, &vocabulary);
            }
            check(&buffer, &expected, &vocabulary);
            for (first, second, patch) in edits {
                let (first, second) = (first.index(expected.len() + 1), second.index(expected.len() + 1));
                let scope = first.min(second)..first.max(second);
                buffer.splice(scope.clone(), &patch, &vocabulary);
                expected.splice(scope, patch);
                check(&buffer, &expected, &vocabulary);
            }
        }
    }
}
