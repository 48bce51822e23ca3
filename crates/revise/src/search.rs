//! Where does a piece of text stand last in another?

/// The byte at which the right-most occurrence of `needle` in `haystack` starts. An empty needle
/// stands nowhere.
///
/// Knuth, Morris and Pratt's search from the right: O(haystack + needle) time in the worst case, less
/// where the occurrence is near the end, as a scope usually is; memory for one word a needle byte.
pub(crate) fn right_most(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // Everything below reads both texts backwards, so that the first match found is the right-most.
    let backwards = |index: usize| needle[needle.len() - 1 - index];
    if needle.is_empty() || needle.len() > haystack.len() {
        return None;
    }
    // `fallback[i]`: how much of the needle still matches when `i` bytes did and the next does not.
    let mut fallback = vec![0usize; needle.len() + 1];
    let mut matched = 0;
    for index in 1..needle.len() {
        while matched > 0 && backwards(index) != backwards(matched) {
            matched = fallback[matched];
        }
        if backwards(index) == backwards(matched) {
            matched += 1;
        }
        fallback[index + 1] = matched;
    }
    matched = 0;
    for (start, &byte) in haystack.iter().enumerate().rev() {
        while matched > 0 && byte != backwards(matched) {
            matched = fallback[matched];
        }
        if byte == backwards(matched) {
            matched += 1;
        }
        if matched == needle.len() {
            return Some(start);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(haystack: &[u8], needle: &[u8]) -> Option<usize> {
        if needle.is_empty() {
            return None;
        }
        haystack
            .windows(needle.len())
            .rposition(|window| window == needle)
    }

    #[test]
    fn agrees_with_the_naive_search_on_every_short_text() {
        let texts = |max: u32| {
            (0..=max).flat_map(|len| {
                (0..1usize << len).map(move |bits| {
                    (0..len)
                        .map(|index| b'a' + u8::from(bits >> index & 1 == 1))
                        .collect::<Vec<u8>>()
                })
            })
        };
        for haystack in texts(9) {
            for needle in texts(5) {
                assert_eq!(
                    right_most(&haystack, &needle),
                    naive(&haystack, &needle),
                    "{haystack:?} {needle:?}"
                );
            }
        }
    }
}
