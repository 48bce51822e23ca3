//! Which names of this language's world bring values in, do harm, or take it away?

use super::Group;

pub(super) static GROUPS: &[Group] = &[];
