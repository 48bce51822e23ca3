//! What else does a function do besides its core: which everyday steps surround it?
//!
//! A step reads or changes one whole-number parameter of its own. None has to do with security; they
//! make functions as long and as varied as real ones, and the flaw harder to find.

use crate::pattern::Slot;
use crate::task::Language;

/// One step, in the three syntaxes (C and C++ share one).
#[derive(Debug)]
pub struct Step {
    /// Its slots besides `$n`, the parameter it works on.
    pub slots: &'static [(&'static str, Slot)],
    /// Ways to ask for it; the last is never used in training.
    pub says: &'static [&'static str],
    /// Further ways to ask for it, all of them used in training.
    pub more: &'static [&'static str],
    /// Whether it may leave the function and so must stand before the core.
    pub leaves: bool,
    /// A module-level line that it needs (C and C++, Python, JavaScript).
    pub top: [&'static str; 3],
    /// Its lines (C and C++, Python, JavaScript).
    pub code: [&'static str; 3],
    /// What a program that does it must contain.
    pub needs: &'static [&'static str],
}

impl Step {
    /// Which of the three syntaxes a language uses.
    pub(crate) fn syntax(language: Language) -> usize {
        match language {
            Language::C | Language::Cpp => 0,
            Language::Python => 1,
            Language::JavaScript => 2,
        }
    }
}

const K: (&str, Slot) = ("k", Slot::Number(8, 900));
const ACC: (&str, Slot) = ("acc", Slot::Name);

