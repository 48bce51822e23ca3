//! Does every registered method keep the contract?

use std::ops::ControlFlow;

use palinode_methods::{Client, METHODS, Next, Place, Request, Sample, Sink, Stop, by_name};
use palinode_model::SamplingOptions;
use palinode_revise::{Event, replay};

use crate::scripted::GREETING;
use crate::{Writer, request, write_all};

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
            write_all(
                method,
                &writer,
                std::slice::from_ref(&request),
                1,
                false,
                None,
            )
        };
        let (outcome, heard) = write();
        assert!(!outcome.interrupted && outcome.timing.is_none());
        assert_eq!(heard.ends, places(&[(0, 2)]));
        for (place, sample) in &heard.samples {
            let program = replay(heard.events_of(*place)).unwrap();
            assert_eq!(program, sample.program, "{}", method.name);
            assert!(!sample.program.is_empty());
        }
        let (_, again) = write();
        assert_eq!(
            format!("{:?}", again.samples),
            format!("{:?}", heard.samples)
        );
    }
}

/// The places of requests with so many samples each.
fn places(requests: &[(usize, usize)]) -> Vec<Place> {
    let of = |&(request, samples)| (0..samples).map(move |sample| Place { request, sample });
    requests.iter().flat_map(of).collect()
}

/// A request that goes its own way.
fn hot(prompt: &[u32], lanes: usize, seed: u64) -> Request<'_> {
    Request {
        lanes,
        max_tokens: 25,
        sampling: SamplingOptions {
            temperature: 60.0,
            seed,
            ..SamplingOptions::default()
        },
        ..request(prompt)
    }
}

/// Some prompts, some samples of each, any number at once, handed out at once or later: every sample is the one
/// it would have been alone.
#[test]
fn samples_do_not_depend_on_what_is_written_beside_them() {
    for method in METHODS {
        let writer = Writer::new(GREETING, true);
        let prompt = writer.prompt();
        let longer = [&prompt[..], &prompt[..1], &prompt[..1]].concat();
        let requests = [hot(&prompt, 3, 7), hot(&longer, 1, 8), hot(&prompt, 2, 7)];
        let alone = requests.each_ref().map(|request| {
            let (_, heard) = write_all(
                method,
                &writer,
                std::slice::from_ref(request),
                1,
                false,
                None,
            );
            heard.streams(0)
        });
        // The same prompt and seed, asked for twice.
        assert_eq!(alone[0][..2], alone[2]);
        for at_once in 1..=8 {
            for hesitate in [false, true] {
                let (_, heard) = write_all(method, &writer, &requests, at_once, hesitate, None);
                for (request, alone) in alone.iter().enumerate() {
                    assert_eq!(
                        &heard.streams(request),
                        alone,
                        "{} {at_once} at once",
                        method.name
                    );
                }
                let mut ends = heard.ends.clone();
                ends.sort_unstable();
                assert_eq!(ends, places(&[(0, 3), (1, 1), (2, 2)]), "{at_once} at once");
                // What was heard of each sample is its program.
                for place in ends {
                    assert!(replay(heard.events_of(place)).is_ok());
                }
            }
        }
    }
}

#[test]
fn a_request_that_cannot_be_written_ends_no_other() {
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    let long = vec![0; 64];
    // What it may draw has no probability, which shows only at its first token.
    let mut banned = hot(&prompt, 2, 1);
    let outputs = writer.model.network.shape().vocabulary as u32;
    banned.sampling.logit_bias = (0..outputs).map(|id| (id, f32::NEG_INFINITY)).collect();
    let requests = [
        hot(&prompt, 2, 3),
        hot(&long, 5, 3),
        banned,
        hot(&[], 1, 3),
        hot(&prompt, 2, 4),
    ];
    for method in METHODS {
        let write = |requests: &[Request<'_>], at_once| {
            write_all(method, &writer, requests, at_once, false, None).1
        };
        let (first, last) = (write(&requests[..1], 1), write(&requests[4..], 1));
        for at_once in [1, 3, 20] {
            let mut heard = write(&requests, at_once);
            assert_eq!(heard.streams(0), first.streams(0));
            assert_eq!(heard.streams(4), last.streams(0));
            heard.failures.sort();
            let failed: Vec<(usize, Option<usize>)> = heard
                .failures
                .iter()
                .map(|(request, sample, _)| (*request, *sample))
                .collect();
            assert_eq!(failed, [(1, None), (2, Some(0)), (2, Some(1)), (3, None)]);
            assert!(
                heard.failures[0].2.contains("64 tokens"),
                "{:?}",
                heard.failures
            );
            heard.ends.sort_unstable();
            assert_eq!(heard.ends, places(&[(0, 2), (4, 2)]));
        }
    }
}

#[test]
fn requests_are_asked_for_when_there_is_room_and_not_before() {
    /// Counts what is open when it is asked.
    struct Counting<'a> {
        request: Request<'a>,
        left: usize,
        open: usize,
        most: usize,
    }
    impl Sink for Counting<'_> {
        fn step(&mut self, _: Place, _: &[Event]) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn end(&mut self, _: Place, _: &Sample) {
            self.open -= 1;
        }
    }
    impl Client for Counting<'_> {
        fn next(&mut self, idle: bool) -> Next<'_> {
            assert_eq!(idle, self.open == 0);
            if self.left == 0 {
                return Next::End;
            }
            self.left -= 1;
            self.open += 1;
            self.most = self.most.max(self.open);
            Next::Request(self.request.clone())
        }
    }
    let writer = Writer::new(GREETING, true);
    let prompt = writer.prompt();
    for at_once in [1, 4] {
        let mut client = Counting {
            request: request(&prompt),
            left: 50,
            open: 0,
            most: 0,
        };
        for method in METHODS {
            client.left = 50;
            (method.write)(&writer.model, &writer.vocabulary, at_once, &mut client).unwrap();
            assert_eq!((client.left, client.open, client.most), (0, 0, at_once));
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
            let requests = std::slice::from_ref(&request);
            let (outcome, mut heard) =
                write_all(method, &writer, requests, 3, false, Some(stop_after));
            assert!(outcome.interrupted);
            heard.ends.sort_unstable();
            assert_eq!(heard.ends, places(&[(0, 3)]));
            let stopped = heard
                .samples
                .values()
                .filter(|sample| sample.stop == Stop::Interrupted);
            assert_eq!(stopped.count(), 3);
        }
    }
}
