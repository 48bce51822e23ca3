//! Does a run come back, with the truth about it and nothing left behind?
//!
//! - `misbehaving`: programs that hang, hide, multiply, flood and crash.
//! - `plain`: what a well-behaved program gets and gives.
#![cfg(target_os = "linux")]

mod misbehaving;
mod plain;
mod support;
