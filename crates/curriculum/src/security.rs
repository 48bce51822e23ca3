//! Is there a known weakness in this program, whoever wrote it?

use crate::lexer::Tokens;
use crate::task::Language;
use crate::weakness::Weakness;
use crate::weaknesses::WEAKNESSES;

/// The curriculum's weaknesses that a program has. Every check is asked, not only the one of the task
/// the program was written for, so that trading one weakness for another does not pass.
pub fn flaws(program: &str, language: Language) -> Vec<&'static Weakness> {
    let tokens = Tokens::of(program, language);
    WEAKNESSES
        .iter()
        .copied()
        .filter(|weakness| (weakness.finds)(language, &tokens))
        .collect()
}
