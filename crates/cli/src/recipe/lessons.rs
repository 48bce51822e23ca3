//! What does the bundled model learn from, in each stage?

use palinode_curriculum::names::Draw;
use palinode_curriculum::{Curriculum, Options, Split, Task};
use palinode_model::Tokenizer;
use palinode_revise::{Trajectory, Vocabulary};
use palinode_train::{Example, LossMask, example_from_stream};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{FLAWED, LATENCY, PROMPT_TRIGGERS, RISKY, STREWN, Stage, TRAJECTORIES};
use crate::failure::Failure;

/// What a name or number follows in a drill: near to what stands in prompts and code.
const JOINS: [&str; 12] = [
    ", ", " ", " ", "(", "\n", " *", " &", " = ", ";\n    ", " + ", " and ", " (",
];

/// Makes the lessons of one stage.
pub(super) struct Lessons<'a> {
    stage: Stage,
    curriculum: Curriculum,
    tokenizer: &'a Tokenizer,
    vocabulary: &'a Vocabulary,
    end: u32,
}

impl<'a> Lessons<'a> {
    pub(super) fn new(
        stage: Stage,
        tokenizer: &'a Tokenizer,
        vocabulary: &'a Vocabulary,
        end: u32,
    ) -> Self {
        let curriculum = Curriculum::new(Options {
            seed: stage.seed,
            split: Split::Training,
            unseen_wording: 0.0,
            risky: RISKY,
        });
        Self {
            stage,
            curriculum,
            tokenizer,
            vocabulary,
            end,
        }
    }

    /// What step `step`, counted from 0, learns from: tasks that no other step sees.
    pub(super) fn of_step(&self, step: u64) -> Result<Vec<Example>, Failure> {
        let batch = self.stage.batch as u64;
        (0..batch)
            .map(|offset| {
                let index = self.stage.first_task + step * batch + offset;
                let mut rng = ChaCha8Rng::seed_from_u64(self.stage.seed ^ 0x5eed);
                rng.set_stream(index);
                if offset < self.stage.drills as u64 {
                    self.drill(&mut rng)
                } else {
                    self.example(index, rng)
                }
            })
            .collect()
    }

    /// A drill in copying: names and numbers, then the same again, first in their order, then in others.
    /// Only what looking up tells counts: every token of a name in the second round, which repeats the
    /// order, and all but its first one after.
    fn drill(&self, rng: &mut ChaCha8Rng) -> Result<Example, Failure> {
        let camel = rng.random_bool(0.35);
        let mut draw = Draw::new(rng, Split::Training, camel);
        let mut names: Vec<String> = (0..6).map(|_| draw.name()).collect();
        names.push(draw.function());
        names.push(draw.label());
        names.extend((0..4).map(|_| draw.number(8, 900).to_string()));
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.shuffle(rng);
        let (mut ids, mut weights) = (Vec::new(), Vec::new());
        for round in 0..4 {
            if round > 1 {
                order.shuffle(rng);
            }
            for &at in &order {
                ids.extend(self.encode(JOINS[rng.random_range(0..JOINS.len())])?);
                weights.resize(ids.len(), 0.0);
                let piece = self.encode(&names[at])?;
                for place in 0..piece.len() {
                    let counts = match round {
                        0 => false,
                        1 => true,
                        _ => place > 0,
                    };
                    weights.push(if counts { 1.0 } else { 0.0 });
                }
                ids.extend(piece);
            }
        }
        Ok(Example { ids, weights })
    }

    fn example(&self, index: u64, mut rng: ChaCha8Rng) -> Result<Example, Failure> {
        let task = self.curriculum.task(index);
        if self.stage.revises {
            self.revising(&task, &mut rng)
        } else {
            let flawed = task.is_risky() && rng.random_bool(FLAWED);
            let prompt = self.encode(&prompt(&task, &mut rng))?;
            let code = self.encode(if flawed { &task.draft } else { &task.fixed })?;
            Ok(self.plain(prompt, code))
        }
    }

