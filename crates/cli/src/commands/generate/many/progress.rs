//! How far have the prompts come?

use std::time::{Duration, Instant};

use crate::console::{draw, redrawable_columns};

/// The line is drawn anew no sooner than this.
const REDRAW: Duration = Duration::from_millis(100);

/// One line on a terminal, drawn anew while results come; elsewhere nothing.
#[derive(Debug)]
pub(super) struct Progress {
    since: Instant,
    possible: bool,
    drawn: Option<Instant>,
    /// The line stands there now.
    shown: bool,
}

/// What the line says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    /// Samples and failures, those of earlier runs included.
    pub(super) done: u64,
    /// How many there will be, where that is known.
    pub(super) all: Option<u64>,
    /// Those of this run among `done`.
    pub(super) now: u64,
    pub(super) failures: u64,
    /// Tokens that were written in this run.
    pub(super) tokens: u64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            possible: redrawable_columns().is_some(),
            drawn: None,
            shown: false,
        }
    }

    /// Draws the line if it can be and it is time to.
    pub(super) fn show(&mut self, state: impl FnOnce() -> State) {
        if !self.possible {
            return;
        }
        let now = Instant::now();
        if self.drawn.is_some_and(|at| now.duration_since(at) < REDRAW) {
            return;
        }
        // The window may have another width by now.
        let Some(columns) = redrawable_columns() else {
            return;
        };
        let text = line(state(), now.duration_since(self.since), columns);
        draw(&format!("\r\x1b[2K{text}"));
        self.drawn = Some(now);
        self.shown = true;
    }

    /// Takes the line away, so that something else can be written.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            draw("\r\x1b[2K");
            self.drawn = None;
        }
    }
}

/// As much of what there is to say as has room, the most important first: a line that wraps could not be drawn anew.
fn line(state: State, time: Duration, columns: usize) -> String {
    let State {
        done,
        all,
        now,
        failures,
        tokens,
    } = state;
    let mut parts = vec![match all {
        Some(all) => format!("{done} of {all}"),
        None => done.to_string(),
    }];
    if failures > 0 {
        parts.push(format!("{failures} failed"));
    }
    let seconds = time.as_secs_f64();
    if seconds >= 0.5 {
        let left = all.map(|all| all.saturating_sub(done));
        if let Some(left) = left.filter(|_| now > 0) {
            parts.push(format!("{} left", span(left as f64 * seconds / now as f64)));
        }
        parts.push(format!("{:.0} tokens/s", tokens as f64 / seconds));
    }
    let room = columns.saturating_sub(1);
    let mut text = String::new();
    for part in parts {
        let separator = if text.is_empty() { "" } else { ", " };
        if text.len() + separator.len() + part.len() > room {
            break;
        }
        text += separator;
        text += &part;
    }
    text
}

/// A time in the largest units that matter.
fn span(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{State, line, span};

    #[test]
    fn a_line_says_what_has_room() {
        let state = State {
            done: 40,
            all: Some(100),
            now: 30,
            failures: 2,
            tokens: 3000,
        };
        let shown = |columns| line(state, Duration::from_secs(10), columns);
        assert_eq!(shown(80), "40 of 100, 2 failed, 20 s left, 300 tokens/s");
        assert_eq!(shown(36), "40 of 100, 2 failed, 20 s left");
        assert_eq!(shown(12), "40 of 100");
        assert_eq!(shown(5), "");
        let begun = State {
            all: None,
            ..State::default()
        };
        assert_eq!(line(begun, Duration::ZERO, 80), "0");
    }

    #[test]
    fn times_are_told_in_units_that_matter() {
        assert_eq!(span(99.2), "99 s");
        assert_eq!(span(150.0), "3 min");
        assert_eq!(span(7260.0), "2 h 1 min");
    }
}
