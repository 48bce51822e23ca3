//! How does each style look on this terminal?

use anstyle::{AnsiColor, Effects};

use super::layout::Style;

/// The looks of the styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Palette {
    /// Colours and effects.
    Colour,
    /// Effects only: underlined while quoted, struck when replaced. For `NO_COLOR` and `--color never`.
    Effects,
}

impl Palette {
    /// Colours where they are wanted, effects where not.
    pub(crate) fn new(colour: bool) -> Self {
        if colour { Self::Colour } else { Self::Effects }
    }

    /// Switches from one style to another.
    pub(crate) fn change(self, out: &mut String, from: &mut Style, to: Style) {
        if *from == to {
            return;
        }
        let (old, new) = (self.look(*from), self.look(to));
        *from = to;
        if old == new {
            return;
        }
        if old != anstyle::Style::new() {
            out.push_str(&old.render_reset().to_string());
        }
        out.push_str(&new.render().to_string());
    }

    fn look(self, style: Style) -> anstyle::Style {
        let colour = |style: anstyle::Style, colour: AnsiColor| match self {
            Self::Colour => style.fg_color(Some(colour.into())),
            Self::Effects => style,
        };
        let plain = anstyle::Style::new();
        match style {
            Style::Plain => plain,
            Style::Quoted => colour(plain.effects(Effects::UNDERLINE), AnsiColor::Yellow),
            Style::Struck => colour(plain.effects(Effects::STRIKETHROUGH), AnsiColor::Red),
            Style::Patch => colour(plain, AnsiColor::Green),
            Style::Divider => plain.effects(Effects::DIMMED),
        }
    }
}
