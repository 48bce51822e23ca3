//! Does every registered method keep the contract?

use palinode_methods::{METHODS, Request, by_name};
use palinode_model::SamplingOptions;
use palinode_revise::replay;

use crate::scripted::GREETING;
use crate::{Heard, Writer, request};

#[test]
fn names_are_unique_and_every_method_has_a_manual() {
    for (at, method) in METHODS.iter().enumerate() {
        assert!(std::ptr::eq(by_name(method.name).unwrap(), *method));
        let first = METHODS.iter().position(|other| other.name == method.name);
        assert_eq!(first, Some(at), "{} is there twice", method.name);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(method.name.bytes().all(plain), "{}", method.name);
        assert!(!method.title.ends_with('.') && method.title.len() < 80);
        assert!(method.doc.len() > 200, "{} has no manual", method.name);
    }
    assert!(by_name("no_such_method").is_none());
}

#[test]
fn every_method_tells_what_it_writes_and_writes_the_same_again() {
    for method in METHODS {
        let writer = Writer::new(GREETING, method.needs_action_tokens);
        let prompt = writer.prompt();
        let mut request = request(&prompt);
        request.lanes = 2;
        let write = || {
            let mut heard = Heard::default();
            let requests = std::slice::from_ref(&request);
            let written =
                (method.write)(&writer.model, &writer.vocabulary, requests, 1, &mut heard);
            (written.expect("the request is sound").remove(0), heard)
        };
        let (written, heard) = write();
        assert_eq!(written.samples.len(), 2, "{}", method.name);
        assert_eq!(heard.ends, [0, 1]);
        for (lane, sample) in written.samples.iter().enumerate() {
            let own = heard.events.iter().filter(|(of, _)| *of == lane);
            let program = replay(own.map(|(_, event)| event)).unwrap();
            assert_eq!(program, sample.program, "{}", method.name);
            assert!(!sample.program.is_empty());
        }
        let (again, _) = write();
        assert_eq!(
            format!("{:?}", again.samples),
            format!("{:?}", written.samples)
        );
    }
}

/// Some prompts, some samples of each, any number at once: every sample is the one it would have been alone.
#[test]
fn samples_do_not_depend_on_what_is_written_beside_them() {
    for method in METHODS {
        let writer = Writer::new(GREETING, true);
        let prompt = writer.prompt();
        let longer = [&prompt[..], &prompt[..1], &prompt[..1]].concat();
        let hot = |prompt, lanes, seed| Request {
            lanes,
            max_tokens: 25,
            sampling: SamplingOptions {
                temperature: 60.0,
                seed,
                ..SamplingOptions::default()
            },
            ..request(prompt)
        };
        let requests = [hot(&prompt, 3, 7), hot(&longer, 1, 8), hot(&prompt, 2, 7)];
        let write = |requests: &[Request<'_>], at_once| {
            let mut heard = Heard::default();
            let written = (method.write)(
                &writer.model,
                &writer.vocabulary,
                requests,
                at_once,
                &mut heard,
            );
            let written = written.expect("the requests are sound");
            let streams: Vec<Vec<Vec<u32>>> = written
                .iter()
                .map(|written| written.samples.iter().map(|s| s.stream.clone()).collect())
                .collect();
            (streams, heard)
        };
        let alone: Vec<_> = requests
            .iter()
            .flat_map(|request| write(std::slice::from_ref(request), 1).0)
            .collect();
        // The same prompt and seed, asked for twice.
        assert_eq!(alone[0][..2], alone[2]);
        for at_once in 1..=8 {
            let (together, heard) = write(&requests, at_once);
            assert_eq!(together, alone, "{} {at_once} at once", method.name);
            let mut ends = heard.ends.clone();
            ends.sort_unstable();
            assert_eq!(ends, [0, 1, 2, 3, 4, 5], "{at_once} at once");
            // What was heard of each lane is its program.
            for lane in 0..6 {
                let own = heard.events.iter().filter(|(of, _)| *of == lane);
                assert!(replay(own.map(|(_, event)| event)).is_ok());
            }
        }
    }
}

#[test]
fn stopping_stops_every_lane_and_keeps_what_each_has() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let mut request = request(&prompt);
    request.lanes = 5;
    for method in METHODS {
        for stop_after in [1, 4, 7] {
            let mut heard = Heard {
                stop_after: Some(stop_after),
                ..Heard::default()
            };
            let requests = std::slice::from_ref(&request);
            let written =
                (method.write)(&writer.model, &writer.vocabulary, requests, 3, &mut heard);
            let written = written.unwrap().remove(0);
            assert!(written.interrupted);
            assert_eq!(written.samples.len(), 3);
            let mut ends = heard.ends.clone();
            ends.sort_unstable();
            assert_eq!(ends, [0, 1, 2]);
        }
    }
}
