//! Does any text, cut anywhere, render to the same program without a panic?
//!
//! Input: a byte that chooses the renderer and the size of the pieces, then the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palinode_code::{Text, apply_revisions};
use palinode_revise::{Event, Rendered, Renderer, Shown, WholeCharacters, replay};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let renderer = || {
        if choice & 1 == 0 {
            Renderer::new()
        } else {
            Renderer::verbatim()
        }
    };
    let (whole, _) = in_pieces(text, usize::MAX, renderer());
    let (pieces, events) = in_pieces(text, 1 + usize::from(choice >> 1), renderer());
    assert_eq!(whole, pieces);
    assert_eq!(replay(&events).as_ref(), Ok(&whole.program));

    let draft: Vec<u8> = events.iter().flat_map(code).copied().collect();
    let program = apply_revisions(&Text::new(draft), &whole.revisions).expect("they fit the draft");
    assert_eq!(program.as_bytes(), whole.program);

    assert_eq!(shown(&events), String::from_utf8_lossy(&whole.program));
});

fn in_pieces(text: &[u8], size: usize, mut renderer: Renderer) -> (Rendered, Vec<Event>) {
    let mut events = Vec::new();
    for piece in text.chunks(size) {
        events.extend(renderer.push(piece));
    }
    events.extend(renderer.finish());
    (renderer.into_rendered(), events)
}

fn code(event: &Event) -> &[u8] {
    match event {
        Event::Text { bytes } => bytes,
        _ => &[],
    }
}

fn shown(events: &[Event]) -> String {
    let (mut adapter, mut shown) = (WholeCharacters::new(), String::new());
    let mut apply = |change: Option<Shown>| {
        if let Some(change) = change {
            change.apply_to(&mut shown).expect("it fits what is shown");
        }
    };
    for event in events {
        apply(adapter.push(event));
    }
    apply(adapter.finish());
    shown
}
