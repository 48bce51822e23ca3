//! How does a stream's events become what a person sees on a terminal?

use std::io::{self, Write};
use std::thread::sleep;
use std::time::Duration;

use palinode_revise::{Event, Shown, Utf8Assembler};

use super::palette::Palette;
use super::screen::Screen;
use crate::console::terminal_size;
use crate::interrupt::Interrupt;

/// How long things stay on the screen so that a person can see them. A small model writes a whole episode
/// in a few hundredths of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The struck scope, before the patch appears.
    pub(crate) struck: Duration,
    /// Scope and patch together, before the one takes the place of the other.
    pub(crate) replaced: Duration,
}

impl Pace {
    /// For a person.
    #[cfg(feature = "local")]
    pub(crate) const WATCHED: Self = Self {
        struck: Duration::from_millis(400),
        replaced: Duration::from_millis(700),
    };
    /// For what is only shown again.
    pub(crate) const AT_ONCE: Self = Self {
        struck: Duration::ZERO,
        replaced: Duration::ZERO,
    };
}

/// A program on the terminal, followed event by event.
#[derive(Debug)]
pub(crate) struct Live {
    screen: Screen,
    pace: Pace,
    interrupt: Interrupt,
    /// The scope of the open episode as text, and its unfinished character.
    scope: String,
    scope_bytes: Utf8Assembler,
    patch_bytes: Utf8Assembler,
}

impl Live {
    /// A view that starts at the cursor, which must be at the start of a row.
    pub(crate) fn new(colour: bool, pace: Pace, interrupt: Interrupt) -> Self {
        let (columns, rows) = terminal_size();
        Self {
            screen: Screen::new(columns, rows, Palette::new(colour)),
            pace,
            interrupt,
            scope: String::new(),
            scope_bytes: Utf8Assembler::new(),
            patch_bytes: Utf8Assembler::new(),
        }
    }

    /// Shows an event; `shown` is what it changed. One write to standard output, flushed.
    ///
    /// # Errors
    /// Those of standard output.
    pub(crate) fn show(&mut self, event: &Event, shown: Option<&Shown>) -> io::Result<()> {
        match (event, shown) {
            (_, Some(Shown::Text { text })) => {
                let out = self.screen.append(text);
                send(&out)
            }
            (_, Some(Shown::Quoted { span })) => {
                self.resized();
                let out = self.screen.strike(span.start..span.end);
                send(&out)?;
                self.pause(self.pace.struck);
                Ok(())
            }
            (_, Some(Shown::Replaced { span, new, .. })) => {
                self.pause(self.pace.replaced);
                self.resized();
                let out = self.screen.replace(span.start..span.end, new);
                send(&out)
            }
            (Event::Opened, _) => {
                self.scope.clear();
                self.scope_bytes = Utf8Assembler::new();
                self.patch_bytes = Utf8Assembler::new();
                Ok(())
            }
            (Event::ScopeText { bytes }, _) => {
                self.scope.push_str(&self.scope_bytes.push(bytes));
                // Where the quotation so far stands right-most: a guess until the scope is complete, since
                // what follows may rule that place out.
                match self.screen.text().rfind(&self.scope) {
                    Some(at) if !self.scope.is_empty() => {
                        let out = self.screen.quote(at..at + self.scope.len());
                        send(&out)
                    }
                    _ => Ok(()),
                }
            }
            (Event::PatchText { bytes }, _) => {
                let text = self.patch_bytes.push(bytes);
                let out = self.screen.patch(&text);
                send(&out)
            }
            (Event::Refused { .. } | Event::Dropped { .. }, _) => {
                let out = self.screen.forget();
                send(&out)
            }
            _ => Ok(()),
        }
    }

    /// The program is complete: the cursor goes to the start of the row below it.
    ///
    /// # Errors
    /// Those of standard output.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let out = self.screen.finish();
        send(&out)
    }

    /// Before rows are painted over: are they still where they were?
    fn resized(&mut self) {
        let (columns, rows) = terminal_size();
        self.screen.resize(columns, rows);
    }

    /// Waits, unless the person is in a hurry.
    fn pause(&self, duration: Duration) {
        const STEP: Duration = Duration::from_millis(20);
        let mut left = duration;
        while !left.is_zero() && !self.interrupt.is_set() {
            let step = left.min(STEP);
            sleep(step);
            left -= step;
        }
    }
}

/// Sends text to the terminal at once.
fn send(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
