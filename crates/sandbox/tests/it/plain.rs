//! What does a program get, and what do we get from it?

use std::path::Path;

use palinode_sandbox::{
    Confinement, Ending, Error, Interrupt, Limits, Policy, Program, find_program, run,
};
use proptest::prelude::*;

use crate::support::{Marked, generous, run_limited};

fn error_of(program: &Program) -> Error {
    run(program, &Policy::Tool(generous()), &Interrupt::new()).expect_err("it cannot start")
}

#[test]
fn the_environment_is_what_we_say() {
    let program = Program::new("/usr/bin/env").variable("GIVEN", "a value");
    let outcome = run_limited(&program, generous());
    let text = String::from_utf8(outcome.stdout).expect("text");
    let mut names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["GIVEN", "HOME", "LANG", "PATH", "TMPDIR"]);
}

#[test]
fn home_is_empty_and_gone_afterwards() {
    let script = "ls -A \"$HOME\"; echo x > \"$HOME/left\"; echo \"$HOME\"; pwd";
    let outcome = run_limited(&Marked::new().shell(script), generous());
    let text = String::from_utf8(outcome.stdout).expect("text");
    let lines: Vec<_> = text.lines().collect();
    let [home, folder] = lines[..] else {
        panic!("something was in it: {text}");
    };
    assert_eq!(home, folder);
    assert!(!Path::new(home).exists());
}

#[test]
fn much_input_and_output_flow_at_once() {
    let input: Vec<u8> = (0..4_000_000_u32).map(|i| (i % 251) as u8).collect();
    let program = Marked::new().shell("tee /dev/stderr").input(input.clone());
    let outcome = run_limited(&program, generous());
    assert_eq!(outcome.ending, Ending::Exited(0));
    assert!(outcome.stdout == input && outcome.stderr == input);
}

#[test]
fn output_of_exactly_the_limit_is_not_too_much() {
    let limits = Limits {
        output: 1000,
        ..generous()
    };
    let outcome = run_limited(
        &Marked::new().shell("head -c 1000 /dev/zero"),
        limits.clone(),
    );
    assert_eq!(
        (outcome.ending, outcome.stdout.len()),
        (Ending::Exited(0), 1000)
    );
    let outcome = run_limited(&Marked::new().shell("head -c 1001 /dev/zero"), limits);
    assert_eq!(
        (outcome.ending, outcome.stdout.len()),
        (Ending::TooMuchOutput, 1000)
    );
}

#[test]
fn every_exit_code_comes_back() {
    for code in [0, 1, 2, 3, 42, 126, 127, 128, 137, 255] {
        let outcome = run_limited(&Marked::new().shell(&format!("exit {code}")), generous());
        assert_eq!(outcome.ending, Ending::Exited(code));
    }
}

#[test]
fn what_cannot_start_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    assert!(matches!(
        error_of(&Program::new(&missing)),
        Error::NotFound { .. }
    ));
    let text = folder.path().join("text");
    std::fs::write(&text, "no program").expect("it is written");
    assert!(matches!(
        error_of(&Program::new(&text)),
        Error::NotExecutable { .. }
    ));
    let program = Program::new("/bin/sh").folder(&missing);
    assert!(matches!(error_of(&program), Error::CannotStart { .. }));
    let program = Program::new("/bin/sh").argument("a\0b");
    assert!(matches!(error_of(&program), Error::CannotStart { .. }));
}

#[test]
fn programs_are_found_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("sh"), "no program").expect("it is written");
    let path = std::env::join_paths([Path::new("relative"), folder.path(), Path::new("/bin")]);
    let path = path.expect("no separator in it");
    assert_eq!(find_program("sh", &path), Some("/bin/sh".into()));
    assert_eq!(find_program("no-such-program", &path), None);
    assert_eq!(find_program("/bin/sh", "".as_ref()), Some("/bin/sh".into()));
}

#[test]
fn hostile_code_is_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let program = Program::new("/bin/touch").argument(&trace);
    let confinement = Confinement {
        limits: Limits::default(),
        readable: Vec::new(),
        writable: Vec::new(),
        network: false,
    };
    let refused = run(&program, &Policy::Hostile(confinement), &Interrupt::new());
    assert!(matches!(refused, Err(Error::PolicyNotBuilt)));
    assert!(!trace.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_pass_unchanged(bytes in proptest::collection::vec(any::<u8>(), 0..100_000)) {
        let outcome = run_limited(&Program::new("/bin/cat").input(bytes.clone()), generous());
        prop_assert_eq!(outcome.ending, Ending::Exited(0));
        prop_assert!(outcome.stdout == bytes);
    }
}
