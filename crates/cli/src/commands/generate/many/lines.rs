//! Where do the lines of a file of prompts come from, without more than a few of them in memory?

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::Duration;

use crate::failure::Failure;

/// How long a wait for the next line may keep somebody from stopping it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Lines that are read ahead of a pipe's reader.
const AHEAD: usize = 4;

/// A line that is not empty.
#[derive(Debug)]
pub(super) struct RawLine {
    /// From 1, empty ones counted.
    pub(super) number: u64,
    /// Without its end; nothing where it is too long to be one.
    pub(super) bytes: Option<Vec<u8>>,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Coming {
    /// A line.
    Line(RawLine),
    /// Nothing yet.
    Later,
    /// No more.
    End,
}

/// Lines as they stand in a reader, none longer than some bytes.
pub(super) struct Lines<R> {
    reader: R,
    most: u64,
    number: u64,
    /// Bytes of all lines so far that end with a line break.
    pub(super) whole: u64,
    /// The last line given has no line break.
    pub(super) unfinished: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, most: u64) -> Self {
        Self {
            reader,
            most,
            number: 0,
            whole: 0,
            unfinished: false,
        }
    }

    /// The next line that is not empty; nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<RawLine>> {
        loop {
            let mut bytes = Vec::new();
            let read = (&mut self.reader)
                .take(self.most + 1)
                .read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let mut length = read as u64;
            self.unfinished = bytes.last() != Some(&b'\n');
            let too_long = self.unfinished && length > self.most;
            if too_long {
                let (skipped, ended) = self.skip()?;
                length += skipped;
                self.unfinished = !ended;
            }
            if !self.unfinished {
                self.whole += length;
            }
            let number = self.number;
            if too_long {
                return Ok(Some(RawLine {
                    number,
                    bytes: None,
                }));
            }
            if number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
                // Some editors begin a file so.
                bytes.drain(..3);
            }
            if !bytes.iter().all(u8::is_ascii_whitespace) {
                let bytes = Some(bytes);
                return Ok(Some(RawLine { number, bytes }));
            }
        }
    }

    /// Passes over the rest of a line: how many bytes it had, and whether it ended.
    fn skip(&mut self) -> io::Result<(u64, bool)> {
        let mut skipped = 0;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                return Ok((skipped, false));
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(taken);
            skipped += taken as u64;
            if end.is_some() {
                return Ok((skipped, true));
            }
        }
    }
}

/// A file of prompts.
pub(super) enum Prompts {
    /// One that can be read again from the start.
    File {
        name: String,
        lines: Lines<BufReader<File>>,
    },
    /// A pipe: what it holds is seen once, and not before it comes. Somebody else waits for it, so that what was
    /// begun goes on meanwhile, and who writes a prompt only after an answer gets one.
    Pipe {
        name: String,
        lines: Receiver<io::Result<RawLine>>,
    },
}

impl Prompts {
    /// Opens it; `-` is standard input.
    pub(super) fn open(file: &Path, most: u64) -> Result<Self, Failure> {
        if file.as_os_str() == "-" {
            let name = "standard input".to_owned();
            return Ok(Self::pipe(name, BufReader::new(io::stdin()), most));
        }
        let name = format!("`{}`", file.display());
        let opened = File::open(file).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((data, file)) if data.is_file() => Ok(Self::File {
                name,
                lines: Lines::new(BufReader::new(file), most),
            }),
            Ok((data, _)) if data.is_dir() => {
                Err(cannot_read(&name, &io::ErrorKind::IsADirectory.into()))
            }
            Ok((_, file)) => Ok(Self::pipe(name, BufReader::new(file), most)),
            Err(error) => Err(cannot_read(&name, &error)),
        }
    }

    fn pipe(name: String, reader: impl BufRead + Send + 'static, most: u64) -> Self {
        let (sender, lines) = sync_channel(AHEAD);
        // Where nobody wants more, it ends with its next line, or with the process.
        std::thread::spawn(move || {
            let mut reader = Lines::new(reader, most);
            while let Some(line) = reader.next().transpose() {
                let last = line.is_err();
                if sender.send(line).is_err() || last {
                    break;
                }
            }
        });
        Self::Pipe { name, lines }
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::File { name, .. } | Self::Pipe { name, .. } => name,
        }
    }

    /// Whether all of it can be looked at beforehand.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// The next line; `wait` allows a short wait for it.
    pub(super) fn next(&mut self, wait: bool) -> Result<Coming, Failure> {
        match self {
            Self::File { name, lines } => match lines.next() {
                Ok(line) => Ok(line.map_or(Coming::End, Coming::Line)),
                Err(error) => Err(cannot_read(name, &error)),
            },
            Self::Pipe { name, lines } => {
                let line = if wait {
                    lines.recv_timeout(PATIENCE).map_err(|error| match error {
                        RecvTimeoutError::Timeout => Coming::Later,
                        RecvTimeoutError::Disconnected => Coming::End,
                    })
                } else {
                    lines.try_recv().map_err(|error| match error {
                        TryRecvError::Empty => Coming::Later,
                        TryRecvError::Disconnected => Coming::End,
                    })
                };
                match line {
                    Ok(Ok(line)) => Ok(Coming::Line(line)),
                    Ok(Err(error)) => Err(cannot_read(name, &error)),
                    Err(coming) => Ok(coming),
                }
            }
        }
    }

    /// Back to the start, for a file.
    pub(super) fn rewind(&mut self) -> Result<(), Failure> {
        if let Self::File { name, lines } = self {
            lines
                .reader
                .rewind()
                .map_err(|error| cannot_read(name, &error))?;
            lines.number = 0;
            lines.whole = 0;
        }
        Ok(())
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read the prompts in {name}"))
        .because(error)
        .hint("name a file that exists and may be read, or `-` for standard input")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::Lines;

    #[test]
    fn lines_are_counted_and_bounded() {
        let text = b"\xef\xbb\xbfone\r\n\n  \nfour\n12345678901234567890\nsix";
        for buffer in [1, 3, 64] {
            let reader = std::io::BufReader::with_capacity(buffer, Cursor::new(text));
            let mut lines = Lines::new(reader, 8);
            let mut found = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                let bytes = line.bytes.map(|bytes| String::from_utf8(bytes).unwrap());
                found.push((line.number, bytes, lines.whole));
            }
            let some = |text: &str| Some(text.to_owned());
            assert_eq!(
                found,
                [
                    (1, some("one\r\n"), 8),
                    (4, some("four\n"), 17),
                    (5, None, 38),
                    (6, some("six"), 38)
                ]
            );
            assert!(lines.unfinished);
        }
    }
}
