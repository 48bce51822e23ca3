//! Is the environment read at one edge only?

use crate::tidy::rooms::PROGRAMS;
use crate::tidy::{File, Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "environment",
    doc: "Only programs (`cli`, the studies, `xtask`, tests, examples, benches, build scripts) read \
          flags and the environment; a library gets what it needs as a value, so what it does \
          can be seen at the call.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    tree.rust()
        .filter(|file| is_library(file))
        .flat_map(offences)
        .collect()
}

fn is_library(file: &File) -> bool {
    file.room().is_some_and(|room| !PROGRAMS.contains(&room))
        && file
            .inside_room()
            .is_some_and(|path| path.starts_with("src/"))
}

fn offences(file: &File) -> Vec<Offence> {
    let code = file.code();
    source::words(code, "env")
        // `env!` is read when the program is built, not when it runs.
        .filter(|at| code[at + 3..].starts_with("::") || code[..*at].ends_with("std::"))
        // How a platform writes a list of folders is no part of the environment.
        .filter(|at| !code[at + 3..].starts_with("::split_paths"))
        .map(|at| {
            let message = "only programs read flags and the environment: take it as a value";
            Offence::line(&file.path, source::line_of(code, at), message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_library_that_reads_the_environment_is_caught() {
        let text = "use std::env;\nfn a() {\n    std::env::var(\"A\");\n    env::args();\n    env!(\"B\");\n    env.c();\n    std::env::split_paths(a);\n}\n";
        let files = [
            ("crates/cli/src/main.rs", text),
            ("crates/code/examples/a.rs", text),
            ("crates/code/src/a.rs", text),
            ("crates/code/tests/it/main.rs", text),
            ("xtask/src/main.rs", text),
        ];
        let expected = [
            "crates/code/src/a.rs:1",
            "crates/code/src/a.rs:3",
            "crates/code/src/a.rs:4",
        ];
        assert_eq!(offenders(&ENTRY, &files), expected);
    }
}
