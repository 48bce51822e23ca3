//! Streams to learn from are streams that decoding allows.

use std::sync::Arc;

use palinode_revise::{
    Constraint, Episode, Error, Event, Role, Session, SessionOptions, Trajectory, Vocabulary,
};
use proptest::prelude::*;

use crate::support::{ids, letters};

/// Pushes a trajectory's stream through a session and checks that it is allowed and means the same.
fn check(trajectory: &Trajectory, vocabulary: &Arc<Vocabulary>) {
    let stream = trajectory.stream(vocabulary).unwrap();
    assert_eq!(stream.ids.len(), stream.roles.len());
    let mut session = Session::new(Arc::clone(vocabulary), SessionOptions::default());
    let answer = trajectory.prompt.len();
    for (&id, &role) in stream.ids[answer..].iter().zip(&stream.roles[answer..]) {
        assert!(session.constraint().allows(id), "{id} in {stream:?}");
        // What is forced needs no learning; what is free is never a delimiter inside an episode.
        if let Constraint::Exactly(_) = session.constraint() {
            assert_eq!(role, Role::Delimiter);
        }
        let expected = match &session.push(id).events[..] {
            [Event::Text { .. }] => vec![Role::Code, Role::Draft],
            [Event::ScopeText { .. }] => vec![Role::Scope],
            [Event::PatchText { .. }] => vec![Role::Patch],
            [Event::End] => vec![Role::End],
            _ => vec![Role::Delimiter],
        };
        assert!(expected.contains(&role));
    }
    assert!(session.ended());
    assert_eq!(session.buffer_tokens(), trajectory.program_tokens());
    assert_eq!(session.revisions().len(), trajectory.episodes.len());
    let taken_back: usize = trajectory.episodes.iter().map(|e| e.scope.len()).sum();
    assert_eq!(stream.count(Role::Draft), taken_back);
    assert_eq!(stream.count(Role::Scope), taken_back);
    assert_eq!(stream.count(Role::Prompt), answer);
}

