//! Do the rules, and the engine that asks them, keep what they promise?

mod any_text;
mod loading;
mod manual;
mod suppressing;
mod time;
mod unfinished;
mod watching;

use palinode_code::{Text, languages};
use palinode_rules::{Options, RuleBook, Scan};

/// What `book` finds in `code`.
fn scan(book: &RuleBook, language: &str, code: &str) -> Scan {
    let language = languages::by_name(language).expect("the language is known");
    book.scan(&language.parse(&Text::from(code)), &Options::default())
}

/// The rules whose findings a scan has, in order.
fn rules(scan: &Scan) -> Vec<&str> {
    scan.findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect()
}
