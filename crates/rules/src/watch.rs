//! What do the rules find in a text that is still being written?

use std::sync::Arc;

use palinode_code::{Language, Parsed, Text};
use palinode_flow::Module;

use crate::book::RuleBook;
use crate::clock::Clock;
use crate::flows;
use crate::scan::{self, From, Hit, Pass, Scan};
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
    /// The flows in the text before the last edit, most of which need not be looked for again.
    module: Option<Module>,
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
            module: None,
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
        let (view, unchanged) = self.view.next(&text);
        (self.text, self.view) = (text, view);
        let parsed = &self.view.parsed;
        let from = From {
            node: unchanged,
            item: item_before(parsed, unchanged),
        };
        let Some(shelf) = self.book.shelf(parsed) else {
            return Scan::default();
        };
        let pass = scan::pass(shelf, parsed, clock, from);
        self.hits
            .retain(|hit| hit.finding.span.end < from.of(hit.reach.breadth));
        self.hits.extend(pass.hits);
        self.stopped
            .retain(|stopped| pass.stopped.iter().all(|again| again.rule != stopped.rule));
        self.stopped.extend(pass.stopped);
        let flows = flows::hits(shelf, parsed, &mut self.module);
        let all = Pass {
            hits: self.hits.iter().cloned().chain(flows).collect(),
            stopped: self.stopped.clone(),
        };
        scan::settle(parsed, all, Some(&self.view))
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

/// Where the item before the one at the top of the file starts in which the byte at `offset` stands: rules may look
/// at the items beside one.
fn item_before(parsed: &Parsed, offset: usize) -> usize {
    let root = parsed.root();
    let mut cursor = root.walk();
    if offset == 0 || cursor.goto_first_child_for_byte(offset - 1).is_none() {
        return 0;
    }
    for _ in 0..2 {
        cursor.goto_previous_sibling();
    }
    cursor.node().start_byte()
}
