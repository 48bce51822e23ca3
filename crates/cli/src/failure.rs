//! What failed, on which input, and what can the person do about it?

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use crate::Status;

/// Why a command could not do its work: printed as `error:`, its causes, and `hint:`. Exit code 2, unless nothing
/// is wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
    kind: Kind,
}

/// Whether something is wrong at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Wrong,
    /// The reader of stdout has gone: nobody is left to tell, and nothing is wrong.
    BrokenPipe,
    /// The person pressed Ctrl-C.
    #[cfg(feature = "local")]
    Interrupted,
}

impl Failure {
    /// A failure without a cause below it.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            causes: Vec::new(),
            hint: None,
            kind: Kind::Wrong,
        }
    }

    /// The person ended the work; `what` says what is left of it.
    #[cfg(feature = "local")]
    pub(crate) fn interrupted(what: impl Into<String>) -> Self {
        Self {
            kind: Kind::Interrupted,
            ..Self::new(what)
        }
    }

    /// Adds an error and what lies below it. A cause that only repeats the text above it is left out.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            let above = self.causes.last().unwrap_or(&self.what);
            if !above.contains(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Says what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do, where the error knows it.
    #[cfg(feature = "local")]
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        if hint.is_some() {
            self.hint = hint;
        }
        self
    }

    /// Writing the answer to stdout failed. A reader that has gone (`palinode … | head`) is no failure.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        Self {
            kind: match error.kind() {
                io::ErrorKind::BrokenPipe => Kind::BrokenPipe,
                _ => Kind::Wrong,
            },
            ..Self::new("cannot write to standard output").because(error)
        }
    }

    /// What failed, without causes and hint.
    #[cfg(feature = "local")]
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// What failed and why, on one line.
    #[cfg(feature = "local")]
    pub(crate) fn told(&self) -> String {
        let parts = std::iter::once(&self.what).chain(&self.causes);
        let parts: Vec<String> = parts.map(|part| part.replace('\n', " ")).collect();
        parts.join(": ")
    }

    /// What to do, if that is known.
    #[cfg(feature = "local")]
    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether this is only a reader who has heard enough.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.kind == Kind::BrokenPipe
    }

    /// How the process ends.
    pub(crate) fn status(&self) -> Status {
        match self.kind {
            Kind::Wrong => Status::CouldNotRun,
            Kind::BrokenPipe => Status::Done,
            #[cfg(feature = "local")]
            Kind::Interrupted => Status::Interrupted,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            #[cfg(feature = "local")]
            Kind::Interrupted => write!(out, "{}", self.what)?,
            Kind::Wrong | Kind::BrokenPipe => write!(out, "error: {}", self.what)?,
        }
        for cause in &self.causes {
            write!(out, "\n  cause: {}", cause.replace('\n', "\n    "))?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn a_chain_is_printed_once_with_its_hint() {
        let inner = std::io::Error::other("disk on fire");
        let failure = Failure::new("cannot read `x`")
            .because(&inner)
            .hint("get another disk");
        insta::assert_snapshot!(failure, @r"
        error: cannot read `x`
          cause: disk on fire
        hint: get another disk
        ");
        let failure = Failure::new("cannot read `x`: disk on fire").because(&inner);
        insta::assert_snapshot!(failure, @"error: cannot read `x`: disk on fire");
    }
}