    /// A trajectory, or replay in the mix of `write`.
    fn revising(&self, task: &Task, rng: &mut ChaCha8Rng) -> Result<Example, Failure> {
        let shown = task.is_risky() && rng.random_bool(TRAJECTORIES);
        let flawed = task.is_risky() && (shown || rng.random_bool(FLAWED));
        let prompt = self.encode(&prompt(task, rng))?;
        let fixed = self.encode(&task.fixed)?;
        if !flawed {
            return Ok(self.plain(prompt, fixed));
        }
        let draft = self.encode(&task.draft)?;
        let ends_line = |id: u32| self.vocabulary.bytes(id).ends_with(b"\n");
        let start = prompt.len();
        let fix = |latency| {
            let (prompt, draft, fixed) = (prompt.clone(), draft.clone(), fixed.clone());
            Trajectory::from_fix(prompt, draft, fixed, &ends_line, latency)
                .ok_or_else(|| Failure::new("a risky task has a draft that needs no fix"))
        };
        let mut trajectory = fix(0)?;
        if !rng.random_bool(PROMPT_TRIGGERS) {
            let behind = &draft[trajectory.episodes[0].at..];
            let line_ends: Vec<usize> = (1..=LATENCY.min(behind.len()))
                .filter(|&latency| ends_line(behind[latency - 1]))
                .collect();
            if let Some(&latency) = line_ends.choose(rng) {
                trajectory = fix(latency)?;
            }
        }
        if shown {
            let stream = trajectory
                .stream(self.vocabulary)
                .map_err(|error| Failure::new("a trajectory makes no stream").because(&error))?;
            // Drafts are masked: with them in the loss the model learns to write more flaws.
            return Ok(example_from_stream(&stream, LossMask::default()));
        }
        // A flawed program that stays flawed, as replay. What follows the flaw is left out of the loss: it
        // shows how often to err, and not that an error is left standing.
        let scope_end = trajectory
            .episodes
            .first()
            .map_or(0, |episode| episode.scope.end);
        let mut example = self.plain(trajectory.prompt, draft);
        example.weights[start + scope_end..].fill(0.0);
        Ok(example)
    }

    fn plain(&self, prompt: Vec<u32>, code: Vec<u32>) -> Example {
        let mut weights = vec![0.0; prompt.len()];
        let mut ids = prompt;
        ids.extend(code);
        ids.push(self.end);
        weights.resize(ids.len(), 1.0);
        Example { ids, weights }
    }

    fn encode(&self, text: &str) -> Result<Vec<u32>, Failure> {
        self.tokenizer
            .encode_plain(text)
            .map_err(|error| Failure::new("cannot encode a task").because(&error))
    }
}

/// A task as the chat template puts it, now and then without its last full stop or with words strewn in,
/// and three times in ten with the language named before it as `--lang` does.
fn prompt(task: &Task, rng: &mut ChaCha8Rng) -> String {
    let mut text = task.specification.clone();
    if rng.random_bool(0.15) {
        text.truncate(text.trim_end_matches('.').len());
    }
    if rng.random_bool(STREWN) {
        text = strew(&text, rng);
    }
    asked(&text, rng.random_bool(0.3).then(|| task.language.name()))
}

/// What the model's chat template makes of a request.
pub(super) fn asked(text: &str, language: Option<&str>) -> String {
    match language {
        Some(language) => format!("Task: {language}: {text}\n\n"),
        None => format!("Task: {text}\n\n"),
    }
}

/// The text with words of random letters between some of its words. What stands in quotes stays whole.
fn strew(text: &str, rng: &mut ChaCha8Rng) -> String {
    let often = rng.random_range(0.02..0.15);
    let mut out = String::new();
    let mut quoted = false;
    for word in text.split(' ') {
        if !quoted && rng.random_bool(often) {
            let capital = out.is_empty() || out.ends_with(". ");
            for at in 0..rng.random_range(2..9) {
                let letter = char::from(b'a' + rng.random_range(0..26));
                out.push(if capital && at == 0 {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                });
            }
            out.push(' ');
        }
        quoted ^= word.matches('"').count() % 2 == 1;
        out.push_str(word);
        out.push(' ');
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use palinode_model::LocalModel;

    use crate::compute::Compute;
    use crate::model_name::ModelName;

    fn bundled() -> LocalModel {
        ModelName::Bundled
            .load(&Compute::default(), 1, 0)
            .expect("the bundled model loads")
    }

    #[test]
    fn the_bundled_model_is_asked_as_it_was_taught() {
        let model = bundled();
        for language in [None, Some("cpp")] {
            let prompt = model.prompt("Write it.\n", language).expect("a template");
            assert_eq!(prompt, asked("Write it.", language));
        }
    }

    #[test]
    fn words_are_strewn_between_words_and_nothing_is_lost() {
        let text = "It logs item_figure as \"fleet frame\" on standard error. It ends.";
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut longer = 0;
        for _ in 0..200 {
            let strewn = strew(text, &mut rng);
            assert!(strewn.contains("\"fleet frame\""), "{strewn}");
            let mut rest = strewn.split(' ');
            assert!(text.split(' ').all(|word| rest.any(|other| other == word)));
            longer += usize::from(strewn.len() > text.len());
        }
        assert!((20..200).contains(&longer), "{longer}");
    }

    #[test]
    fn a_name_is_the_same_tokens_wherever_it_stands() {
        let model = bundled();
        let encode = |text: &str| model.tokenizer.encode_plain(text).expect("it encodes");
        for name in [
            "order_title",
            "orderTitle",
            "fleet-frame",
            "load_user_count",
            "437",
        ] {
            let alone = encode(name);
            assert!(alone.len() <= 3, "{name} is {alone:?}");
            for before in [
                "(", ", ", "takes ", "\n    ", "&", "* ", "return ", "\"", "= ",
            ] {
                let ids = encode(&format!("{before}{name};"));
                let found = ids.windows(alone.len()).any(|window| window == alone);
                assert!(found, "{name} after {before:?} is {ids:?}, alone {alone:?}");
            }
        }
    }
}
