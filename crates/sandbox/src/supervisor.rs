//! Who stands between us and the program, so that nothing of it lives on?
//!
//! The supervisor is a fork of this process that never executes anything. It is the *subreaper* of the program: the
//! kernel gives it every descendant whose parent dies, whatever group or session that descendant moved to. So it
//! needs no guess about who belongs to the run: those are its descendants, and once it has none, nothing is left.
//!
//! A socket connects it with us. When its other end closes, because we want the run to end or because we died, it
//! kills them all. It writes there the number of the program's process, and when the run is over one [`Report`].
//!
//! It is a copy of a process that had other threads, so it must not allocate, lock or panic; it makes system calls on
//! memory that was set aside before. Only `fork` and three calls that no safe wrapper offers are `unsafe`.

#![expect(
    unsafe_code,
    reason = "fork, and system calls that no safe wrapper offers"
)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitOptions, WaitStatus, getpid, getppid,
    kill_process, pidfd_open, set_child_subreaper, set_parent_process_death_signal, setrlimit,
    setsid, wait,
};

use crate::family::{Family, MOST};
use crate::outcome::Ending;
use crate::policy::Limits;
use crate::report::Report;

/// Nanoseconds between two looks at how many processes and how much memory there are.
const LOOK_EVERY: i64 = 20_000_000;

/// Rounds of stopping a family before it is killed. One round is enough unless it grows meanwhile.
const STOP_ROUNDS: usize = 50;

/// Rounds of killing, about a millisecond each, before a family is given up: one that the kernel itself holds, in a
/// call to a device that does not answer.
const KILL_ROUNDS: usize = 10_000;

/// What the supervisor needs, made before the fork.
#[derive(Debug)]
pub(crate) struct Plan {
    limits: Limits,
    control: OwnedFd,
    family: Family,
}

impl Plan {
    /// `control` is the supervisor's end of the socket.
    pub(crate) fn new(limits: &Limits, control: OwnedFd) -> Self {
        Self {
            limits: limits.clone(),
            control,
            family: Family::with_room(),
        }
    }

