//! Which processes descend from this one, and how much memory have they?
//!
//! Everything here runs between `fork` and `exec` in a copy of a program that had other threads: nothing allocates,
//! locks or panics.

use std::ffi::CStr;
use std::fmt::{self, Write};
use std::mem::MaybeUninit;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, RawDir, open};

/// The most processes that are looked at. A family that has more is over any limit; those not seen are found once
/// those that were are gone.
pub(crate) const MOST: usize = 1 << 14;

/// The numbers of the processes that descend from one, parents before children, in room that was set aside before
/// the fork.
#[derive(Debug)]
pub(crate) struct Family {
    members: Vec<i32>,
    page: u64,
}

impl Family {
    /// Sets the room aside.
    pub(crate) fn with_room() -> Self {
        Self {
            members: Vec::with_capacity(MOST),
            page: rustix::param::page_size() as u64,
        }
    }

    /// Looks again for those that descend from process `of`, which is not among them.
    pub(crate) fn look(&mut self, of: i32) {
        self.members.clear();
        self.add_children(of);
        let mut next = 0;
        while let Some(&process) = self.members.get(next) {
            next += 1;
            self.add_children(process);
        }
    }

    /// Who was there at the last look.
    pub(crate) fn members(&self) -> &[i32] {
        &self.members
    }

    /// Resident memory of all members, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let pages: u64 = self
            .members
            .iter()
            .map(|process| resident_pages(*process))
            .sum();
        pages.saturating_mul(self.page)
    }

    /// Takes in the children of a process: each of its threads has a list of those that it started.
    fn add_children(&mut self, of: i32) {
        let Some(tasks) = open_path(format_args!("/proc/{of}/task"), OFlags::DIRECTORY) else {
            return;
        };
        let mut room = [MaybeUninit::uninit(); 2048];
        let mut entries = RawDir::new(&tasks, &mut room);
        while let Some(Ok(entry)) = entries.next() {
            if let Some(thread) = number(entry.file_name().to_bytes()) {
                self.add_listed(of, thread);
            }
        }
    }

    fn add_listed(&mut self, of: i32, thread: i32) {
        let path = format_args!("/proc/{of}/task/{thread}/children");
        let Some(list) = open_path(path, OFlags::empty()) else {
            return;
        };
        let mut room = [0_u8; 2048];
        // A number may be cut by the end of the room, so it lives on from one reading to the next.
        let mut pending = None;
        while let Ok(length) = rustix::io::read(&list, &mut room) {
            if length == 0 {
                break;
            }
            for byte in room.get(..length).unwrap_or_default() {
                match (byte.is_ascii_digit(), pending) {
                    (true, _) => {
                        let digit = i32::from(byte - b'0');
                        let so_far: i32 = pending.unwrap_or(0);
                        pending = Some(so_far.saturating_mul(10).saturating_add(digit));
                    }
                    (false, Some(process)) => {
                        self.add(process);
                        pending = None;
                    }
                    (false, None) => {}
                }
            }
        }
        if let Some(process) = pending {
            self.add(process);
        }
    }

    fn add(&mut self, process: i32) {
        // Never beyond the room that was set aside: nothing may allocate here.
        if process > 1 && self.members.len() < MOST {
            self.members.push(process);
        }
    }
}

fn resident_pages(process: i32) -> u64 {
    let Some(file) = open_path(format_args!("/proc/{process}/statm"), OFlags::empty()) else {
        return 0;
    };
    let mut room = [0_u8; 256];
    let length = rustix::io::read(&file, &mut room).unwrap_or(0);
    let text = room.get(..length).unwrap_or_default();
    let mut fields = text.split(u8::is_ascii_whitespace);
    fields.nth(1).and_then(number).unwrap_or(0)
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn open_path(path: fmt::Arguments<'_>, flags: OFlags) -> Option<OwnedFd> {
    let mut text = PathText {
        bytes: [0; 64],
        length: 0,
    };
    text.write_fmt(path).ok()?;
    let path = CStr::from_bytes_until_nul(&text.bytes).ok()?;
    open(
        path,
        flags | OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .ok()
}

/// A short text on the stack, with a zero byte behind it.
struct PathText {
    bytes: [u8; 64],
    length: usize,
}

impl Write for PathText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        if end >= self.bytes.len() {
            return Err(fmt::Error);
        }
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_and_their_memory_are_seen() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("sleep is there");
        let mut family = Family::with_room();
        let own = i32::try_from(std::process::id()).expect("a process number");
        family.look(own);
        let number = i32::try_from(child.id()).expect("a process number");
        assert!(family.members().contains(&number));
        assert!(family.memory() > 0);
        child.kill().expect("it can be killed");
        child.wait().expect("it can be waited for");
        family.look(own);
        assert!(!family.members().contains(&number));
    }

    #[test]
    fn a_path_that_is_too_long_is_none() {
        let long = "x".repeat(64);
        assert!(open_path(format_args!("/{long}"), OFlags::empty()).is_none());
    }
}
