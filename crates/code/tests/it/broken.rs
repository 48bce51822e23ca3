//! Does a broken source say on which line it is broken?

use palinode_code::Text;
use palinode_code::languages::LANGUAGES;

use crate::fixtures;

/// One way to break a language's fixture.
struct Break {
    language: &'static str,
    /// Replaced, where it stands first, ...
    from: &'static str,
    /// ... by this.
    to: &'static str,
    /// Lines from where `from` starts to where the first error must stand: 0, or 1 where the next
    /// line could have gone on with what is missing, and its first token is what does not fit.
    lines_on: usize,
}

const fn broken(language: &'static str, from: &'static str, to: &'static str) -> Break {
    Break {
        language,
        from,
        to,
        lines_on: 0,
    }
}

const fn broken_at_its_end(language: &'static str, from: &'static str, to: &'static str) -> Break {
    Break {
        language,
        from,
        to,
        lines_on: 1,
    }
}

const BREAKS: &[Break] = &[
    // A semicolon too few, a bracket too few, a bracket too many, an operand too few.
    broken("c", "int found = 0;", "int found = 0"),
    broken("c", "strchr(line, at);", "strchr(line, at;"),
    broken("c", "n < LIMIT) {", "n < LIMIT)) {"),
    broken("c", "a - *b;", "a - ;"),
    broken_at_its_end("cpp", "T best = first;", "T best = first"),
    broken("cpp", "if (best < value)", "if (best < )"),
    broken("cpp", "return *this;", "return *this);"),
    broken("csharp", "_owner = owner ??", "_owner = owner ?? ;"),
    broken(
        "csharp",
        "return sum + _fee(sum);",
        "return sum + _fee(sum;",
    ),
    broken(
        "csharp",
        "get { return _balance; }",
        "get { return _balance }",
    ),
    broken_at_its_end(
        "go",
        "s.items = append(s.items, item)",
        "s.items = append(s.items, item",
    ),
    broken("go", "return x * x", "return x * "),
    broken_at_its_end("go", "total > 10:", "total > 10"),
    broken("java", "this.balance = balance;", "this.balance = balance"),
    broken(
        "java",
        "last = f.apply(values[i]);",
        "last = f.apply(values[i);",
    ),
    broken("java", "i < values.length;", "i < ;"),
    broken("javascript", "let at = 0;", "let at = ;"),
    broken("javascript", "return 2 * x;", "return 2 * x);"),
    broken(
        "javascript",
        "this.#items = items;",
        "this.#items = = items;",
    ),
    broken("php", "$statement = $db", "$statement = = $db"),
    broken("php", "usort($filters,", "usort($filters,,"),
    broken_at_its_end("php", "return $double($a) + $b;", "return $double($a) + $b"),
    broken("python", "self.owner = owner", "self.owner = = owner"),
    broken("python", "print(ordered(", "print(ordered)("),
    broken_at_its_end(
        "python",
        "return amount + amount // 100",
        "return amount + (amount // 100",
    ),
    broken_at_its_end(
        "python",
        "if source.balance < total(amount):",
        "if source.balance < total(amount)",
    ),
    broken("rust", "return Err(\"full\");", "return Err(\"full\";"),
    broken_at_its_end("rust", "self.items.push(item);", "self.items.push(item)"),
    broken("rust", "let n = square!(3) + 1;", "let n = square!(3) + ;"),
    broken_at_its_end("tsx", "<p>", "<p"),
    broken("tsx", "const close = () =>", "const close = ( =>"),
    broken("tsx", "const names = ['a', 'b']", "const names = ['a', 'b'"),
    broken("typescript", "parseInt(text, 10)", "parseInt(text, 10"),
    broken("typescript", "i < 10; i++)", "i < 10; i++))"),
    broken("typescript", "item[key] === value", "item[key] === "),
];

#[test]
fn the_first_error_stands_on_the_broken_line() {
    let mut wrong = Vec::new();
    for case in BREAKS {
        let language = palinode_code::languages::by_name(case.language).expect("known");
        let source = fixtures::source(language).to_string();
        let at = source
            .find(case.from)
            .unwrap_or_else(|| panic!("{} has no {:?}", case.language, case.from));
        let broken = Text::from(source.replacen(case.from, case.to, 1));
        let errors = language.parse(&broken).errors();
        let first = errors.first().map(|error| error.line);
        if first != Some(broken.line(at) + case.lines_on) {
            wrong.push(format!(
                "{}: {:?} on line {}: {:?}",
                case.language,
                case.to,
                broken.line(at),
                errors.iter().map(ToString::to_string).collect::<Vec<_>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_language_is_broken_in_at_least_three_ways() {
    for language in LANGUAGES {
        let ways = BREAKS.iter().filter(|case| case.language == language.name);
        assert!(ways.count() >= 3, "{}", language.name);
    }
}

#[test]
fn a_message_says_where_and_what() {
    let language = palinode_code::languages::by_name("c").expect("known");
    let shown = |text: &str| -> Vec<String> {
        let errors = language.parse(&Text::from(text)).errors();
        errors.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        shown("int f(void) { return 1 }"),
        ["line 1, column 23: `;` is missing"]
    );
    assert_eq!(
        shown("int f(void) {\n  é @@ 1;\n}"),
        ["line 2, column 5: `@@ 1` is not expected here"]
    );
}
