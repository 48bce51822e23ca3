//! Which networks can be run? One file each, and one line in the registry below.

pub mod mask;
pub mod operations;
pub mod qwen2;
pub mod rotary;
