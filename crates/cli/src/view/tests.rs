//! What does a person see? The escape codes go through a terminal emulator, and its rows are checked.

use std::num::NonZeroU16;

use proptest::prelude::*;

use super::palette::Palette;
use super::screen::Screen;

/// A terminal and the screen that writes to it.
struct Seen {
    terminal: vt100::Parser,
    screen: Screen,
}

impl Seen {
    fn new(columns: u16, rows: u16) -> Self {
        Self {
            terminal: terminal(columns, rows),
            screen: Screen::new(columns.into(), rows.into(), Palette::Colour),
        }
    }

    /// Does something to the screen and sends what it gives to the terminal.
    fn then(&mut self, change: impl FnOnce(&mut Screen) -> String) -> &mut Self {
        let out = change(&mut self.screen);
        self.terminal.process(out.as_bytes());
        self
    }

    /// The rows: `[quoted]`, `-struck-`, `+patched+`; rows below the last that shows something left out.
    fn rows(&self) -> String {
        let screen = self.terminal.screen();
        let (rows, columns) = screen.size();
        let mut out = String::new();
        for row in 0..rows.get() {
            let mut mark = None;
            for column in 0..columns.get() {
                let Some(cell) = screen.cell(row, column) else {
                    continue;
                };
                let now = match cell.fgcolor() {
                    vt100::Color::Idx(3) => Some(('[', ']')),
                    vt100::Color::Idx(1) => Some(('-', '-')),
                    vt100::Color::Idx(2) => Some(('+', '+')),
                    _ => None,
                };
                if now != mark {
                    out.extend(mark.map(|(_, close)| close));
                    out.extend(now.map(|(open, _)| open));
                    mark = now;
                }
                out.push_str(cell.contents());
            }
            out.extend(mark.map(|(_, close)| close));
            out.push('\n');
        }
        format!("{}\n", out.trim_end_matches('\n'))
    }
}

fn terminal(columns: u16, rows: u16) -> vt100::Parser {
    let size = |number| NonZeroU16::new(number).expect("a terminal has rows and columns");
    vt100::Parser::new(size(rows), size(columns), 0)
}

/// The visible rows without styles.
fn plain_rows(terminal: &vt100::Parser) -> Vec<String> {
    let columns = terminal.screen().size().1.get();
    terminal.screen().rows(0, columns).collect()
}

/// Writes a program, quotes `old`, replaces it with `new` in two pieces, and returns the five pictures.
fn revise(columns: u16, rows: u16, program: &str, old: &str, new: &str) -> Vec<String> {
    let at = program.rfind(old).expect("the program holds it");
    let span = at..at + old.len();
    let mut seen = Seen::new(columns, rows);
    let mut pictures = Vec::new();
    seen.then(|screen| screen.append(program));
    pictures.push(seen.rows());
    seen.then(|screen| screen.quote(span.start..span.start + half(old).len()));
    pictures.push(seen.rows());
    seen.then(|screen| screen.strike(span.clone()));
    pictures.push(seen.rows());
    let (first, second) = new.split_at(half(new).len());
    seen.then(|screen| screen.patch(first));
    seen.then(|screen| screen.patch(second));
    pictures.push(seen.rows());
    seen.then(|screen| screen.replace(span, new));
    seen.then(|screen| screen.append("}\n"));
    seen.then(Screen::finish);
    pictures.push(seen.rows());
    pictures
}

/// The first half of a text.
fn half(text: &str) -> &str {
    let middle = text.chars().count() / 2;
    let end = text.char_indices().nth(middle).map_or(0, |(at, _)| at);
    &text[..end]
}

