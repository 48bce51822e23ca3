//! The tests of `palinode-flow`, in one binary.

mod programs;
