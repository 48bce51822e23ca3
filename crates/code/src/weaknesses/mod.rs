//! Which weakness is meant, and do two names mean the same one?

use std::fmt;

mod table;
mod top;

use table::TABLE;
pub use top::TOP_25;

/// A weakness by its number in MITRE's Common Weakness Enumeration.
///
/// Any number can stand here: analysers also name categories, and weaknesses newer than the list that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cwe(pub u16);

/// How abstract a weakness is, as MITRE says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Abstraction {
    /// The most abstract there is: a theme for all that stands below.
    Pillar,
    /// Abstract, independent of language and technology.
    Class,
    /// Specific enough to say how it is found and prevented.
    Base,
    /// Tied to a language or technology.
    Variant,
    /// Several weaknesses that are needed together.
    Compound,
    /// No weakness but a heading over some.
    Category,
}

/// A weakness as the list has it.
struct Entry {
    number: u16,
    name: &'static str,
    abstraction: Abstraction,
    /// What it is a kind of.
    parents: &'static [u16],
}

/// Steps up that two weaknesses may be from what both are a kind of, and still be about one thing.
const NEAR: usize = 2;

impl Cwe {
    fn entry(self) -> Option<&'static Entry> {
        let at = TABLE.binary_search_by_key(&self.0, |entry| entry.number);
        at.ok().map(|at| &TABLE[at])
    }

    /// The name, where the number is that of a known weakness.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|entry| entry.name)
    }

    /// How abstract it is, where it is known.
    #[must_use]
    pub fn abstraction(self) -> Option<Abstraction> {
        self.entry().map(|entry| entry.abstraction)
    }

    /// What it is directly a kind of; empty for pillars and for what is not known.
    pub fn parents(self) -> impl Iterator<Item = Cwe> {
        let parents = self.entry().map_or(&[][..], |entry| entry.parents);
        parents.iter().copied().map(Cwe)
    }

    /// Whether it is `other`, or a kind of it at any distance.
    #[must_use]
    pub fn is_a(self, other: Cwe) -> bool {
        self.ancestors(usize::MAX).any(|(cwe, _)| cwe == other)
    }

    /// Itself and what it is a kind of, with the number of steps up: those of fewer steps first, each once, and
    /// at most `most` steps. The order of those with the same number is that of the list.
    pub fn ancestors(self, most: usize) -> impl Iterator<Item = (Cwe, usize)> {
        let mut seen = vec![(self, 0)];
        let mut next = 0;
        while let Some(&(cwe, steps)) = seen.get(next) {
            next += 1;
            if steps < most {
                for parent in cwe.parents() {
                    if seen.iter().all(|(cwe, _)| *cwe != parent) {
                        seen.push((parent, steps + 1));
                    }
                }
            }
        }
        seen.into_iter()
    }

    /// Whether findings of both at one place are about one thing: they are the same, one is a kind of the other,
    /// or both are kinds of a third, at most two steps up, that is specific itself. Pillars and categories join
    /// nothing, since nearly everything is a kind of one; and two kinds of one class, such as injection, are two
    /// weaknesses.
    #[must_use]
    pub fn is_near(self, other: Cwe) -> bool {
        let among = |cwe: Cwe, levels: &[Abstraction]| {
            cwe.abstraction()
                .is_some_and(|level| levels.contains(&level))
        };
        let wide = [Abstraction::Pillar, Abstraction::Category];
        let specific = [Abstraction::Base, Abstraction::Variant];
        self == other
            || (!among(other, &wide) && self.is_a(other))
            || (!among(self, &wide) && other.is_a(self))
            || self.ancestors(NEAR).any(|(cwe, _)| {
                among(cwe, &specific) && other.ancestors(NEAR).any(|(ancestor, _)| ancestor == cwe)
            })
    }

    /// The weakness in text as analysers write it: `CWE-79`, `cwe-079`, `CWE79: …`, `79`,
    /// `external/cwe/cwe-079`, a link to MITRE's page.
    #[must_use]
    pub fn read(text: &str) -> Option<Cwe> {
        let lower = text.trim().to_ascii_lowercase();
        let digits = |text: &str| -> Option<Cwe> {
            let end = text.find(|letter: char| !letter.is_ascii_digit());
            text[..end.unwrap_or(text.len())].parse().ok().map(Cwe)
        };
        if let Some(cwe) = lower.parse().ok().map(Cwe) {
            return Some(cwe);
        }
        if let Some((_, number)) = lower.split_once("cwe.mitre.org/data/definitions/") {
            return digits(number);
        }
        lower.match_indices("cwe").find_map(|(at, _)| {
            let rest = &lower[at + 3..];
            digits(rest.trim_start_matches(['-', '_', ' ', ':']))
        })
    }
}

impl fmt::Display for Cwe {
    /// `CWE-79`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CWE-{}", self.0)
    }
}

/// Every weakness that the list has, by number.
pub fn all() -> impl Iterator<Item = Cwe> {
    TABLE.iter().map(|entry| Cwe(entry.number))
}
