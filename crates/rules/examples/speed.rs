//! How fast are the rules on files of yours?
//!
//! `cargo run --release -p palinode-rules --example speed -- FILE…` prints, on one core and with all rules, how many
//! bytes a second are parsed and scanned, how long single functions take, and how long a scan takes again after each
//! line that is put at the end of a text of some 300 lines.
#![expect(clippy::print_stdout, reason = "its answer is for standard output")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use palinode_code::{Parsed, Text, languages};
use palinode_rules::{Options, RuleBook, Watch};

/// How many lines stand before those that are appended one by one.
const BEFORE: usize = 300;
/// How many lines are appended.
const APPENDED: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let mut texts = Vec::new();
    for path in std::env::args().skip(1) {
        let Some(language) = languages::by_path(path.as_ref()) else {
            continue;
        };
        texts.push((language, Text::from(std::fs::read(path)?)));
    }
    let book = Arc::new(RuleBook::builtin());
    // The first scan of a language reads its rules; how long that takes is another question.
    for (language, text) in &texts {
        drop(book.scan(&language.parse(text), &Options::default()));
    }
    whole_files(&book, &texts);
    single_functions(&book, &texts);
    appended_lines(&book, &texts);
    Ok(())
}

type Texts = [(&'static palinode_code::Language, Text)];

fn whole_files(book: &RuleBook, texts: &Texts) {
    let start = Instant::now();
    let parsed: Vec<Parsed> = texts
        .iter()
        .map(|(language, text)| language.parse(text))
        .collect();
    let parsing = start.elapsed();
    let start = Instant::now();
    let findings: usize = parsed
        .iter()
        .map(|parsed| book.scan(parsed, &Options::default()).findings.len())
        .sum();
    let scanning = start.elapsed();
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!(
        "{} files, {bytes} bytes: parsing {:.2} MB/s, rules {:.2} MB/s, both {:.2} MB/s, {findings} findings",
        texts.len(),
        rate(parsing),
        rate(scanning),
        rate(parsing + scanning),
    );
}

fn single_functions(book: &RuleBook, texts: &Texts) {
    let mut times = Vec::new();
    for (language, text) in texts {
        for function in language.parse(text).functions() {
            let code = Text::from(text.slice(function.span).unwrap_or_default());
            let start = Instant::now();
            drop(book.scan(&language.parse(&code), &Options::default()));
            times.push(start.elapsed());
        }
    }
    print_times("single functions, parsed and scanned", times);
}

fn appended_lines(book: &Arc<RuleBook>, texts: &Texts) {
    let mut times = Vec::new();
    for (language, text) in texts {
        let lines: Vec<&[u8]> = text.as_bytes().split_inclusive(|&b| b == b'\n').collect();
        if lines.len() < BEFORE + APPENDED {
            continue;
        }
        let mut watch = Watch::new(Arc::clone(book), language);
        watch.append(&lines[..BEFORE].concat());
        for line in &lines[BEFORE..BEFORE + APPENDED] {
            let start = Instant::now();
            watch.append(line);
            times.push(start.elapsed());
        }
    }
    print_times("a line appended to some 300", times);
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let Some(last) = times.len().checked_sub(1) else {
        println!("{what}: none");
        return;
    };
    let share = |percent: usize| times[last * percent / 100].as_secs_f64() * 1e3;
    println!(
        "{what}: {} of them, median {:.3} ms, 90 % within {:.3} ms, 99 % within {:.3} ms",
        times.len(),
        share(50),
        share(90),
        share(99),
    );
}
