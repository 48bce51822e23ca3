//! Where do results go, and which are there already?

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, IsTerminal, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lines::Lines;
use crate::events::{SCHEMA, same_file, write_line};
use crate::failure::Failure;

/// A line of results that is longer is none.
const MOST_BYTES: u64 = 1 << 30;

/// How a line of results begins, as far as a run that was killed may have written it.
const BEGINNINGS: [&str; 2] = [
    r#"{"schema":1,"type":"sample","#,
    r#"{"schema":1,"type":"error","#,
];

/// Where results go.
pub(super) struct Results {
    target: Target,
    /// What the file held when it was opened, by the prompt's line.
    known: BTreeMap<u64, Known>,
    /// How many samples and failures that is.
    pub(super) samples: u64,
    pub(super) failures: u64,
}

/// What is there for one prompt.
#[derive(Debug)]
pub(super) struct Known {
    /// Of the task that was answered; nothing where there were several.
    fingerprint: Option<u64>,
    /// The prompt could not be written at all.
    failed: bool,
    /// Bit by bit: whether that sample is there.
    samples: Vec<u64>,
}

impl Known {
    /// Whether this task was answered.
    pub(super) fn is_of(&self, fingerprint: &str) -> bool {
        self.fingerprint.is_some() && self.fingerprint == number(fingerprint)
    }

    /// The first sample and the number of each run of samples that are missing among so many.
    pub(super) fn missing(&self, samples: usize) -> Vec<(usize, usize)> {
        if self.failed {
            return Vec::new();
        }
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let there = |at: usize| {
            self.samples
                .get(at / 64)
                .is_some_and(|bits| bits >> (at % 64) & 1 == 1)
        };
        let looked_at = samples.min(self.samples.len() * 64);
        for at in (0..looked_at).filter(|at| !there(*at)) {
            match runs.last_mut() {
                Some((start, count)) if *start + *count == at => *count += 1,
                _ => runs.push((at, 1)),
            }
        }
        if samples > looked_at {
            match runs.last_mut() {
                Some((start, count)) if *start + *count == looked_at => {
                    *count += samples - looked_at
                }
                _ => runs.push((looked_at, samples - looked_at)),
            }
        }
        runs
    }

    fn add(&mut self, sample: Option<usize>) {
        match sample.and_then(|sample| sample.checked_sub(1)) {
            None => self.failed = true,
            Some(at) => {
                if self.samples.len() <= at / 64 {
                    self.samples.resize(at / 64 + 1, 0);
                }
                self.samples[at / 64] |= 1 << (at % 64);
            }
        }
    }
}

enum Target {
    Stdout {
        /// Where a line of progress may stand in the way.
        terminal: bool,
    },
    File {
        file: File,
        path: PathBuf,
        /// Bytes of the whole lines that it held.
        whole: u64,
        /// This run made the file.
        created: bool,
        begun: bool,
    },
}

/// What a line of results must have to be recognised.
#[derive(Deserialize)]
struct Recorded {
    schema: u32,
    r#type: String,
    line: u64,
    sample: Option<usize>,
    fingerprint: String,
}

/// A number of samples no line has: what claims more is none of ours.
const MOST_SAMPLES: usize = 1 << 30;

impl Results {
    /// Opens `out`, or standard output, and reads what is there. Nothing in it is changed yet. `prompts` is the
    /// file that is read.
    pub(super) fn open(out: Option<&Path>, prompts: &Path) -> Result<Self, Failure> {
        let target = match out {
            None => Target::Stdout {
                terminal: io::stdout().is_terminal(),
            },
            Some(path) => open_file(path, prompts)?,
        };
        let mut results = Self {
            target,
            known: BTreeMap::new(),
            samples: 0,
            failures: 0,
        };
        results.read()?;
        Ok(results)
    }