/// Every step.
pub static STEPS: &[Step] = &[
    Step {
        slots: &[K],
        says: &[
            "It gives up if $n is below $k",
            "It stops early when $n is less than $k",
            "For any $n under $k it returns at once",
            "Unless $n reaches $k, nothing is done",
        ],
        more: &[
            "If $n is smaller than $k it leaves at once",
            "Below $k for $n it does nothing more",
            "Return at once if $n is less than $k",
            "When $n is lower than $k, the function ends right there",
            "With $n smaller than $k, the call is over immediately",
            "Leave the function early for every $n below $k",
            "An early return happens whenever $n falls below $k",
        ],
        leaves: true,
        top: ["", "", ""],
        code: [
            "if ($n < $k) {\n    return $fail;\n}",
            "if $n < $k:\n    return $fail",
            "if ($n < $k) {\n    return $fail;\n}",
        ],
        needs: &["$n < $k || $k > $n"],
    },
    Step {
        slots: &[
            ("low", Slot::Number(8, 200)),
            ("high", Slot::Number(200, 900)),
        ],
        says: &[
            "It returns early unless $n lies between $low and $high",
            "Any $n outside $low to $high ends it early",
            "Values of $n not within $low and $high are turned away",
        ],
        more: &[
            "Only a $n from $low up to $high is accepted",
            "It ends at once for a $n below $low or above $high",
            "Return at once if $n is less than $low or more than $high",
            "The function leaves early when $n falls short of $low or exceeds $high",
            "Whenever $n is not in the range from $low to $high, the call ends immediately",
            "An early return happens if $n is under $low or over $high",
            "It only goes on if $n is at least $low and at most $high",
        ],
        leaves: true,
        top: ["", "", ""],
        code: [
            "if ($n < $low || $n > $high) {\n    return $fail;\n}",
            "if $n < $low or $n > $high:\n    return $fail",
            "if ($n < $low || $n > $high) {\n    return $fail;\n}",
        ],
        needs: &[
            "$n < $low || $low > $n || $low <= $n",
            "$n > $high || $high < $n || <= $high",
        ],
    },
    Step {
        slots: &[K],
        says: &[
            "It caps $n at $k",
            "$n is limited to at most $k",
            "It never lets $n go past $k",
        ],
        more: &[
            "A $n above $k is cut down to $k",
            "At most $k is allowed for $n",
            "Whenever $n is greater than $k, bring it down to that limit",
            "The upper limit for $n is $k, and larger values are lowered to it",
            "Reduce $n to $k if it is larger",
            "If $n exceeds $k, the function lowers it to that maximum",
            "Larger values of $n are replaced by the maximum $k",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "if ($n > $k) {\n    $n = $k;\n}",
            "if $n > $k:\n    $n = $k",
            "if ($n > $k) {\n    $n = $k;\n}",
        ],
        needs: &[
            "$n > $k || $k < $n || min (",
            "$n = $k || $n = min ( || $n = Math . min (",
        ],
    },
    Step {
        slots: &[K],
        says: &[
            "It uses $k when $n is zero",
            "A zero $n is replaced by $k",
            "Where $n is zero it takes $k instead",
        ],
        more: &[
            "If $n equals zero then $k is used",
            "$k stands in for a $n of zero",
            "Set $n to $k if it is zero",
            "When $n turns out to be zero, its value becomes $k",
            "The default $k replaces $n whenever that is zero",
            "For $n equal to zero, the function substitutes $k",
            "Should $n be zero, it is changed to $k",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "if ($n == 0) {\n    $n = $k;\n}",
            "if $n == 0:\n    $n = $k",
            "if ($n === 0) {\n    $n = $k;\n}",
        ],
        needs: &["$n == 0 || $n === 0 || ! $n || not $n", "$n = $k"],
    },
    Step {
        slots: &[K, ACC],
        says: &[
            "It adds the first $n multiples of $k into $acc",
            "$acc sums $n multiples of $k",
            "The sum of the first $n multiples of $k goes to $acc",
        ],
        more: &[
            "Adding up $n multiples of $k gives $acc",
            "$acc becomes the sum of i times $k for every i below $n",
            "Let $acc be the total of the first $n multiples of $k, starting from zero",
            "In $acc the function accumulates i times $k for i from zero up to but excluding $n",
            "The first $n multiples of $k, zero included, are totalled in $acc",
            "Starting at zero, add i times $k to $acc for each i less than $n",
            "A loop of $n rounds adds the next multiple of $k to $acc, the first being zero",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "int $acc = 0;\nfor (int i = 0; i < $n; i++) {\n    $acc += i * $k;\n}",
            "$acc = 0\nfor i in range($n):\n    $acc += i * $k",
            "let $acc = 0;\nfor (let i = 0; i < $n; i++) {\n    $acc += i * $k;\n}",
        ],
        needs: &["$acc = 0", "i < $n || range ( $n", "$acc += .. $k"],
    },
    Step {
        slots: &[K, ACC],
        says: &[
            "It counts in $acc how many numbers below $n divide by $k",
            "$acc counts the multiples of $k below $n",
            "How many numbers under $n are multiples of $k is kept in $acc",
        ],
        more: &[
            "$acc says how many numbers below $n can be divided by $k",
            "Numbers below $n that $k divides are counted in $acc",
            "Store in $acc the count of positive numbers below $n which are divisible by $k",
            "For every positive number less than $n that $k divides, $acc goes up by one",
            "Set $acc to how many positive multiples of $k are smaller than $n",
            "In $acc the function tallies the multiples of $k that are less than $n",
            "Going through the positive numbers less than $n, let $acc count those $k divides",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "int $acc = 0;\nfor (int i = 1; i < $n; i++) {\n    if (i % $k == 0) {\n        $acc++;\n    }\n}",
            "$acc = 0\nfor i in range(1, $n):\n    if i % $k == 0:\n        $acc += 1",
            "let $acc = 0;\nfor (let i = 1; i < $n; i++) {\n    if (i % $k === 0) {\n        $acc++;\n    }\n}",
        ],
        needs: &[
            "$acc = 0",
            "i < $n || range ( .. $n",
            "% $k",
            "$acc ++ || $acc += 1",
        ],
    },
    Step {
        slots: &[K, ACC],
        says: &[
            "It sets $acc to 2 when $n is above $k, otherwise to 1",
            "$acc is 2 for $n over $k and 1 otherwise",
            "With $n over $k it makes $acc 2, else 1",
        ],
        more: &[
            "$acc becomes 2 if $n is greater than $k, if not 1",
            "For $n beyond $k the value of $acc is 2, else 1",
            "Let $acc be 2 if $n exceeds $k, and 1 if it does not",
            "When $n is larger than $k, $acc gets the value 2, in all other cases 1",
            "The function stores 2 in $acc if $n is more than $k and 1 if not",
            "Starting out as 1, $acc is changed to 2 when $n is greater than $k",
            "Depending on whether $n is above $k, the value 2 or else 1 is assigned to $acc",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "int $acc = 1;\nif ($n > $k) {\n    $acc = 2;\n}",
            "$acc = 1\nif $n > $k:\n    $acc = 2",
            "let $acc = 1;\nif ($n > $k) {\n    $acc = 2;\n}",
        ],
        needs: &["$acc = 1", "$n > $k || $k < $n", "$acc = 2"],
    },
    Step {
        slots: &[("word", Slot::Label)],
        says: &[
            "It logs $n as \"$word\" on standard error",
            "$n is reported under \"$word\" on standard error",
            "A line \"$word\" with $n goes to standard error",
        ],
        more: &[
            "It prints $n on standard error as \"$word\"",
            "On standard error it notes $n with the label \"$word\"",
            "Write \"$word\" and the value of $n to standard error",
            "The value of $n is written to standard error, labelled \"$word\"",
            "To standard error the function prints \"$word\" followed by $n",
            "Print $n to standard error with \"$word\" in front of it",
            "What appears on standard error is the label \"$word\" and the number $n",
        ],
        leaves: false,
        top: ["#include <stdio.h>", "import sys", ""],
        code: [
            "fprintf(stderr, \"$word: %d\\n\", $n);",
            "print(\"$word:\", $n, file=sys.stderr)",
            "console.error(\"$word:\", $n);",
        ],
        needs: &["fprintf ( stderr .. $n || print ( .. $n .. stderr || error ( .. $n"],
    },
    Step {
        slots: &[ACC],
        says: &[
            "It adds $n to the running $acc of all calls",
            "The module's $acc grows by $n at each call",
            "Over all calls $n is summed up in $acc",
        ],
        more: &[
            "Each call adds $n to $acc",
            "$acc, kept between calls, is increased by $n",
            "Increase the shared total $acc by $n",
            "The function keeps a total $acc across calls and adds $n to it",
            "With every call, the global $acc goes up by $n",
            "Add $n to $acc, which lives outside the function and keeps its value",
            "The value of $n is added to the module level total $acc",
        ],
        leaves: false,
        top: ["static int $acc = 0;", "$acc = 0", "let $acc = 0;"],
        code: ["$acc += $n;", "global $acc\n$acc += $n", "$acc += $n;"],
        needs: &[
            "$acc += $n || $acc = $acc + $n",
            "global $acc || $acc += $n ;",
        ],
    },
    Step {
        slots: &[K],
        says: &[
            "It halves $n until it is at most $k",
            "$n is halved while above $k",
            "As long as $n exceeds $k it is cut in half",
        ],
        more: &[
            "While $n is over $k it is divided by two",
            "It keeps halving $n down to $k",
            "Divide $n by two again and again until it no longer exceeds $k",
            "Repeated halving brings $n down to no more than $k",
            "The function goes on halving $n till the value is $k or less",
            "Replace $n by its half, over and over, for every value still larger than $k",
            "If $n is more than $k, it is divided by two, and this repeats until it is not",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "while ($n > $k) {\n    $n = $n / 2;\n}",
            "while $n > $k:\n    $n = $n // 2",
            "while ($n > $k) {\n    $n = Math.floor($n / 2);\n}",
        ],
        needs: &["while .. $n > $k", "$n = .. 2 || $n /= 2 || $n //= 2"],
    },
    Step {
        slots: &[K],
        says: &[
            "It reduces $n modulo $k",
            "$n becomes its remainder by $k",
            "Of $n it keeps the remainder modulo $k",
        ],
        more: &[
            "It takes $n modulo $k",
            "$n is replaced by $n modulo $k",
            "Set $n to the remainder of its division by $k",
            "After dividing $n by $k, the function goes on with the remainder as the new value",
            "The remainder left when $n is divided by $k becomes its new value",
            "Replace $n with what is left over after division by $k",
            "Dividing by $k, the function stores the remainder back in $n",
        ],
        leaves: false,
        top: ["", "", ""],
        code: ["$n = $n % $k;", "$n = $n % $k", "$n = $n % $k;"],
        needs: &["$n = $n % $k || $n %= $k"],
    },
    Step {
        slots: &[K, ("shift", Slot::Number(8, 900)), ACC],
        says: &[
            "It puts $n times $k plus $shift into $acc",
            "$acc is $n times $k, plus $shift",
            "As $acc it takes $shift more than $n times $k",
        ],
        more: &[
            "$acc holds the product of $n and $k increased by $shift",
            "It computes $acc as $k times $n with $shift added",
            "Set $acc to $n multiplied by $k, plus $shift",
            "The function multiplies $n by $k, adds $shift and stores the result in $acc",
            "After $n is multiplied by $k, $shift is added, which gives $acc",
            "Into $acc goes the sum of $shift and the product of $n and $k",
            "Let $acc be $shift added to the product of $n and $k",
        ],
        leaves: false,
        top: ["", "", ""],
        code: [
            "int $acc = $n * $k + $shift;",
            "$acc = $n * $k + $shift",
            "const $acc = $n * $k + $shift;",
        ],
        needs: &["$acc = .. $n * $k || $acc = .. $k * $n", "$acc = .. $shift"],
    },
];
