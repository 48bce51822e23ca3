//! How does a pattern become a piece of a syntax tree?

use std::borrow::Cow;
use std::fmt;

use ast_grep_core::language::Language as PatternLanguage;
use ast_grep_core::matcher::{Pattern, PatternBuilder, PatternError};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use palinode_code::{Language, languages};
use serde::Deserialize;

/// What stands for `$` while a pattern is parsed: a letter to every grammar here, and in no source.
const EXPANDO: char = 'µ';

/// One grammar of a language, as patterns are read with it.
#[derive(Clone)]
pub(crate) struct Grammar {
    pub(crate) language: &'static Language,
    /// Which of the language's grammars.
    pub(crate) which: usize,
    pub(crate) tree_sitter: TSLanguage,
}

impl Grammar {
    /// Every grammar of a language, in the language's order.
    pub(crate) fn all_of(language: &'static Language) -> impl Iterator<Item = Self> {
        language
            .grammars()
            .enumerate()
            .map(move |(which, tree_sitter)| Self {
                language,
                which,
                tree_sitter,
            })
    }

    /// The name by which [`Grammar::deserialize`] finds it again.
    pub(crate) fn key(&self) -> String {
        format!("{}#{}", self.language.name, self.which)
    }

    fn of_key(key: &str) -> Option<Self> {
        let (name, which) = key.split_once('#')?;
        let language = languages::by_name(name)?;
        Self::all_of(language).nth(which.parse().ok()?)
    }

    /// What may have to stand around a pattern so that it parses, the likeliest first.
    fn frames(&self) -> &'static [(&'static str, &'static str)] {
        match self.language.name {
            "c" | "cpp" => &[
                ("void f(void) {\n", "\n;}"),
                ("", ""),
                ("struct s {\n", "\n};"),
            ],
            "java" | "csharp" => &[
                ("class A { void f() {\n", "\n;} }"),
                ("class A {\n", "\n}"),
                ("", ""),
            ],
            "go" => &[
                ("package p\nfunc f() {\n", "\n}"),
                ("package p\n", "\n"),
                ("", ""),
            ],
            "rust" => &[("fn f() {\n", "\n;}"), ("", ""), ("fn f() {\n", "\n}")],
            // A text without a tag is read by the second grammar.
            "php" if self.which == 0 => &[
                ("<?php\n", "\n;"),
                ("<?php\n", "\n"),
                ("<?php\nclass A {\n", "\n}"),
            ],
            "php" => &[("\n", "\n;"), ("\n", "\n"), ("class A {\n", "\n}")],
            _ => &[
                ("", "\n"),
                ("async function* f() {\n", "\n}"),
                ("class A {\n", "\n}"),
            ],
        }
    }

    /// The pattern that a piece of code is: the smallest node that covers all of it, in the first surroundings in
    /// which it has no error.
    fn pattern(&self, code: &str) -> Result<Pattern, PatternError> {
        let code = code.trim();
        for (before, after) in self.frames() {
            let framed = format!("{before}{code}{after}");
            let doc = StrDoc::try_new(&framed, self.clone()).map_err(PatternError::Parse)?;
            let root = ast_grep_core::AstGrep::doc(doc);
            let tree = &root.root().get_doc().tree;
            let (start, end) = (before.len(), before.len() + code.len());
            let node = tree.root_node().descendant_for_byte_range(start, end);
            if let Some(node) = node
                && (node.start_byte(), node.end_byte()) == (start, end)
                && !node.has_error()
            {
                return Ok(Pattern::from(root.adopt(node)));
            }
        }
        Err(PatternError::Parse(code.to_owned()))
    }
}

impl PatternLanguage for Grammar {
    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        if !query.contains('$') {
            return Cow::Borrowed(query);
        }
        let mut out = String::with_capacity(query.len() + 8);
        let mut rest = query;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let dollars = rest.bytes().take_while(|&byte| byte == b'$').count();
            let name = rest[dollars..].starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
            let is_variable = dollars <= 3 && (name || dollars == 3);
            let sign = if is_variable { EXPANDO } else { '$' };
            out.extend(std::iter::repeat_n(sign, dollars));
            rest = &rest[dollars..];
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    fn expando_char(&self) -> char {
        EXPANDO
    }

    fn kind_to_id(&self, kind: &str) -> u16 {
        self.tree_sitter.id_for_node_kind(kind, true)
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        self.tree_sitter.field_id_for_name(field).map(u16::from)
    }

    /// A pattern with a selector is built as ast-grep does; one without is read in surroundings of its own, so
    /// that `strcpy($TO, $FROM)` is a call in C too.
    fn build_pattern(&self, builder: &PatternBuilder<'_>) -> Result<Pattern, PatternError> {
        // Whether there is a selector, only the refusal of a text without content tells.
        match builder.build(|_| StrDoc::try_new("", self.clone())) {
            Err(PatternError::NoContent(code)) => self.pattern(&code),
            _ => builder.build(|code| StrDoc::try_new(code, self.clone())),
        }
    }
}

impl LanguageExt for Grammar {
    fn get_ts_language(&self) -> TSLanguage {
        self.tree_sitter.clone()
    }
}

impl<'de> Deserialize<'de> for Grammar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::of_key(&key)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown language `{key}`")))
    }
}

impl fmt::Debug for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}
