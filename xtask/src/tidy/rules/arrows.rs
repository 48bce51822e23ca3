//! Do the arrows between rooms point only down?

use crate::tidy::manifest::{self, List};
use crate::tidy::rooms::{self, ALL, ROOMS};
use crate::tidy::{File, Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "arrows",
    doc: "A room uses only the rooms that the table in `tidy/rooms.rs` gives it, all of them below \
          it; in its tests it may use any room below; `xtask` uses none. So a part can be \
          understood, built and tested with what stands under it and nothing else.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    tree.manifests().flat_map(offences).collect()
}

fn offences(file: &File) -> Vec<Offence> {
    let entries = manifest::entries(file.text().unwrap_or_default());
    let name = manifest::value(&entries, "package", "name").unwrap_or_default();
    let room = file.room().or_else(|| rooms::of_package(name));
    let mut found = Vec::new();
    if let Some(room) = room {
        if rooms::height(room).is_none() {
            let message =
                format!("the room `{room}` stands in no table: give it a place in `tidy/rooms.rs`");
            return vec![Offence::file(&file.path, message)];
        }
        if name != rooms::package(room) {
            let message = format!(
                "package `{name}` in the room `{room}`: call it `{}`",
                rooms::package(room)
            );
            found.push(Offence::file(&file.path, message));
        }
    }
    for dependency in manifest::dependencies(&entries) {
        let Some(used) = rooms::of_package(&dependency.name) else {
            continue;
        };
        let allowed = match room {
            Some(room) => may_use(room, used, dependency.list),
            None => false,
        };
        if !allowed {
            let message = match room {
                Some(room) => format!("the room `{room}` may not use `{used}`"),
                None => format!("`{name}` is no room and may not use `{used}`"),
            };
            found.push(Offence::line(&file.path, dependency.line, message));
        }
    }
    found
}

fn may_use(room: &str, used: &str, list: List) -> bool {
    let (Some(here), Some(there)) = (rooms::height(room), rooms::height(used)) else {
        return false;
    };
    let named = ROOMS[here].may_use;
    there > here && (list == List::Dev || named == ALL || named.contains(&used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    fn manifest(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"{name}\"\n{rest}")
    }

    #[test]
    fn an_arrow_that_points_up_is_caught() {
        let code = manifest(
            "palinode-code",
            "[dependencies]\npalinode-revise.workspace = true\n",
        );
        let model = manifest(
            "palinode-model",
            "[dev-dependencies]\npalinode.workspace = true\n",
        );
        let files = [
            ("crates/code/Cargo.toml", code.as_str()),
            ("crates/model/Cargo.toml", model.as_str()),
        ];
        let expected = ["crates/code/Cargo.toml:4", "crates/model/Cargo.toml:4"];
        assert_eq!(offenders(&ENTRY, &files), expected);
    }

    #[test]
    fn an_arrow_nobody_named_is_caught_though_it_points_down() {
        let train = manifest(
            "palinode-train",
            "[dependencies]\npalinode-model = { workspace = true }\npalinode-curriculum = { workspace = true }\n\
             [dev-dependencies]\npalinode-code.workspace = true\n",
        );
        let files = [("crates/train/Cargo.toml", train.as_str())];
        assert_eq!(offenders(&ENTRY, &files), ["crates/train/Cargo.toml:5"]);
    }

    #[test]
    fn the_automation_uses_no_room_and_an_unknown_room_has_no_place() {
        let xtask = manifest("xtask", "[dependencies]\npalinode-code.workspace = true\n");
        let attic = manifest("palinode-attic", "");
        let wrong = manifest("palinode-models", "");
        let files = [
            ("crates/attic/Cargo.toml", attic.as_str()),
            ("crates/model/Cargo.toml", wrong.as_str()),
            ("xtask/Cargo.toml", xtask.as_str()),
        ];
        let expected = [
            "crates/attic/Cargo.toml",
            "crates/model/Cargo.toml",
            "xtask/Cargo.toml:4",
        ];
        assert_eq!(offenders(&ENTRY, &files), expected);
    }

    #[test]
    fn the_top_may_use_everything_below() {
        let cli = manifest(
            "palinode",
            "[dependencies]\npalinode-code.workspace = true\nserde.workspace = true\n",
        );
        assert!(offenders(&ENTRY, &[("crates/cli/Cargo.toml", cli.as_str())]).is_empty());
    }
}
