//! What of a text is whole whose blocks stand in braces?

use super::lexer::{Lexer, Token, What};
use super::{Found, Layout, Whole};
use crate::languages::Language;

/// A bracket that is open, or the file itself, with the statement that is being read inside it.
#[derive(Clone, Copy)]
struct Level {
    /// The bracket; 0 for the file, `#` for a condition of the preprocessor.
    bracket: u8,
    /// Whether it stands where a value does: an initializer, an object, not a block of statements.
    is_value: bool,
    /// The first word of the statement that it stands in.
    opened_by: Lead,
    /// Whether the statement in here has begun.
    begun: bool,
    /// Its first word.
    lead: Lead,
    /// Whether it gives a value to something: it then ends with `;` behind its braces.
    assigns: bool,
    /// Whether it declares a type, of which the same is true in C, or binds a name in Rust.
    declares: bool,
    /// Whether it gives a type a name, which then stands behind the braces.
    names: bool,
    /// Whether a `try` or a `do` waits for what has to follow it.
    due: Lead,
}

/// Words at the start of a statement that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    Other,
    Try,
    Do,
    Case,
    /// Not at the start of a statement, but of its parentheses, in which `;` may stand.
    Head,
}

impl Level {
    const fn new(bracket: u8, is_value: bool, opened_by: Lead) -> Self {
        Self {
            bracket,
            is_value,
            opened_by,
            begun: false,
            lead: Lead::Other,
            assigns: false,
            declares: false,
            names: false,
            due: Lead::Other,
        }
    }

    /// Whether statements stand in it.
    fn is_block(&self) -> bool {
        matches!(self.bracket, 0 | b'{' | b'#') && !self.is_value
    }

    fn end_statement(&mut self) {
        *self = Self::new(self.bracket, self.is_value, self.opened_by);
    }
}

/// Most levels that are read: what is open is noted at each end of a statement.
const DEEPEST: usize = 500;

/// Reads the levels of a text.
struct Reader<'a> {
    bytes: &'a [u8],
    language: &'static Language,
    levels: Vec<Level>,
    /// The last token that is neither layout nor comment.
    last: Option<Token>,
    whole: usize,
    /// The levels at `whole`.
    there: Vec<Level>,
}

/// The whole part of `bytes`.
pub(super) fn whole(language: &'static Language, bytes: &[u8]) -> Option<Found> {
    let root = Level::new(0, false, Lead::Other);
    let mut reader = Reader {
        bytes,
        language,
        levels: vec![root],
        last: None,
        whole: 0,
        there: vec![root],
    };
    let mut is_cut = false;
    for token in Lexer::new(language, bytes) {
        if token.what == What::Cut {
            is_cut = true;
            break;
        }
        reader.take(token)?;
    }
    Some(Found {
        whole: Whole {
            end: reader.whole,
            closers: reader.closers(),
        },
        is_cut,
    })
}

