//! Text with markers, well formed and not.

use palinode_revise::{Event, Rendered, Renderer, render, replay};
use proptest::prelude::*;

/// The case study of *Stream of Revision*, figure 5 (appendix I): the listing as printed there, with
/// its elided prefix left out.
const FIGURE_5: &str = include_str!("figure_5.txt");

/// The program, and a line for each problem.
fn check(text: &str) -> String {
    let rendered = render(text.as_bytes());
    let mut out = String::from_utf8(rendered.program).unwrap();
    for problem in rendered.problems {
        out.push_str(&format!("\n! {problem}"));
    }
    out
}

#[test]
fn figure_5_renders_to_the_evident_program() {
    insta::assert_snapshot!(check(FIGURE_5), @r#"
    char *message_to_string(message_t *m) {
      char *buf = malloc(strlen(m->header) + strlen(m->data) + 3);
      strcpy(buf, m->header);
      strcat(buf, ": ");
      strcat(buf, m->data);
      return buf;
    }
    "#);
    let rendered = render(FIGURE_5.as_bytes());
    let [revision] = &rendered.revisions[..] else {
        panic!("not one revision");
    };
    assert!(revision.old.starts_with(b"  char *buf = malloc(256);\n"));
    assert!(revision.old.ends_with(b"  return buf;\n"));
    assert!(revision.new.starts_with(b"  char *buf = malloc(strlen("));
    // The same with the other convention for line ends.
    let windows = FIGURE_5.replace('\n', "\r\n");
    assert_eq!(check(&windows), check(FIGURE_5).replace('\n', "\r\n"));
}

#[test]
fn inline_markers_are_exact() {
    assert_eq!(
        check("ax<|backtracking|><|OLD|>x<|/OLD|><|NEW|>y<|/NEW|>b"),
        "ayb"
    );
    // Nothing to take back: the text quotes what does not stand there.
    assert_eq!(
        check("a<|backtracking|><|OLD|>x<|/OLD|><|NEW|>y<|/NEW|>b"),
        "ab\n! 1:18: the text quoted here does not stand in the program written so far"
    );
    // Every byte counts, but for the line break of a last marker that is alone on its line.
    let text = "x \nz<|backtracking|><|OLD|> \nz<|/OLD|><|NEW|>\n\n<|/NEW|>\n";
    assert_eq!(check(text), "x\n\n");
    let mut verbatim = Renderer::verbatim();
    verbatim.push(text.as_bytes());
    assert_eq!(verbatim.program(), b"x\n\n\n");
    assert_eq!(
        check("aXbXc<|backtracking|> \n<|OLD|>X<|/OLD|>\n\n<|NEW|><|/NEW|>d"),
        "aXbcd"
    );
}

#[test]
fn malformed_episodes_are_reported_and_left_out() {
    let inputs = [
        "ab<|backtracking|><|OLD|><|/OLD|><|NEW|>y<|/NEW|>c",
        "ab\nc<|backtracking|><|OLD|>zz<|/OLD|><|NEW|>y<|/NEW|>d",
        "é<|backtracking|><|OLD|>x",
        "a<|backtracking|>",
        "a<|backtracking|><|OLD|>a<|/OLD|>",
        "a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b",
        "a<|backtracking|> b",
        "a<|backtracking|><|OLD|>a<|/OLD|> x <|NEW|>b<|/NEW|>c",
        "a<|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c",
        "a<|NEW|>b<|/NEW|>c",
        "a<|/OLD|>b<|/NEW|>c",
        "a<|backtracking|><|OLD|>a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c",
        "a<|backtracking|><|NEW|>a<|/NEW|>c",
        "a<|backtracking|><|OLD|>a<|/NEW|>c",
        "a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|OLD|>c<|/OLD|>d<|/NEW|>e",
        "<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c",
        "a<|OLD|>x<|OLD|>y<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c",
    ];
    let all: Vec<String> = inputs
        .iter()
        .map(|input| format!("{input}\n= {}\n", check(input)))
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    ab<|backtracking|><|OLD|><|/OLD|><|NEW|>y<|/NEW|>c
    = abc
    ! 1:19: nothing is quoted here

    ab
    c<|backtracking|><|OLD|>zz<|/OLD|><|NEW|>y<|/NEW|>d
    = ab
    cd
    ! 2:18: the text quoted here does not stand in the program written so far

    é<|backtracking|><|OLD|>x
    = é
    ! 1:2: the episode that begins here is not finished: <|/OLD|> is missing

    a<|backtracking|>
    = a
    ! 1:2: the episode that begins here is not finished: <|OLD|> is missing

    a<|backtracking|><|OLD|>a<|/OLD|>
    = a
    ! 1:2: the episode that begins here is not finished: <|NEW|> is missing

    a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b
    = a
    ! 1:2: the episode that begins here is not finished: <|/NEW|> is missing

    a<|backtracking|> b
    = a b
    ! 1:2: only <|OLD|> may follow this marker

    a<|backtracking|><|OLD|>a<|/OLD|> x <|NEW|>b<|/NEW|>c
    = ac
    ! 1:26: only <|NEW|> may follow this marker

    a<|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c
    = ac
    ! 1:2: <|OLD|> stands here outside an episode

    a<|NEW|>b<|/NEW|>c
    = ac
    ! 1:2: <|NEW|> stands here outside an episode

    a<|/OLD|>b<|/NEW|>c
    = abc
    ! 1:2: <|/OLD|> stands here outside an episode
    ! 1:11: <|/NEW|> stands here outside an episode

    a<|backtracking|><|OLD|>a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c
    = bc
    ! 1:26: <|backtracking|> stands here where <|/OLD|> is needed

    a<|backtracking|><|NEW|>a<|/NEW|>c
    = ac
    ! 1:18: <|NEW|> stands here where <|OLD|> is needed

    a<|backtracking|><|OLD|>a<|/NEW|>c
    = ac
    ! 1:26: <|/NEW|> stands here where <|/OLD|> is needed

    a<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|OLD|>c<|/OLD|>d<|/NEW|>e
    = ae
    ! 1:42: <|OLD|> stands here where <|/NEW|> is needed

    <|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c
    = c
    ! 1:17: the text quoted here does not stand in the program written so far

    a<|OLD|>x<|OLD|>y<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>c
    = bc
    ! 1:2: <|OLD|> stands here outside an episode
    ");
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let rendered =
        render(b"\xFF\x00a\xC3<|backtracking|><|OLD|>\xC3<|/OLD|><|NEW|>\xE9<|/NEW|>\x80");
    assert_eq!(rendered.program, b"\xFF\x00a\xE9\x80");
    assert!(rendered.problems.is_empty());
}

#[test]
fn a_renderer_goes_on_after_its_end() {
    let mut renderer = Renderer::new();
    renderer.push(b"a<|backtracking|><|OLD|>a");
    renderer.finish();
    renderer.push(b"b<");
    renderer.finish();
    assert_eq!(renderer.program(), b"ab<");
    assert_eq!(renderer.problems().len(), 1);
    assert!(renderer.revisions().is_empty());
}

/// Joins neighbouring pieces of text, which depend on how the input was cut.
fn joined(events: &[Event]) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        match (out.last_mut(), event) {
            (Some(Event::Text { bytes: all }), Event::Text { bytes })
            | (Some(Event::ScopeText { bytes: all }), Event::ScopeText { bytes })
            | (Some(Event::PatchText { bytes: all }), Event::PatchText { bytes }) => {
                all.extend_from_slice(bytes);
            }
            _ => out.push(event.clone()),
        }
    }
    out
}

