//! How much memory does a model take, and how much is there?

use candle_core::DType;

use crate::{Error, LoadOptions, Shape, Weights};

/// What a model takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Its weights. Those that are mapped count too: decoding reads all of them for each token, so they must
    /// stay in memory although the system could let them go.
    pub weights: u64,
    /// Keys and values of one position of one lane.
    pub position: u64,
}

impl Memory {
    /// What a network of this shape takes whose weights are widened or narrowed to `dtype`.
    #[must_use]
    pub fn at(shape: &Shape, dtype: DType) -> Memory {
        let width = dtype.size_in_bytes() as u64;
        Memory {
            weights: shape.parameters.saturating_mul(width),
            position: position(shape, width),
        }
    }

    /// What a network takes that is loaded in this way from these files.
    #[must_use]
    pub fn of(shape: &Shape, weights: &Weights, options: &LoadOptions) -> Memory {
        match (options.slices(), options.dtype) {
            (true, dtype) => Memory {
                weights: weights.in_place(dtype.is_some()),
                position: position(shape, 4),
            },
            (false, dtype) => Memory::at(shape, dtype.unwrap_or(options.tensor_dtype())),
        }
    }

    /// What it takes with `positions` in the caches of all lanes together.
    #[must_use]
    pub fn with(&self, positions: usize) -> u64 {
        let cache = self.position.saturating_mul(positions as u64);
        self.weights.saturating_add(cache)
    }

    /// Refuses where that is more than is free; says nothing where nobody knows how much that is (see
    /// [`available`]).
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn check(&self, positions: usize, free: Option<u64>) -> Result<(), Error> {
        let needed = self.with(positions);
        match free {
            Some(available) if needed > available => Err(Error::TooLarge { needed, available }),
            _ => Ok(()),
        }
    }
}

/// Keys and values of one position in numbers of `width` bytes.
fn position(shape: &Shape, width: u64) -> u64 {
    let numbers = 2 * shape.layers as u64 * shape.kv_heads as u64 * shape.head_width as u64;
    numbers.saturating_mul(width)
}

/// Bytes a program may take before the system has to write memory to disk: what Linux calls available, and no
/// more than a control group allows. Nothing where the system does not say.
#[must_use]
pub fn available() -> Option<u64> {
    let read = |file: &str| std::fs::read_to_string(file).ok();
    let meminfo = read("/proc/meminfo")?;
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let limit = || -> Option<u64> {
        let limit: u64 = read("/sys/fs/cgroup/memory.max")?.trim().parse().ok()?;
        let used: u64 = read("/sys/fs/cgroup/memory.current")?.trim().parse().ok()?;
        // Pages of files count as used, and are given up first.
        let stat = read("/sys/fs/cgroup/memory.stat")?;
        let files = stat.lines().find_map(|line| line.strip_prefix("file "))?;
        let files: u64 = files.trim().parse().ok()?;
        Some(limit.saturating_sub(used.saturating_sub(files)))
    };
    let free = kilobytes.saturating_mul(1024);
    Some(limit().map_or(free, |limit| limit.min(free)))
}

/// A number of bytes as people say it.
#[must_use]
pub fn readable(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} B"),
        _ if size < 10.0 => format!("{size:.1} {}", units[unit]),
        _ => format!("{size:.0} {}", units[unit]),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::DType;

    use super::{Memory, available, readable};
    use crate::{Error, Shape};

    fn seven_billion() -> Shape {
        Shape {
            architecture: "llama",
            vocabulary: 32_000,
            context: 4096,
            layers: 32,
            hidden: 4096,
            heads: 32,
            kv_heads: 32,
            head_width: 128,
            intermediate: 11_008,
            parameters: 6_738_415_616,
            tied: false,
        }
    }

    #[test]
    fn llama_2_takes_what_its_papers_reader_computes() {
        let memory = Memory::at(&seven_billion(), DType::BF16);
        assert_eq!(memory.weights, 13_476_831_232);
        // 2 * 32 * 32 * 128 numbers of two bytes.
        assert_eq!(memory.position, 524_288);
        assert_eq!(memory.with(4096), 13_476_831_232 + 2_147_483_648);
        assert_eq!(readable(memory.weights), "13 GiB");
        assert_eq!(readable(1023), "1023 B");
        assert_eq!(readable(1536), "1.5 KiB");
    }

    #[test]
    fn what_cannot_fit_is_refused_with_both_numbers() {
        let memory = Memory {
            weights: u64::MAX / 2,
            position: 1,
        };
        let error = memory.check(10, Some(1 << 40)).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains("8388608 TiB"), "{error}");
        let memory = Memory {
            weights: 1,
            position: 1,
        };
        assert!(memory.check(10, Some(11)).is_ok());
        assert!(memory.check(11, Some(11)).is_err());
        assert!(memory.check(11, None).is_ok());
        assert!(available().is_none_or(|free| memory.check(10, Some(free)).is_ok()));
    }
}
