//! Does a watch find what a scan of the whole text finds?

use std::sync::Arc;

use palinode_code::{Language, Text, languages};
use palinode_rules::{Options, RuleBook, Watch};
use proptest::prelude::*;

/// Whether every prefix that `steps` reach has the findings of a scan from scratch. A step is how many bytes of `code`
/// come next, or, where it is negative, how many are taken back.
fn agrees(language: &'static Language, code: &[u8], steps: &[i16]) -> Result<(), TestCaseError> {
    let book = Arc::new(RuleBook::builtin());
    let mut watch = Watch::new(Arc::clone(&book), language);
    let mut length = 0;
    for &step in steps {
        let found = if step < 0 {
            length = usize::saturating_sub(length, usize::from(step.unsigned_abs()));
            watch.cut_to(length)
        } else {
            let next = code.len().min(length + usize::from(step.unsigned_abs()));
            let found = watch.append(&code[length..next]);
            length = next;
            found
        };
        let parsed = language.parse(&Text::from(&code[..length]));
        let options = Options {
            unfinished: true,
            ..Options::default()
        };
        prop_assert_eq!(watch.text(), parsed.text());
        prop_assert_eq!(
            found,
            book.scan(&parsed, &options),
            "{} {:?}",
            language.name,
            String::from_utf8_lossy(&code[..length])
        );
    }
    Ok(())
}

#[test]
fn a_fact_about_the_file_that_comes_late_or_goes_again_counts() {
    let code = "value = loads(data)\nfrom pickle import loads\nother = loads(data)\n";
    let python = languages::by_name("python").expect("is known");
    let mut watch = Watch::new(Arc::new(RuleBook::builtin()), python);
    let mut found = |to: usize| {
        let has = watch.text().len();
        let scan = match to < has {
            true => watch.cut_to(to),
            false => watch.append(&code.as_bytes()[has..to]),
        };
        scan.findings
            .iter()
            .filter(|finding| finding.rule == "python-unpickle-imported")
            .count()
    };
    let first_line = code.find('\n').map_or(0, |at| at + 1);
    assert_eq!(found(first_line), 0);
    assert_eq!(found(code.len()), 2);
    assert_eq!(found(first_line), 0);
}

/// The bad and the good code of the rules for a language, one after the other.
fn examples(language: &'static Language) -> Vec<String> {
    let book = RuleBook::builtin();
    let of_language = book
        .rules()
        .filter(|rule| rule.languages.contains(&language));
    let mut examples = Vec::new();
    for rule in of_language {
        examples.extend(rule.bad.iter().chain(&rule.good).cloned());
    }
    examples
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn over_code_that_grows(
        language in prop::sample::select(languages::LANGUAGES),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        steps in prop::collection::vec(-40_i16..90, 1..12),
    ) {
        let examples = examples(language);
        prop_assume!(!examples.is_empty());
        let picked: Vec<&str> = picks.iter().map(|pick| examples[pick.index(examples.len())].as_str()).collect();
        agrees(language, picked.join("\n").as_bytes(), &steps)?;
    }

    #[test]
    fn line_by_line(
        language in prop::sample::select(languages::LANGUAGES),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let examples = examples(language);
        prop_assume!(!examples.is_empty());
        let picked: Vec<&str> = picks.iter().map(|pick| examples[pick.index(examples.len())].as_str()).collect();
        let code = picked.join("\n");
        let steps: Vec<i16> = code.split_inclusive('\n').map(|line| i16::try_from(line.len()).unwrap_or(i16::MAX)).collect();
        agrees(language, code.as_bytes(), &steps)?;
    }

    #[test]
    fn over_any_bytes(
        language in prop::sample::select(languages::LANGUAGES),
        code in prop::collection::vec(any::<u8>(), 0..200),
        steps in prop::collection::vec(-40_i16..60, 1..8),
    ) {
        agrees(language, &code, &steps)?;
    }
}
