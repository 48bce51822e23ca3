//! How does a person see code being written and taken back?

mod layout;
mod live;
mod palette;
mod screen;
#[cfg(test)]
mod tests;

pub(crate) use live::{Live, Pace};
