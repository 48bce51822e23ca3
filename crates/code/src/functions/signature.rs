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

/// `span` without white space, comments, and the `;` or `:` that only ends a head, at its ends.
pub(super) fn trimmed(source: &[u8], span: Span, comments: &[Span]) -> Span {
    let bytes = source.get(span.range()).unwrap_or_default();
    let mut end = bytes.len();
    loop {
        let stays = |b: &u8| !b.is_ascii_whitespace() && !matches!(b, b';' | b':');
        end = bytes[..end].iter().rposition(stays).map_or(0, |at| at + 1);
        let at = comments.partition_point(|comment| comment.end < span.start + end);
        match comments.get(at) {
            Some(c) if c.end == span.start + end && c.start >= span.start && !c.is_empty() => {
                end = c.start - span.start;
            }
            _ => break,
        }
    }
    let starts = |b: &u8| !b.is_ascii_whitespace();
    let start = bytes[..end].iter().position(starts).unwrap_or(0);
    Span::new(span.start + start, span.start + end)
}

/// The parameters in a parameter list; a list that is one bare name is that parameter.
///
/// They are what stands between the commas: not every grammar has one node for each.
pub(super) fn parameters(source: &[u8], list: Node<'_>, comments: &[Span]) -> Vec<String> {
    if list.child_count() == 0 {
        return vec![text_at(source, span_of(list), comments)];
    }
    let mut found = Vec::new();
    let mut group: Vec<Node<'_>> = Vec::new();
    let mut cursor = list.walk();
    for child in list.children(&mut cursor) {
        match child.kind() {
            "," => found.extend(parameter(source, &std::mem::take(&mut group), comments)),
            "(" | ")" | "[" | "]" | "|" | "||" => {}
            _ if is_no_parameter(child) => {}
            _ => group.push(child),
        }
    }
    found.extend(parameter(source, &group, comments));
    if found == ["void"] {
        found.clear();
    }
    found
}

/// The parameters that the nodes between two commas stand for: mostly one.
fn parameter(source: &[u8], group: &[Node<'_>], comments: &[Span]) -> Vec<String> {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return Vec::new();
    };
    if let (1, Some((names, kind))) = (group.len(), go_group(*first)) {
        let kind = text_at(source, span_of(kind), comments);
        let named = |name: Node<'_>| format!("{} {kind}", text_at(source, span_of(name), comments));
        return names.into_iter().map(named).collect();
    }
    let span = Span::new(first.start_byte(), last.end_byte());
    vec![text_at(source, span, comments)]
}

/// What stands in parameter lists and is none: comments, attributes, separators.
fn is_no_parameter(node: Node<'_>) -> bool {
    node.is_extra()
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
