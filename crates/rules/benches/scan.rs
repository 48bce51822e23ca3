//! How fast are the rules?

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palinode_code::{Text, languages};
use palinode_rules::{Options, RuleBook, Watch};

/// The examples of all rules for a language, flawed and not, as one text of some `bytes` bytes.
fn text(book: &RuleBook, language: &str, bytes: usize) -> String {
    let language = languages::by_name(language).expect("is known");
    let mut text = String::new();
    while text.len() < bytes {
        for rule in book.rules().filter(|rule| rule.languages[0] == language) {
            for (flawed, code) in rule
                .bad
                .iter()
                .map(|code| (true, code))
                .chain(rule.good.iter().map(|code| (false, code)))
            {
                // Mostly sound, as code is.
                if !flawed || text.len().is_multiple_of(5) {
                    text.push_str(code);
                    text.push('\n');
                }
            }
        }
    }
    text
}

fn whole(criterion: &mut Criterion) {
    let book = RuleBook::builtin();
    for name in ["python", "c", "javascript", "java"] {
        let language = languages::by_name(name).expect("is known");
        let text = Text::from(text(&book, name, 200_000).as_str());
        let mut group = criterion.benchmark_group(name);
        group
            .throughput(Throughput::Bytes(text.len() as u64))
            .sample_size(10);
        group.bench_function("parse", |bencher| bencher.iter(|| language.parse(&text)));
        group.bench_function("parse and scan", |bencher| {
            bencher.iter(|| book.scan(&language.parse(&text), &Options::default()))
        });
        group.finish();
    }
}

/// One more line on a file of 300.
fn append(criterion: &mut Criterion) {
    let book = Arc::new(RuleBook::builtin());
    for name in ["python", "c", "javascript"] {
        let language = languages::by_name(name).expect("is known");
        let whole = text(&book, name, 40_000);
        let lines: Vec<&str> = whole.split_inclusive('\n').take(300).collect();
        let start = lines.concat();
        criterion.bench_function(&format!("{name}: a line appended to 300"), |bencher| {
            let mut watch = Watch::new(Arc::clone(&book), language);
            watch.append(start.as_bytes());
            bencher.iter(|| watch.append(b"x = f(y);\n"));
        });
    }
}

/// What the first scan of a process costs: the rules of one language are read.
fn start(criterion: &mut Criterion) {
    let language = languages::by_name("python").expect("is known");
    let text = Text::from("import os\n\ndef f(line):\n    os.system(line)\n");
    criterion.bench_function("first scan with a new book", |bencher| {
        bencher.iter(|| RuleBook::builtin().scan(&language.parse(&text), &Options::default()));
    });
}

criterion_group!(benches, whole, append, start);
criterion_main!(benches);
