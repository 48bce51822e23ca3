//! At which tokens could the parser not go on?
//!
//! An error node starts where the parser began to throw away, which can be many lines before the
//! token that made it: for a bracket too many it may be the start of the function. tree-sitter's
//! tree does not say where that token stands, but its log does, so a text with such errors is
//! parsed a second time with the log on.

use std::sync::{Arc, Mutex, PoisonError};

use tree_sitter::{LogType, Parser};

/// Longest text that is parsed again; the log makes that some ten times slower.
const LONGEST: usize = 1 << 20;

/// What the log has told so far.
#[derive(Default)]
struct Log {
    /// Where the version being advanced stands: row and byte column, from 0.
    at: (usize, usize),
    /// The last token that a version could not take, and where it stood then.
    refused: Option<Stop>,
    /// The tokens at which no version could go on.
    stops: Vec<Stop>,
}

/// A token at which the parser could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stop {
    /// Row and byte column, from 0, of the end of the token before it.
    after: (usize, usize),
    /// Whether the token is text, and not the end of a line, a block or the file.
    is_text: bool,
}

impl Log {
    fn read(&mut self, line: &str) {
        if line.starts_with("process ") {
            let number = |key: &str| -> Option<usize> {
                let rest = &line[line.find(key)? + key.len()..];
                let digits = rest.find(|c: char| !c.is_ascii_digit());
                rest[..digits.unwrap_or(rest.len())].parse().ok()
            };
            if let (Some(row), Some(column)) = (number(" row:"), number(" col:")) {
                self.at = (row, column);
            }
        } else if let Some(token) = line.strip_prefix("detect_error lookahead:") {
            self.refused = Some(Stop {
                after: self.at,
                is_text: !token.starts_with('_') && !matches!(token, "end" | "\n" | "\\n"),
            });
        } else if line.starts_with("resume version:") {
            self.stops.extend(self.refused.take());
        }
    }
}

/// Byte offsets, in order, of the tokens at which the parser could not go on; empty for a text that
/// is too long to parse again.
pub(crate) fn stops_of(parser: &mut Parser, bytes: &[u8]) -> Vec<usize> {
    if bytes.len() > LONGEST {
        return Vec::new();
    }
    let log = Arc::new(Mutex::new(Log::default()));
    let writer = Arc::clone(&log);
    parser.set_logger(Some(Box::new(move |kind, line| {
        if kind == LogType::Parse {
            writer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .read(line);
        }
    })));
    let tree = crate::parsed::parse_within_budget(parser, bytes, None, &mut || true);
    parser.set_logger(None);
    drop(tree);
    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    let mut offsets = offsets_of(&log.stops, bytes);
    offsets.sort_unstable();
    offsets
}

/// Turns rows and columns into offsets, and moves over the white space before a token.
fn offsets_of(stops: &[Stop], bytes: &[u8]) -> Vec<usize> {
    let newlines = bytes.iter().enumerate().filter(|&(_, &b)| b == b'\n');
    let starts: Vec<usize> = std::iter::once(0)
        .chain(newlines.map(|(at, _)| at + 1))
        .collect();
    let offset = |stop: &Stop| {
        let (row, column) = stop.after;
        let offset = starts.get(row)?.checked_add(column)?;
        let rest = bytes.get(offset..)?;
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        Some(if stop.is_text { offset + space } else { offset })
    };
    stops.iter().filter_map(offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_read() {
        let mut log = Log::default();
        log.read("process version:0, version_count:1, state:47, row:2, col:11");
        log.read("detect_error lookahead:)");
        log.read("resume version:0");
        log.read("detect_error lookahead:end");
        let stop = Stop {
            after: (2, 11),
            is_text: true,
        };
        assert_eq!(log.stops, [stop]);
        assert_eq!(offsets_of(&log.stops, b"a\nb\n0123456789x  )"), [17]);
    }
}
