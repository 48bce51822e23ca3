//! What do we do while the program runs?

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::outcome::{Ending, Outcome};
use crate::policy::Limits;
use crate::program::Program;
use crate::report::{LENGTH, Report};
use crate::supervisor::Plan;

/// Bytes of the number of the program's process, which the supervisor writes first.
const NUMBER: usize = 4;

/// How long the interrupt may go unseen.
const TICK: Duration = Duration::from_millis(20);

/// How long the pipes may stay open after the report, which says that nobody is left to write into them.
const GRACE: Duration = Duration::from_secs(1);

/// The folders of system programs, for tools that look for others.
const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Runs `program` to its end.
pub(crate) fn run(
    program: &Program,
    limits: &Limits,
    interrupt: &Interrupt,
) -> Result<Outcome, Error> {
    let cannot_start = |source| Error::CannotStart {
        program: program.file.clone(),
        source,
    };
    let scratch = tempfile::Builder::new()
        .prefix("palinode-")
        .tempdir()
        .map_err(cannot_start)?;
    let (ours, theirs) = UnixStream::pair().map_err(cannot_start)?;
    let started = Instant::now();
    let mut child = start(program, limits, scratch.path(), theirs.into())?;
    let held = Conversation::new(&mut child, program, limits, ours)
        .and_then(|conversation| conversation.hold(started, interrupt));
    // Our end of the socket is closed by now, so the supervisor has ended or is about to.
    let _ = child.wait();
    match held {
        Ok(Some(outcome)) => Ok(outcome),
        Ok(None) => Err(Error::Unwatched {
            program: program.file.clone(),
        }),
        Err(source) => Err(Error::Broken {
            program: program.file.clone(),
            source,
        }),
    }
}

fn start(
    program: &Program,
    limits: &Limits,
    scratch: &std::path::Path,
    control: OwnedFd,
) -> Result<Child, Error> {
    let mut command = Command::new(&program.file);
    command
        .args(&program.arguments)
        .env_clear()
        .env("PATH", SYSTEM_PATH)
        .env("LANG", "C.UTF-8")
        .env("HOME", scratch)
        .env("TMPDIR", scratch)
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .current_dir(program.folder.as_deref().unwrap_or(scratch))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut plan = Plan::new(limits, control);
    #[expect(
        unsafe_code,
        reason = "what becomes the program prepares itself after the fork"
    )]
    // SAFETY: what runs between fork and exec makes system calls on memory set aside before, and neither allocates
    // nor takes a lock; see `supervisor`.
    unsafe {
        command.pre_exec(move || plan.split())
    };
    command.spawn().map_err(|source| {
        let file = program.file.clone();
        let folder_is_there = program.folder.as_ref().is_none_or(|folder| folder.is_dir());
        match source.kind() {
            io::ErrorKind::NotFound if folder_is_there && !file.exists() => {
                Error::NotFound { program: file }
            }
            // Of a script whose interpreter is missing, the system says that it was not found.
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied if folder_is_there => {
                Error::NotExecutable {
                    program: file,
                    source,
                }
            }
            _ if source.raw_os_error() == Some(libc::ENOEXEC) => Error::NotExecutable {
                program: file,
                source,
            },
            _ => Error::CannotStart {
                program: file,
                source,
            },
        }
    })
}

/// The pipes of one run.
struct Conversation<'p> {
    limits: &'p Limits,
    /// What is still to be fed, and where to; `None` once all of it is, or nobody wants more.
    input: Option<(File, &'p [u8])>,
    outputs: [Output; 2],
    control: UnixStream,
    report: Vec<u8>,
    /// The supervisor's end of the socket is closed.
    over: bool,
    /// Why we asked for the end.
    reason: Option<Ending>,
}

/// One stream of what the program writes; `pipe` is `None` once it is closed.
struct Output {
    pipe: Option<File>,
    bytes: Vec<u8>,
}

