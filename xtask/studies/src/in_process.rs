//! How fast are our own rules inside a process: whole files, single functions, and a line that is appended?

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use palinode_code::{Text, languages};
use palinode_rules::{Options, RuleBook, Watch};
use serde_json::{Value, json};

/// Rounds over all files; the quickest counts, since nothing but the machine differs between them.
const ROUNDS: usize = 3;
/// Functions that are scanned, and files that are gone on with.
const FUNCTIONS: usize = 5000;
const WATCHED: usize = 300;
/// Lines that stand before the appended ones, and how many of those are timed.
const LINES: usize = 300;
const APPENDED: usize = 10;

/// What was measured.
pub(crate) struct Inside {
    bytes: usize,
    parsing: Duration,
    both: Duration,
    functions: Spread,
    appends: Spread,
}

/// Times in order.
struct Spread(Vec<Duration>);

impl Spread {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The time that so many of 100 stay under, in milliseconds.
    fn at(&self, of_hundred: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let time = self.0.get((self.0.len() * of_hundred / 100).min(last));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    fn json(&self) -> Value {
        json!({"count": self.0.len(), "median_ms": self.at(50), "p99_ms": self.at(99), "worst_ms": self.at(100)})
    }
}

/// Measures on one thread.
pub(crate) fn measure(texts: &[String]) -> Result<Inside> {
    let language = languages::by_name("python").context("Python is known")?;
    let book = Arc::new(RuleBook::builtin());
    let sources: Vec<Text> = texts.iter().map(|text| Text::from(text.as_str())).collect();
    let (mut parsing, mut both) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for text in &sources {
            black_box(language.parse(text));
        }
        parsing = parsing.min(started.elapsed());
        let started = Instant::now();
        for text in &sources {
            black_box(book.scan(&language.parse(text), &Options::default()));
        }
        both = both.min(started.elapsed());
    }
    let mut functions = Vec::new();
    for text in &sources {
        let found = language.parse(text).functions();
        let codes = found
            .iter()
            .filter_map(|function| text.slice(function.span).ok());
        functions.extend(codes.map(Text::new));
    }
    let step = (functions.len() / FUNCTIONS).max(1);
    let functions = functions.iter().step_by(step).take(FUNCTIONS);
    let timed = functions.map(|code| {
        let started = Instant::now();
        black_box(book.scan(&language.parse_fragment(code), &Options::default()));
        started.elapsed()
    });
    let timed = Spread::new(timed.collect());
    let mut appends = Vec::new();
    let long = texts
        .iter()
        .filter(|text| text.lines().count() >= LINES + APPENDED);
    for text in long.take(WATCHED) {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut watch = Watch::new(Arc::clone(&book), language);
        watch.append(lines[..LINES].concat().as_bytes());
        for line in &lines[LINES..LINES + APPENDED] {
            let started = Instant::now();
            black_box(watch.append(line.as_bytes()));
            appends.push(started.elapsed());
        }
    }
    Ok(Inside {
        bytes: texts.iter().map(String::len).sum(),
        parsing,
        both,
        functions: timed,
        appends: Spread::new(appends),
    })
}

impl Inside {
    fn rate(&self, time: Duration) -> f64 {
        self.bytes as f64 / 1e6 / time.as_secs_f64()
    }

    /// The figures, for programs.
    pub(crate) fn json(&self) -> Value {
        json!({"parsing_mb_per_second": self.rate(self.parsing), "parsing_and_rules_mb_per_second": self.rate(self.both),
               "functions": self.functions.json(), "appended_lines": self.appends.json()})
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| in process, one core | |\n|---|---|")?;
        writeln!(f, "| parsing | {:.1} MB/s |", self.rate(self.parsing))?;
        writeln!(
            f,
            "| parsing and all rules | {:.1} MB/s |",
            self.rate(self.both)
        )?;
        for (what, times) in [
            ("one function by itself", &self.functions),
            (
                "a line appended to 300 or more, scanned again",
                &self.appends,
            ),
        ] {
            writeln!(
                f,
                "| {what} ({} of them) | median {:.3} ms, 99 of 100 under {:.3} ms, worst {:.3} ms |",
                times.0.len(),
                times.at(50),
                times.at(99),
                times.at(100)
            )?;
        }
        Ok(())
    }
}
