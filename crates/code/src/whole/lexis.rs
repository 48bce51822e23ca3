//! What does it take to tell a language's brackets and ends of statements from what stands in strings and comments?

/// The tokens of a language, as far as brackets and statements go.
pub(crate) struct Lexis {
    /// How its statements end.
    pub(crate) layout: Layout,
    /// Its strings; of two that begin alike, the longer first.
    pub(crate) strings: &'static [Quote],
    /// Whether a line that begins with `#` is a directive: it has no part in the brackets.
    pub(crate) directives: bool,
    /// Whether comments may stand in comments.
    pub(crate) nested_comments: bool,
    /// Whether `/` may begin a regular expression.
    pub(crate) regexes: bool,
    /// What stands before the quotes of a string that knows no escapes and chooses how it ends.
    pub(crate) raw: Raw,
    /// What a `try` needs that has neither `catch` nor `finally` yet.
    pub(crate) handler: &'static [u8],
}

/// How the statements of a language end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// With `;`, in blocks of braces.
    Semicolons,
    /// With `;` or with a line that could end there, in blocks of braces.
    Lines,
    /// With the line, in blocks that are indented.
    Indents,
}

/// One form of string.
pub(crate) struct Quote {
    pub(crate) open: &'static [u8],
    pub(crate) close: &'static [u8],
    /// Whether `\` takes the meaning from the byte after it.
    pub(crate) escapes: bool,
    /// Whether it may go on in the next line. One that may not ends with its line.
    pub(crate) lines: bool,
    /// Whether `${` begins code in it, which ends with `}`.
    pub(crate) holes: bool,
}

impl Quote {
    pub(crate) const fn new(quote: &'static [u8]) -> Self {
        Self {
            open: quote,
            close: quote,
            escapes: true,
            lines: false,
            holes: false,
        }
    }

    /// JavaScript's string with code in it.
    pub(crate) const TEMPLATE: Self = Self {
        holes: true,
        lines: true,
        ..Self::new(b"`")
    };

    /// C#'s string in which only the quote, written twice, is not itself; it then reads as two strings side by side.
    pub(crate) const fn verbatim(open: &'static [u8]) -> Self {
        Self {
            open,
            ..Self::new(b"\"")
        }
        .over_lines()
        .without_escapes()
    }

    pub(crate) const fn over_lines(self) -> Self {
        Self {
            lines: true,
            ..self
        }
    }

    pub(crate) const fn without_escapes(self) -> Self {
        Self {
            escapes: false,
            ..self
        }
    }
}

/// Strings that say themselves how they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raw {
    /// There are none.
    No,
    /// `r#"…"#`, with as many `#` behind as before.
    Hashes,
    /// `R"name(…)name"`.
    Named,
    /// `<<<NAME`, up to a line that begins with the name.
    Heredoc,
}

impl Lexis {
    /// What most languages share, to be completed by each.
    pub(crate) const COMMON: Self = Self {
        layout: Layout::Semicolons,
        strings: &[Quote::new(b"\""), Quote::new(b"'")],
        directives: false,
        nested_comments: false,
        regexes: false,
        raw: Raw::No,
        handler: b"",
    };
}
