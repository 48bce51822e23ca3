//! Is a rule stopped that takes too long, and is that said?

use std::cell::Cell;
use std::time::Duration;

use palinode_code::{Text, languages};
use palinode_rules::{Clock, Options, RuleBook};

#[test]
fn a_rule_over_its_budget_is_stopped_and_named() {
    let python = languages::by_name("python").expect("is known");
    let parsed = python.parse(&Text::from("os.system(a)\n".repeat(500).as_str()));
    let looks = Cell::new(0);
    // A clock that moves by a millisecond at each look.
    let now = || {
        looks.set(looks.get() + 1);
        Duration::from_millis(looks.get())
    };
    let clock = Clock {
        now: &now,
        slice: Duration::from_millis(1),
        budget: Duration::from_millis(20),
    };
    let options = Options {
        clock: Some(clock),
        ..Options::default()
    };
    let book = RuleBook::builtin();
    let stopped = book.scan(&parsed, &options);
    let named: Vec<&str> = stopped
        .stopped
        .iter()
        .map(|stopped| stopped.rule.as_str())
        .collect();
    assert!(named.contains(&"python-os-system"), "{named:?}");
    assert!(!stopped.findings.is_empty() && stopped.findings.len() < 500);

    let whole = book.scan(&parsed, &Options::default());
    assert_eq!((whole.findings.len(), whole.stopped.len()), (500, 0));
}
