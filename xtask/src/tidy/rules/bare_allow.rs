//! Does each silenced lint say why?

use crate::tidy::{Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "bare-allow",
    doc: "A lint is silenced with `#[expect(lint, reason = \"…\")]`, which complains once it is no \
          longer needed; `allow` and `expect` without a reason are offenders.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in tree.rust() {
        for (start, attribute) in source::attributes(file.code()) {
            for level in ["allow", "expect"] {
                let silences = source::words(attribute, level)
                    .any(|at| attribute[at + level.len()..].trim_start().starts_with('('));
                if silences && source::words(attribute, "reason").next().is_none() {
                    let line = source::line_of(file.code(), start);
                    let message =
                        format!("`{level}` without a reason: write `expect(…, reason = \"…\")`");
                    offences.push(Offence::line(&file.path, line, message));
                }
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_lint_silenced_without_a_reason_is_caught() {
        let text = "#![allow(dead_code)]\n#[allow(a, b)]\nfn a() {}\n#[cfg_attr(x, allow(c))]\nfn b() {}\n\
                    #[expect(d)]\nfn c() {}\n#[expect(\n    e,\n    reason = \"needed\"\n)]\n\
                    fn d() { gate.allow(x).expect(\"y\") }\n// #[allow(x)]\n";
        let found = offenders(&ENTRY, &[("a.rs", text)]);
        assert_eq!(found, ["a.rs:1", "a.rs:2", "a.rs:4", "a.rs:6"]);
    }
}
