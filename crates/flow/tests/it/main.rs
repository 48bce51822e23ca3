//! The tests of `palinode-flow`, in one binary.

mod answers;
mod any_input;
mod memory;
mod programs;
