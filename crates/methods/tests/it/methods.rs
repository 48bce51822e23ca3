//! Does every registered method keep the contract?

use palinode_methods::{METHODS, by_name};
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
            let written = (method.write)(&writer.model, &writer.vocabulary, &request, &mut heard)
                .expect("the request is sound");
            (written, heard)
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