    /// Where results go, for messages; nothing for standard output.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.target {
            Target::Stdout { .. } => None,
            Target::File { path, .. } => Some(path),
        }
    }

    /// Whether the results are shown on a terminal.
    pub(super) fn on_terminal(&self) -> bool {
        matches!(self.target, Target::Stdout { terminal: true })
    }

    /// What is there for each prompt, by its line.
    pub(super) fn known(&self) -> &BTreeMap<u64, Known> {
        &self.known
    }

    /// What is there for the prompt on a line, which is asked for once.
    pub(super) fn take_known(&mut self, line: u64) -> Option<Known> {
        self.known.remove(&line)
    }

    /// Refuses results of another task.
    pub(super) fn foreign(&self, line: u64) -> Failure {
        let out = self.path().unwrap_or(Path::new("-")).display();
        Failure::new(format!(
            "`{out}` holds results for line {line} that were written for another prompt, model or setting"
        ))
        .hint("name another file with --out; or give the same prompts and flags as then to go on with it")
    }

    /// Writes one line and hands it on at once.
    pub(super) fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        match &mut self.target {
            Target::Stdout { .. } => {
                write_line(&mut io::stdout().lock(), line).map_err(|error| Failure::stdout(&error))
            }
            Target::File {
                file,
                path,
                whole,
                begun,
                ..
            } => {
                let mut write = || {
                    if !*begun && file.metadata()?.is_file() {
                        // The half line of a run that was killed goes.
                        file.set_len(*whole)?;
                        file.seek(SeekFrom::End(0))?;
                    }
                    *begun = true;
                    write_line(file, line)
                };
                write().map_err(|error| {
                    Failure::new(format!("cannot write results to `{}`", path.display()))
                        .because(&error)
                        .hint("what is there stays; the same command goes on from there")
                })
            }
        }
    }

    /// Reads what the file holds.
    fn read(&mut self) -> Result<(), Failure> {
        let Target::File {
            file, path, whole, ..
        } = &mut self.target
        else {
            return Ok(());
        };
        let cannot = |error: io::Error| {
            Failure::new(format!("cannot read the results in `{}`", path.display())).because(&error)
        };
        if !file.metadata().map_err(cannot)?.is_file() {
            return Ok(());
        }
        let mut lines = Lines::new(BufReader::new(&*file), MOST_BYTES);
        while let Some(line) = lines.next().map_err(cannot)? {
            let bytes = line.bytes.unwrap_or_default();
            if lines.unfinished && is_half(&bytes) {
                break;
            }
            let recorded = serde_json::from_slice::<Recorded>(&bytes)
                .ok()
                .filter(is_ours);
            let Some(recorded) = recorded else {
                return Err(Failure::new(format!(
                    "`{}` holds something else than results (line {})",
                    path.display(),
                    line.number
                ))
                .hint("name another file with --out, or `-` for standard output"));
            };
            match recorded.r#type.as_str() {
                "error" => self.failures += 1,
                _ => self.samples += 1,
            }
            let known = self.known.entry(recorded.line).or_insert_with(|| Known {
                fingerprint: number(&recorded.fingerprint),
                failed: false,
                samples: Vec::new(),
            });
            if known.fingerprint != number(&recorded.fingerprint) {
                known.fingerprint = None;
            }
            known.add(recorded.sample);
        }
        *whole = lines.whole;
        Ok(())
    }
}

/// A fingerprint as a number, which takes less room.
fn number(fingerprint: &str) -> Option<u64> {
    u64::from_str_radix(fingerprint, 16).ok()
}

fn is_ours(recorded: &Recorded) -> bool {
    let sample = recorded.sample;
    recorded.schema == SCHEMA
        && match recorded.r#type.as_str() {
            "sample" => sample.is_some_and(|sample| (1..=MOST_SAMPLES).contains(&sample)),
            "error" => sample.is_none_or(|sample| (1..=MOST_SAMPLES).contains(&sample)),
            _ => false,
        }
}

/// Whether this is the beginning of a line of results.
fn is_half(bytes: &[u8]) -> bool {
    BEGINNINGS.iter().any(|beginning| {
        let length = bytes.len().min(beginning.len());
        bytes[..length] == beginning.as_bytes()[..length]
    })
}

fn open_file(path: &Path, prompts: &Path) -> Result<Target, Failure> {
    let cannot = || Failure::new(format!("cannot write results to `{}`", path.display()));
    if same_file(prompts, path) {
        return Err(Failure::new(format!(
            "cannot write results to `{}`: it is the file that is read",
            path.display()
        ))
        .hint("name another file"));
    }
    // What cannot be read, as a pipe that somebody listens to, is only written.
    let regular = fs::metadata(path).map_or(true, |data| data.is_file());
    let mut options = OpenOptions::new();
    options.read(regular).write(true);
    let opened = match options.open(path) {
        Ok(file) => Ok((file, false)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            options.create_new(true).open(path).map(|file| (file, true))
        }
        Err(error) => Err(error),
    };
    let (file, created) = opened.map_err(|error| {
        cannot()
            .because(&error)
            .hint("name a file in a folder that exists and may be written to, or `-`")
    })?;
    // Two runs would each write what the other has written. Where files cannot be locked, nobody is kept off.
    if regular && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(cannot()
            .because(&io::Error::other("another run is writing to it"))
            .hint("wait for it, or name another file"));
    }
    Ok(Target::File {
        file,
        path: path.to_owned(),
        whole: 0,
        created,
        begun: false,
    })
}

impl Drop for Results {
    fn drop(&mut self) {
        if let Target::File {
            path,
            created: true,
            begun: false,
            ..
        } = &self.target
        {
            // Nothing was written, so nothing is left behind; if it cannot be removed it is an empty file.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, is_half};

    #[test]
    fn what_is_missing_is_found() {
        let mut known = Known {
            fingerprint: Some(1),
            failed: false,
            samples: Vec::new(),
        };
        for sample in [2, 3, 70] {
            known.add(Some(sample));
        }
        assert_eq!(known.missing(1), [(0, 1)]);
        assert_eq!(known.missing(3), [(0, 1)]);
        assert_eq!(known.missing(5), [(0, 1), (3, 2)]);
        assert_eq!(known.missing(200), [(0, 1), (3, 66), (70, 130)]);
        known.add(None);
        assert!(known.missing(200).is_empty());
    }

    #[test]
    fn half_a_line_of_results_is_told_from_something_else() {
        assert!(is_half(br#"{"schem"#));
        assert!(is_half(br#"{"schema":1,"type":"sample","line":7,"prog"#));
        assert!(!is_half(br#"{"schema":1,"type":"start""#));
        assert!(!is_half(b"precious"));
    }
}