impl Reader<'_> {
    fn level(&mut self) -> &mut Level {
        self.levels
            .last_mut()
            .expect("the file's own level is never closed")
    }

    /// What has been read up to `end` is whole.
    fn is_whole(&mut self, end: usize) {
        self.whole = end;
        self.there.clone_from(&self.levels);
    }

    /// Reads one token; `None` where the brackets do not match.
    fn take(&mut self, token: Token) -> Option<()> {
        match token.what {
            What::Comment | What::Cut => return Some(()),
            What::Line => {
                self.line(token);
                return Some(());
            }
            What::Directive => {
                self.directive(token);
                return Some(());
            }
            What::Word => self.word(token)?,
            What::Open(_) if self.levels.len() > DEEPEST => return None,
            What::Open(bracket) => self.open(bracket, token),
            What::Close(bracket) => self.close(bracket, token)?,
            What::Mark(b';') => {
                let level = self.level();
                if level.is_block() {
                    level.end_statement();
                    self.is_whole(token.end);
                } else if level.bracket == b'(' && level.opened_by != Lead::Head {
                    return None;
                }
            }
            What::Mark(b':') if self.ends_label(token) => {
                self.level().end_statement();
                self.is_whole(token.end);
                // What stands before it does not say what a brace behind it is for.
                self.last = None;
                return Some(());
            }
            What::Mark(mark) => {
                let last = self.last_byte(token);
                let next = self.bytes.get(token.end).copied();
                let level = self.level();
                level.begun = true;
                let compares = matches!(last, Some(b'=' | b'!' | b'<' | b'>'))
                    || matches!(next, Some(b'=' | b'>'));
                level.assigns |= mark == b'=' && !compares;
            }
            What::Text => self.level().begun = true,
        }
        self.last = Some(token);
        Some(())
    }

    /// The byte right before a token, where a token ends there.
    fn last_byte(&self, token: Token) -> Option<u8> {
        let last = self.last.filter(|last| last.end == token.start)?;
        self.bytes.get(last.end.checked_sub(1)?).copied()
    }

    /// `None` for a word that begins a statement where only values may stand: a bracket before it was left open.
    fn word(&mut self, token: Token) -> Option<()> {
        let word = &self.bytes[token.start..token.end];
        let begins = matches!(
            word,
            b"return" | b"while" | b"switch" | b"break" | b"continue"
        );
        if begins && matches!(self.level().bracket, b'(' | b'[') {
            return None;
        }
        let types = matches!(self.language.name, "c" | "cpp");
        let binds = self.language.name == "rust" && matches!(word, b"let" | b"const" | b"static");
        let level = self.level();
        if matches!(word, b"catch" | b"finally") || (word == b"while" && level.due == Lead::Do) {
            level.due = Lead::Other;
            level.lead = Lead::Other;
        }
        let declares = matches!(word, b"struct" | b"class" | b"union" | b"enum" | b"typedef");
        level.declares |= (types && declares) || binds;
        level.names |= types && word == b"typedef";
        level.assigns |= matches!(word, b"return" | b"throw");
        if !level.begun {
            level.begun = true;
            level.lead = match word {
                b"try" => Lead::Try,
                b"do" => Lead::Do,
                b"case" | b"default" => Lead::Case,
                _ => Lead::Other,
            };
        }
        Some(())
    }

    fn open(&mut self, bracket: u8, token: Token) {
        let is_value = bracket == b'{' && self.stands_for_value();
        let last = self.last;
        let after = |word: &[u8]| {
            let is_word =
                |last: Token| last.what == What::Word && &self.bytes[last.start..last.end] == word;
            last.is_some_and(is_word)
        };
        let heads: [&[u8]; 7] = [
            b"for", b"foreach", b"await", b"if", b"while", b"switch", b"try",
        ];
        let is_head = bracket == b'(' && heads.into_iter().any(after);
        let level = self.level();
        level.begun = true;
        // The type was that of a function's result.
        level.declares &=
            !(bracket == b'{' && last.is_some_and(|last| last.what == What::Close(b'(')));
        let lead = if is_head { Lead::Head } else { level.lead };
        self.levels.push(Level::new(bracket, is_value, lead));
        if bracket == b'{' {
            self.is_whole(token.end);
        }
    }

    /// Whether a brace that opens now holds a value: by what stands before it.
    fn stands_for_value(&self) -> bool {
        let Some(last) = self.last else { return false };
        match last.what {
            What::Mark(b'>') => false,
            What::Mark(mark) => matches!(mark, b'=' | b',' | b':' | b'?' | b'&' | b'|' | b'+'),
            What::Open(bracket) => bracket != b'{',
            What::Word => &self.bytes[last.start..last.end] == b"return",
            _ => false,
        }
    }

    fn close(&mut self, bracket: u8, token: Token) -> Option<()> {
        // A branch of the preprocessor may close what was opened before it.
        let at = self
            .levels
            .iter()
            .rposition(|level| level.bracket != b'#')?;
        if self.levels[at].bracket != bracket {
            return None;
        }
        let closed = self.levels.remove(at);
        if bracket != b'{' {
            return Some(());
        }
        let language = self.language;
        let level = self.level();
        if closed.opened_by == Lead::Try && level.lead == Lead::Try {
            level.due = Lead::Try;
        }
        if closed.opened_by == Lead::Do && level.lead == Lead::Do {
            level.due = Lead::Do;
        }
        if closed.is_value {
            return Some(());
        }
        let goes_on = match language.name {
            "rust" => level.assigns && level.declares,
            _ => level.assigns || level.declares || level.due != Lead::Other,
        };
        if level.is_block() && !goes_on {
            level.end_statement();
        }
        self.is_whole(token.end);
        Some(())
    }

    fn line(&mut self, token: Token) {
        // Comments and empty lines between statements are as whole as those.
        let level = self.level();
        if !level.begun && level.is_block() {
            self.is_whole(token.end);
            return;
        }
        let lines = self.language.syntax.lexis.layout == Layout::Lines;
        let Some(last) = self.last.filter(|last| lines && last.end <= token.start) else {
            return;
        };
        let can_end = match last.what {
            What::Word => !goes_on(&self.bytes[last.start..last.end]),
            What::Text | What::Close(_) => true,
            What::Mark(mark @ (b'+' | b'-')) => {
                last.start > 0 && self.bytes[last.start - 1] == mark
            }
            _ => false,
        };
        let level = self.level();
        if can_end && level.begun && level.is_block() && level.due == Lead::Other {
            level.end_statement();
            self.is_whole(token.end);
        }
    }

    fn directive(&mut self, token: Token) {
        let text = self.bytes[token.start..token.end].trim_ascii_start();
        let text = text.strip_prefix(b"#").unwrap_or(text).trim_ascii_start();
        let condition = self.levels.iter().rposition(|level| level.bracket == b'#');
        if text.starts_with(b"if") {
            let around = *self.level();
            let mut level = Level::new(b'#', !around.is_block(), Lead::Other);
            level.begun = around.begun;
            self.levels.push(level);
        } else if text.starts_with(b"el") {
            if let Some(at) = condition {
                self.levels.truncate(at + 1);
            }
        } else if let Some(at) = condition.filter(|_| text.starts_with(b"endif")) {
            self.levels.remove(at);
        }
        let level = self.level();
        if level.is_block() && !level.begun {
            // The line break is part of it.
            self.is_whole(token.end + 1);
        }
    }

    /// Whether a `:` ends `case x` or a label.
    fn ends_label(&self, token: Token) -> bool {
        let beside = |byte: Option<&u8>| byte == Some(&b':');
        let double = beside(self.bytes.get(token.end)) || self.last_byte(token) == Some(b':');
        let level = self.levels.last();
        !double && level.is_some_and(|level| level.is_block() && level.lead == Lead::Case)
    }

    /// What closes the levels that are open at `whole`.
    fn closers(&self) -> Vec<u8> {
        let mut closers = Vec::new();
        let mut inner: Option<&Level> = None;
        for level in self.there.iter().rev() {
            let in_expression =
                inner.is_some_and(|inner| inner.bracket != b'#' && !inner.is_block());
            // The last expression of a block in Rust needs no `;`, and an arm of a `match` takes none.
            let ends = match self.language.name {
                "rust" => level.assigns && level.declares,
                _ => level.assigns || level.declares || in_expression,
            };
            match level.due {
                Lead::Try => closers.extend_from_slice(self.language.syntax.lexis.handler),
                Lead::Do => closers.extend_from_slice(b"while(0);"),
                _ if level.begun && level.is_block() && level.names => {
                    closers.extend_from_slice(b" _;")
                }
                _ if level.begun && level.is_block() && ends => closers.push(b';'),
                _ => {}
            }
            match level.bracket {
                b'(' => closers.push(b')'),
                b'[' => closers.push(b']'),
                b'{' if level.opened_by == Lead::Do => closers.extend_from_slice(b"}while(0);"),
                b'{' => closers.push(b'}'),
                b'#' => closers.extend_from_slice(b"\n#endif\n"),
                _ => {}
            }
            if level.bracket == b'{' && level.opened_by == Lead::Try {
                closers.extend_from_slice(self.language.syntax.lexis.handler);
            }
            inner = Some(level);
        }
        closers
    }
}

/// Whether a word at the end of a line needs more behind it.
fn goes_on(word: &[u8]) -> bool {
    matches!(
        word,
        b"else"
            | b"const"
            | b"let"
            | b"var"
            | b"new"
            | b"in"
            | b"of"
            | b"instanceof"
            | b"typeof"
            | b"extends"
            | b"implements"
            | b"await"
            | b"async"
            | b"function"
            | b"class"
            | b"do"
            | b"try"
            | b"finally"
            | b"case"
            | b"import"
            | b"from"
            | b"export"
            | b"func"
            | b"type"
            | b"chan"
            | b"map"
            | b"range"
            | b"go"
            | b"defer"
    )
}
