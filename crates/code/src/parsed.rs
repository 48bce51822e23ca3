//! What does the grammar see in this text?

use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, Parser, Tree};

use crate::edit::Edit;
use crate::error::Error;
use crate::fingerprint::Fingerprint;
use crate::frame::{self, Frame, NO_FRAME};
use crate::functions::{self, Function};
use crate::languages::Language;
use crate::span::Span;
use crate::stops::stops_of;
use crate::syntax_error::{self, SyntaxError};
use crate::text::Text;

/// A text with its syntax tree.
///
/// The tree covers the whole text even where it does not parse: what fits no rule stands in error
/// nodes ([`Parsed::errors`]).
#[derive(Clone)]
pub struct Parsed {
    pub(crate) language: &'static Language,
    pub(crate) text: Text,
    pub(crate) tree: Tree,
    /// Whether the parser gave up; the tree is then the empty text's.
    pub(crate) gave_up: bool,
    /// What was put around the text to read it.
    pub(crate) frame: Option<&'static Frame>,
}

/// Longest text that is parsed. tree-sitter counts in 32 bits, and its tree takes some 20 to 100
/// times the text's size in memory.
pub(crate) const LONGEST: usize = 64 << 20;

thread_local! {
    /// One parser a grammar and thread: making one and giving it a language costs more than parsing
    /// a short function.
    static PARSERS: RefCell<Vec<(GrammarKey, Parser)>> = const { RefCell::new(Vec::new()) };
}

/// A language's name, and which of its grammars.
type GrammarKey = (&'static str, usize);

impl Parsed {
    /// Parses `text` as a file. Called as [`Language::parse`].
    pub(crate) fn file(language: &'static Language, text: &Text) -> Self {
        Self::new(language, text, None, &mut || true)
    }

    /// Parses `text` as a file while `keep_going` says so. Called as [`Language::parse_while`].
    pub(crate) fn file_while(
        language: &'static Language,
        text: &Text,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Self {
        Self::new(language, text, None, keep_going)
    }

    /// Parses `text` as part of a file. Called as [`Language::parse_fragment`].
    pub(crate) fn fragment(language: &'static Language, text: &Text) -> Self {
        let mut best = Self::file(language, text);
        if best.parses() || best.gave_up {
            return best;
        }
        let mut least = best.left_over();
        for frame in language.syntax.frames {
            let framed = Self::new(language, text, Some(frame), &mut || true);
            let left_over = framed.left_over();
            if left_over < least && (framed.parses() || framed.starts_with_function()) {
                (best, least) = (framed, left_over);
            }
        }
        best
    }

    /// How badly the reading fits a piece of code, in bytes: those in errors, and those in no
    /// function.
    fn left_over(&self) -> usize {
        let mut covered = 0;
        let mut end = 0;
        for function in self.functions() {
            if function.body.is_some() && function.span.start >= end {
                covered += function.span.len();
                end = function.span.end;
            }
        }
        let amiss = syntax_error::bytes_amiss(self);
        amiss + self.text.len().saturating_sub(covered)
    }

    /// Whether nothing but white space and comments stands before the first function. It tells
    /// `API int f() {…}`, whose first word is an error, from a declaration `API` before a function.
    fn starts_with_function(&self) -> bool {
        let comments = self.comments();
        let Some(first) = self.functions().into_iter().find(|f| f.body.is_some()) else {
            return false;
        };
        let blank = |from: usize, to: usize| {
            let gap = self.text.as_bytes().get(from..to);
            gap.is_some_and(|gap| gap.trim_ascii().is_empty())
        };
        let mut at = 0;
        for comment in &comments {
            if comment.start >= first.span.start {
                break;
            }
            if !blank(at, comment.start) {
                return false;
            }
            at = comment.end;
        }
        blank(at, first.span.start)
    }

    fn new(
        language: &'static Language,
        text: &Text,
        frame: Option<&'static Frame>,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Self {
        with_parser(language, text.as_bytes(), |parser| {
            let around = frame.unwrap_or(&NO_FRAME);
            let framed = around.around(text.as_bytes());
            let mut tree = parse_within_budget(parser, &framed, None, keep_going);
            if let Some(tree) = &mut tree {
                around.cut_out_of(tree, &framed, text.len());
            }
            Self {
                language,
                text: text.clone(),
                gave_up: tree.is_none(),
                tree: tree.unwrap_or_else(|| empty_tree(parser)),
                frame,
            }
        })
    }

    /// This text after `edit`, read again where that changes anything, and the offset before which nothing changed:
    /// no byte, and no node that ends there or earlier. A piece of a file, and a text that another grammar reads
    /// after the edit, is read anew, and 0 is given.
    ///
    /// In texts with errors the tree may differ from that of [`Language::parse`], which guesses anew how to go on.
    ///
    /// # Errors
    /// Those of [`Edit::apply`].
    pub fn edited(&self, edit: &Edit) -> Result<(Self, usize), Error> {
        let text = edit.apply(&self.text)?;
        let choose = self.language.syntax.choose_grammar;
        let same = choose(self.text.as_bytes()) == choose(text.as_bytes());
        if self.gave_up || self.frame.is_some() || !same {
            return Ok((self.language.parse(&text), 0));
        }
        let mut before = self.tree.clone();
        let end = edit.span.start + edit.new.len();
        before.edit(&frame::change(
            self.text.as_bytes(),
            text.as_bytes(),
            edit.span,
            end,
        ));
        let reread = with_parser(self.language, text.as_bytes(), |parser| {
            let framed = NO_FRAME.around(text.as_bytes());
            let mut tree = parse_within_budget(parser, &framed, Some(&before), &mut || true)?;
            let changed = before
                .changed_ranges(&tree)
                .map(|range| range.start_byte)
                .min();
            NO_FRAME.cut_out_of(&mut tree, &framed, text.len());
            Some((tree, changed))
        });
        let Some((tree, changed)) = reread else {
            return Ok((self.language.parse(&text), 0));
        };
        let unchanged = changed.map_or(edit.span.start, |at| at.min(edit.span.start));
        let parsed = Self {
            text,
            tree,
            ..self.clone()
        };
        Ok((parsed, unchanged))
    }

    /// Offsets in the text, in order, at which the parser could not go on. Cost: a second parse.
    pub(crate) fn stops(&self) -> Vec<usize> {
        with_parser(self.language, self.text.as_bytes(), |parser| {
            let frame = self.frame.unwrap_or(&NO_FRAME);
            let stops = stops_of(parser, &frame.around(self.text.as_bytes()));
            let in_piece = |at: usize| {
                let at = at.checked_sub(frame.before.len())?;
                Some(at.min(self.text.len()))
            };
            stops.into_iter().filter_map(in_piece).collect()
        })
    }

    /// The language it was parsed as.
    #[must_use]
    pub fn language(&self) -> &'static Language {
        self.language
    }

    /// The text, which all positions count in.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The syntax tree. Node kinds and fields are those of the language's tree-sitter grammar.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The node that covers the whole text.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// Whether the whole text follows the grammar. Cost: constant where it does, and mostly one
    /// visit of the subtrees with errors where it does not.
    #[must_use]
    pub fn parses(&self) -> bool {
        !self.gave_up && (!self.root().has_error() || syntax_error::bytes_amiss(self) == 0)
    }

    /// Whether the parser gave up: the text is longer than 64 MiB, or took too many steps. The tree is then an empty
    /// one, and that nothing is found in it says nothing.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Where the text does not follow the grammar, in order; empty exactly where
    /// [`Parsed::parses`]. The parser recovers and reads on, so later errors may follow from
    /// earlier ones; the first is the one to show. Cost: visits only the subtrees with errors.
    #[must_use]
    pub fn errors(&self) -> Vec<SyntaxError> {
        syntax_error::errors_of(self)
    }

    /// The functions, in order of their start; one that encloses others comes before them. Cost: one
    /// pass over the tree.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        functions::functions_of(self)
    }

    /// The fingerprint of the whole text. Cost: one pass over the tree.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint_of(self.text.span())
    }

    /// The fingerprint of the code at `span`, the same wherever in a file that code stands. What
    /// lies beyond the text is ignored. Cost: one pass over the tree down to what the span encloses.
    #[must_use]
    pub fn fingerprint_of(&self, span: Span) -> Fingerprint {
        Fingerprint::of_parsed(self, span)
    }

    /// The comments, in order. Cost: one pass over the tree.
    #[must_use]
    pub fn comments(&self) -> Vec<Span> {
        let mut walk = crate::walk::Walk::new(self.root());
        let mut comments = Vec::new();
        while let Some(step) = walk.step() {
            if let crate::walk::Step::Enter(node) = step
                && self.language.is_comment(node)
            {
                comments.push(span_of(node));
                walk.skip();
            }
        }
        comments
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed")
            .field("language", &self.language.name)
            .field("bytes", &self.text.len())
            .field("parses", &self.parses())
            .finish_non_exhaustive()
    }
}

