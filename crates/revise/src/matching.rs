//! Which tokens may continue the scope, and which place in the buffer does it name?
//!
//! A scope is the exact quotation of a span of the buffer. While it is being written, every place
//! where it could still stand is kept (the set *I(s)* of *Stream of Revision*, appendix A); the next
//! token must be one that follows one of those places. The paper's bound on the last place reads one
//! token past the end; here a place at the very end of the buffer simply has no follower.
//!
//! Cost: the first step costs nothing, because the buffer keeps its distinct tokens sorted. Each
//! further step costs O(m + d log d), with m the places that were still alive before it and d the
//! distinct tokens that follow those that remain; it depends on neither the buffer's nor the
//! vocabulary's size. The worst case is a buffer of one repeated token: m is then the whole buffer at
//! every step, one pass over a vector of machine words.

use std::ops::Range;

use crate::buffer::Buffer;

/// The places where the scope written so far could stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matches {
    /// Past-the-end positions of the matches, from the right-most to the left-most. Empty while the
    /// scope is: it could stand anywhere.
    ends: Vec<usize>,
    /// Tokens in the scope.
    len: usize,
    /// What may come next, sorted, the closing token included; meaningless while the scope is empty.
    allowed: Vec<u32>,
    /// One bit an id, all clear between steps: which followers were met already.
    seen: Vec<u64>,
}

impl Matches {
    /// Forgets the scope.
    pub(crate) fn clear(&mut self) {
        self.ends.clear();
        self.allowed.clear();
        self.len = 0;
    }

    /// Tokens in the scope.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The tokens of the buffer that the scope names: its right-most match. Empty while the scope is.
    pub(crate) fn right_most(&self) -> Range<usize> {
        let end = self.ends.first().copied().unwrap_or(0);
        end.saturating_sub(self.len)..end
    }

    /// What may come next, sorted; `close` is among it once the scope is not empty.
    pub(crate) fn allowed<'a>(&'a self, buffer: &'a Buffer) -> &'a [u32] {
        if self.len == 0 {
            buffer.distinct()
        } else {
            &self.allowed
        }
    }

    /// Adds a token to the scope; `close` is the id that would end it. Returns false, and changes
    /// nothing, where the scope would then stand nowhere in the buffer.
    pub(crate) fn extend(&mut self, id: u32, close: u32, buffer: &Buffer) -> bool {
        let tokens = buffer.tokens();
        if self.len == 0 {
            self.ends.clear();
            self.ends
                .extend(buffer.positions(id).map(|position| position + 1));
            if self.ends.is_empty() {
                return false;
            }
        } else {
            if self.allowed.binary_search(&id).is_err() || id == close {
                return false;
            }
            self.ends.retain_mut(|end| {
                let follows = tokens.get(*end) == Some(&id);
                *end += 1;
                follows
            });
        }
        self.len += 1;
        self.collect_followers(close, tokens);
        true
    }

    fn collect_followers(&mut self, close: u32, tokens: &[u32]) {
        self.allowed.clear();
        let mut previous = None;
        for id in self.ends.iter().filter_map(|&end| tokens.get(end)) {
            // Where places are many, the same token mostly follows them.
            if previous.replace(*id) == Some(*id) {
                continue;
            }
            let (word, bit) = (*id as usize / 64, 1u64 << (id % 64));
            if word >= self.seen.len() {
                self.seen.resize(word + 1, 0);
            }
            if self.seen[word] & bit == 0 {
                self.seen[word] |= bit;
                self.allowed.push(*id);
            }
        }
        for id in &self.allowed {
            self.seen[*id as usize / 64] = 0;
        }
        self.allowed.push(close);
        self.allowed.sort_unstable();
    }
}
