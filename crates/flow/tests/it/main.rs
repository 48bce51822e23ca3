//! The tests of `palinode-flow`, in one binary.

mod any_input;
mod programs;
