//! In which words is a function asked for?

/// Openings that every training stage uses. `$lang` is the language, `$f` the function, `$params` its
/// parameters in words.
pub(crate) static FEW: &[&str] = &[
    "Write a $lang function $f taking $params.",
    "In $lang, write $f($params).",
    "$lang: define $f with $params.",
    "Implement the $lang function $f($params).",
];

/// Openings that training adds where it asks in many words.
pub(crate) static MORE: &[&str] = &[
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
];

/// Openings never used in training.
pub(crate) static UNSEEN: &[&str] = &[
    "A function $f($params) in $lang is needed.",
    "Please give me $f in $lang; it takes $params.",
];
