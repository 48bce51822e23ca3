//! The verbs: one file each, with its flags, its checks and its work.

pub(crate) mod doctor;
#[cfg(feature = "local")]
pub(crate) mod generate;
pub(crate) mod list;
#[cfg(feature = "local")]
pub(crate) mod model;
pub(crate) mod render;
pub(crate) mod rule;
pub(crate) mod scan;
#[cfg(feature = "train")]
pub(crate) mod train;
