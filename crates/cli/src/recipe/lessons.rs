//! What does the bundled model learn from, in each stage?

use palinode_curriculum::names::Draw;
use palinode_curriculum::{Curriculum, Options, Split, Task};
use palinode_model::Tokenizer;
use palinode_revise::{Trajectory, Vocabulary};
use palinode_train::{Example, LossMask, example_from_stream};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{FLAWED, LATENCY, RISKY, Stage, TRAJECTORIES};
use crate::failure::Failure;

/// What a name follows in a drill where it is given.
const GIVEN: [&str; 5] = [" ", " ", " ", "(", " \""];

/// What it follows where it is to be copied, so that it begins with another token.
const ASKED: [&str; 10] = ["(", "\n", "*", " &", "\"", " ", ";\n", " (", "!", "{\n    "];

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
            many_wordings: stage.many_wordings,
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

    /// A drill in copying: names, then the same names again, first in their order, then in others. Only
    /// what looking up tells counts: all of a name but its first token in the second round, its last after.
    fn drill(&self, rng: &mut ChaCha8Rng) -> Result<Example, Failure> {
        let camel = rng.random_bool(0.25);
        let mut draw = Draw::new(rng, Split::Training, camel);
        let mut names: Vec<String> = (0..6).map(|_| draw.name()).collect();
        names.push(draw.function());
        names.push(draw.label());
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.shuffle(rng);
        let (mut ids, mut weights) = (Vec::new(), Vec::new());
        for round in 0..4 {
            if round > 1 {
                order.shuffle(rng);
            }
            for &at in &order {
                let join = if round == 0 {
                    GIVEN[rng.random_range(0..GIVEN.len())]
                } else {
                    ASKED[rng.random_range(0..ASKED.len())]
                };
                let piece = self.encode(&format!("{join}{}", names[at]))?;
                for place in 0..piece.len() {
                    let counts = match round {
                        0 => false,
                        1 => place > 0,
                        _ => place + 1 == piece.len(),
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

    /// A trajectory, or replay in the first stages' own mix.
    fn revising(&self, task: &Task, rng: &mut ChaCha8Rng) -> Result<Example, Failure> {
        let shown = task.is_risky() && rng.random_bool(TRAJECTORIES);
        let flawed = task.is_risky() && (shown || rng.random_bool(FLAWED));
        let latency = rng.random_range(0..=LATENCY);
        let prompt = self.encode(&prompt(task, rng))?;
        let fixed = self.encode(&task.fixed)?;
        if !flawed {
            return Ok(self.plain(prompt, fixed));
        }
        let draft = self.encode(&task.draft)?;
        let ends_line = |id: u32| self.vocabulary.bytes(id).ends_with(b"\n");
        let start = prompt.len();
        let Some(trajectory) =
            Trajectory::from_fix(prompt, draft.clone(), fixed, &ends_line, latency)
        else {
            return Err(Failure::new("a risky task has a draft that needs no fix"));
        };
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

/// A task as the chat template puts it, now and then without its last full stop, and three times in ten
/// with the language named before it as `--lang` does.
fn prompt(task: &Task, rng: &mut ChaCha8Rng) -> String {
    let mut text = task.specification.as_str();
    if rng.random_bool(0.15) {
        text = text.trim_end_matches('.');
    }
    if rng.random_bool(0.3) {
        format!("{}: {text}\n\n", task.language.name())
    } else {
        format!("{text}\n\n")
    }
}
