//! Which names of C's and C++'s world bring values in, do harm, or take it away?

use super::Group;

pub(super) fn groups() -> Vec<&'static [Group]> {
    vec![]
}
