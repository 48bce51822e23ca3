//! How fast is the analysis, beside the parsing that it needs, and how fast is it again after one more line?
//!
//! The text is the programs of the tests, of one language each, repeated to a quarter of a megabyte: dense in flows,
//! so slower than most code. `parse` and `analyze` each read all of it; `append` adds one statement to the last of a
//! hundred functions, parsing apart.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palinode_code::languages;
use palinode_flow::{Limits, Module, Tables, analyze};

const PROGRAMS: [(&str, &str); 4] = [
    ("python", include_str!("../tests/it/fixtures/python.txt")),
    (
        "javascript",
        include_str!("../tests/it/fixtures/javascript.txt"),
    ),
    ("java", include_str!("../tests/it/fixtures/java.txt")),
    ("c", include_str!("../tests/it/fixtures/c.txt")),
];

const BYTES: usize = 256 << 10;

/// The programs of a file without their headings, often enough, each with functions of other names.
fn text_of(language: &str, programs: &str) -> String {
    let comment = if language == "python" { "# " } else { "// " };
    let mut text = String::new();
    let mut round = 0;
    while text.len() < BYTES {
        // The last program is unfinished.
        let all = programs
            .split("\n=== unfinished")
            .next()
            .unwrap_or(programs);
        let all = all
            .replace("=== ", comment)
            .replace("find(", &format!("find{round}("));
        text.push_str(
            &all.replace("handle(", &format!("handle{round}("))
                .replace("build(", &format!("build{round}(")),
        );
        text.push('\n');
        round += 1;
    }
    text
}

fn whole(criterion: &mut Criterion) {
    for (name, programs) in PROGRAMS {
        let text = text_of(name, programs);
        let language = languages::by_name(name).expect("it is known");
        let parsed = language.parse_bytes(text.as_bytes());
        let mut group = criterion.benchmark_group(name);
        group
            .throughput(Throughput::Bytes(text.len() as u64))
            .sample_size(10);
        group.bench_function("parse", |bencher| {
            bencher.iter(|| language.parse_bytes(black_box(text.as_bytes())))
        });
        group.bench_function("analyze", |bencher| {
            bencher.iter(|| analyze(black_box(&parsed), Tables::standard(), &Limits::STANDARD));
        });
        group.finish();
    }
}

fn append(criterion: &mut Criterion) {
    let function = |at: usize| {
        format!(
            "def find{at}(cursor, request):\n    name = request.args.get('name')\n    if not name:\n        return None\n    \
             query = 'SELECT * FROM users WHERE name = ' + name\n    cursor.execute(query)\n    return cursor.fetchall()\n\n"
        )
    };
    let text: String = (0..100).map(function).collect();
    let more = format!("{}    cursor.close()\n", text.trim_end());
    let python = languages::by_name("python").expect("it is known");
    let (before, after) = (
        python.parse_bytes(text.as_bytes()),
        python.parse_bytes(more.as_bytes()),
    );
    let module = Module::new(&before, Tables::standard(), &Limits::STANDARD);
    let mut group = criterion.benchmark_group("a hundred functions");
    group.bench_function("new", |bencher| {
        bencher.iter(|| Module::new(black_box(&after), Tables::standard(), &Limits::STANDARD));
    });
    group.bench_function("append", |bencher| {
        bencher.iter(|| module.update(black_box(&after), Tables::standard(), &Limits::STANDARD));
    });
    group.finish();
}

criterion_group!(benches, whole, append);
criterion_main!(benches);
