//! The rules of a session, one by one.

use std::sync::Arc;

use palinode_code::Span;
use palinode_revise::{
    Action, Constraint, EpisodeTokens, Event, Expect, Refusal, Session, SessionOptions, Usage,
    Vocabulary,
};

use crate::support::{allowed, feed, ids, letters};

const EPISODE: &str = "<|backtracking|><|OLD|>b<|/OLD|><|NEW|>xy<|/NEW|>";

#[test]
fn an_episode_replaces_the_right_most_match_and_writing_goes_on() {
    let mut fed = feed("abcbd", SessionOptions::default());
    let step = fed.more(EPISODE);
    assert_eq!(fed.program(), "abcxyd");
    assert_eq!(step.keep, 5 + 5 + 1 + 2);
    let Some(Event::Revision { revision, tokens }) = step.events.first() else {
        panic!("no revision in {step:?}");
    };
    assert_eq!(revision.span, Span::new(3, 4));
    assert_eq!(
        (&revision.old[..], &revision.new[..]),
        (&b"b"[..], &b"xy"[..])
    );
    let expected = EpisodeTokens {
        scope: 1,
        patch: 2,
        delimiter: 5,
    };
    assert_eq!(*tokens, expected);
    fed.more("e$");
    assert_eq!(fed.program(), "abcxyde");
    assert!(fed.session.ended());
    assert_eq!(
        fed.session.usage(),
        Usage {
            code: 6,
            scope: 1,
            patch: 2,
            delimiter: 5,
            revisions: 1,
            ..Usage::default()
        }
    );
}

#[test]
fn the_events_of_an_episode() {
    let fed = feed(&format!("ab{EPISODE}$"), SessionOptions::default());
    let names: Vec<String> = fed
        .events
        .iter()
        .map(|event| format!("{event:?}"))
        .collect();
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "Text",
            "Text",
            "Opened",
            "ScopeText",
            "Scope",
            "PatchText",
            "PatchText",
            "Revision",
            "End"
        ]
    );
}

#[test]
fn a_later_episode_may_take_back_an_earlier_patch_and_join_it_to_what_is_around() {
    let mut fed = feed(&format!("abc{EPISODE}"), SessionOptions::default());
    assert_eq!(fed.program(), "axyc");
    fed.more("<|backtracking|><|OLD|>yc<|/OLD|><|NEW|>z<|/NEW|>");
    assert_eq!(fed.program(), "axz");
    fed.more("<|backtracking|><|OLD|>axz<|/OLD|><|NEW|><|/NEW|>");
    assert_eq!(fed.program(), "");
    assert_eq!(fed.session.revisions().len(), 3);
    assert_eq!(fed.session.expects(), Expect::Code { trigger: false });
}

#[test]
fn a_patch_may_change_nothing() {
    let fed = feed(
        "ab<|backtracking|><|OLD|>b<|/OLD|><|NEW|>b<|/NEW|>",
        SessionOptions::default(),
    );
    assert_eq!(fed.program(), "ab");
    assert_eq!(fed.session.usage().revisions, 1);
}

#[test]
fn what_a_session_expects_in_each_state() {
    let mut fed = feed("", SessionOptions::default());
    assert_eq!(fed.session.expects(), Expect::Code { trigger: false });
    fed.more("abab");
    assert_eq!(fed.session.expects(), Expect::Code { trigger: true });
    fed.more("<|backtracking|>");
    assert_eq!(fed.session.expects(), Expect::Exactly(Action::ScopeOpen));
    fed.more("<|OLD|>");
    let expected = Expect::Span {
        of: b"abab",
        so_far: b"",
        may_close: false,
    };
    assert_eq!(fed.session.expects(), expected);
    fed.more("b");
    let expected = Expect::Span {
        of: b"abab",
        so_far: b"b",
        may_close: true,
    };
    assert_eq!(fed.session.expects(), expected);
    fed.more("<|/OLD|>");
    assert_eq!(fed.session.expects(), Expect::Exactly(Action::PatchOpen));
    fed.more("<|NEW|>");
    assert_eq!(fed.session.expects(), Expect::Patch);
    fed.more("<|/NEW|>$");
    assert_eq!(fed.session.expects(), Expect::Ended);
    assert_eq!(fed.session.constraint(), Constraint::OneOf(&[]));
}