/// Episodes over a draft: cut points make scopes, each with a latency and a patch.
fn trajectories() -> impl Strategy<Value = Trajectory> {
    let draft = prop::collection::vec(0u32..4, 1..30);
    let cuts = prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            0usize..6,
            prop::collection::vec(0u32..4, 0..4),
        ),
        0..4,
    );
    (prop::collection::vec(0u32..4, 0..5), draft, cuts).prop_map(|(prompt, draft, cuts)| {
        let mut episodes: Vec<Episode> = Vec::new();
        for (first, second, latency, patch) in cuts {
            let (first, second) = (first.index(draft.len()), second.index(draft.len()));
            let scope = first.min(second)..first.max(second) + 1;
            let at = (scope.end + latency).min(draft.len());
            let free =
                |other: &Episode| other.scope.end <= scope.start || scope.end <= other.scope.start;
            if episodes.iter().all(free) {
                episodes.push(Episode { scope, at, patch });
            }
        }
        episodes.sort_by_key(|episode| episode.at);
        Trajectory {
            prompt,
            draft,
            episodes,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_stream_is_allowed_and_gives_the_program(trajectory in trajectories()) {
        let vocabulary = letters(4);
        match trajectory.stream(&vocabulary) {
            Ok(_) => check(&trajectory, &vocabulary),
            Err(error) => prop_assert!(matches!(error, Error::ScopeAmbiguous { .. }), "{error}"),
        }
    }

    #[test]
    fn a_fix_always_becomes_a_stream(
        before in prop::collection::vec(0u32..4, 0..12),
        old in prop::collection::vec(0u32..4, 0..6),
        new in prop::collection::vec(0u32..4, 0..6),
        after in prop::collection::vec(0u32..4, 0..12),
        latency in 0usize..8,
    ) {
        let vocabulary = letters(4);
        let draft = [&before[..], &old, &after].concat();
        let fixed = [&before[..], &new, &after].concat();
        let fix = Trajectory::from_fix(vec![0], draft.clone(), fixed.clone(), &|id| id == 3, latency);
        match fix {
            None => prop_assert!(draft == fixed || draft.is_empty()),
            Some(trajectory) => {
                prop_assert_eq!(&trajectory.draft, &draft);
                prop_assert_eq!(trajectory.program_tokens(), fixed);
                check(&trajectory, &vocabulary);
                let [episode] = &trajectory.episodes[..] else { panic!("not one episode") };
                prop_assert!(episode.at - episode.scope.end <= latency);
                let line_start = |at: usize| at == 0 || draft[at - 1] == 3;
                prop_assert!(line_start(episode.scope.start));
                prop_assert!(episode.scope.end == draft.len() || line_start(episode.scope.end));
            }
        }
    }
}

#[test]
fn a_stream_written_out() {
    let vocabulary = letters(26);
    let trajectory = Trajectory {
        prompt: ids("pq", &vocabulary),
        draft: ids("abcd", &vocabulary),
        episodes: vec![Episode {
            scope: 1..2,
            at: 3,
            patch: ids("xy", &vocabulary),
        }],
    };
    let stream = trajectory.stream(&vocabulary).unwrap();
    assert_eq!(
        stream.ids,
        ids(
            "pqabc<|backtracking|><|OLD|>b<|/OLD|><|NEW|>xy<|/NEW|>d$",
            &vocabulary
        )
    );
    use Role::{Code, Delimiter, Draft, End, Patch, Prompt, Scope};
    assert_eq!(
        stream.roles,
        [
            Prompt, Prompt, Code, Draft, Code, Delimiter, Delimiter, Scope, Delimiter, Delimiter,
            Patch, Patch, Delimiter, Code, End
        ]
    );
    check(&trajectory, &vocabulary);
    check(
        &Trajectory::plain(vec![], ids("ab", &vocabulary)),
        &vocabulary,
    );
}

#[test]
fn what_cannot_be_a_stream_is_an_error_that_says_why() {
    let vocabulary = letters(26);
    let message = |draft: &str, episodes: Vec<Episode>| {
        let trajectory = Trajectory {
            prompt: vec![],
            draft: ids(draft, &vocabulary),
            episodes,
        };
        trajectory.stream(&vocabulary).unwrap_err().to_string()
    };
    let episode = |scope, at| Episode {
        scope,
        at,
        patch: vec![0],
    };
    let all = [
        message("a$", vec![]),
        message("abc", vec![episode(1..1, 2)]),
        message("abc", vec![episode(1..3, 2)]),
        message("abc", vec![episode(1..2, 4)]),
        message("abc", vec![episode(1..2, 3), episode(0..1, 1)]),
        message("abc", vec![episode(1..2, 2), episode(0..3, 3)]),
        message("aba", vec![episode(0..1, 3)]),
        // The first episode's patch writes what the second means to take back further left.
        message("abc", vec![episode(1..2, 2), episode(0..1, 2)]),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    token 1 of the draft has the id 31, which is not a code token
    episode 0: the scope 1..1 must be non-empty and end by the trigger at 2, in a draft of 3 tokens
    episode 0: the scope 1..3 must be non-empty and end by the trigger at 2, in a draft of 3 tokens
    episode 0: the scope 1..2 must be non-empty and end by the trigger at 4, in a draft of 3 tokens
    episode 1: its trigger comes before the previous episode's
    episodes 0 and 1 both take back a token of the draft
    episode 0: the scope is meant to stand at token 0 of the buffer, but its right-most match is at 2
    episode 1: the scope is meant to stand at token 0 of the buffer, but its right-most match is at 1
    ");
    let plain = |vocabulary: &Vocabulary| Trajectory::plain(vec![9], vec![0]).stream(vocabulary);
    let tokens = vec![b"a".to_vec(), b"<end>".to_vec()];
    let endless = Vocabulary::new(tokens.clone(), None, vec![]).unwrap();
    assert_eq!(plain(&endless), Err(Error::NoEnd));
    let without_actions = Vocabulary::new(tokens, None, vec![1]).unwrap();
    assert_eq!(
        plain(&without_actions),
        Err(Error::PromptToken { index: 0, id: 9 })
    );
    let revised = Trajectory {
        prompt: vec![],
        draft: vec![0],
        episodes: vec![episode(0..1, 1)],
    };
    assert_eq!(revised.stream(&without_actions), Err(Error::NoActions));
}
