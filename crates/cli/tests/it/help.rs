//! Is the help what we mean it to be? Changed on purpose, these are updated with `cargo insta`.

use crate::run;

fn help(arguments: &[&str]) -> String {
    let ran = run(arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    ran.text().to_owned()
}

#[test]
#[cfg(feature = "train")]
fn palinode() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
#[cfg(feature = "local")]
fn generate() {
    insta::assert_snapshot!(help(&["generate", "--help"]));
}

#[test]
fn render() {
    insta::assert_snapshot!(help(&["render", "--help"]));
}

#[test]
fn scan() {
    insta::assert_snapshot!(help(&["scan", "--help"]));
}

#[test]
fn rule() {
    insta::assert_snapshot!(help(&["rule", "--help"]));
}

#[test]
fn list() {
    insta::assert_snapshot!(help(&["list", "--help"]));
}

#[test]
#[cfg(feature = "local")]
fn model_show() {
    insta::assert_snapshot!(help(&["model", "show", "--help"]));
}

#[test]
#[cfg(feature = "local")]
fn model_logits() {
    insta::assert_snapshot!(help(&["model", "logits", "--help"]));
}

#[test]
fn a_wrong_flag_is_told_with_exit_code_2() {
    let ran = run(&["render", "--evnts"]);
    insta::assert_snapshot!(ran.all(), @r"
    --- stderr ---
    error: unexpected argument '--evnts' found

      tip: a similar argument exists: '--events'

    Usage: palinode render --events[=<FILE>] [FILE]

    For more information, try '--help'.
    --- exit code 2 ---
    ");
}
