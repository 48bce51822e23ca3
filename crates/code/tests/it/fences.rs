//! Are a chat answer's blocks found, and do positions in them lead back?

use palinode_code::{Edit, Span, Text, apply_edits, fenced};
use proptest::prelude::*;

fn text(text: &str) -> Text {
    Text::new(text.as_bytes())
}

#[test]
fn blocks_of_an_answer_are_found_with_their_languages() {
    let answer = text(
        "Here is `code`:\n\n```python\nimport os\n```\nand in a list:\n\n1. first\n   ~~~ {.js}\n   let a = 1;\n\n     let b;\n   ~~~\n\n```\nplain\n```\n````md\n```c\n```\n````\n```cpp main.cpp\nint x",
    );
    let blocks = fenced(&answer);
    let seen: Vec<_> = blocks
        .iter()
        .map(|block| {
            let language = block.language().map(|language| language.name);
            let code = String::from_utf8_lossy(block.text.as_bytes()).into_owned();
            (language, code, block.closed)
        })
        .collect();
    let expected = [
        (Some("python"), "import os\n", true),
        (Some("javascript"), "let a = 1;\n\n  let b;\n", true),
        (None, "plain\n", true),
        (None, "```c\n```\n", true),
        (Some("cpp"), "int x", false),
    ];
    let expected = expected.map(|(language, code, closed)| (language, code.to_owned(), closed));
    assert_eq!(seen, expected);
    // Back to where it stands.
    let block = &blocks[1];
    let at = block
        .text
        .as_bytes()
        .windows(5)
        .position(|five| five == b"let b");
    let span = Span::new(at.unwrap(), at.unwrap() + 5);
    assert_eq!(answer.slice(block.outside(span)), Ok(&b"let b"[..]));
    // A change of two lines goes in with the indentation of the list.
    let edit = Edit::new(span, *b"if (a) {\n  f();\n}");
    let edited = apply_edits(&answer, &[block.edit_outside(&edit, &answer)]).unwrap();
    let edited = edited.as_str().unwrap();
    assert!(
        edited.contains("\n     if (a) {\n     f();\n   };\n   ~~~"),
        "{edited}"
    );
}

#[test]
fn languages_are_named_in_many_ways() {
    for info in [
        "py",
        "Python3",
        ".py",
        "{.python}",
        "src/main.py",
        "python title=\"a\"",
        "lang=python",
    ] {
        let blocks = fenced(&text(&format!("```{info}\n```")));
        let name = blocks[0].language().map(|language| language.name);
        assert_eq!(name, Some("python"), "{info}");
    }
    assert_eq!(fenced(&text("```unheard-of\n```"))[0].language(), None);
    // Code within a line opens nothing; a block that is cut off is one.
    assert!(fenced(&text("```not `a` fence\n")).is_empty());
    let cut = fenced(&text("```py\neval(x)"));
    assert_eq!(cut[0].text.as_bytes(), b"eval(x)");
    assert!(!cut[0].closed);
}

proptest! {
    /// Nothing is lost or made up: every byte of a block is the byte it says it comes from.
    #[test]
    fn every_byte_leads_back(parts in prop::collection::vec("(```|~~~~|  ```py|a|\t|  |\r?\n|é|\n\n)", 0..60)) {
        let outer = text(&parts.concat());
        for block in fenced(&outer) {
            for at in 0..block.text.len() {
                let span = block.outside(Span::new(at, at + 1));
                prop_assert_eq!(
                    outer.slice(span).unwrap(),
                    block.text.slice(Span::new(at, at + 1)).unwrap()
                );
            }
            let whole = block.outside(block.text.span());
            prop_assert!(whole.end <= outer.len());
        }
    }
}