#[test]
fn a_revision_is_marked_struck_and_replaced_in_place() {
    let pictures = revise(
        40,
        12,
        "void f(char *s) {\n  char b[8];\n  strcpy(b, s);\n",
        "  strcpy(b, s);\n",
        "  snprintf(b, sizeof b, \"%s\", s);\n",
    );
    insta::assert_snapshot!(pictures.join("~~~\n"), @r#"
    void f(char *s) {
      char b[8];
      strcpy(b, s);
    ~~~
    void f(char *s) {
      char b[8];
    [  strcpy](b, s);
    ~~~
    void f(char *s) {
      char b[8];
    -  strcpy(b, s);-
    ~~~
    void f(char *s) {
      char b[8];
    -  strcpy(b, s);-
    +  snprintf(b, sizeof b, "%s", s);+
    ~~~
    void f(char *s) {
      char b[8];
    +  snprintf(b, sizeof b, "%s", s);+
    }
    "#);
}

#[test]
fn lines_wrap_at_the_width_and_are_replaced_as_a_whole() {
    let pictures = revise(
        10,
        12,
        "ab(cdefghij);\nklmnopqrstuvwxyz;\n",
        "klmnopqrstuvwxyz",
        "K",
    );
    insta::assert_snapshot!(pictures.join("~~~\n"), @r"
    ab(cdefghi
    j);
    klmnopqrst
    uvwxyz;
    ~~~
    ab(cdefghi
    j);
    [klmnopqr]st
    uvwxyz;
    ~~~
    ab(cdefghi
    j);
    -klmnopqrst-
    -uvwxyz-;
    ~~~
    ab(cdefghi
    j);
    -klmnopqrst-
    -uvwxyz-+K+;
    ~~~
    ab(cdefghi
    j);
    +K+;
    }
    ");
}

#[test]
fn what_has_scrolled_away_is_printed_again_below_a_divider() {
    let program: String = (1..=9).map(|line| format!("line {line}\n")).collect();
    let mut seen = Seen::new(30, 6);
    // A taller terminal shows what the window of six rows would have lost at the top.
    seen.terminal = terminal(30, 40);
    seen.then(|screen| screen.append(&program));
    let before = seen.rows();
    seen.then(|screen| screen.quote(7..14))
        .then(|screen| screen.strike(7..21))
        .then(|screen| screen.patch("new 2\n"));
    assert_eq!(
        seen.rows(),
        before,
        "there is nothing that could be repainted"
    );
    seen.then(|screen| screen.replace(7..21, "new 2\n"));
    seen.then(|screen| screen.append("}\n"));
    insta::assert_snapshot!(seen.rows(), @r"
    line 1
    line 2
    line 3
    line 4
    --- from line 2 on: ---
    +new 2+
    line 4
    line 5
    line 6
    line 7
    line 8
    line 9
    }
    ");

    let pictures = revise(30, 16, &program, "line 2\nline 3\n", "new 2\n");
    insta::assert_snapshot!(pictures[4], @r"
    line 1
    +new 2+
    line 4
    line 5
    line 6
    line 7
    line 8
    line 9
    }
    ");
}

#[test]
fn a_patch_taller_than_the_window_ends_with_the_program() {
    let new: String = (1..=8).map(|line| format!("new {line}\n")).collect();
    let pictures = revise(20, 6, "one\ntwo\nthree\n", "two\n", &new);
    insta::assert_snapshot!(pictures[4], @r"
    +new 6+
    +new 7+
    +new 8+
    three
    }
    ");
}

#[test]
fn a_low_window_shows_a_patch_once() {
    let program = "a();\nb();\nc();\n";
    for rows in [2, 3, 4] {
        let pictures = revise(20, rows, program, "c();\n", "d();\ne();\nf();\n");
        let mut lines: Vec<&str> = pictures[4].lines().collect();
        let all = ["", "a();", "b();", "+d();+", "+e();+", "+f();+", "}", ""];
        // The last rows of the program, with the cursor's own below it, and no divider.
        lines.push("");
        let seen = usize::from(rows);
        assert_eq!(
            lines[..seen],
            all[all.len() - seen..],
            "{rows} rows: {pictures:?}"
        );
    }
    // Where there is room it is shown beside what it replaces.
    let pictures = revise(20, 5, program, "c();\n", "d();\ne();\n");
    assert!(pictures[3].contains("-c();-") && pictures[3].contains("+d();+"));
}

#[test]
fn later_revisions_carry_the_highlight_of_earlier_ones() {
    let mut seen = Seen::new(40, 10);
    seen.then(|screen| screen.append("a = 1\nb = 2\nc = 3\n"))
        .then(|screen| screen.replace(6..12, "b = 22\n"))
        .then(|screen| screen.replace(0..6, ""))
        .then(|screen| screen.replace(4..6, "3"));
    insta::assert_snapshot!(seen.rows(), @r"
    +b = 3+
    c = 3
    ");
}

#[test]
fn a_refused_episode_leaves_no_mark() {
    let mut seen = Seen::new(40, 10);
    seen.then(|screen| screen.append("a = 1\nb = 2"));
    let before = seen.rows();
    seen.then(|screen| screen.strike(0..6))
        .then(|screen| screen.patch("x\ny\n"))
        .then(Screen::forget);
    assert_eq!(seen.rows(), before);
    seen.then(|screen| screen.append(";\n"));
    insta::assert_snapshot!(seen.rows(), @r"
    a = 1
    b = 2;
    ");
}

#[test]
fn nothing_the_model_writes_reaches_the_terminal_as_a_command() {
    let mut seen = Seen::new(40, 10);
    seen.then(|screen| screen.append("a\x1b[2Jb\tc\x07\u{9b}d\u{202e}e\r\nf\rg\n"));
    insta::assert_snapshot!(seen.rows(), @r"
    a␛[2Jb  c␇␦d␦e
    f␍g
    ");
}

#[test]
fn wide_characters_take_two_columns() {
    let pictures = revise(8, 10, "s = '漢字漢字';\n", "漢字漢字", "字");
    insta::assert_snapshot!(pictures.join("~~~\n"), @r"
    s = '漢
    字漢字';
    ~~~
    s = '[漢]
    [字]漢字';
    ~~~
    s = '-漢-
    -字--漢--字-';
    ~~~
    s = '-漢-
    -字--漢--字-+字+
    ';
    ~~~
    s = '+字+'
    ;
    }
    ");
}

#[test]
fn without_colour_only_effects_are_used() {
    let mut screen = Screen::new(80, 24, Palette::new(false));
    let mut out = screen.append("old");
    out += &screen.quote(0..2);
    out += &screen.strike(0..3);
    out += &screen.patch("new");
    out += &screen.replace(0..3, "new");
    assert_eq!(
        out.replace('\x1b', "^"),
        "old\r^[J^[4mol^[0md\r^[J^[9mold^[0mnew\r^[Jnew"
    );
}

#[test]
fn a_resized_window_is_not_repainted() {
    let mut seen = Seen::new(20, 10);
    seen.then(|screen| screen.append("first line\nsecond line\nthird"))
        .then(|screen| {
            screen.resize(12, 10);
            screen.replace(0..5, "1st")
        });
    insta::assert_snapshot!(seen.rows(), @r"
    first line
    second line
    third
    --- from line 1 on: 
    ---
    +1st+ line
    second line
    third
    ");
}

/// Something that happens to a screen, with numbers that are taken modulo what there is.
#[derive(Clone, Debug)]
enum Happens {
    Append(String),
    Quote(usize, usize),
    Strike(usize, usize),
    Patch(String),
    Replace(usize, usize, String),
    Forget,
}

fn happens() -> impl Strategy<Value = Happens> {
    let text = "[a-c漢é\n\t ]{0,12}";
    prop_oneof![
        4 => text.prop_map(Happens::Append),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Happens::Quote(a, b)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Happens::Strike(a, b)),
        1 => text.prop_map(Happens::Patch),
        1 => (any::<usize>(), any::<usize>(), text).prop_map(|(a, b, c)| Happens::Replace(a, b, c)),
        1 => Just(Happens::Forget),
    ]
}

/// A range within `screen`'s text on character borders.
fn range(screen: &Screen, a: usize, b: usize) -> std::ops::Range<usize> {
    let border = |at: usize| {
        let mut at = at % (screen.text().len() + 1);
        while !screen.text().is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (a, b) = (border(a), border(b));
    a.min(b)..a.max(b)
}

/// Lets `changes` happen; the rows from the last divider (or the top of the window) to the cursor, and
/// the rows that the same program has when it is printed at once on a terminal that never scrolls.
fn shown_and_whole(columns: u16, rows: u16, changes: Vec<Happens>) -> (Vec<String>, Vec<String>) {
    let mut seen = Seen::new(columns, rows);
    let mut text = String::new();
    for change in changes {
        seen.then(|screen| match change {
            Happens::Append(more) => {
                // Text never arrives within an episode.
                let out = screen.forget();
                text.push_str(&more);
                out + &screen.append(&more)
            }
            Happens::Quote(a, b) => screen.quote(range(screen, a, b)),
            Happens::Strike(a, b) => screen.strike(range(screen, a, b)),
            Happens::Patch(more) => screen.patch(&more),
            Happens::Replace(a, b, new) => {
                let range = range(screen, a, b);
                text.replace_range(range.clone(), &new);
                screen.replace(range, &new)
            }
            Happens::Forget => screen.forget(),
        });
    }
    seen.then(Screen::finish);
    assert_eq!(seen.screen.text(), text);

    let mut whole = Seen {
        terminal: terminal(columns, 700),
        screen: Screen::new(columns.into(), 700, Palette::Colour),
    };
    whole
        .then(|screen| screen.append(&text))
        .then(Screen::finish);

    // A divider wraps on a narrow screen; its last row holds a `-` and no row of the program does.
    let mut shown = above_cursor(&seen.terminal);
    let divider = shown.iter().rposition(|row| row.contains('-'));
    shown.drain(..divider.map_or(0, |row| row + 1));
    (shown, above_cursor(&whole.terminal))
}

/// The rows above the cursor's.
fn above_cursor(terminal: &vt100::Parser) -> Vec<String> {
    let end = usize::from(terminal.screen().cursor_position().0);
    plain_rows(terminal)[..end].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, what is shown below the last divider is the end of the program.
    #[test]
    fn the_screen_ends_with_the_program(
        columns in 2u16..12,
        rows in 1u16..9,
        changes in proptest::collection::vec(happens(), 0..40),
    ) {
        let (shown, whole) = shown_and_whole(columns, rows, changes);
        prop_assert!(whole.ends_with(&shown), "{shown:?} does not end {whole:?}");
    }

    /// Where nothing scrolls away, it is the whole program.
    #[test]
    fn a_tall_screen_shows_the_whole_program(
        columns in 2u16..12,
        changes in proptest::collection::vec(happens(), 0..20),
    ) {
        let (shown, whole) = shown_and_whole(columns, 300, changes);
        prop_assert_eq!(shown, whole);
    }
}
