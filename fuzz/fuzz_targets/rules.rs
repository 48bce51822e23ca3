//! Does any text in place of a rule give a rule that can be asked, or a refusal that names its file?
#![no_main]

use std::cell::Cell;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use palinode_code::{Text, languages};
use palinode_rules::{Clock, Options, RuleBook};

const CODE: [(&str, &str); 4] = [
    (
        "python",
        "import os\n\ndef f(a):\n    b = input(a)\n    os.system('ls ' + b)\n",
    ),
    (
        "c",
        "#include <string.h>\nint f(char *a) { char b[4]; strcpy(b, a); return b[0]; }\n",
    ),
    ("javascript", "const f = (a) => { eval(`x${a}`); };\n"),
    (
        "java",
        "class A { void f(String a) throws Exception { Runtime.getRuntime().exec(a); } }\n",
    ),
];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let book = match RuleBook::empty().with_rules([("rules/mine.yml", text)]) {
        Ok(book) => book,
        Err(error) => {
            assert!(error.to_string().contains("rules/mine.yml"), "{error}");
            return;
        }
    };
    for (name, code) in CODE {
        let language = languages::by_name(name).expect("it is known");
        let code = Text::from(code);
        // Each look at the clock is a hundredth of a second later: a rule that is stopped is told, and none hangs.
        let ticks = Cell::new(0_u32);
        let now = || {
            ticks.set(ticks.get() + 1);
            Duration::from_millis(10) * ticks.get()
        };
        let options = Options {
            unfinished: false,
            clock: Some(Clock {
                now: &now,
                slice: Duration::from_millis(100),
                budget: Duration::from_secs(1),
            }),
        };
        for finding in book.scan(&language.parse(&code), &options).findings {
            assert!(finding.span.end <= code.len());
            for edit in finding.fix {
                assert!(edit.span.end <= code.len());
            }
        }
    }
});
