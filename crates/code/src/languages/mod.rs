//! Which programming languages are known, and what is there to know about each?
//!
//! A language is one file here with one `ENTRY`, and one pair of lines below. What the grammars have
//! in common is read in `functions`; a language's file says only what is its own.

use std::path::Path;

use tree_sitter::Node;

use crate::frame::Frame;
use crate::functions::{Found, NamingRule, Place};
use crate::parsed::Parsed;
use crate::text::Text;
use crate::whole::{Lexis, Whole};

mod c;
mod cpp;
mod csharp;
mod go;
mod java;
mod javascript;
mod php;
mod python;
mod rust;
mod tsx;
mod typescript;

/// Every known language, by name.
pub static LANGUAGES: &[&Language] = &[
    &c::ENTRY,
    &cpp::ENTRY,
    &csharp::ENTRY,
    &go::ENTRY,
    &java::ENTRY,
    &javascript::ENTRY,
    &php::ENTRY,
    &python::ENTRY,
    &rust::ENTRY,
    &tsx::ENTRY,
    &typescript::ENTRY,
];

/// A programming language: its names, and how to read it.
pub struct Language {
    /// The name used in commands and files: lower case, no spaces.
    pub name: &'static str,
    /// The name people write.
    pub title: &'static str,
    /// Other names it is asked for by.
    pub aliases: &'static [&'static str],
    /// Extensions of its files, lower case and without the dot; the usual one first.
    pub extensions: &'static [&'static str],
    /// What begins a comment that ends with the line.
    pub line_comment: Option<&'static str>,
    /// What begins and ends a comment inside a line or across lines.
    pub block_comment: Option<(&'static str, &'static str)>,
    /// What is read, and what is not, for the manual.
    pub doc: &'static str,
    pub(crate) syntax: Syntax,
}

/// How a language's grammar is read.
pub(crate) struct Syntax {
    pub(crate) grammars: &'static [fn() -> tree_sitter::Language],
    /// Which of `grammars` reads this text.
    pub(crate) choose_grammar: fn(&[u8]) -> usize,
    /// Kinds of nodes that are comments.
    pub(crate) comments: &'static [&'static str],
    /// What else begins a comment that ends with the line.
    pub(crate) more_line_comments: &'static [&'static str],
    /// The function a node is, if it is one.
    pub(crate) function: for<'p, 't> fn(&Place<'p, 't>) -> Option<Found<'t>>,
    /// The name of the type whose functions stand inside a node; empty for a nameless type.
    pub(crate) owner: for<'p, 't> fn(&Place<'p, 't>) -> Option<String>,
    /// How a function expression comes by a name.
    pub(crate) naming: &'static [NamingRule],
    /// What may be put around a piece of a file so that it parses, the likeliest first.
    pub(crate) frames: &'static [Frame],
    /// Its tokens, as far as brackets and ends of statements go.
    pub(crate) lexis: Lexis,
}

impl Syntax {
    /// What most languages share, to be completed by each.
    const COMMON: Self = Self {
        grammars: &[],
        choose_grammar: |_| 0,
        comments: &["comment"],
        more_line_comments: &[],
        function: |_| None,
        owner: |_| None,
        naming: &[],
        frames: &[],
        lexis: Lexis::COMMON,
    };
}

impl Language {
    /// Reads `text` as a file. It never fails: what does not parse is in [`Parsed::errors`].
    ///
    /// Cost: some 0.4 s a MiB, and 0.06 ms for a function of ten lines, since a parser for each
    /// language is kept a thread and used again.
    #[must_use]
    pub fn parse(&'static self, text: &Text) -> Parsed {
        Parsed::file(self, text)
    }

    /// Reads `text` as a file while `keep_going`, asked every hundred steps of the parser, says yes.
    /// Where it says no, the only error is [`crate::SyntaxErrorKind::GaveUp`].
    ///
    /// For text that nobody vouches for: what is not the language at all can cost time that grows
    /// with the square of its length (`a=>` a few thousand times, read as C, takes many seconds).
    /// This room has no clock; the caller may bring one.
    #[must_use]
    pub fn parse_while(&'static self, text: &Text, keep_going: &mut dyn FnMut() -> bool) -> Parsed {
        Parsed::file_while(self, text, keep_going)
    }

    /// Reads `text` as a piece cut out of a file: a method without its class, an object's member, a
    /// C function whose return type stood on a line that was left behind. Where it does not parse as
    /// a file, it is read inside the surroundings such a piece may have had, and the reading with
    /// the least text in errors is taken. What was put around it has no width in the tree, and no
    /// position counts it.
    ///
    /// Cost: one parse, and one or two more where the first has errors.
    #[must_use]
    pub fn parse_fragment(&'static self, text: &Text) -> Parsed {
        Parsed::fragment(self, text)
    }

    /// What of a text that is still being written is whole, and what would close it. `None` where that cannot be
    /// told: brackets that do not match, or more set aside than a statement has.
    ///
    /// Cost: one pass over the bytes, without parsing them.
    #[must_use]
    pub fn whole_part(&'static self, bytes: &[u8]) -> Option<Whole> {
        Whole::of(self, bytes)
    }

    /// Reads `bytes`, after one copy of them.
    #[must_use]
    pub fn parse_bytes(&'static self, bytes: &[u8]) -> Parsed {
        self.parse(&Text::from(bytes))
    }

    /// The grammars that texts of this language are read with; most languages have one. Which of them read a
    /// text, its tree tells ([`tree_sitter::Tree::language`]).
    pub fn grammars(&self) -> impl ExactSizeIterator<Item = tree_sitter::Language> {
        self.syntax.grammars.iter().map(|grammar| grammar())
    }

    /// Everything that begins a comment that ends with the line.
    pub fn line_comments(&self) -> impl Iterator<Item = &'static str> {
        let more = self.syntax.more_line_comments.iter().copied();
        self.line_comment.into_iter().chain(more)
    }

    pub(crate) fn is_comment(&self, node: Node<'_>) -> bool {
        self.syntax.comments.contains(&node.kind())
    }

    /// Whether a node is a comment or white space that has a node.
    pub(crate) fn is_layout(&self, node: Node<'_>) -> bool {
        self.is_comment(node) || node.kind() == "line_continuation"
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Language").field(&self.name).finish()
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Language {}

/// The language with this name or alias, in any case.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Language> {
    let is_it = |language: &&&'static Language| {
        std::iter::once(&language.name)
            .chain(language.aliases)
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    LANGUAGES.iter().find(is_it).copied()
}

/// The language whose files have this extension, with or without the dot, in any case.
#[must_use]
pub fn by_extension(extension: &str) -> Option<&'static Language> {
    let extension = extension.strip_prefix('.').unwrap_or(extension);
    let is_it = |language: &&&'static Language| {
        language
            .extensions
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    };
    LANGUAGES.iter().find(is_it).copied()
}

/// The language of the file at `path`, by its extension. The file is not opened.
#[must_use]
pub fn by_path(path: &Path) -> Option<&'static Language> {
    by_extension(path.extension()?.to_str()?)
}
