//! How does a number become a task?

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::benign;
use crate::names::{Draw, Split};
use crate::pattern::{Filling, Pattern, draw, fill};
use crate::steps::{STEPS, Step};
use crate::task::{Contract, Language, Task};
use crate::weakness::Weakness;
use crate::weaknesses::WEAKNESSES;
use crate::wording;
use crate::words::is_import;

/// What a curriculum consists of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Everything else follows from it.
    pub seed: u64,
    /// Which names and constants.
    pub split: Split,
    /// Share of tasks in wordings that never occur in training, `0..=1`.
    pub unseen_wording: f64,
    /// Share of tasks whose draft is flawed, `0..=1`.
    pub risky: f64,
}

/// An endless sequence of tasks.
#[derive(Clone, Debug)]
pub struct Curriculum {
    options: Options,
    risky: Vec<(&'static Weakness, &'static Pattern)>,
}

impl Curriculum {
    /// A curriculum.
    pub fn new(options: Options) -> Self {
        let risky = WEAKNESSES
            .iter()
            .flat_map(|weakness| {
                weakness
                    .patterns
                    .iter()
                    .map(move |pattern| (*weakness, pattern))
            })
            .collect();
        Self { options, risky }
    }

    /// Task `index`. The same options and index give the same task, whatever was asked before.
    pub fn task(&self, index: u64) -> Task {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
        rng.set_stream(index);
        let rng = &mut rng;
        let unseen_wording = rng.random_bool(self.options.unseen_wording);
        let (weakness, pattern) = if rng.random_bool(self.options.risky) {
            let (weakness, pattern) = self.risky[rng.random_range(0..self.risky.len())];
            (Some(weakness), pattern)
        } else {
            let patterns = benign::patterns(Language::ALL[rng.random_range(0..4)]);
            (None, &patterns[rng.random_range(0..patterns.len())])
        };
        let mut writer = Writer::new(
            pattern,
            Draw::new(
                rng,
                self.options.split,
                pattern.language == Language::JavaScript,
            ),
        );
        writer.add_surroundings();
        writer.finish(index, weakness, unseen_wording)
    }
}

/// A step with its slots drawn.
struct Placed {
    step: &'static Step,
    filling: Filling,
}

/// Puts one task together.
struct Writer<'a> {
    pattern: &'static Pattern,
    draw: Draw<'a>,
    function: String,
    filling: Filling,
    before: Vec<Placed>,
    after: Vec<Placed>,
}

impl<'a> Writer<'a> {
    fn new(pattern: &'static Pattern, mut from: Draw<'a>) -> Self {
        let function = from.function();
        let mut filling = Filling::new();
        draw(pattern.slots, &mut from, &mut filling);
        Self {
            pattern,
            draw: from,
            function,
            filling,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Three to five steps, each with a parameter of its own, before and after the core.
    fn add_surroundings(&mut self) {
        // Python says the same in fewer lines.
        let counts = match self.pattern.language {
            Language::Python => [4, 4, 4, 5],
            _ => [3, 3, 4, 4],
        };
        let count = counts[self.draw.rng().random_range(0..4)];
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < count {
            let at = self.draw.rng().random_range(0..STEPS.len());
            if !chosen.contains(&at) {
                chosen.push(at);
            }
        }
        for at in chosen {
            let step = &STEPS[at];
            let mut filling = Filling::from([
                ("fail", self.pattern.fail.to_owned()),
                ("n", self.draw.name()),
            ]);
            draw(step.slots, &mut self.draw, &mut filling);
            let first = step.leaves || self.draw.rng().random_bool(0.5);
            let place = if first {
                &mut self.before
            } else {
                &mut self.after
            };
            place.push(Placed { step, filling });
        }
    }

    fn finish(
        mut self,
        index: u64,
        weakness: Option<&'static Weakness>,
        unseen_wording: bool,
    ) -> Task {
        let fixed = self.program(self.pattern.fixed);
        let draft = if weakness.is_some() {
            self.program(self.pattern.draft)
        } else {
            fixed.clone()
        };
        let specification = self.specification(unseen_wording);
        let mut needs = Vec::new();
        for placed in &self.before {
            needs.extend(
                placed
                    .step
                    .needs
                    .iter()
                    .map(|need| fill(need, &placed.filling)),
            );
        }
        needs.extend(
            self.pattern
                .needs
                .iter()
                .map(|need| fill(need, &self.filling)),
        );
        for placed in &self.after {
            needs.extend(
                placed
                    .step
                    .needs
                    .iter()
                    .map(|need| fill(need, &placed.filling)),
            );
        }
        if !self.pattern.value.is_empty() {
            needs.push("return _".to_owned());
        }
        let lines = |program: &str| {
            let body = program
                .find(&self.function)
                .map_or(program, |at| &program[at..]);
            body.lines().filter(|line| !line.trim().is_empty()).count()
        };
        let least_lines = lines(&draft).min(lines(&fixed)) * 2 / 3;
        let contract = Contract {
            parameters: self.parameters(),
            function: self.function,
            needs,
            least_lines,
        };
        Task {
            index,
            language: self.pattern.language,
            weakness,
            specification,
            unseen_wording,
            draft,
            fixed,
            contract,
        }
    }

    /// Names of the parameters, in order: the core's, then one for each step in program order.
    fn parameters(&self) -> Vec<String> {
        let core = self.pattern.parameters.iter().map(|parameter| {
            let name = parameter
                .rsplit([' ', '*', '&'])
                .next()
                .unwrap_or(parameter);
            fill(name, &self.filling)
        });
        core.chain(self.placed().map(|placed| placed.filling["n"].clone()))
            .collect()
    }

    fn placed(&self) -> impl Iterator<Item = &Placed> {
        self.before.iter().chain(&self.after)
    }

    fn specification(&mut self, unseen: bool) -> String {
        let opening = wording::opening(unseen, self.draw.rng());
        let names = self.parameters();
        let listed = match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) if !opening.contains("($params)") => {
                format!("{} and {last}", rest.join(", "))
            }
            _ => names.join(", "),
        };
        let words = Filling::from([
            ("lang", self.pattern.language.title().to_owned()),
            ("f", self.function.clone()),
            ("params", listed),
        ]);
        let mut out = fill(&opening, &words);
        let core = (self.pattern.says, self.pattern.more, &self.filling);
        let step = |placed: &'static Step, filling| (placed.says, placed.more, filling);
        let before = self
            .before
            .iter()
            .map(|placed| step(placed.step, &placed.filling));
        let after = self
            .after
            .iter()
            .map(|placed| step(placed.step, &placed.filling));
        for (says, more, filling) in before.chain([core]).chain(after) {
            let (held, seen) = says.split_last().unwrap_or((&"", &[]));
            let said = if unseen {
                held
            } else {
                let at = self.draw.rng().random_range(0..seen.len() + more.len());
                seen.get(at).unwrap_or_else(|| &more[at - seen.len()])
            };
            out.push(' ');
            out.push_str(&fill(
                &wording::clause(said, unseen, self.draw.rng()),
                filling,
            ));
            out.push('.');
        }
        out
    }