impl<'p> Conversation<'p> {
    fn new(
        child: &mut Child,
        program: &'p Program,
        limits: &'p Limits,
        control: UnixStream,
    ) -> io::Result<Self> {
        let input = child
            .stdin
            .take()
            .map(|pipe| File::from(OwnedFd::from(pipe)));
        let stdout = child
            .stdout
            .take()
            .map(|pipe| File::from(OwnedFd::from(pipe)));
        let stderr = child
            .stderr
            .take()
            .map(|pipe| File::from(OwnedFd::from(pipe)));
        for pipe in [&input, &stdout, &stderr].into_iter().flatten() {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        control.set_nonblocking(true)?;
        let output = |pipe| Output {
            pipe,
            bytes: Vec::new(),
        };
        Ok(Self {
            limits,
            input: input
                .filter(|_| !program.input.is_empty())
                .map(|pipe| (pipe, &program.input[..])),
            outputs: [output(stdout), output(stderr)],
            control,
            report: Vec::new(),
            over: false,
            reason: None,
        })
    }

    /// Feeds, drains and watches the clock until the run is over; `None` where the supervisor did not say how it
    /// ended.
    fn hold(mut self, started: Instant, interrupt: &Interrupt) -> io::Result<Option<Outcome>> {
        let mut over_since = None;
        loop {
            self.wait_for_something(started)?;
            self.feed();
            for which in 0..self.outputs.len() {
                if self.drain(which)? {
                    self.end(Ending::TooMuchOutput);
                }
            }
            self.listen();
            if interrupt.is_triggered() {
                self.end(Ending::Interrupted);
            } else if started.elapsed() >= self.limits.time {
                self.end(Ending::TimedOut);
            }
            if self.over {
                let since = *over_since.get_or_insert_with(Instant::now);
                let open = self.outputs.iter().any(|output| output.pipe.is_some());
                if !open || since.elapsed() >= GRACE {
                    return Ok(self.outcome(started));
                }
            }
        }
    }

    /// Asks the supervisor to end the run, by closing our half of the socket. The first reason counts, and none
    /// once the run is over by itself.
    fn end(&mut self, reason: Ending) {
        if self.reason.is_none() && !self.over {
            self.reason = Some(reason);
            self.input = None;
            // It fails where the other side is gone, and then there is nothing to end.
            let _ = self.control.shutdown(Shutdown::Write);
        }
    }

    fn wait_for_something(&self, started: Instant) -> io::Result<()> {
        let left = self.limits.time.saturating_sub(started.elapsed());
        let pause = if self.reason.is_some() {
            TICK
        } else {
            left.min(TICK)
        };
        let pause = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(pause.subsec_nanos()),
        };
        let mut sources = vec![PollFd::new(&self.control, PollFlags::IN)];
        if self.over {
            // At its end it would be ready for ever; what is waited for now is the end of the pipes.
            sources.clear();
        }
        if let Some((pipe, _)) = &self.input {
            sources.push(PollFd::new(pipe, PollFlags::OUT));
        }
        for output in &self.outputs {
            if let Some(pipe) = &output.pipe {
                sources.push(PollFd::new(pipe, PollFlags::IN));
            }
        }
        match poll(&mut sources, Some(&pause)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes as much of the input as the pipe takes.
    fn feed(&mut self) {
        while let Some((pipe, rest)) = &mut self.input {
            match pipe.write(rest) {
                Ok(length) if length < rest.len() => *rest = &rest[length..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // All of it is written, or the program reads no more: both end its input.
                Ok(_) | Err(_) => self.input = None,
            }
        }
    }

    /// Reads what is there from one output. Whether there was more than may be.
    fn drain(&mut self, which: usize) -> io::Result<bool> {
        let output = &mut self.outputs[which];
        let mut room = [0_u8; 1 << 16];
        // A pipe holds as much as `room`, so a writer that never stops cannot keep us here.
        for _ in 0..4 {
            let Some(pipe) = &mut output.pipe else {
                break;
            };
            match pipe.read(&mut room) {
                Ok(0) => output.pipe = None,
                Ok(length) => {
                    let left = self.limits.output - output.bytes.len();
                    let kept = length.min(left);
                    output.bytes.extend_from_slice(&room[..kept]);
                    if length > left {
                        // Nobody reads on: a writer who does not mind is killed.
                        output.pipe = None;
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Reads what the supervisor says.
    fn listen(&mut self) {
        let mut room = [0_u8; LENGTH];
        while !self.over {
            match self.control.read(&mut room) {
                Ok(0) => self.over = true,
                Ok(length) => self.report.extend_from_slice(&room[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.over = true,
            }
        }
    }

    /// What became of the program; `None` where the supervisor did not say.
    fn outcome(self, started: Instant) -> Option<Outcome> {
        let (number, report) = self.report.split_at_checked(NUMBER)?;
        let Some(report) = Report::from_bytes(report) else {
            // The supervisor was killed. The program dies with it, but not what the program started; of that, all
            // that did not leave the group can still be reached.
            let number = i32::from_le_bytes(number.try_into().ok()?);
            if let Some(group) = Pid::from_raw(number).filter(|_| number > 1) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            return None;
        };
        let [stdout, stderr] = self.outputs.map(|output| output.bytes);
        Some(Outcome {
            ending: self.reason.unwrap_or(report.ending),
            stdout,
            stderr,
            wall: started.elapsed(),
            peak_memory: report.peak_memory,
        })
    }
}
