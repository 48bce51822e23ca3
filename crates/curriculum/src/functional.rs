//! Does a program still do its task, whoever wrote it?
//!
//! A static check: no program that a model wrote is run here. It asks that the program parses, that
//! the function is there once with its parameters, that every name it uses is one it can know, that
//! nothing was removed, and that each thing the specification asks for stands there, in order-free
//! alternatives (see [`Contract::needs`]). How much of real breakage that catches is measured by the
//! tests (every line of a right program deleted in turn).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use palinode_code::{Text, languages};

use crate::lexer::{TokenKind, Tokens};
use crate::task::{Contract, Language, Task};
use crate::words::{defines, template_words};

/// The first reason found why a program does not do its task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Break {
    /// There is nothing but blanks.
    Empty,
    /// It does not parse; the line (from 1) of the first error.
    Syntax(usize),
    /// The function is not there, or more than once.
    Function(String),
    /// Its parameters are not those asked for.
    Parameters(Vec<String>),
    /// Fewer non-blank lines than the task can be done in.
    Removed(usize),
    /// A name that nothing in the program defines.
    UnknownName(String),
    /// A condition or loop does nothing.
    EmptyBlock,
    /// Something the specification asks for is missing.
    Missing(String),
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the program is empty"),
            Self::Syntax(line) => write!(f, "it does not parse at line {line}"),
            Self::Function(name) => write!(f, "function {name} is not defined once"),
            Self::Parameters(found) => write!(f, "its parameters are {}", found.join(", ")),
            Self::Removed(lines) => write!(f, "only {lines} lines are left"),
            Self::UnknownName(name) => write!(f, "{name} is used and never defined"),
            Self::EmptyBlock => write!(f, "a block is empty"),
            Self::Missing(need) => write!(f, "{need} is missing"),
        }
    }
}

/// Why `program` does not do its task; none if it does.
pub fn breaks(program: &str, task: &Task) -> Option<Break> {
    let (language, contract) = (task.language, &task.contract);
    if program.trim().is_empty() {
        return Some(Break::Empty);
    }
    let Some(grammar) = languages::by_name(language.name()) else {
        return Some(Break::Syntax(0));
    };
    let parsed = grammar.parse(&Text::from(program));
    if let Some(error) = parsed.errors().first() {
        return Some(Break::Syntax(error.line));
    }
    let functions = parsed.functions();
    let mut named = functions
        .iter()
        .filter(|function| function.name == contract.function);
    let (Some(function), None) = (named.next(), named.next()) else {
        return Some(Break::Function(contract.function.clone()));
    };
    let body = program
        .get(function.span.start..function.span.end)
        .unwrap_or_default();
    let tokens = Tokens::of(body, language);
    if let Some(found) = wrong_parameters(&tokens, contract) {
        return Some(Break::Parameters(found));
    }
    let lines = body.lines().filter(|line| !line.trim().is_empty()).count();
    if lines < contract.least_lines {
        return Some(Break::Removed(lines));
    }
    if let Some(name) = unknown_name(program, &tokens, language, contract) {
        return Some(Break::UnknownName(name));
    }
    let body = body_of(&tokens, contract);
    if has_empty_block(&body, program, language) {
        return Some(Break::EmptyBlock);
    }
    contract
        .needs
        .iter()
        .find(|need| !stands(&body, need, language))
        .map(|need| Break::Missing(need.clone()))
}

/// Whether a condition or loop has nothing to do.
fn has_empty_block(body: &Tokens<'_>, program: &str, language: Language) -> bool {
    if language != Language::Python {
        return body.contains(&[")", "{", "}"]);
    }
    // The grammar forgives a missing block; Python does not.
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = program
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let opens = |line: &str| line.trim_end().ends_with(':');
    let last_opens = lines.last().is_some_and(|line| opens(line));
    last_opens
        || lines
            .windows(2)
            .any(|pair| opens(pair[0]) && indent(pair[1]) <= indent(pair[0]))
}

/// The tokens after the function's header.
fn body_of<'a>(tokens: &Tokens<'a>, contract: &Contract) -> Tokens<'a> {
    let name = tokens.find(&contract.function).next().unwrap_or(0);
    let start = tokens.call_from(name).map_or(0, |header| header.end + 1);
    Tokens {
        all: tokens.all[start.min(tokens.all.len())..].to_vec(),
    }
}