    /// The whole program around one version of the core.
    fn program(&self, core: &str) -> String {
        let pattern = self.pattern;
        let mut top: Vec<String> = Vec::new();
        let mut later: Vec<String> = Vec::new();
        for line in pattern.top {
            let line = fill(line, &self.filling);
            let target = if is_import(&line) {
                &mut top
            } else {
                &mut later
            };
            if !line.is_empty() {
                target.push(line);
            }
        }
        for placed in self.placed() {
            let line = fill(self.top_of(placed), &placed.filling);
            let target = if is_import(&line) {
                &mut top
            } else {
                &mut later
            };
            if !line.is_empty() && !target.contains(&line) {
                target.push(line);
            }
        }
        top.sort_by_key(|line| line.contains("\"fs\""));
        top.dedup();
        let mut out = String::new();
        for line in &top {
            out.push_str(line);
            out.push('\n');
        }
        for block in &later {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(block);
            out.push('\n');
        }
        if !out.is_empty() {
            out.push('\n');
            if pattern.language == Language::Python {
                out.push('\n');
            }
        }
        out.push_str(&self.header());
        let mut body = Vec::new();
        for placed in &self.before {
            body.push(fill(self.code_of(placed), &placed.filling));
        }
        for part in [pattern.setup, core, pattern.after] {
            body.push(fill(part, &self.filling));
        }
        for placed in &self.after {
            body.push(fill(self.code_of(placed), &placed.filling));
        }
        if !pattern.value.is_empty() {
            let end = if pattern.language == Language::Python {
                ""
            } else {
                ";"
            };
            body.push(format!(
                "return {}{end}",
                fill(pattern.value, &self.filling)
            ));
        }
        for line in body.iter().flat_map(|part| part.lines()) {
            out.push_str("    ");
            out.push_str(line);
            out.push('\n');
        }
        if pattern.language != Language::Python {
            out.push_str("}\n");
        }
        if pattern.language == Language::JavaScript {
            halve_indentation(&out)
        } else {
            out
        }
    }

    fn header(&self) -> String {
        let pattern = self.pattern;
        let mut parameters: Vec<String> = pattern
            .parameters
            .iter()
            .map(|part| fill(part, &self.filling))
            .collect();
        let typed = matches!(pattern.language, Language::C | Language::Cpp);
        for placed in self.placed() {
            let name = &placed.filling["n"];
            parameters.push(if typed {
                format!("int {name}")
            } else {
                name.clone()
            });
        }
        let list = parameters.join(", ");
        let name = &self.function;
        match pattern.language {
            Language::C | Language::Cpp => {
                let space = if pattern.returns.ends_with('*') {
                    ""
                } else {
                    " "
                };
                format!("{}{space}{name}({list})\n{{\n", pattern.returns)
            }
            Language::Python => format!("def {name}({list}):\n"),
            Language::JavaScript => format!("function {name}({list}) {{\n"),
        }
    }

    fn code_of(&self, placed: &Placed) -> &'static str {
        placed.step.code[Step::syntax(self.pattern.language)]
    }

    fn top_of(&self, placed: &Placed) -> &'static str {
        let line = placed.step.top[Step::syntax(self.pattern.language)];
        if self.pattern.language == Language::Cpp && line == "#include <stdio.h>" {
            "#include <cstdio>"
        } else {
            line
        }
    }
}

fn halve_indentation(program: &str) -> String {
    let mut out = String::with_capacity(program.len());
    for line in program.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        out.push_str(&line[indent / 2..]);
    }
    out
}
