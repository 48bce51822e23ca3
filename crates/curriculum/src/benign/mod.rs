//! What is asked of the curriculum that has no weakness to fall into?
//!
//! A third of the tasks: everyday functions, some of them close to a risky one (a bounded copy that
//! is right from the start, a fixed command, a query without values), so that a model learns to leave
//! right code alone. Their `draft` is empty: careless and careful programs are the same.

mod c;
mod cpp;
mod javascript;
mod python;

use crate::pattern::Pattern;
use crate::task::Language;

/// The benign patterns of a language.
pub(crate) fn patterns(language: Language) -> &'static [Pattern] {
    match language {
        Language::C => c::PATTERNS,
        Language::Cpp => cpp::PATTERNS,
        Language::Python => python::PATTERNS,
        Language::JavaScript => javascript::PATTERNS,
    }
}
