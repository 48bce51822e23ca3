//! What does training promise, seen from outside?

mod action_tokens;
mod fused;
mod golden;
mod pictures;
mod support;
mod training;
