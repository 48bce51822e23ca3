//! Which room of the house may use which? The one table of it.
//!
//! Rooms stand in the order of the house, upper ones first: an arrow may point only down. What a
//! room may use is listed room by room, so that an arrow nobody has thought about is an offender
//! even where it points down.

/// One room: the folder `crates/<name>`.
pub(super) struct Room {
    /// The folder below `crates/`.
    pub(super) name: &'static str,
    /// The rooms its library may use; the keyword [`ALL`] stands for every room below.
    pub(super) may_use: &'static [&'static str],
}

/// Every room below.
pub(super) const ALL: &[&str] = &["*"];

/// The rooms, from the top of the house to its ground.
pub(super) const ROOMS: &[Room] = &[
    room("studies", ALL),
    room("cli", ALL),
    room("evaluate", &["curriculum", "scan", "sandbox", "code"]),
    room(
        "methods",
        &[
            "revise",
            "gate",
            "scan",
            "rules",
            "knowledge",
            "model",
            "remote",
            "sandbox",
            "code",
        ],
    ),
    room("train", &["model", "revise"]),
    room("trajectories", &["revise", "remote", "code"]),
    room("curriculum", &["revise", "code"]),
    room("knowledge", &["remote", "code"]),
    room("scan", &["rules", "flow", "sandbox", "code"]),
    room("gate", &["flow", "code"]),
    room("model", &["remote"]),
    room("remote", &[]),
    room("sandbox", &[]),
    room("rules", &["flow", "code"]),
    room("flow", &["code"]),
    room("revise", &["code"]),
    room("code", &[]),
];

/// Rooms that do no IO: no files, processes, network, clock or randomness of their own.
pub(super) const WITHOUT_IO: &[&str] = &["code", "flow", "revise", "gate", "rules", "curriculum"];

/// Programs rather than libraries: they read flags and report errors as a chain.
pub(super) const PROGRAMS: &[&str] = &["cli", "studies"];

const fn room(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room { name, may_use }
}

/// How far down the house a room stands.
pub(super) fn height(name: &str) -> Option<usize> {
    ROOMS.iter().position(|room| room.name == name)
}

/// The room that a package is, where it is one of ours.
pub(super) fn of_package(package: &str) -> Option<&str> {
    if package == "palinode" {
        return Some("cli");
    }
    package.strip_prefix("palinode-")
}

/// The package that a room is.
pub(super) fn package(room: &str) -> String {
    if room == "cli" {
        "palinode".to_owned()
    } else {
        format!("palinode-{room}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrow_of_the_table_points_down_to_a_room_that_exists() {
        for (at, room) in ROOMS.iter().enumerate() {
            for used in room.may_use.iter().filter(|used| **used != "*") {
                let below = height(used);
                assert!(
                    below.is_some_and(|below| below > at),
                    "{} may not use {used}",
                    room.name
                );
            }
        }
        for name in WITHOUT_IO.iter().chain(PROGRAMS) {
            assert!(height(name).is_some(), "{name}");
        }
    }

    #[test]
    fn packages_and_rooms_name_each_other() {
        for room in ROOMS {
            assert_eq!(of_package(&package(room.name)), Some(room.name));
        }
        assert_eq!(of_package("serde"), None);
    }
}
