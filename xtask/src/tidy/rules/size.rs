//! Do files and functions stay short enough to be read in one go?

use crate::tidy::{Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "size",
    doc: "No Rust file is longer than 1000 lines, the middle one is about 200, nine of ten are at \
          most 600, and at most 1 % of the functions are longer than 70 lines. Only the first is \
          enforced; a named exception needs a reason.",
    check,
};

const MOST_LINES: usize = 1000;
const MEDIAN: usize = 250;
const NINE_OF_TEN: usize = 600;
const FUNCTION: usize = 70;

/// Files that may be longer, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    let mut sizes = Vec::new();
    let mut functions = 0_usize;
    let mut long = Vec::new();
    for file in tree.rust() {
        let lines = file.text().map_or(0, |text| text.lines().count());
        sizes.push(lines);
        let excepted = EXCEPTIONS.iter().any(|(path, _)| *path == file.path);
        if lines > MOST_LINES && !excepted {
            let message =
                format!("{lines} lines, at most {MOST_LINES}: cut it by the questions it answers");
            offences.push(Offence::file(&file.path, message));
        }
        for function in source::functions(file.code()) {
            functions += 1;
            if function.lines > FUNCTION {
                let message = format!("`{}` has {} lines", function.name, function.lines);
                long.push(Offence::warning(&file.path, Some(function.line), message));
            }
        }
    }
    offences.extend(stale_exceptions(tree));
    offences.extend(envelope(&mut sizes));
    if long.len() * 100 > functions {
        let message = format!(
            "{} of {functions} functions are longer than {FUNCTION} lines, more than 1 %:",
            long.len()
        );
        offences.push(Offence::warning("", None, message));
        offences.append(&mut long);
    }
    offences
}

/// Exceptions whose file is gone or short enough by now.
fn stale_exceptions(tree: &Tree) -> impl Iterator<Item = Offence> {
    EXCEPTIONS.iter().filter_map(|(path, _)| {
        let lines = tree.get(path)?.text()?.lines().count();
        (lines <= MOST_LINES).then(|| Offence::file(path, "needs its exception no more: strike it"))
    })
}

/// What the sizes look like as a whole, where that is out of proportion.
fn envelope(sizes: &mut [usize]) -> Vec<Offence> {
    sizes.sort_unstable();
    let Some(last) = sizes.len().checked_sub(1) else {
        return Vec::new();
    };
    let (median, ninth) = (sizes[last / 2], sizes[last * 9 / 10]);
    let mut warnings = Vec::new();
    if median > MEDIAN {
        let message = format!("the middle file has {median} lines, more than {MEDIAN}");
        warnings.push(Offence::warning("", None, message));
    }
    if ninth > NINE_OF_TEN {
        let message =
            format!("one file of ten has more than {ninth} lines, the budget is {NINE_OF_TEN}");
        warnings.push(Offence::warning("", None, message));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::{offenders, warnings};

    #[test]
    fn a_file_of_1001_lines_is_caught_and_one_of_1000_is_not() {
        let (long, short) = ("//\n".repeat(1001), "//\n".repeat(1000));
        let files = [
            ("a.rs", long.as_str()),
            ("b.rs", short.as_str()),
            ("c.md", long.as_str()),
        ];
        assert_eq!(offenders(&ENTRY, &files), ["a.rs"]);
    }

    #[test]
    fn long_functions_are_a_warning_where_they_are_more_than_one_in_a_hundred() {
        let long = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(70));
        let few = format!("{long}{}", "fn f() {}\n".repeat(99));
        assert_eq!(
            warnings(&ENTRY, &[("a.rs", few.as_str())]),
            Vec::<String>::new()
        );
        assert_eq!(warnings(&ENTRY, &[("a.rs", long.as_str())]), ["", "a.rs:1"]);
    }

    #[test]
    fn a_house_of_large_files_is_a_warning() {
        let large = "//\n".repeat(700);
        assert_eq!(warnings(&ENTRY, &[("a.rs", large.as_str())]), ["", ""]);
    }
}
