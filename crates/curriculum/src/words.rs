//! Which words does a program declare, and which may it use without declaring them?

use std::collections::BTreeSet;

use crate::benign;
use crate::lexer::{TokenKind, Tokens};
use crate::steps::{STEPS, Step};
use crate::task::Language;
use crate::weaknesses::WEAKNESSES;

/// Whether the word at `at` is declared there, as its language declares.
pub(crate) fn defines(tokens: &Tokens<'_>, at: usize, language: Language) -> bool {
    let (before, after) = (
        if at > 0 { tokens.text(at - 1) } else { "" },
        tokens.text(at + 1),
    );
    match language {
        Language::C | Language::Cpp => {
            let named_type =
                |end: usize| tokens.is_word(end) || [">", "*"].contains(&tokens.text(end));
            let pointer =
                ["*", "&"].contains(&before) && after != "(" && at >= 2 && named_type(at - 2);
            let template = before == ">" && ["=", ";", "("].contains(&after);
            let typed = at > 0 && (tokens.is_word(at - 1) || pointer || template);
            let operand = ["return", "delete", "new", "else"].contains(&before);
            let ends = ["=", ";", "[", ",", ")", "(", ":", "{"].contains(&after);
            typed && ends && !operand
        }
        Language::Python => {
            let bound = ["as", "for", "import", "def"].contains(&before);
            let unpacked = (after == "," && starts_line(tokens, at))
                || (before == "," && after == "=" && at >= 2 && starts_line(tokens, at - 2));
            bound || unpacked || (after == "=" && starts_line(tokens, at))
        }
        Language::JavaScript => ["const", "let", "var", "function"].contains(&before),
    }
}

fn starts_line(tokens: &Tokens<'_>, at: usize) -> bool {
    at == 0 || tokens.all[at - 1].line < tokens.all[at].line
}

/// Whether a template's line brings in a header or a module.
pub(crate) fn is_import(line: &str) -> bool {
    line.starts_with("#include") || line.starts_with("import ") || line.contains("= require(")
}

/// Every word in the templates of a language: what a program may use without defining it.
pub(crate) fn template_words(language: Language) -> BTreeSet<&'static str> {
    let patterns = WEAKNESSES
        .iter()
        .flat_map(|weakness| weakness.patterns)
        .chain(benign::patterns(language));
    let mut texts: Vec<&'static str> = Vec::new();
    for pattern in patterns.filter(|pattern| pattern.language == language) {
        texts.extend(pattern.top);
        texts.extend(pattern.parameters);
        texts.extend([
            pattern.returns,
            pattern.fail,
            pattern.setup,
            pattern.draft,
            pattern.fixed,
            pattern.after,
        ]);
        texts.push(pattern.value);
    }
    for step in STEPS {
        texts.extend([
            step.top[Step::syntax(language)],
            step.code[Step::syntax(language)],
        ]);
    }
    texts.extend(["def", "function", "return", "int", "const", "let", "global"]);
    // What a template declares inside the function is no word that another program may use unasked.
    let outside = |text: &&'static str| {
        is_import(text) || text.starts_with("function") || text.starts_with("struct")
    };
    let declared: BTreeSet<&'static str> = texts
        .iter()
        .filter(|text| !outside(text))
        .flat_map(|text| {
            let tokens = Tokens::of(text, language);
            let at: Vec<usize> = (0..tokens.all.len())
                .filter(|&at| tokens.is_word(at) && defines(&tokens, at, language))
                .collect();
            at.into_iter()
                .map(|at| tokens.all[at].text)
                .collect::<Vec<_>>()
        })
        .collect();
    texts
        .into_iter()
        .flat_map(|text| {
            let tokens = Tokens::of(text, language);
            let all = tokens.all;
            let follows_dollar = |at: usize| at > 0 && all[at - 1].text == "$";
            let words: Vec<&'static str> = all
                .iter()
                .enumerate()
                .filter(|&(at, token)| token.kind == TokenKind::Word && !follows_dollar(at))
                .map(|(_, token)| token.text)
                .collect();
            words
        })
        .filter(|word| !declared.contains(word))
        .collect()
}
