//! What kinds of places do values come from, and what kinds of harm can they do?

use std::fmt;
use std::str::FromStr;

use palinode_code::Cwe;

/// Where a value from outside enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceKind {
    /// What a client of a server sent.
    Request,
    /// An argument of the program.
    Argument,
    /// The environment of the process.
    Environment,
    /// The standard input.
    Input,
    /// A socket, or the answer of another server.
    Network,
    /// What stands in a file.
    File,
    /// A parameter of a function, of which the file does not say what it is called with: the weakest source.
    Parameter,
}

impl SourceKind {
    /// The name in files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Request => "request",
            SourceKind::Argument => "argument",
            SourceKind::Environment => "environment",
            SourceKind::Input => "input",
            SourceKind::Network => "network",
            SourceKind::File => "file",
            SourceKind::Parameter => "parameter",
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a value from outside can do where it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SinkKind {
    /// Text that a database runs.
    Sql,
    /// Text that a shell runs, or the name of a program to run.
    Command,
    /// Text that is run as code of the language itself.
    Code,
    /// The name of a file.
    Path,
    /// Text that a browser shows as HTML.
    Html,
    /// Text that is read as a template.
    Template,
    /// The address of a request that the program makes.
    Url,
    /// The address that a client is sent on to.
    Redirect,
    /// Bytes that objects are made of.
    Deserialize,
    /// XML that is read by a parser which may follow entities.
    Xml,
    /// An XPath expression.
    XPath,
    /// An LDAP filter or name.
    Ldap,
    /// A line in a log.
    Log,
    /// A regular expression.
    Regex,
    /// A header of a response or of a message.
    Header,
    /// A format of the `printf` kind.
    Format,
    /// How much memory is asked for.
    Allocation,
    /// How many bytes are copied or read, or a copy that does not ask how many fit.
    Length,
    /// A position in an array.
    Index,
}

impl SinkKind {
    /// All of them.
    pub const ALL: [SinkKind; 19] = [
        SinkKind::Sql,
        SinkKind::Command,
        SinkKind::Code,
        SinkKind::Path,
        SinkKind::Html,
        SinkKind::Template,
        SinkKind::Url,
        SinkKind::Redirect,
        SinkKind::Deserialize,
        SinkKind::Xml,
        SinkKind::XPath,
        SinkKind::Ldap,
        SinkKind::Log,
        SinkKind::Regex,
        SinkKind::Header,
        SinkKind::Format,
        SinkKind::Allocation,
        SinkKind::Length,
        SinkKind::Index,
    ];

    /// The name in files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SinkKind::Sql => "sql",
            SinkKind::Command => "command",
            SinkKind::Code => "code",
            SinkKind::Path => "path",
            SinkKind::Html => "html",
            SinkKind::Template => "template",
            SinkKind::Url => "url",
            SinkKind::Redirect => "redirect",
            SinkKind::Deserialize => "deserialize",
            SinkKind::Xml => "xml",
            SinkKind::XPath => "xpath",
            SinkKind::Ldap => "ldap",
            SinkKind::Log => "log",
            SinkKind::Regex => "regex",
            SinkKind::Header => "header",
            SinkKind::Format => "format",
            SinkKind::Allocation => "allocation",
            SinkKind::Length => "length",
            SinkKind::Index => "index",
        }
    }

    /// The weakness that an unguarded flow into such a place is.
    #[must_use]
    pub fn weakness(self) -> Cwe {
        Cwe(match self {
            SinkKind::Sql => 89,
            SinkKind::Command => 78,
            SinkKind::Code => 94,
            SinkKind::Path => 22,
            SinkKind::Html => 79,
            SinkKind::Template => 1336,
            SinkKind::Url => 918,
            SinkKind::Redirect => 601,
            SinkKind::Deserialize => 502,
            SinkKind::Xml => 611,
            SinkKind::XPath => 643,
            SinkKind::Ldap => 90,
            SinkKind::Log => 117,
            SinkKind::Regex => 1333,
            SinkKind::Header => 113,
            SinkKind::Format => 134,
            SinkKind::Allocation => 789,
            SinkKind::Length => 120,
            SinkKind::Index => 129,
        })
    }

    /// Whether it is about sizes and positions in memory, which other checks guard than those of text.
    #[must_use]
    pub fn is_memory(self) -> bool {
        matches!(
            self,
            SinkKind::Allocation | SinkKind::Length | SinkKind::Index
        )
    }
}

impl fmt::Display for SinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SinkKind {
    type Err = palinode_code::UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_it = |kind: &SinkKind| kind.name().eq_ignore_ascii_case(name);
        Self::ALL
            .into_iter()
            .find(is_it)
            .ok_or(palinode_code::UnknownName)
    }
}

/// A set of kinds of sinks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Kinds(pub(crate) u32);

impl Kinds {
    /// No kind.
    pub const NONE: Kinds = Kinds(0);
    /// Every kind.
    pub const ALL: Kinds = Kinds((1 << SinkKind::ALL.len()) - 1);

    /// The set of these kinds.
    #[must_use]
    pub const fn of(kinds: &[SinkKind]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < kinds.len() {
            bits |= 1 << kinds[at] as u32;
            at += 1;
        }
        Kinds(bits)
    }

    /// Whether `kind` is one of them.
    #[must_use]
    pub const fn contains(self, kind: SinkKind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Those of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Kinds(self.0 | other.0)
    }

    /// The kinds in it, in order.
    pub fn iter(self) -> impl Iterator<Item = SinkKind> {
        SinkKind::ALL
            .into_iter()
            .filter(move |&kind| self.contains(kind))
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Kinds::ALL {
            return f.write_str("{all}");
        }
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_distinct_names_that_read_back_and_known_weaknesses() {
        for kind in SinkKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert!(kind.weakness().name().is_some(), "{kind}");
            assert!(Kinds::ALL.contains(kind) && Kinds::of(&[kind]).contains(kind));
            assert_eq!(Kinds::of(&[kind]).iter().collect::<Vec<_>>(), [kind]);
        }
    }
}
