//! What is a text made of, and how does it begin?

use palinode_code::Span;

use super::run::Run;
use super::values::{Made, Note, Value};
use crate::form::{Id, Slice};

impl Run<'_> {
    /// A text of these parts, one after the other.
    pub(super) fn build(&mut self, parts: Slice, span: Span) -> Value {
        let mut whole = Value::of(super::values::Set::EMPTY);
        whole.made = Made::Constant;
        for (nth, at) in parts.range().enumerate() {
            let part = self.unit.lists[at];
            let value = self.evaluate(part);
            let taint = self.whole(value);
            whole.taint = self.taints.union(whole.taint, taint);
            if nth == 0 {
                whole.text = value.text;
            }
            whole.made = match (nth, whole.made, value.made) {
                (0, _, Made::Constant | Made::Prefixed) => value.made,
                (0, _, _) => Made::Built,
                (_, Made::Constant, Made::Constant) => Made::Constant,
                (_, Made::Constant | Made::Prefixed, _) => Made::Prefixed,
                _ => Made::Built,
            };
        }
        whole.taint = self.taints.stepped(whole.taint, span, Note::Built);
        whole
    }

    /// A text of a template, the first part, that the others fill in.
    pub(super) fn filled_in(&mut self, parts: &[Id], span: Span) -> Value {
        let mut whole = Value::of(super::values::Set::EMPTY);
        let mut varies = false;
        for (nth, &part) in parts.iter().enumerate() {
            let value = self.evaluate(part);
            let taint = self.whole(value);
            whole.taint = self.taints.union(whole.taint, taint);
            if nth == 0 {
                whole.made = value.made;
                whole.text = value.text;
            } else {
                varies |= value.made != Made::Constant;
            }
        }
        whole.made = match whole.made {
            Made::Constant if !varies => Made::Constant,
            Made::Constant => {
                let (start, end) = whole.text;
                let text = self
                    .scope
                    .bytes
                    .get(start as usize..end as usize)
                    .unwrap_or_default();
                let first = text.iter().position(|byte| matches!(byte, b'%' | b'{'));
                whole.text = (start, first.map_or(end, |first| start + first as u32));
                if first == Some(0) {
                    Made::Built
                } else {
                    Made::Prefixed
                }
            }
            Made::Prefixed => Made::Prefixed,
            _ => Made::Built,
        };
        whole.taint = self.taints.stepped(whole.taint, span, Note::Built);
        whole
    }

    /// Whether a text begins with a constant that settles which host an address names, or, for `redirects`, that
    /// it stays on this one.
    pub(super) fn settles_host(&self, value: Value, redirects: bool) -> bool {
        if value.made != Made::Prefixed {
            return false;
        }
        let span = Span::new(value.text.0 as usize, value.text.1 as usize);
        let text = self.text(span);
        let text = text.trim_start_matches(['f', 'r', 'b', '"', '\'', '`']);
        if redirects && text.starts_with('/') && !text.starts_with("//") && text.len() > 1 {
            return true;
        }
        let Some((_, after)) = text.split_once("://") else {
            return false;
        };
        let host_ends = after.find(['/', '?', '#']);
        host_ends.is_some_and(|end| end > 0)
    }
}
