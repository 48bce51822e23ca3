//! What does the supervisor tell us when a run is over?

use crate::outcome::Ending;

/// Bytes of a report.
pub(crate) const LENGTH: usize = 16;

/// How the program ended, as far as the supervisor sees it, and the memory of its largest process in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) ending: Ending,
    pub(crate) peak_memory: u64,
}

impl Report {
    /// The report as bytes. It allocates nothing.
    pub(crate) fn to_bytes(self) -> [u8; LENGTH] {
        let (kind, value) = match self.ending {
            Ending::Exited(code) => (0_u8, code),
            Ending::Killed(signal) => (1, signal),
            Ending::TooMuchMemory => (2, 0),
            Ending::TooManyProcesses => (3, 0),
            // We asked for the end, and know why.
            Ending::TimedOut | Ending::TooMuchOutput | Ending::Interrupted => (4, 0),
        };
        let mut bytes = [0; LENGTH];
        bytes[0] = kind;
        bytes[4..8].copy_from_slice(&value.to_le_bytes());
        bytes[8..].copy_from_slice(&self.peak_memory.to_le_bytes());
        bytes
    }

    /// Reads a report; `None` where it is none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Report> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        let value = i32::from_le_bytes(bytes[4..8].try_into().ok()?);
        let peak_memory = u64::from_le_bytes(bytes[8..].try_into().ok()?);
        let ending = match bytes[0] {
            0 => Ending::Exited(value),
            1 => Ending::Killed(value),
            2 => Ending::TooMuchMemory,
            3 => Ending::TooManyProcesses,
            4 => Ending::Interrupted,
            _ => return None,
        };
        Some(Report {
            ending,
            peak_memory,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_way() {
        for ending in [
            Ending::Exited(-7),
            Ending::Killed(9),
            Ending::TooMuchMemory,
            Ending::TooManyProcesses,
            Ending::Interrupted,
        ] {
            let report = Report {
                ending,
                peak_memory: u64::MAX - 1,
            };
            assert_eq!(Report::from_bytes(&report.to_bytes()), Some(report));
        }
        assert_eq!(Report::from_bytes(&[9; LENGTH]), None);
        assert_eq!(Report::from_bytes(&[0; LENGTH - 1]), None);
    }
}
