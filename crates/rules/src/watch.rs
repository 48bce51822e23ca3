//! What do the rules find in a text that is still being written?

use std::sync::Arc;

use palinode_code::{Language, Text};

use crate::book::RuleBook;
use crate::clock::Clock;
use crate::flows::{self, Known};
use crate::scan::{self, Before, Hit, Pass, Scan};
use crate::since::Since;
use crate::view::View;

/// A text that grows, and is cut back now and then, with what the rules find in it.
///
/// After an edit, rules that look into a node only are asked of the nodes that changed, those that look around a node
/// of the items at the top of the file that changed, and only those that look at the whole file of all of it. What is
/// found is what a scan of the whole text as unfinished gives.
pub struct Watch {
    book: Arc<RuleBook>,
    text: Text,
    view: View,
    hits: Vec<Hit>,
    stopped: Vec<scan::Stopped>,
    /// What rules need to know of the text before the last edit.
    before: Before,
    /// The flows in the text before the last edit, most of which need not be looked for again.
    known: Known,
    /// What is found in the text now.
    last: Scan,
}

impl Watch {
    /// A watch over an empty text.
    #[must_use]
    pub fn new(book: Arc<RuleBook>, language: &'static Language) -> Self {
        Self {
            book,
            text: Text::default(),
            view: View::of(&language.parse(&Text::default())),
            hits: Vec::new(),
            stopped: Vec::new(),
            before: Before::default(),
            known: Known::default(),
            last: Scan::default(),
        }
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Puts bytes at the end, and says what is found in the text then. Rules take the time they take; see
    /// [`Watch::append_within`].
    pub fn append(&mut self, bytes: &[u8]) -> Scan {
        self.append_within(bytes, None)
    }

    /// [`Watch::append`] with a clock that stops rules which take too long.
    pub fn append_within(&mut self, bytes: &[u8], clock: Option<Clock<'_>>) -> Scan {
        let text = Text::from([self.text.as_bytes(), bytes].concat());
        self.change(text, clock)
    }

    /// Takes back all bytes from `length` on, and says what is found in the text then. A length beyond the text
    /// takes back nothing.
    pub fn cut_to(&mut self, length: usize) -> Scan {
        let end = self.text.len();
        self.change(Text::from(&self.text.as_bytes()[..length.min(end)]), None)
    }

    fn change(&mut self, text: Text, clock: Option<Clock<'_>>) -> Scan {
        let next = self.view.next(&text);
        self.text = text;
        let Some((view, unchanged)) = next else {
            return self.last.clone();
        };
        let from = Since::change(&self.view.parsed, &view.parsed, unchanged);
        self.view = view;
        let parsed = &self.view.parsed;
        let Some(shelf) = self.book.shelf(parsed) else {
            self.hits.clear();
            self.before = Before::default();
            self.last = Scan::default();
            return Scan::default();
        };
        if unchanged == 0 {
            self.before = Before::default();
            self.hits.clear();
            self.stopped.clear();
        }
        let pass = scan::pass(shelf, parsed, clock, &from, &mut self.before);
        self.hits.retain(|hit| {
            let is_asked = !pass.unasked.contains(&hit.finding.rule);
            let scope = shelf.compiled(hit.shelved).map(|rule| &rule.scope);
            is_asked && scope.is_some_and(|scope| hit.finding.span.end < from.of(scope))
        });
        self.hits.extend(pass.hits);
        self.stopped
            .retain(|stopped| pass.stopped.iter().all(|again| again.rule != stopped.rule));
        self.stopped.extend(pass.stopped);
        let flows = flows::hits(shelf, parsed, &mut self.known, unchanged);
        let all = Pass {
            hits: self.hits.iter().cloned().chain(flows).collect(),
            stopped: self.stopped.clone(),
            unasked: Vec::new(),
            omissions: self.known.omissions(),
        };
        self.last = scan::settle(parsed, all, Some(&self.view));
        self.last.clone()
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("parsed", &self.view.parsed)
            .field("hits", &self.hits.len())
            .finish_non_exhaustive()
    }
}