/// Renders in pieces that end at `cuts`.
fn in_pieces(text: &[u8], cuts: &[usize], mut renderer: Renderer) -> (Rendered, Vec<Event>) {
    let (mut events, mut from) = (Vec::new(), 0);
    for &cut in cuts {
        events.extend(renderer.push(&text[from..cut]));
        from = cut;
    }
    events.extend(renderer.push(&text[from..]));
    events.extend(renderer.finish());
    (renderer.into_rendered(), joined(&events))
}

/// Texts that are mostly episodes, whole and broken.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec!["a", "b", "\n", "\r\n", "\r", " ", "é", "a\n", "<", "<|", "|>", "<|OL"]),
        5 => prop::sample::select(vec!["<|backtracking|>", "<|OLD|>", "<|/OLD|>", "<|NEW|>", "<|/NEW|>"]),
        2 => prop::sample::select(vec![
            "<|backtracking|><|OLD|>a<|/OLD|><|NEW|>b<|/NEW|>",
            "\n<|backtracking|>\n<|OLD|>\na\n<|/OLD|>\n<|NEW|>\nb\n<|/NEW|>\n",
        ]),
    ]
    .prop_map(|piece| piece.as_bytes().to_vec());
    let raw = prop::collection::vec(any::<u8>(), 0..4);
    prop::collection::vec(prop_oneof![20 => piece, 1 => raw], 0..40).prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn pieces_of_any_size_mean_the_same(
        text in texts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        verbatim in any::<bool>(),
    ) {
        let renderer = || if verbatim { Renderer::verbatim() } else { Renderer::new() };
        let whole = in_pieces(&text, &[], renderer());
        prop_assert_eq!(&replay(&whole.1).unwrap(), &whole.0.program);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(&in_pieces(&text, &cuts, renderer()), &whole);
        let every: Vec<usize> = (0..=text.len()).collect();
        prop_assert_eq!(&in_pieces(&text, &every, renderer()), &whole);
    }

    #[test]
    fn text_without_markers_is_the_program(text in "[a-z<|>\n\r/ é]{0,60}") {
        prop_assume!(!text.contains("<|"));
        prop_assert_eq!(render(text.as_bytes()).program, text.as_bytes());
    }
}