#[test]
fn the_trigger_has_its_bias_only_where_it_is_allowed() {
    let options = |trigger_bias| SessionOptions {
        trigger_bias,
        ..SessionOptions::default()
    };
    let trigger = letters(26).action_id(Action::Trigger).unwrap();
    let bias = |text: &str, number| match feed(text, options(number)).session.constraint() {
        Constraint::AnyBut { bias, .. } => bias,
        other => panic!("unexpected {other:?}"),
    };
    assert_eq!(bias("", 2.5), None);
    assert_eq!(bias("a", 2.5), Some((trigger, 2.5)));
    assert_eq!(bias("a", 0.0), None);
    assert_eq!(bias("a", f32::NAN), None);
    assert_eq!(bias("a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>", 2.5), None);
}

#[test]
fn limits() {
    let options = SessionOptions {
        max_scope_tokens: 2,
        max_patch_tokens: 1,
        max_revisions: 2,
        ..SessionOptions::default()
    };
    let id = |action| letters(26).action_id(action).unwrap();
    let mut fed = feed("abcabc<|backtracking|><|OLD|>bc", options);
    assert_eq!(fed.session.expects(), Expect::Exactly(Action::ScopeClose));
    assert_eq!(
        fed.session.constraint(),
        Constraint::Exactly(id(Action::ScopeClose))
    );
    fed.more("<|/OLD|><|NEW|>x");
    assert_eq!(fed.session.expects(), Expect::Exactly(Action::PatchClose));
    assert_eq!(
        fed.session.constraint(),
        Constraint::Exactly(id(Action::PatchClose))
    );
    fed.more("<|/NEW|>");
    assert_eq!(fed.session.expects(), Expect::Code { trigger: true });
    fed.more("<|backtracking|><|OLD|>a<|/OLD|><|NEW|><|/NEW|>");
    assert_eq!(fed.program(), "abcx");
    assert_eq!(fed.session.expects(), Expect::Code { trigger: false });
}

#[test]
fn no_trigger_without_room_for_an_episode() {
    let trigger = |max_stream_tokens| {
        let options = SessionOptions {
            max_stream_tokens,
            ..SessionOptions::default()
        };
        feed("abc", options).session.expects() == Expect::Code { trigger: true }
    };
    assert!(trigger(9));
    assert!(!trigger(8));
}

#[test]
fn nothing_is_revised_where_it_is_switched_off_or_cannot_be() {
    let off = SessionOptions {
        revise: false,
        ..SessionOptions::default()
    };
    let no_scope = SessionOptions {
        max_scope_tokens: 0,
        ..SessionOptions::default()
    };
    for options in [off, no_scope] {
        let mut fed = feed("ab", options);
        assert_eq!(fed.session.expects(), Expect::Code { trigger: false });
        let step = fed.more("<|backtracking|>");
        let action = Action::Trigger;
        assert_eq!(step.events, [Event::Stray { action }]);
        assert_eq!(fed.more("c").keep, 4);
        assert_eq!(fed.program(), "abc");
    }
    let plain = Vocabulary::new(vec![b"a".to_vec(), b"<end>".to_vec()], None, vec![1]).unwrap();
    let mut session = Session::new(Arc::new(plain), SessionOptions::default());
    session.push(0);
    assert_eq!(session.expects(), Expect::Code { trigger: false });
    let expected = Constraint::AnyBut {
        banned: &[],
        bias: None,
    };
    assert_eq!(session.constraint(), expected);
    assert_eq!(session.push(1).events, [Event::End]);
}

#[test]
fn a_token_that_is_not_allowed_refuses_the_episode_and_cuts_the_stream() {
    let id = |text: &str| ids(text, &letters(26))[0];
    let check = |episode: &str, reason: Refusal| {
        let mut fed = feed("abc", SessionOptions::default());
        let step = fed.more(episode);
        let discarded = ids(episode, &letters(26)).len() as u64;
        assert_eq!(step.keep, 3);
        assert_eq!(step.events, [Event::Refused { reason, discarded }]);
        assert_eq!(fed.session.stream(), ids("abc", &letters(26)));
        let usage = fed.session.usage();
        assert_eq!((usage.refusals, usage.discarded), (1, discarded));
        // Not again at this very position; one token on, it may.
        assert_eq!(fed.session.expects(), Expect::Code { trigger: false });
        let stray = Event::Stray {
            action: Action::Trigger,
        };
        assert_eq!(
            fed.session.clone().push(id("<|backtracking|>")).events,
            [stray]
        );
        fed.more("d");
        assert_eq!(fed.session.expects(), Expect::Code { trigger: true });
        fed.more("<|backtracking|><|OLD|>cd<|/OLD|><|NEW|>x<|/NEW|>");
        assert_eq!(fed.program(), "abx");
    };
    let expected = |action, text| Refusal::Expected {
        action,
        id: id(text),
    };
    check("<|backtracking|>a", expected(Action::ScopeOpen, "a"));
    check("<|backtracking|>$", expected(Action::ScopeOpen, "$"));
    check("<|backtracking|><|OLD|><|/OLD|>", Refusal::EmptyScope);
    check(
        "<|backtracking|><|OLD|>ac",
        Refusal::NotInBuffer { id: id("c") },
    );
    check(
        "<|backtracking|><|OLD|>a$",
        Refusal::NotInBuffer { id: id("$") },
    );
    check(
        "<|backtracking|><|OLD|>a<|NEW|>",
        Refusal::NotInBuffer { id: id("<|NEW|>") },
    );
    check(
        "<|backtracking|><|OLD|>a<|/OLD|>x",
        expected(Action::PatchOpen, "x"),
    );
    check(
        "<|backtracking|><|OLD|>a<|/OLD|><|NEW|>x$",
        Refusal::EndInPatch,
    );
}

