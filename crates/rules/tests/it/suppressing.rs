//! Does a comment take back what it names, and only with a reason?

use palinode_rules::{NO_REASON, RuleBook};

use crate::{rules, scan};

#[test]
fn a_comment_with_a_reason_takes_back_what_it_names() {
    let book = RuleBook::builtin();
    for code in [
        "os.system(line)  # palinode: ignore[python-os-system] the line is ours\n",
        "# palinode: ignore[python-os-system] the line is ours\nos.system(line)\n",
        "# palinode: ignore[python-eval, python-os-system] the line is ours\nos.system(\n    line\n)\n",
    ] {
        let scan = scan(&book, "python", code);
        assert!(scan.findings.is_empty(), "{code}");
        assert_eq!(scan.suppressed.len(), 1, "{code}");
        assert_eq!(scan.suppressed[0].reason, "the line is ours");
        assert_eq!(scan.suppressed[0].finding.rule, "python-os-system");
    }
}

#[test]
fn a_comment_without_reason_or_rule_takes_back_nothing_and_is_found() {
    let book = RuleBook::builtin();
    for comment in [
        "# palinode: ignore[python-os-system]",
        "# palinode: ignore",
        "# palinode: ignore the line is ours",
        "# palinode: ignore[] x",
    ] {
        let scan = scan(&book, "python", &format!("os.system(line)  {comment}\n"));
        assert_eq!(rules(&scan), ["python-os-system", NO_REASON], "{comment}");
    }
}

#[test]
fn a_comment_speaks_of_its_line_and_its_rule_only() {
    let book = RuleBook::builtin();
    for code in [
        "os.system(line)  # palinode: ignore[python-eval] the line is ours\n",
        "x = 1  # palinode: ignore[python-os-system] the line is ours\nos.system(line)\n",
        "# palinode: ignore[python-os-system] the line is ours\n\nos.system(line)\n",
        "x = 'palinode: ignore[python-os-system] no comment'; os.system(line)\n",
    ] {
        assert_eq!(
            rules(&scan(&book, "python", code)),
            ["python-os-system"],
            "{code}"
        );
    }
}

#[test]
fn block_comments_count_too() {
    let book = RuleBook::builtin();
    let code = "void f(char *s) {\n  /* palinode: ignore[c-command-line] fixed by the caller */\n  system(s);\n}\n";
    let scan = scan(&book, "c", code);
    assert_eq!(scan.suppressed[0].reason, "fixed by the caller");
    assert!(scan.findings.is_empty());
}