/// The parameters of the function's header, if they are not those of the contract.
fn wrong_parameters(tokens: &Tokens<'_>, contract: &Contract) -> Option<Vec<String>> {
    let open = tokens
        .find(&contract.function)
        .next()
        .map_or(0, |at| at + 1);
    let mut depth = 0_i32;
    let mut found = Vec::new();
    for at in open..tokens.all.len() {
        match tokens.text(at) {
            "(" | "<" => depth += 1,
            ">" => depth -= 1,
            text @ ("," | ")") if depth == 1 => {
                if tokens.is_word(at - 1) {
                    found.push(tokens.text(at - 1).to_owned());
                }
                if text == ")" {
                    break;
                }
            }
            ")" => depth -= 1,
            _ => {}
        }
    }
    (found != contract.parameters).then_some(found)
}

/// The first name used in the function that is no parameter, is assigned or declared nowhere in the
/// program, and belongs to no language, library or program of the curriculum.
fn unknown_name(
    program: &str,
    body: &Tokens<'_>,
    language: Language,
    contract: &Contract,
) -> Option<String> {
    let known = vocabulary(language);
    let all = Tokens::of(program, language);
    let defined: BTreeSet<&str> = all
        .all
        .iter()
        .enumerate()
        .filter(|&(at, token)| token.kind == TokenKind::Word && defines(&all, at, language))
        .map(|(_, token)| token.text)
        .collect();
    let mut uses: Vec<&str> = body
        .all
        .iter()
        .enumerate()
        .filter(|&(at, token)| token.kind == TokenKind::Word && !is_member(body, at))
        .map(|(_, token)| token.text)
        .collect();
    // Names inside interpolated strings are uses as well.
    for token in body
        .all
        .iter()
        .filter(|token| token.kind == TokenKind::String)
    {
        let holes = token.text.starts_with('f') || token.text.starts_with('`');
        if holes {
            uses.extend(
                token
                    .text
                    .split('{')
                    .skip(1)
                    .filter_map(|hole| hole.split_once('}'))
                    .map(|(name, _)| name),
            );
        }
    }
    uses.into_iter()
        .find(|name| {
            !known.contains(*name)
                && !defined.contains(name)
                && *name != contract.function
                && !contract
                    .parameters
                    .iter()
                    .any(|parameter| parameter == name)
        })
        .map(str::to_owned)
}

/// Whether the word is a member (`.name`, `->name`), a keyword argument or a property key.
fn is_member(tokens: &Tokens<'_>, at: usize) -> bool {
    let before = if at > 0 { tokens.text(at - 1) } else { "" };
    let after = tokens.text(at + 1);
    before == "."
        || before == "->"
        || before == "::"
        || (after == "=" && matches!(before, "(" | ","))
        || (after == ":" && matches!(before, "{" | ","))
}

/// The words that programs of a language may use without defining them: those in the curriculum's own
/// templates, drafts included. They hold keywords, types, library functions and constants.
fn vocabulary(language: Language) -> &'static BTreeSet<&'static str> {
    static WORDS: OnceLock<[BTreeSet<&'static str>; 4]> = OnceLock::new();
    &WORDS.get_or_init(|| Language::ALL.map(template_words))[language as usize]
}

/// Whether a need stands in the tokens: see [`Contract::needs`].
fn stands(tokens: &Tokens<'_>, need: &str, language: Language) -> bool {
    need.split(" || ").any(|alternative| {
        let runs: Vec<Tokens<'_>> = alternative
            .split(" .. ")
            .map(|run| Tokens::of(run, language))
            .collect();
        let Some((first, rest)) = runs.split_first() else {
            return false;
        };
        // What is returned means the value at the function's end, not that of an early exit.
        let last = if first.text(0) == "return" {
            last_return(tokens, language)
        } else {
            0
        };
        (last..tokens.all.len()).any(|start| {
            if !run_stands(tokens, start, first) {
                return false;
            }
            let end = tokens.statement_end(start, language);
            let mut from = start + first.all.len();
            rest.iter().all(
                |run| match (from..=end).find(|&at| run_stands(tokens, at, run)) {
                    Some(at) => {
                        from = at + run.all.len();
                        true
                    }
                    None => false,
                },
            )
        })
    })
}

/// Index of the `return` that the function ends with; past the end where it ends without one.
fn last_return(tokens: &Tokens<'_>, language: Language) -> usize {
    let end = tokens.all.len();
    let Some(at) = tokens.find("return").last() else {
        return end;
    };
    let after = (tokens.statement_end(at, language) + 1).min(end);
    let rest = &tokens.all[after..];
    let ends = match language {
        Language::Python => rest.is_empty(),
        _ => rest.len() <= 1,
    };
    if ends { at } else { end }
}

fn run_stands(tokens: &Tokens<'_>, at: usize, run: &Tokens<'_>) -> bool {
    run.all.iter().enumerate().all(|(offset, wanted)| {
        let found = tokens.text(at + offset);
        !found.is_empty() && (wanted.text == "_" || wanted.text == found)
    })
}
