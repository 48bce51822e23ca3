//! Does the curriculum keep its promises?

mod checks;
mod determinism;
mod samples;
