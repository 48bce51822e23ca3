//! In which words is a function asked for?

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// What may stand before the sentence that asks; most often nothing.
static LEADS: &[&str] = &[
    "Hello.",
    "Hi!",
    "Next one:",
    "To do:",
    "A small job.",
    "For our project:",
    "Quick request:",
    "Here is what I need.",
    "This is for work.",
    "Good morning,",
    "Exercise:",
    "As discussed:",
    "Thanks in advance!",
    "One more.",
    "Ok,",
    "We are porting old code.",
    "My colleague asked for this.",
    "Today's task:",
];

/// Sentences that training asks with. `$lang` is the language, `$f` the function, `$params` its
/// parameters: separated by commas after a bracket, else in words.
static ASKS: &[&str] = &[
    "Write a $lang function $f taking $params.",
    "In $lang, write $f($params).",
    "$lang: define $f with $params.",
    "Implement the $lang function $f($params).",
    "I want $f($params) written in $lang.",
    "Could you write $f in $lang with the parameters $params?",
    "The function $f($params) should be written in $lang.",
    "Code $f as a $lang function. Its parameters are $params.",
    "Make me a $lang function called $f with $params.",
    "We need a $lang implementation of $f($params).",
    "Add $f($params) to my $lang program.",
    "Show how $f, which receives $params, looks in $lang.",
    "$f($params), in $lang please.",
    "Using $lang, create $f that accepts $params.",
    "Can I have $f($params) as $lang code?",
    "$lang code for $f($params) is what I am after.",
    "There should be a function named $f in $lang, with $params as arguments.",
    "Let us write $f. The language is $lang and the arguments are $params.",
    "Your job is to program $f in $lang. It gets $params.",
    "Develop $f($params) for a $lang module.",
    "How would $f($params) be done in $lang?",
    "Function: $f. Language: $lang. Parameters: $params.",
    "My $lang file lacks $f($params).",
    "Provide the body of $f($params) in $lang.",
    "Fill in $f, a $lang function of $params.",
    "Now comes $f($params), again in $lang.",
    "$f is to be a $lang function over $params.",
    "Produce $lang source that defines $f($params).",
];

/// Sentences never used in training.
static UNSEEN: &[&str] = &[
    "A function $f($params) in $lang is needed.",
    "Please give me $f in $lang; it takes $params.",
];

/// Who does what a clause that begins with `It` tells; most often `It` stays.
static SUBJECTS: &[&str] = &[
    "The function",
    "This function",
    "Then it",
    "Also it",
    "There it",
    "In addition it",
    "The code",
    "Moreover it",
];

/// The sentence that asks, with what stands before it: one of some five hundred, or an unseen one.
pub(crate) fn opening(unseen: bool, rng: &mut ChaCha8Rng) -> String {
    if unseen {
        return pick(UNSEEN, rng).to_owned();
    }
    let ask = pick(ASKS, rng);
    if rng.random_bool(0.3) {
        format!("{} {ask}", pick(LEADS, rng))
    } else {
        ask.to_owned()
    }
}

/// One clause of a specification as it is said this time. Held-out clauses are said as they stand.
pub(crate) fn clause(said: &str, unseen: bool, rng: &mut ChaCha8Rng) -> String {
    match said.strip_prefix("It ") {
        Some(rest) if !unseen && rng.random_bool(0.25) => {
            format!("{} {rest}", pick(SUBJECTS, rng))
        }
        _ => said.to_owned(),
    }
}

fn pick(from: &'static [&'static str], rng: &mut ChaCha8Rng) -> &'static str {
    from[rng.random_range(0..from.len())]
}
