//! Which checks are missing around operations on memory in C and C++?
//!
//! Each function is gone through once, in the order of its text. What is compared, tested or clamped on the way is
//! noted for the variable and for those that its value was made of; where memory is touched by a variable of which
//! nothing has been noted, a check is missing. A comparison anywhere before counts, on whatever branch: what is
//! reported was looked at nowhere. Control is followed only for what a pointer holds (freed, perhaps null), since
//! `if (…) { free(p); return; }` is how C is written.
//!
//! What is not seen: checks in callers, in macros that stand in other files, and what pointers share.

mod blocks;
mod bounds;
mod calls;
mod comparisons;
mod declarations;
mod expressions;
mod kinds;
mod names;
mod nodes;
mod pointers;
mod result;
mod sites;
mod statements;
mod variables;
mod walk;

use palinode_code::{Parsed, Span};

pub use result::{Lack, MissingCheck};

/// The checks that are missing in a text in C or C++, by place; none for other languages. Cost: linear in the text.
///
/// ```
/// use palinode_code::languages;
/// use palinode_flow::{Lack, missing_checks};
///
/// let c = languages::by_name("c").expect("C is known");
/// let parsed = c.parse_bytes(b"void f(int n) { int *p = malloc(n * 4); p[0] = 1; }");
/// let kinds: Vec<Lack> = missing_checks(&parsed).iter().map(|lack| lack.kind).collect();
/// assert_eq!(kinds, [Lack::AllocationProduct, Lack::NullResult]);
/// ```
#[must_use]
pub fn missing_checks(parsed: &Parsed) -> Vec<MissingCheck> {
    missing_checks_since(parsed, 0, &[])
}

/// [`missing_checks`] of a text of which nothing before the byte `unchanged` has changed, no byte and no node that ends
/// there or earlier, since `before` was missing. Cost: that of the functions that changed, and of what stands outside of
/// functions.
#[must_use]
pub fn missing_checks_since(
    parsed: &Parsed,
    unchanged: usize,
    before: &[MissingCheck],
) -> Vec<MissingCheck> {
    let Some(nodes) = nodes::flatten(parsed, unchanged) else {
        return Vec::new();
    };
    let text = parsed.text().as_bytes();
    let mut found = walk::outside_functions(text, &nodes);
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        if node.kind != nodes::Kind::Function {
            at += 1;
            continue;
        }
        if nodes::is_unchanged(node, unchanged) {
            let function = Span::new(node.start as usize, node.end as usize);
            let inside = before.iter().filter(|lack| function.encloses(lack.span));
            found.extend(inside.cloned());
        } else {
            found.extend(walk::function(text, &nodes, at));
        }
        at = node.next as usize;
    }
    found.sort_by_key(|lack: &MissingCheck| (lack.span, lack.kind));
    found.dedup();
    found
}
