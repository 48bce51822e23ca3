//! Supervised fine-tuning: how likely does the model find the stream it should write?

use super::Objective;

/// The registry's entry.
pub(super) static ENTRY: Objective = Objective {
    name: "sft",
    title: "learn to write given streams, token by token",
    doc: "Supervised fine-tuning: the mean negative log-likelihood of each token that counts, given all \
tokens before it. Training streams with episodes teach a model when to emit the trigger, to quote what it \
wrote, and to patch it; replayed streams without episodes keep it from doing so where nothing is wrong.

Which tokens count is the data's choice. The prompt usually does not. Whether the draft that an episode \
takes back counts is open: the paper trains on the whole stream, which also teaches the model to write that \
draft; masked, the model learns to revise such code and not to write it.

Source: Stream of Revision (arXiv 2602.01187), section 4 and appendix E.

Limits: it learns from good examples only, never from a comparison of two; the paper reports about three \
times as many revisions from preference objectives.

Example: palinode train sft --model FOLDER --data trajectories.jsonl --out FOLDER",
    loss: |forward, part, backward| {
        let hidden = forward.hidden(part)?;
        forward.cost(&hidden, part, backward)
    },
};
