//! Which weaknesses does the curriculum know? One file each, and one pair of lines here.

mod buffer_copy;
mod certificate_check;
mod code_injection;
mod command_injection;
mod cross_site_scripting;
mod deserialization;
mod format_string;
mod hard_coded_credential;
mod index_bounds;
mod integer_overflow;
mod null_dereference;
mod off_by_one;
mod path_traversal;
mod permissions;
mod sql_injection;
mod temporary_file;
mod timing;
mod unbounded_input;
mod use_after_free;
mod weak_hash;
mod weak_random;

use crate::weakness::Weakness;

/// Every weakness, by name.
pub static WEAKNESSES: &[&Weakness] = &[
    &buffer_copy::ENTRY,
    &certificate_check::ENTRY,
    &code_injection::ENTRY,
    &command_injection::ENTRY,
    &cross_site_scripting::ENTRY,
    &deserialization::ENTRY,
    &format_string::ENTRY,
    &hard_coded_credential::ENTRY,
    &index_bounds::ENTRY,
    &integer_overflow::ENTRY,
    &null_dereference::ENTRY,
    &off_by_one::ENTRY,
    &path_traversal::ENTRY,
    &permissions::ENTRY,
    &sql_injection::ENTRY,
    &temporary_file::ENTRY,
    &timing::ENTRY,
    &unbounded_input::ENTRY,
    &use_after_free::ENTRY,
    &weak_hash::ENTRY,
    &weak_random::ENTRY,
];
