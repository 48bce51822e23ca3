//! Which name does a function expression get from what it is assigned to?

use tree_sitter::Node;

use super::Place;

/// One construct that gives its value a name: `const run = () => …`, `run: function () {…}`.
pub(crate) struct NamingRule {
    /// The construct's node kind.
    pub(crate) kind: &'static str,
    /// The field that holds the name; where it is empty, the first named child.
    pub(crate) name: &'static str,
    /// The statements that may hold it; one that holds nothing else is part of the function.
    pub(crate) statements: &'static [&'static str],
}

/// What a [`NamingRule`] finds.
pub(crate) struct Naming<'t> {
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    /// The construct, or the statement that holds only it.
    pub(crate) whole: Node<'t>,
}

/// Nodes that a value may be wrapped in without losing its name.
const WRAPPERS: [&str; 5] = [
    "parenthesized_expression",
    "expression_list",
    "as_expression",
    "satisfies_expression",
    "equals_value_clause",
];

/// The name of the function expression at `place`, if what surrounds it gives it one.
pub(crate) fn named<'t>(place: &Place<'_, 't>) -> Option<Naming<'t>> {
    let mut value = place.node;
    for (at, &above) in place.ancestors.iter().enumerate().rev() {
        if WRAPPERS.contains(&above.kind()) {
            if above.kind() == "expression_list" && above.named_child_count() != 1 {
                return None;
            }
            value = above;
            continue;
        }
        let rule = place.naming.iter().find(|rule| rule.kind == above.kind())?;
        let name = if rule.name.is_empty() {
            above.named_child(0)?
        } else {
            above.child_by_field_name(rule.name)?
        };
        if name.end_byte() > value.start_byte() {
            return None;
        }
        let (owner, name) = split(&place.text(name))?;
        let whole = match at.checked_sub(1).map(|at| place.ancestors[at]) {
            Some(statement) if rule.statements.contains(&statement.kind()) => {
                only_holder(statement, above, place, at)
            }
            _ => above,
        };
        return Some(Naming { name, owner, whole });
    }
    None
}

/// `statement`, or the one around it, where it holds nothing but `inner`; else `inner`.
fn only_holder<'t>(
    statement: Node<'t>,
    inner: Node<'t>,
    place: &Place<'_, 't>,
    inner_at: usize,
) -> Node<'t> {
    let mut cursor = statement.walk();
    let same_kind = statement
        .named_children(&mut cursor)
        .filter(|child| child.kind() == inner.kind())
        .count();
    if same_kind != 1 {
        return inner;
    }
    // C# wraps twice: a declaration statement around the variable declaration.
    let outer = inner_at.checked_sub(2).map(|at| place.ancestors[at]);
    match outer {
        Some(outer)
            if matches!(
                outer.kind(),
                "local_declaration_statement" | "field_declaration" | "var_declaration"
            ) =>
        {
            outer
        }
        _ => statement,
    }
}

/// The owner and the name in `a.b.run`, `this->run`, `$run`, `'run'`; `None` where it is no name.
fn split(text: &str) -> Option<(Option<String>, String)> {
    let text = text.trim_matches(['"', '\'']);
    let at = text.rfind(['.', '>', ':']).map_or(0, |at| at + 1);
    let (owner, name) = text.split_at(at);
    let name = name.trim_start_matches(['$', ' ']);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '-');
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let owner = owner.trim_end_matches(['.', '-', '>', ':', '?']);
    Some((
        (!owner.is_empty()).then(|| owner.to_owned()),
        name.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_qualifies_them() {
        let split = |text| split(text).map(|(owner, name)| (owner.unwrap_or_default(), name));
        let pair = |owner: &str, name: &str| Some((owner.to_owned(), name.to_owned()));
        assert_eq!(split("run"), pair("", "run"));
        assert_eq!(split("module.exports.run"), pair("module.exports", "run"));
        assert_eq!(split("$this->run"), pair("$this", "run"));
        assert_eq!(split("'on-close'"), pair("", "on-close"));
        assert_eq!(split("{a, b}"), None);
        assert_eq!(split(""), None);
    }
}
