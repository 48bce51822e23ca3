//! Do lanes, limits and interruptions do what they say?

use std::ops::ControlFlow;

use palinode_methods::{Error, Ignore, Place, Request, Stop, stream_of_revision};
use palinode_model::SamplingOptions;
use palinode_revise::Event;

use crate::scripted::{GREETING, GREETING_REVISED};
use crate::{Heard, Writer, request, text};

#[test]
fn a_sample_does_not_depend_on_how_many_are_asked_for() {
    // Hot enough that every lane goes its own way.
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let streams = |lanes: usize, seed: u64| -> Vec<Vec<u32>> {
        let request = Request {
            lanes,
            max_tokens: 30,
            sampling: SamplingOptions {
                temperature: 60.0,
                seed,
                ..SamplingOptions::default()
            },
            ..request(&prompt)
        };
        let written = writer.write(&request, &mut Ignore);
        let samples = written.samples.into_iter();
        samples.map(|sample| sample.stream).collect()
    };
    let three = streams(3, 7);
    assert_ne!(three[0], three[1]);
    assert_ne!(three[1], three[2]);
    assert_eq!(streams(5, 7)[..3], three);
    assert_ne!(streams(3, 8), three);
}

#[test]
fn max_tokens_counts_the_raw_stream_and_drops_an_open_episode() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    for max_tokens in 1..=13 {
        let request = Request {
            max_tokens,
            ..request(&prompt)
        };
        let sample = &writer.write(&request, &mut Ignore).samples[0];
        assert!(sample.stream.len() <= max_tokens);
        let usage = sample.usage;
        let counted = usage.code + usage.scope + usage.patch + usage.delimiter + usage.discarded;
        match max_tokens {
            // An episode takes at least six tokens; where they do not fit behind the first three it is not
            // begun, and the draft ends by itself. The end token is not counted.
            6..=8 => assert_eq!((counted, sample.stop), (5, Stop::End)),
            13 => assert_eq!((counted, sample.stop), (12, Stop::End)),
            _ => assert_eq!((counted, sample.stop), (max_tokens as u64, Stop::MaxTokens)),
        }
        let program = text(&sample.program);
        // An episode that the limit cuts off would leave a program that was never meant.
        if max_tokens < 10 {
            assert!(!program.contains("snprintf"), "{max_tokens}: {program}");
        }
    }
}

#[test]
fn a_full_context_ends_the_lane() {
    let script: &[(&str, &[&str])] = &[("", &["a"]), ("a", &["a"])];
    let writer = Writer::new(script, true);
    let prompt = vec![0; 60];
    let sample = &writer.write(&request(&prompt), &mut Ignore).samples[0];
    assert_eq!(text(&sample.program), "aaaa");
    assert_eq!(sample.stop, Stop::Context);
}

#[test]
fn an_interruption_keeps_what_there_is() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    for stop_after in 1..=13 {
        let mut heard = Heard {
            stop_after: Some(stop_after),
            ..Heard::default()
        };
        let request = Request {
            lanes: 3,
            ..request(&prompt)
        };
        let written = writer.write(&request, &mut heard);
        let first = &written.samples[0];
        if stop_after == 13 {
            // The first lane had ended by itself; `Break` after its last token stops the others.
            assert_eq!(first.stop, Stop::End);
            assert_eq!(text(&first.program), GREETING_REVISED);
        } else {
            assert_eq!(first.stop, Stop::Interrupted);
            assert_eq!(first.stream.len(), stop_after);
        }
        assert_eq!(written.samples.len(), 1, "stopped after {stop_after}");
        assert_eq!(heard.ends, [Place::default()]);
        let open = (4..10).contains(&stop_after);
        let dropped = heard
            .events
            .iter()
            .any(|(_, event)| matches!(event, Event::Dropped { .. }));
        assert_eq!(dropped, open, "stopped after {stop_after}");
    }
}

#[test]
fn a_sink_can_be_a_closure() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let mut tokens = 0;
    let mut count = |_: Place, _: &[Event]| {
        tokens += 1;
        ControlFlow::Continue(())
    };
    writer.write(&request(&prompt), &mut count);
    assert_eq!(tokens, 14);
}

#[test]
fn what_cannot_be_written_is_refused_before_any_work() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let refused = |request: Request<'_>| {
        stream_of_revision::write(&writer.model, &writer.vocabulary, &request, &mut Ignore)
            .unwrap_err()
    };
    assert!(matches!(refused(request(&[])), Error::EmptyPrompt));
    let long = vec![0; 64];
    let error = refused(request(&long));
    assert!(matches!(
        error,
        Error::PromptTooLong {
            tokens: 64,
            context: 64
        }
    ));
    assert!(error.hint().is_some());
    let no_lanes = Request {
        lanes: 0,
        ..request(&prompt)
    };
    assert!(matches!(
        refused(no_lanes),
        Error::ZeroLimit { name: "lanes" }
    ));
    let no_tokens = Request {
        max_tokens: 0,
        ..request(&prompt)
    };
    assert!(matches!(
        refused(no_tokens),
        Error::ZeroLimit { name: "max_tokens" }
    ));
    let foreign = [0, 1_000_000];
    assert!(refused(request(&foreign)).to_string().contains("1000000"));
    let cold = Request {
        sampling: SamplingOptions {
            temperature: -1.0,
            ..SamplingOptions::default()
        },
        ..request(&prompt)
    };
    assert!(refused(cold).to_string().contains("temperature"));
}

#[test]
fn the_time_is_told_where_it_is_asked_for() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let request = Request {
        measure: true,
        ..request(&prompt)
    };
    let timing = writer.write(&request, &mut Ignore).timing.unwrap();
    assert!(!timing.prefill.is_zero() && !timing.model.is_zero());
    assert_eq!(
        timing.decode(),
        timing.model + timing.revise + timing.sampling
    );
}
