//! How is it read?

use super::Grammar;

pub(super) static GRAMMAR: Grammar = Grammar {
    languages: &["javascript", "tsx", "typescript"],
    ..Grammar::COMMON
};
