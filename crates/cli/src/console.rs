//! What are standard input, output and error connected to, and may they be coloured?

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless the environment sets NO_COLOR.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never; on a terminal what is taken back is still underlined and struck.
    Never,
}

/// The process's surroundings, read once. Only this file reads the environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Nobody pipes anything in.
    pub(crate) stdin_is_terminal: bool,
    /// Standard output is a terminal on which the cursor can be moved.
    pub(crate) live: bool,
    /// The environment sets NO_COLOR (to anything but nothing).
    no_colour: bool,
}

impl Console {
    /// Looks around.
    pub(crate) fn new() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|terminal| terminal == "dumb");
        Self {
            stdin_is_terminal: io::stdin().is_terminal(),
            live: io::stdout().is_terminal() && !dumb,
            no_colour: set("NO_COLOR").is_some(),
        }
    }

    /// Whether what goes to a live terminal is coloured.
    pub(crate) fn colour(&self, choice: ColourChoice) -> bool {
        match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => self.live && !self.no_colour,
        }
    }
}

/// Columns and rows of the terminal on standard output; 80 and 24 where it does not say.
pub(crate) fn terminal_size() -> (usize, usize) {
    terminal_size::terminal_size_of(io::stdout()).map_or((80, 24), |(columns, rows)| {
        (columns.0.into(), rows.0.into())
    })
}

/// Columns of the terminal on standard error; nothing where it is none, or one whose lines cannot be redrawn.
#[cfg(feature = "local")]
pub(crate) fn redrawable_columns() -> Option<usize> {
    let dumb = variable("TERM").is_some_and(|terminal| terminal == "dumb");
    if dumb || !io::stderr().is_terminal() {
        return None;
    }
    let size = terminal_size::terminal_size_of(io::stderr());
    Some(size.map_or(80, |(columns, _)| columns.0.into()))
}

/// Draws on standard error, where the last line may be unfinished.
#[cfg(feature = "local")]
pub(crate) fn draw(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// What a variable of the environment is set to.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Tells the person something: one line on standard error. A closed standard error is nobody's problem.
pub(crate) fn note(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The environment variables that set this number of threads, less those that the user has set.
#[cfg(feature = "local")]
pub(crate) fn thread_variables(count: usize) -> Vec<(&'static str, usize)> {
    ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"]
        .into_iter()
        .filter(|name| std::env::var_os(name).is_none())
        .map(|name| (name, count))
        .collect()
}
