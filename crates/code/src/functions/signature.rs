//! How is a function's head shown on one line?

use tree_sitter::Node;

use crate::parsed::span_of;
use crate::span::Span;

/// Longest text made here, in bytes. Nested parameter defaults can repeat a text at every level;
/// the limit keeps hostile input from filling memory.
const LONGEST: usize = 2048;

/// The bytes at `span` on one line, without comments.
pub(super) fn text_at(source: &[u8], span: Span, comments: &[Span]) -> String {
    let bytes = source.get(span.range()).unwrap_or_default();
    let first = comments.partition_point(|comment| comment.end <= span.start);
    one_line(bytes, span.start, &comments[first..])
}

/// `bytes`, which start at `offset` of their text, with each run of white space and comments as one
/// space, and none at either end. `comments` are in order.
pub(super) fn one_line(bytes: &[u8], offset: usize, comments: &[Span]) -> String {
    let mut line = Vec::new();
    let mut comments = comments.iter();
    let mut comment = comments.next();
    let mut space = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let at = offset + at;
        while comment.is_some_and(|span| span.end <= at) {
            comment = comments.next();
        }
        if byte.is_ascii_whitespace() || comment.is_some_and(|span| span.contains(at)) {
            space = true;
            continue;
        }
        if space && !line.is_empty() {
            line.push(b' ');
        }
        space = false;
        line.push(byte);
        if line.len() > LONGEST {
            break;
        }
    }
    let mut text = String::from_utf8_lossy(&line).into_owned();
    if text.len() > LONGEST {
        let mut end = LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

/// `span` without white space and without the `;` or `:` that only ends a head.
pub(super) fn trimmed(source: &[u8], span: Span) -> Span {
    let bytes = source.get(span.range()).unwrap_or_default();
    let ends = |b: &u8| !b.is_ascii_whitespace() && !matches!(b, b';' | b':');
    let end = bytes.iter().rposition(ends).map_or(0, |at| at + 1);
    let starts = |b: &u8| !b.is_ascii_whitespace();
    let start = bytes[..end].iter().position(starts).unwrap_or(0);
    Span::new(span.start + start, span.start + end)
}

/// The parameters in a parameter list; a list that is one bare name is that parameter.
pub(super) fn parameters(source: &[u8], list: Node<'_>, comments: &[Span]) -> Vec<String> {
    let mut found = Vec::new();
    if list.child_count() == 0 {
        found.push(text_at(source, span_of(list), comments));
        return found;
    }
    let mut cursor = list.walk();
    for child in list.children(&mut cursor) {
        if is_no_parameter(child) {
            continue;
        }
        let text = text_at(source, span_of(child), comments);
        if text == "void" && list.named_child_count() == 1 {
            continue;
        }
        match go_group(child) {
            Some((names, kind)) => {
                let kind = text_at(source, span_of(kind), comments);
                for name in names {
                    let name = text_at(source, span_of(name), comments);
                    found.push(format!("{name} {kind}"));
                }
            }
            None => found.push(text),
        }
    }
    found
}

/// What stands in parameter lists and is none: brackets and commas, comments, attributes, separators.
fn is_no_parameter(node: Node<'_>) -> bool {
    // C++ has no named node for a C variadic's dots.
    (!node.is_named() && node.kind() != "...")
        || node.is_extra()
        || node.is_error()
        || matches!(
            node.kind(),
            "attribute_item" | "attribute_list" | "keyword_separator" | "positional_separator"
        )
}

/// The names and the type of a Go declaration like `a, b int`, which stands for two parameters.
fn go_group(node: Node<'_>) -> Option<(Vec<Node<'_>>, Node<'_>)> {
    if node.kind() != "parameter_declaration" {
        return None;
    }
    let mut cursor = node.walk();
    let names: Vec<_> = node.children_by_field_name("name", &mut cursor).collect();
    let kind = node.child_by_field_name("type")?;
    (names.len() > 1).then_some((names, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_comments_become_one_space() {
        let source = b"int /* a */\n f (void)";
        assert_eq!(
            text_at(source, Span::new(0, source.len()), &[Span::new(4, 11)]),
            "int f (void)"
        );
    }

    #[test]
    fn a_long_head_is_cut_between_characters() {
        let source = "é".repeat(LONGEST);
        let line = one_line(source.as_bytes(), 0, &[]);
        assert!(line.len() <= LONGEST + '…'.len_utf8());
        assert!(line.ends_with("é…"));
    }
}
