//! How far has fetching a model come?

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use palinode_model::memory::readable;
use palinode_remote::hub::{Event, Progress};

use crate::console::{draw, note, redrawable_columns};
use crate::interrupt::Interrupt;

/// A line is drawn anew no sooner than this.
const REDRAW: Duration = Duration::from_millis(100);

/// Shows a line a file on a terminal, drawn anew while its bytes come; elsewhere a line when a file begins and one
/// when it is here. Says nothing of files that are here already.
pub(super) struct Watch {
    /// Ends the work.
    interrupt: Interrupt,
    /// Columns of the terminal; nothing where lines cannot be drawn anew.
    columns: Option<usize>,
    /// The file that comes.
    current: Option<Current>,
    /// Bytes of the next file that an earlier run left.
    left: u64,
    /// When the unfinished line was drawn, if there is one.
    drawn: Option<Instant>,
    /// Whether it was said what is waited for.
    told: bool,
}

/// A file whose bytes come.
struct Current {
    name: String,
    since: Instant,
    /// Bytes that were here then.
    before: u64,
}

impl Watch {
    pub(super) fn new(interrupt: Interrupt) -> Self {
        Self {
            interrupt,
            columns: redrawable_columns(),
            current: None,
            left: 0,
            drawn: None,
            told: false,
        }
    }

    /// Leaves no line unfinished.
    pub(super) fn end(&mut self) {
        if self.drawn.take().is_some() {
            draw("\n");
        }
    }

    /// Draws the last line anew, if it can be and it is time to.
    fn show(&mut self, text: &str, now: Instant) {
        let Some(columns) = self.columns else {
            return;
        };
        if self.drawn.is_some_and(|at| now.duration_since(at) < REDRAW) {
            return;
        }
        draw(&format!("\r\x1b[2K{}", cut(text, columns)));
        self.drawn = Some(now);
    }

    /// Ends the last line with this text.
    fn finish(&mut self, text: &str) {
        match (self.columns, self.drawn.take()) {
            (Some(columns), Some(_)) => draw(&format!("\r\x1b[2K{}\n", cut(text, columns))),
            _ => note(text),
        }
    }

    /// Says once what is waited for.
    fn wait(&mut self, text: &str, now: Instant) {
        if self.columns.is_some() {
            self.show(text, now);
        } else if !self.told {
            note(text);
        }
        self.told = true;
    }

    fn fetching(&mut self, file: &str, done: u64, size: u64, now: Instant) {
        self.told = false;
        let known = self.current.as_ref();
        // A file that has to be fetched anew has fewer bytes than before.
        if known.is_none_or(|current| current.name != file || done < current.before) {
            let left = std::mem::take(&mut self.left).min(done);
            self.current = Some(Current {
                name: file.to_owned(),
                since: now,
                before: left,
            });
            if self.columns.is_none() {
                note(beginning(file, size, left));
            }
        }
        if let Some(current) = &self.current {
            let came = done.saturating_sub(current.before);
            let text = line(file, done, size, rate(came, now - current.since));
            self.show(&text, now);
        }
    }

    fn fetched(&mut self, file: &str, size: u64, now: Instant) {
        let current = self.current.take().filter(|current| current.name == file);
        self.left = 0;
        if self.columns.is_none() {
            return note(format!("fetched {file}, {}", readable(size)));
        }
        let rate = current
            .and_then(|current| rate(size.saturating_sub(current.before), now - current.since));
        self.finish(&line(file, size, size, rate));
    }
}

impl Progress for Watch {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        if self.interrupt.is_set() {
            return ControlFlow::Break(());
        }
        let now = Instant::now();
        match event {
            Event::Fetching { file, done, size } => self.fetching(file, done, size, now),
            Event::Fetched { file, size } => self.fetched(file, size, now),
            Event::Rereading { file, done, size } => {
                self.left = done;
                let (done, size) = (readable(done), readable(size));
                let text = format!("{file}  checking what is here already: {done} of {size}");
                self.show(&text, now);
            }
            Event::Pause { because, left } => {
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                self.wait(&format!("{because}; again in {seconds} s"), now);
            }
            Event::Waiting { file } => {
                let text = format!("waiting for another process that fetches {file}");
                self.wait(&text, now);
            }
            Event::Unreachable { because, commit } => {
                self.end();
                let commit: String = commit.chars().take(12).collect();
                note(format!(
                    "note: {because}; what was fetched earlier is used, commit {commit}"
                ));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// What is said when a file begins and its line cannot be drawn anew.
fn beginning(file: &str, size: u64, left: u64) -> String {
    let size = readable(size);
    match left {
        0 => format!("fetching {file}, {size}"),
        left => format!(
            "fetching {file}, {size}, of which {} are here",
            readable(left)
        ),
    }
}

/// Bytes a second, once that can be told.
fn rate(bytes: u64, time: Duration) -> Option<u64> {
    let seconds = time.as_secs_f64();
    (seconds >= 0.5).then(|| (bytes as f64 / seconds) as u64)
}

fn line(file: &str, done: u64, size: u64, rate: Option<u64>) -> String {
    let percent = (u128::from(done) * 100).checked_div(u128::from(size));
    let mut text = format!(
        "{file}  {} of {}  {} %",
        readable(done),
        readable(size),
        percent.unwrap_or(100)
    );
    if let Some(rate) = rate {
        text += &format!("  {}/s", readable(rate));
    }
    text
}

/// As much of a line as has room: one that wraps could not be drawn anew. What is lost is the name's beginning.
fn cut(text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    let too_many = text.chars().count().saturating_sub(room);
    text.chars().skip(too_many).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{beginning, cut, line, rate};

    #[test]
    fn a_line_says_how_far_a_file_is() {
        let gibibyte = 1 << 30;
        assert_eq!(
            line("m.safetensors", gibibyte, 3 * gibibyte, Some(12 << 20)),
            "m.safetensors  1.0 GiB of 3.0 GiB  33 %  12 MiB/s"
        );
        assert_eq!(line("empty", 0, 0, None), "empty  0 B of 0 B  100 %");
        assert_eq!(cut("m.safetensors  33 %", 10), "ors  33 %");
        assert_eq!(beginning("m", gibibyte, 0), "fetching m, 1.0 GiB");
        assert_eq!(
            beginning("m", 3 * gibibyte, gibibyte),
            "fetching m, 3.0 GiB, of which 1.0 GiB are here"
        );
    }

    #[test]
    fn a_rate_is_told_once_it_means_something() {
        assert_eq!(rate(1 << 20, Duration::from_millis(10)), None);
        assert_eq!(rate(100, Duration::from_secs(2)), Some(50));
    }
}
