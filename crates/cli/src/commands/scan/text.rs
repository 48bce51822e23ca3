//! How is a finding shown to a person?

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use palinode_code::{Finding, Severity, Span, Text};

/// Lines shown before and after what is marked.
const AROUND: usize = 1;
/// A value's way is drawn where all of it lies within so many lines; a longer one is told line by line.
const DRAWN: usize = 60;
/// Columns that a message may have, however wide the terminal.
const WIDEST: usize = 140;

/// What is shown of one finding.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    /// The file's name.
    pub(crate) name: &'a str,
    pub(crate) text: &'a Text,
    pub(crate) finding: &'a Finding,
    /// Who says so: analyser and rule.
    pub(crate) witnesses: Vec<String>,
    /// The revision of which nobody can say whether it had the finding too.
    pub(crate) uncertain: Option<&'a str>,
}

/// How findings are drawn on a terminal of some width.
#[derive(Debug)]
pub(crate) struct Drawing {
    renderer: Renderer,
}

impl Drawing {
    /// With colours or without, and in characters that the terminal has.
    pub(crate) fn new(colour: bool, width: usize) -> Drawing {
        let renderer = match colour {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        Drawing {
            renderer: renderer
                .term_width(width.clamp(20, WIDEST))
                .decor_style(DecorStyle::Ascii),
        }
    }

    /// The finding with its place, why it is one, and what to write instead. No line break at the end.
    pub(crate) fn draw(&self, shown: &Shown<'_>) -> String {
        let finding = shown.finding;
        let readable = shown.text.readable();
        let window = Window::around(shown.text, finding);
        let code = &readable[window.bytes.clone()];
        let title = level(finding.severity).primary_title(clean(&finding.message));
        let title = match finding.cwes.first() {
            Some(cwe) => title.id(cwe.to_string()),
            None => title,
        };
        let place = window.inside(&readable, finding.span);
        let mut marked = Snippet::source(code)
            .line_start(window.first_line)
            .path(shown.name)
            .annotation(AnnotationKind::Primary.span(place));
        let mut told = Vec::new();
        for step in &finding.trace {
            if window.holds(step.span) {
                let place = window.inside(&readable, step.span);
                let label = clean(&step.note);
                marked = marked.annotation(AnnotationKind::Context.span(place).label(label));
            } else {
                let line = shown.text.position(step.span.start).line;
                told.push(format!("line {line}: {}", clean(&step.note)));
            }
        }
        let mut group = Group::with_title(title).element(marked);
        for step in told {
            group = group.element(Level::NOTE.with_name("way").message(step));
        }
        if let Some(name) = finding.cwes.first().and_then(|cwe| cwe.name()) {
            group = group.element(Level::NOTE.with_name("weakness").message(name));
        }
        group = group.element(
            Level::NOTE
                .with_name("seen by")
                .message(clean(&shown.witnesses.join(", "))),
        );
        if let Some(revision) = shown.uncertain {
            let why =
                format!("those who see it gave no answer about {revision}: it may not be new");
            group = group.element(Level::NOTE.with_name("uncertain").message(clean(&why)));
        }
        if let Some(advice) = &finding.advice {
            group = group.element(Level::HELP.with_name("instead").message(clean(advice)));
        }
        let mut groups = vec![group];
        if !finding.fix.is_empty() && finding.fix.iter().all(|edit| window.holds(edit.span)) {
            let patches = finding.fix.iter().map(|edit| {
                let new = String::from_utf8_lossy(&edit.new).into_owned();
                Patch::new(window.inside(&readable, edit.span), new)
            });
            let title = Level::HELP.secondary_title("this would mend it");
            let mended = Snippet::source(code)
                .line_start(window.first_line)
                .path(shown.name)
                .patches(patches);
            groups.push(title.element(mended));
        }
        self.renderer.render(&groups)
    }
}

/// The level that a severity is shown as.
fn level(severity: Severity) -> Level<'static> {
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low | Severity::Info => Level::INFO,
    };
    level.with_name(severity.name())
}

/// Text of others on one line, without what could change the terminal.
fn clean(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(char::is_control, "\u{2426}")
}

/// The lines of a text that are shown.
struct Window {
    bytes: Range<usize>,
    first_line: usize,
}

impl Window {
    /// Whole lines around a finding, its way and its fix where that is not far.
    fn around(text: &Text, finding: &Finding) -> Window {
        let lines = |span: Span| {
            let last = span.end.saturating_sub(usize::from(!span.is_empty()));
            text.line(span.start.min(text.len()))..text.line(last.min(text.len())) + 1
        };
        let mut shown = lines(finding.span);
        let others = finding.trace.iter().map(|step| step.span);
        for span in others.chain(finding.fix.iter().map(|edit| edit.span)) {
            let other = lines(span);
            let both = shown.start.min(other.start)..shown.end.max(other.end);
            if both.len() <= DRAWN.max(shown.len()) {
                shown = both;
            }
        }
        let first_line = shown.start.saturating_sub(AROUND).max(1);
        let last_line = (shown.end - 1 + AROUND).min(text.line_count());
        let at = |line: usize| text.line_span(line).unwrap_or(text.span());
        Window {
            bytes: at(first_line).start..at(last_line).end,
            first_line,
        }
    }

    fn holds(&self, span: Span) -> bool {
        self.bytes.start <= span.start && span.end <= self.bytes.end
    }

    /// A span of the text as one of the window, on whole characters.
    fn inside(&self, readable: &str, span: Span) -> Range<usize> {
        let clamp = |at: usize| at.clamp(self.bytes.start, self.bytes.end);
        let whole = |at: &usize| readable.is_char_boundary(*at);
        // The window's own ends are whole, so there is one on either side.
        let start = (0..=clamp(span.start)).rev().find(whole).unwrap_or(0);
        let end = (clamp(span.end)..)
            .find(whole)
            .map_or(start, |end| end.max(start));
        start - self.bytes.start..end - self.bytes.start
    }
}
