//! The process: its allocator, its threads, and nothing else. Everything is in the library beside it.

use std::process::ExitCode;

/// Training and decoding allocate and free tensors all the time; the system's allocator returns each to the
/// kernel and fetches it anew.
#[cfg(feature = "local")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// mimalloc's option for how many milliseconds freed memory is kept before the kernel gets it back. The
/// bindings do not name it; it stands directly before `use_numa_nodes` in `mimalloc.h`.
#[cfg(feature = "local")]
const PURGE_DELAY: libmimalloc_sys::mi_option_t = libmimalloc_sys::mi_option_use_numa_nodes - 1;

/// Long enough that a training step finds the memory of the step before.
#[cfg(feature = "local")]
const PURGE_AFTER_MILLISECONDS: std::ffi::c_long = 10_000;

fn main() -> ExitCode {
    palinode::ask_for_reports();
    let invocation = match palinode::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(status) => return status.into(),
    };
    #[cfg(feature = "local")]
    {
        let threads = invocation.threads();
        // SAFETY: no other thread has been started yet, so nothing reads the environment or the allocator's
        // options while they change.
        #[expect(
            unsafe_code,
            reason = "set before anything runs: rayon and candle read their thread counts from the environment"
        )]
        unsafe {
            libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_AFTER_MILLISECONDS);
            for (name, count) in threads {
                std::env::set_var(name, count.to_string());
            }
        }
    }
    invocation.run().into()
}