    /// Called in the process that will be the program, just before it is: forks. The child returns, and becomes the
    /// program; the parent stays as the supervisor, and never returns.
    pub(crate) fn split(&mut self) -> io::Result<()> {
        setsid()?;
        set_child_subreaper(Some(getpid()))?;
        let supervisor = getpid();
        // SAFETY: no other thread exists in this process (it was forked itself), so nothing is held that the child
        // would wait for; both sides go on without allocating.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => become_program(&self.limits, supervisor),
            child => {
                let ended = Pid::from_raw(child).map(|child| self.watch(child));
                // SAFETY: it ends the process and runs nothing of ours on the way.
                unsafe { libc::_exit(i32::from(ended.is_none())) }
            }
        }
    }

    fn watch(&mut self, program: Pid) {
        // Everything inherited is closed but the socket, or pipes of this run and of others would stay open for as
        // long as we stand here. It becomes the standard input, since that number is known.
        let connected = rustix::stdio::dup2_stdin(&self.control).is_ok();
        // SAFETY: of the descriptors above 0 none is used again: the socket is reached through 0 alone, and this
        // process ends without dropping what held the others.
        unsafe { libc::syscall(libc::SYS_close_range, 1_u32, u32::MAX, 0_u32) };
        let mut ending = None;
        if connected {
            // First who the program is: where this process is killed, we kill the program's group ourselves.
            let number = program.as_raw_nonzero().get().to_le_bytes();
            let _ = rustix::io::write(rustix::stdio::stdin(), &number);
            ending = self.wait(program);
        }
        let by_itself = self.end_all(program);
        let ending = ending.or(by_itself).unwrap_or(Ending::Interrupted);
        let report = Report {
            ending,
            peak_memory: peak_memory(),
        };
        // Whoever does not read it any more does not miss it.
        let _ = rustix::io::write(rustix::stdio::stdin(), &report.to_bytes());
    }

    /// Waits until the program ends, exceeds a limit, or is no longer wanted (`None`).
    fn wait(&mut self, program: Pid) -> Option<Ending> {
        let socket = rustix::stdio::stdin();
        // A kernel without it is asked more often instead.
        let process = pidfd_open(program, PidfdFlags::empty()).ok();
        let pause = Timespec {
            tv_sec: 0,
            tv_nsec: if process.is_some() {
                LOOK_EVERY
            } else {
                LOOK_EVERY / 10
            },
        };
        loop {
            let mut sources = [
                PollFd::new(&socket, PollFlags::IN),
                PollFd::from_borrowed_fd(
                    process.as_ref().map_or(socket, |process| process.as_fd()),
                    PollFlags::IN,
                ),
            ];
            // Interrupted or refused, it is asked again; the pause is kept either way.
            let _ = poll(&mut sources, Some(&pause));
            let unwanted = !sources[0].revents().is_empty();
            let reaped = reap(program);
            if reaped.ending.is_some() || reaped.nobody_left {
                return reaped.ending;
            }
            if unwanted {
                return None;
            }
            self.family.look(own_number());
            if self.family.members().len() > self.limits.processes.min(MOST - 1) {
                return Some(Ending::TooManyProcesses);
            }
            if self.family.memory() > self.limits.memory {
                return Some(Ending::TooMuchMemory);
            }
        }
    }

    /// Kills all that is left, and waits until it is gone. Says how the program ended where that is seen only now.
    fn end_all(&mut self, program: Pid) -> Option<Ending> {
        let mut ending = None;
        // Stopped first: a family that grows could be faster than its killer. Who is stopped starts nobody.
        let mut before = usize::MAX;
        for _ in 0..STOP_ROUNDS {
            self.family.look(own_number());
            let now = self.family.members().len();
            if now <= 1 || now == before {
                break;
            }
            before = now;
            self.signal(Signal::STOP);
        }
        for _ in 0..KILL_ROUNDS {
            self.family.look(own_number());
            self.signal(Signal::KILL);
            let reaped = reap(program);
            ending = ending.or(reaped.ending);
            if reaped.nobody_left {
                break;
            }
            let millisecond = Timespec {
                tv_sec: 0,
                tv_nsec: 1_000_000,
            };
            let _ = poll(&mut [], Some(&millisecond));
        }
        ending
    }

    fn signal(&self, signal: Signal) {
        for member in self.family.members() {
            if let Some(process) = Pid::from_raw(*member) {
                // Already gone, which is what is wanted.
                let _ = kill_process(process, signal);
            }
        }
    }
}

/// What the program's process does to itself before it becomes the program.
fn become_program(limits: &Limits, supervisor: Pid) -> io::Result<()> {
    setsid()?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(supervisor) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // No set-user-ID program: what runs must be ours to kill.
    rustix::thread::set_no_new_privs(true)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, limits.file_size)?;
    // Only against what comes between two looks, hence the double: who is refused memory ends in a way of its own,
    // and who is seen to have too much is told so.
    limit(Resource::Data, limits.memory.saturating_mul(2))
}

/// Sets both bounds of a limit, below what is already kept.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let kept = rustix::process::getrlimit(resource).maximum;
    let most = Some(kept.map_or(most, |kept| kept.min(most)));
    let both = Rlimit {
        current: most,
        maximum: most,
    };
    Ok(setrlimit(resource, both)?)
}

fn own_number() -> i32 {
    getpid().as_raw_nonzero().get()
}

/// What is learnt from the children that have ended.
struct Reaped {
    /// How the program ended, where it is among them.
    ending: Option<Ending>,
    /// There is no child any more.
    nobody_left: bool,
}

/// Takes leave of all children that have ended.
fn reap(program: Pid) -> Reaped {
    let mut ending = None;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((process, status))) => {
                if process == program {
                    ending = ended(status);
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Ok(None) => {
                return Reaped {
                    ending,
                    nobody_left: false,
                };
            }
            Err(_) => {
                return Reaped {
                    ending,
                    nobody_left: true,
                };
            }
        }
    }
}

fn ended(status: WaitStatus) -> Option<Ending> {
    let by_itself = status.exit_status().map(Ending::Exited);
    by_itself.or_else(|| status.terminating_signal().map(Ending::Killed))
}

/// The most memory that the largest of all children that ended had, in bytes.
fn peak_memory() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to room for one such structure, for which all zeros is a value.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    u64::try_from(usage.ru_maxrss)
        .unwrap_or(0)
        .saturating_mul(1024)
}
