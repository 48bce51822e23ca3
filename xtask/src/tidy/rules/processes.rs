//! Who starts other programs?

use crate::tidy::{File, Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "processes",
    doc: "Only `sandbox` starts processes (automation, studies and tests excepted): one place that \
          limits, times and contains them.",
    check,
};

const ROOMS: &[&str] = &["sandbox", "studies"];

fn check(tree: &Tree) -> Vec<Offence> {
    tree.rust()
        .filter(|file| !is_allowed(file))
        .flat_map(offences)
        .collect()
}

fn is_allowed(file: &File) -> bool {
    let Some(room) = file.room() else {
        return file.path.starts_with("xtask/");
    };
    let is_test = file
        .inside_room()
        .is_some_and(|path| path.starts_with("tests/") || path.starts_with("benches/"));
    ROOMS.contains(&room) || is_test
}

fn offences(file: &File) -> Vec<Offence> {
    let code = file.code();
    source::words(code, "Command")
        .filter(|at| {
            // clap has a `Command` of its own; the standard library's is named by its module.
            code[..*at].ends_with("process::")
                || (code[at + 7..].starts_with("::new") && imports_process(code))
        })
        .map(|at| {
            let message = "only `sandbox` starts processes";
            Offence::line(&file.path, source::line_of(code, at), message)
        })
        .collect()
}

/// Whether something is brought in from `std::process` by a list, such as `process::{Command, Stdio}`.
fn imports_process(code: &str) -> bool {
    code.contains("process::{") || code.contains("process::*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_room_that_starts_processes_is_caught() {
        let direct = "fn a() {\n    std::process::Command::new(\"a\");\n}\n";
        let listed = "use std::process::{Command, Stdio};\nfn a() {\n    Command::new(\"a\");\n}\n";
        let files = [
            ("crates/cli/src/a.rs", direct),
            ("crates/cli/tests/it/main.rs", direct),
            ("crates/code/src/a.rs", listed),
            ("crates/sandbox/src/lib.rs", direct),
            ("xtask/src/main.rs", listed),
        ];
        assert_eq!(
            offenders(&ENTRY, &files),
            ["crates/cli/src/a.rs:2", "crates/code/src/a.rs:3"]
        );
    }

    #[test]
    fn another_kind_of_command_is_none() {
        let text = "use std::process::ExitCode;\nfn a() -> clap::Command {\n    clap::Command::new(\"a\")\n}\n";
        assert!(offenders(&ENTRY, &[("crates/cli/src/a.rs", text)]).is_empty());
    }
}
