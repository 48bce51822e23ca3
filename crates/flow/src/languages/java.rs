//! How is it read?

use super::Grammar;

pub(super) static GRAMMAR: Grammar = Grammar {
    languages: &["java"],
    ..Grammar::COMMON
};
