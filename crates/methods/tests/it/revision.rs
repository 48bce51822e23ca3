//! Is what a model takes back gone from the program, and nothing else?

use palinode_methods::{Place, Stop};
use palinode_revise::{Action, SessionOptions, Usage, replay};

use crate::scripted::{END, GREETING, GREETING_DRAFT, GREETING_REVISED};
use crate::{Heard, Writer, request, text};

#[test]
fn the_script_is_written_noticed_and_taken_back() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let mut heard = Heard::default();
    let written = writer.write(&request(&prompt), &mut heard);
    let [sample] = written.samples.as_slice() else {
        panic!("one lane gives one sample: {written:?}");
    };
    assert_eq!(text(&sample.program), GREETING_REVISED);
    assert_eq!(sample.stop, Stop::End);
    assert_eq!(written.prompt_tokens, 5);
    assert_eq!(written.timing, None);
    let expected = Usage {
        code: 5,
        scope: 1,
        patch: 1,
        delimiter: 5,
        discarded: 0,
        revisions: 1,
        refusals: 0,
    };
    assert_eq!(sample.usage, expected);
    assert_eq!(sample.revisions.len(), 1);
    assert_eq!(text(&sample.revisions[0].old), "  strcpy(line, name);\n");

    // Whoever followed the events has the same program, and was told of every token and of the end.
    let events = heard.events.iter().map(|(_, event)| event);
    assert_eq!(replay(events).unwrap(), sample.program);
    assert_eq!(heard.steps, sample.stream.len() + 1);
    assert_eq!(heard.ends, [Place::default()]);
    let markers: Vec<Action> = sample
        .stream
        .iter()
        .filter_map(|id| writer.vocabulary.action(*id))
        .collect();
    assert_eq!(markers, Action::ALL);
}

#[test]
fn without_permission_or_without_tokens_the_draft_stands() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let mut request = request(&prompt);
    request.session.revise = false;
    let written = writer.write(&request, &mut Heard::default());
    assert_eq!(text(&written.samples[0].program), GREETING_DRAFT);

    let writer = Writer::new(GREETING, false);
    assert!(!writer.vocabulary.can_revise());
    request.session.revise = true;
    let written = writer.write(&request, &mut Heard::default());
    assert_eq!(text(&written.samples[0].program), GREETING_DRAFT);
}

#[test]
fn a_trigger_bias_can_keep_the_model_from_revising() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let mut request = request(&prompt);
    request.session.trigger_bias = -1000.0;
    let written = writer.write(&request, &mut Heard::default());
    assert_eq!(text(&written.samples[0].program), GREETING_DRAFT);
}

#[test]
fn a_patch_that_its_limit_closes_is_a_patch() {
    // The patch would go on for ever; its close is forced.
    let script: &[(&str, &[&str])] = &[
        ("", &["old"]),
        ("old", &["<|/OLD|>", "<|backtracking|>", END]),
        ("<|OLD|>", &["old"]),
        ("<|NEW|>", &["new"]),
        ("new", &["new"]),
        ("<|/NEW|>", &[END]),
    ];
    let writer = Writer::new(script, true);
    let prompt = writer.prompt();
    let mut request = request(&prompt);
    request.session = SessionOptions {
        max_patch_tokens: 3,
        ..SessionOptions::default()
    };
    let written = writer.write(&request, &mut Heard::default());
    assert_eq!(text(&written.samples[0].program), "newnewnew");
    assert_eq!(written.samples[0].stop, Stop::End);
}