#[test]
fn going_on_beyond_a_limit_refuses_the_episode() {
    let options = SessionOptions {
        max_scope_tokens: 1,
        max_patch_tokens: 1,
        ..SessionOptions::default()
    };
    let reason = |episode| match &feed("ab", options).more(episode).events[..] {
        [Event::Refused { reason, .. }] => reason.clone(),
        other => panic!("unexpected {other:?}"),
    };
    assert_eq!(
        reason("<|backtracking|><|OLD|>ab"),
        Refusal::ScopeTooLong { limit: 1 }
    );
    assert_eq!(
        reason("<|backtracking|><|OLD|>a<|/OLD|><|NEW|>xy"),
        Refusal::PatchTooLong { limit: 1 }
    );
}

#[test]
fn stray_tokens_are_events_and_never_text() {
    let mut fed = feed("a<|OLD|>b<|/NEW|>", SessionOptions::default());
    assert_eq!(fed.program(), "ab");
    fed.more("<|backtracking|><|OLD|>b<|/OLD|><|NEW|>x<|OLD|>y");
    let none = u32::try_from(letters(26).len()).unwrap() - 1;
    for id in [none, none + 1, u32::MAX] {
        assert_eq!(fed.session.push(id).events, [Event::Ignored { id }]);
    }
    fed.more("<|/NEW|>");
    assert_eq!(fed.program(), "axy");
    let usage = fed.session.usage();
    assert_eq!(usage.discarded, 6);
    assert_eq!(
        usage.code + usage.scope + usage.patch + usage.delimiter + usage.discarded,
        fed.session.stream().len() as u64
    );
}

#[test]
fn each_token_is_discarded_once() {
    // A stray token in a patch counts at once, whatever becomes of the episode; and not again.
    let stray_in_patch = "<|backtracking|><|OLD|>a<|/OLD|><|NEW|>x<|OLD|>";
    let mut fed = feed("a", SessionOptions::default());
    fed.more(&format!("{stray_in_patch}<|/NEW|>"));
    assert_eq!(fed.session.usage().discarded, 1);
    fed.more("a<|backtracking|>b");
    assert_eq!(fed.session.usage().discarded, 1 + 2);
    fed.more(&format!("b{stray_in_patch}$"));
    assert_eq!(fed.session.usage().discarded, 3 + 8);
    fed.more(&format!("b{stray_in_patch}"));
    fed.session.finish();
    assert_eq!(fed.session.usage().discarded, 11 + 7);
}

#[test]
fn an_episode_open_at_the_end_is_dropped() {
    let open = "<|backtracking|><|OLD|>b<|/OLD|><|NEW|>xy";
    let mut fed = feed(&format!("ab{open}"), SessionOptions::default());
    assert!(fed.session.in_episode());
    assert_eq!(fed.session.finish(), [Event::Dropped { discarded: 7 }]);
    assert_eq!(fed.program(), "ab");
    assert_eq!(fed.session.usage().discarded, 7);
    assert!(fed.session.ended());
    assert_eq!(fed.session.finish(), []);
    let step = fed.more("c");
    assert_eq!(step.events, [Event::Ignored { id: 2 }]);
    assert_eq!(step.keep, 9);
    assert_eq!(fed.program(), "ab");
}

#[test]
fn only_what_stands_in_the_buffer_may_be_quoted_and_the_prompt_does_not() {
    let fed = feed("cab<|backtracking|><|OLD|>", SessionOptions::default());
    assert_eq!(allowed(&fed.session, &letters(26)), [0, 1, 2]);
}
