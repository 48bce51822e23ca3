//! Does the whole room keep its promises, seen from outside?
//!
//! - `session`: the rules, one by one.
//! - `brute_force`: every scope of every short buffer over a small alphabet.
//! - `streams`: any ids at all, and random walks under the constraint, against naive oracles.
//! - `characters`: what is shown is the program, in whole characters.
//! - `render`: text with markers, well formed and not.
//! - `trajectory`: streams to learn from are streams that decoding allows.

mod brute_force;
mod characters;
mod render;
mod session;
mod streams;
mod support;
mod trajectory;
