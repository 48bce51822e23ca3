//! Does every analyzer say what it means, whatever its tool does?
//!
//! - `registry`: every entry is complete.

mod registry;
