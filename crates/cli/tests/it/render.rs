//! Does `render` give the program a marked-up stream means, byte for byte?

use std::fs;

use crate::events::replay;
use crate::{run, run_with};

/// The paper's figure 5 (Stream of Revision, appendix I), shortened in its prefix.
const FIGURE_5: &str = r#"char *message_to_string(message_t *m) {
  char *buf = malloc(256);
  strcpy(buf, m->header);
  strcat(buf, ": ");
  strcat(buf, m->data);
  return buf;
<|backtracking|>
<|OLD|>
  char *buf = malloc(256);
  strcpy(buf, m->header);
  strcat(buf, ": ");
  strcat(buf, m->data);
  return buf;
<|/OLD|>
<|NEW|>
  char *buf = malloc(strlen(m->header) + strlen(m->data) + 3);
  strcpy(buf, m->header);
  strcat(buf, ": ");
  strcat(buf, m->data);
  return buf;
<|/NEW|>
}
"#;

#[test]
fn the_papers_figure_is_rendered_from_a_file_and_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figure5.c");
    fs::write(&file, FIGURE_5).unwrap();
    let ran = run(&["render".as_ref(), file.as_os_str()]);
    insta::assert_snapshot!(ran.all(), @r#"
    char *message_to_string(message_t *m) {
      char *buf = malloc(strlen(m->header) + strlen(m->data) + 3);
      strcpy(buf, m->header);
      strcat(buf, ": ");
      strcat(buf, m->data);
      return buf;
    }
    --- stderr ---
    --- exit code 0 ---
    "#);
    for arguments in [&["render"][..], &["render", "-"]] {
        let piped = run_with(arguments, FIGURE_5.as_bytes());
        assert_eq!(piped.stdout, ran.stdout);
    }
}

#[test]
fn events_give_the_program_on_standard_output_and_in_a_file() {
    let rendered = run_with(&["render"], FIGURE_5.as_bytes());
    let ran = run_with(&["render", "--events"], FIGURE_5.as_bytes());
    let replayed = replay(ran.text());
    assert_eq!(replayed.programs, [rendered.text()]);
    let kinds = replayed.types();
    assert_eq!(kinds.first(), Some(&"start"));
    assert_eq!(kinds.iter().filter(|kind| **kind == "revision").count(), 1);
    assert_eq!(kinds.last(), Some(&"end"));
    assert_eq!(replayed.lines.last().unwrap()["usage"]["revisions"], 1);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let flag = format!("--events={}", file.display());
    let both = run_with(&["render", &flag], FIGURE_5.as_bytes());
    assert_eq!(both.stdout, rendered.stdout);
    assert_eq!(fs::read_to_string(&file).unwrap(), ran.text());
}

#[test]
fn malformed_episodes_are_told_with_their_place_and_the_rest_is_rendered() {
    let text = "one\n  <|backtracking|><|OLD|>nowhere<|/OLD|><|NEW|>x<|/NEW|>two\n<|/NEW|>three\n\
                <|backtracking|><|OLD|>two<|/OLD|><|NEW|>2<|/NEW|>four <|backtracking|><|OLD|>fo";
    let ran = run_with(&["render"], text.as_bytes());
    insta::assert_snapshot!(ran.all(), @r"
    one
      2
    three
    four --- stderr ---
    <stdin>:2:19: the text quoted here does not stand in the program written so far
    <stdin>:3:1: <|/NEW|> stands here outside an episode
    <stdin>:4:56: the episode that begins here is not finished: <|/OLD|> is missing
    --- exit code 1 ---
    ");
    let events = run_with(&["render", "--events"], text.as_bytes());
    assert_eq!(events.code, 1);
    let replayed = replay(events.text());
    assert_eq!(replayed.programs, [ran.text()]);
    let malformed = replayed
        .types()
        .iter()
        .filter(|kind| **kind == "malformed")
        .count();
    assert_eq!(malformed, ran.stderr.lines().count());
    // An episode that came to nothing says why, as the line about the text does.
    let refused = replayed
        .lines
        .iter()
        .filter(|line| line["type"] == "refused");
    let reasons: Vec<&str> = refused
        .map(|line| line["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        [
            "the text quoted here does not stand in the program written so far",
            "the episode that begins here is not finished: <|/OLD|> is missing"
        ]
    );
}

#[test]
fn bytes_that_are_no_text_come_through() {
    let mut text =
        b"a\xff\xc3<|backtracking|><|OLD|>\xff\xc3<|/OLD|><|NEW|>\x00\xfe<|/NEW|>\r\nz".to_vec();
    let ran = run_with(&["render"], &text);
    assert_eq!(
        (ran.code, ran.stdout.as_slice()),
        (0, &b"a\x00\xfe\r\nz"[..])
    );
    let events = run_with(&["render", "--events"], &text);
    assert_eq!(
        replay(events.text()).programs,
        [String::from_utf8_lossy(b"a\x00\xfe\r\nz")]
    );
    // A large input of one line, in pieces.
    text = vec![b'x'; 3_000_000];
    text.extend(b"<|backtracking|><|OLD|>xx<|/OLD|><|NEW|>y<|/NEW|>");
    let ran = run_with(&["render"], &text);
    assert_eq!(ran.stdout.len(), 2_999_999);
    assert!(ran.stdout.ends_with(b"xy"));
}

#[test]
fn verbatim_keeps_line_breaks_beside_markers() {
    let text = b"a\n<|backtracking|><|OLD|>a\n<|/OLD|><|NEW|>b\n<|/NEW|>\nc";
    assert_eq!(run_with(&["render", "--verbatim"], text).text(), "b\n\nc");
}

#[test]
fn what_cannot_be_read_or_written_is_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.txt");
    fs::write(&input, "text").unwrap();
    let told = |flag: &str, path: &str| {
        let ran = run(&["render", flag, path]);
        assert_eq!((ran.code, ran.text()), (2, ""));
        ran.stderr
            .replace(&folder.path().display().to_string(), "[folder]")
    };
    let path = |name: &str| folder.path().join(name).display().to_string();
    insta::assert_snapshot!(told("--color=never", &path("missing")), @r"
    error: cannot read `[folder]/missing`
      cause: No such file or directory (os error 2)
    hint: name a file that exists and may be read, or `-` for standard input
    ");
    insta::assert_snapshot!(told("--color=never", &path("")), @r"
    error: cannot read `[folder]/`
      cause: Is a directory (os error 21)
    hint: name a file that exists and may be read, or `-` for standard input
    ");
    let events = format!("--events={}", path("no/such/folder"));
    insta::assert_snapshot!(told(&events, &path("in.txt")), @r"
    error: cannot write events to `[folder]/no/such/folder`
      cause: No such file or directory (os error 2)
    hint: name a file in a folder that exists and may be written to, or `-`
    ");
    // The file that is read is not written over.
    let events = format!("--events={}", path("in.txt"));
    insta::assert_snapshot!(told(&events, &path("in.txt")), @r"
    error: cannot write events to `[folder]/in.txt`: it is the file that is read
    hint: name another file
    ");
    assert_eq!(fs::read_to_string(&input).unwrap(), "text");
}
