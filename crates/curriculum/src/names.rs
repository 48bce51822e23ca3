//! Which names, labels and constants may a task use, so that held-out tasks share none with training?

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Which part of the names and constants to draw from. A compound name or a number belongs to exactly
/// one split, by a hash of its text: one in five to [`Split::HeldOut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Split {
    /// For learning.
    Training,
    /// For judging: no name, label or constant that a training specification can give.
    HeldOut,
}

impl Split {
    /// The split that a name (its words joined by `_`) or a number belongs to.
    pub fn of(text: &str) -> Self {
        // FNV-1a: stable over versions and machines, which a standard hasher does not promise.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        // The low bits of FNV alternate with the last byte; the high ones mix all of them.
        if (hash >> 32) % 5 == 0 {
            Self::HeldOut
        } else {
            Self::Training
        }
    }
}

const VERBS: &[&str] = &[
    "load", "build", "apply", "collect", "prepare", "render", "store", "update", "handle",
    "process", "resolve", "export", "import", "merge", "publish", "register", "restore", "select",
    "submit", "sync", "track", "transfer", "write", "read", "emit", "format", "create", "refresh",
    "archive", "dispatch", "forward", "inspect", "launch", "measure", "notify", "queue", "record",
    "report", "schedule", "stage",
];

const QUALIFIERS: &[&str] = &[
    "user", "order", "item", "page", "batch", "group", "team", "area", "node", "event", "task",
    "job", "stock", "trip", "fleet", "plant", "store", "ticket", "invoice", "member", "garden",
    "river", "lesson", "course", "recipe", "ledger", "parcel", "sensor", "camera", "engine",
    "harbor", "island", "museum", "office", "orchard", "pilot", "planet", "studio", "tenant",
    "vendor", "village", "voyage", "winter", "summer", "branch", "canal", "depot", "forest",
    "guest", "hotel", "journal", "kitchen", "library", "market", "network", "outlet", "project",
    "quarry", "region", "school",
];

const NOUNS: &[&str] = &[
    "name", "title", "count", "total", "limit", "index", "label", "value", "score", "level",
    "width", "height", "depth", "rate", "price", "weight", "amount", "volume", "number", "entry",
    "record", "field", "column", "report", "message", "notice", "summary", "caption", "phrase",
    "header", "footer", "body", "detail", "remark", "source", "target", "origin", "result",
    "answer", "reply", "offset", "length", "range", "quota", "margin", "budget", "balance",
    "credit", "season", "period", "round", "stage", "phase", "batch", "chunk", "block", "frame",
    "slot", "share", "ratio", "grade", "rank", "tally", "figure", "sample", "signal", "marker",
    "topic", "theme", "motto", "slogan", "alias", "brand", "model", "series", "edition", "draft",
    "sketch", "outline", "profile",
];

/// Draws names, labels and numbers for one task. No two share a word or their first two digits, so that
/// a name's or number's beginning tells which one it is.
#[derive(Debug)]
pub struct Draw<'a> {
    rng: &'a mut ChaCha8Rng,
    split: Split,
    camel: bool,
    /// Words and leading digits given, and names the writer chose.
    used: Vec<String>,
}

impl<'a> Draw<'a> {
    /// Draws from `split`; `camel` writes `orderTitle` instead of `order_title`.
    pub fn new(rng: &'a mut ChaCha8Rng, split: Split, camel: bool) -> Self {
        Self {
            rng,
            split,
            camel,
            used: Vec::new(),
        }
    }

    /// The random stream, for choices that are no name.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        self.rng
    }

    /// A function's name: verb, qualifier, noun.
    pub fn function(&mut self) -> String {
        let words = self.unused(&[VERBS, QUALIFIERS, NOUNS]);
        self.write(&words)
    }

    /// A name that the specification gives: qualifier, noun.
    pub fn name(&mut self) -> String {
        let words = self.unused(&[QUALIFIERS, NOUNS]);
        self.write(&words)
    }

    /// A label that the specification gives: qualifier, noun, joined by a dash.
    pub fn label(&mut self) -> String {
        self.unused(&[QUALIFIERS, NOUNS]).join("-")
    }

    /// One word from each list, together in the split and each for the first time in this task.
    fn unused(&mut self, lists: &[&[&'static str]]) -> Vec<&'static str> {
        loop {
            let words: Vec<&str> = lists.iter().map(|list| self.pick(list)).collect();
            let fresh = words.iter().enumerate().all(|(at, word)| {
                !words[..at].contains(word) && !self.used.iter().any(|used| used == word)
            });
            if fresh && Split::of(&words.join("_")) == self.split {
                self.used.extend(words.iter().map(|&word| word.to_owned()));
                return words;
            }
        }
    }

    /// A name that the writer chooses, unlike those chosen before where there is one left.
    pub fn local(&mut self, choices: &[&str]) -> String {
        let free: Vec<&str> = choices
            .iter()
            .copied()
            .filter(|name| !self.used.iter().any(|used| used == name))
            .collect();
        let from = if free.is_empty() { choices } else { &free };
        let name = from[self.rng.random_range(0..from.len())].to_owned();
        self.used.push(name.clone());
        name
    }

    /// A number of the split within `low..high`. There must be one whose first two digits are free.
    pub fn number(&mut self, low: u32, high: u32) -> u32 {
        loop {
            let number = self.rng.random_range(low..high);
            let text = number.to_string();
            let begins = text[..text.len().min(2)].to_owned();
            if Split::of(&text) == self.split && !self.used.contains(&begins) {
                self.used.push(begins);
                return number;
            }
        }
    }

    /// One of several.
    pub fn choice<'s>(&mut self, choices: &[&'s str]) -> &'s str {
        self.pick(choices)
    }

    fn pick<'s>(&mut self, from: &[&'s str]) -> &'s str {
        from[self.rng.random_range(0..from.len())]
    }

    fn write(&self, words: &[&str]) -> String {
        if !self.camel {
            return words.join("_");
        }
        let mut out = words[0].to_owned();
        for word in &words[1..] {
            let (first, rest) = word.split_at(1);
            out.push_str(&first.to_ascii_uppercase());
            out.push_str(rest);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_a_fifth_of_the_names_and_numbers_is_held_out() {
        let pairs: Vec<String> = QUALIFIERS
            .iter()
            .flat_map(|first| NOUNS.iter().map(move |second| format!("{first}_{second}")))
            .collect();
        let numbers: Vec<String> = (8..1000).map(|number: u32| number.to_string()).collect();
        for pool in [pairs, numbers] {
            let held = pool
                .iter()
                .filter(|text| Split::of(text) == Split::HeldOut)
                .count();
            let share = held as f64 / pool.len() as f64;
            assert!(
                (0.15..0.25).contains(&share),
                "{share} of {} is held out",
                pool.len()
            );
        }
    }

    #[test]
    fn what_a_task_is_given_shares_no_word_and_no_two_leading_digits() {
        use rand::SeedableRng;

        for seed in 0..200 {
            let split = [Split::Training, Split::HeldOut][seed as usize % 2];
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut draw = Draw::new(&mut rng, split, false);
            let mut words: Vec<String> = Vec::new();
            for name in [
                draw.function(),
                draw.name(),
                draw.name(),
                draw.label(),
                draw.name(),
            ] {
                words.extend(name.split(['_', '-']).map(str::to_owned));
            }
            for _ in 0..4 {
                words.push(draw.number(8, 900).to_string().chars().take(2).collect());
            }
            let count = words.len();
            words.sort();
            words.dedup();
            assert_eq!(words.len(), count, "{words:?}");
        }
    }
}
