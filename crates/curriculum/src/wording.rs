//! In which words is a function asked for?

/// Openings. `$lang` is the language, `$f` the function, `$params` its parameters in words. The last
/// two are never used in training.
pub(crate) static OPENINGS: &[&str] = &[
    "Write a $lang function $f taking $params.",
    "In $lang, write $f($params).",
    "$lang: define $f with $params.",
    "Implement the $lang function $f($params).",
    "A function $f($params) in $lang is needed.",
    "Please give me $f in $lang; it takes $params.",
];

/// How many of [`OPENINGS`], from the end, are held out.
pub(crate) const OPENINGS_HELD_OUT: usize = 2;
