//! How many threads make a model of this size fastest?
//!
//! candle reads `RAYON_NUM_THREADS` before each matrix product (and hands the number to `gemm`, which
//! splits the product over rayon's pool), and `CANDLE_NUM_THREADS` once, for the pool its quantised
//! kernels spin on. Both pools are made at first use, so a program sets both variables to the number
//! given here before it touches a tensor; afterwards it is too late.

/// Up to this many parameters a step is over before a second thread has woken up.
pub const SMALL: u64 = 150_000_000;

/// Up to this many parameters one thread alone nearly saturates the memory while decoding.
const MIDDLE: u64 = 600_000_000;

/// Threads to use for a model of `parameters` on `cores` cores; at least 1.
///
/// Measured on two cores: a network of 5 million parameters decodes 2.4 times as fast with one
/// thread as with two, one of 387 million 1.2 times as fast; only prompts gain. So small models get
/// one thread, middle ones half the cores, large ones all of them.
#[must_use]
pub fn for_model(parameters: u64, cores: usize) -> usize {
    let cores = cores.max(1);
    if parameters <= SMALL {
        1
    } else if parameters <= MIDDLE {
        cores.div_ceil(2)
    } else {
        cores
    }
}

#[cfg(test)]
mod tests {
    use super::{SMALL, for_model};

    #[test]
    fn small_models_get_one_thread_and_nobody_gets_none() {
        assert_eq!(for_model(2_000_000, 64), 1);
        assert_eq!(for_model(SMALL + 1, 2), 1);
        assert_eq!(for_model(SMALL + 1, 8), 4);
        assert_eq!(for_model(7_000_000_000, 8), 8);
        assert_eq!(for_model(7_000_000_000, 0), 1);
    }
}