/// Lends the thread's parser for this language and text.
fn with_parser<T>(language: &Language, bytes: &[u8], work: impl FnOnce(&mut Parser) -> T) -> T {
    let which = (language.syntax.choose_grammar)(bytes);
    let key = (language.name, which);
    let parser = PARSERS.with_borrow_mut(|parsers| {
        let at = parsers.iter().position(|(k, _)| *k == key)?;
        Some(parsers.swap_remove(at).1)
    });
    let mut parser = parser.unwrap_or_else(|| fresh_parser(language, which));
    let result = work(&mut parser);
    PARSERS.with_borrow_mut(|parsers| parsers.push((key, parser)));
    result
}

/// The bytes a node covers.
pub(crate) fn span_of(node: Node<'_>) -> Span {
    Span::from(node.byte_range())
}

fn fresh_parser(language: &Language, which: usize) -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&(language.syntax.grammars[which])())
        .expect("every grammar in the registry has a version this tree-sitter reads; a test parses with each");
    parser
}

/// The tree, made of what it shares with that of the text before an edit, or `None` for a text that is too long or that takes too many steps, or where
/// `keep_going` said no.
pub(crate) fn parse_within_budget(
    parser: &mut Parser,
    bytes: &[u8],
    before: Option<&Tree>,
    keep_going: &mut dyn FnMut() -> bool,
) -> Option<Tree> {
    if bytes.len() > LONGEST {
        return None;
    }
    // tree-sitter calls back every hundred steps. Real code takes 1 to 3 calls for 100 bytes; the
    // budget only stops a grammar that no longer moves.
    let mut calls_left = 20_000 + bytes.len();
    let mut budget = |_: &tree_sitter::ParseState| match calls_left.checked_sub(1) {
        Some(left) if keep_going() => {
            calls_left = left;
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Break(()),
    };
    let options = ParseOptions::new().progress_callback(&mut budget);
    let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, before, Some(options));
    if tree.is_none() {
        parser.reset();
    }
    tree
}

fn empty_tree(parser: &mut Parser) -> Tree {
    parser
        .parse(b"", None)
        .expect("a parser with a language and without a budget always gives a tree")
}
