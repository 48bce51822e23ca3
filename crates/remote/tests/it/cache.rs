//! Is what was fetched found again, also what Python fetched, and is the network left alone then?

use std::ops::ControlFlow;
use std::path::Path;

use palinode_remote::Error;
use palinode_remote::hub::Event;

use crate::fake_hub::{COMMIT, CONFIG, FakeHub, LISTING, check, fetch, git, sha256, weights};
use crate::server::{Manner, Reply};

fn pinned() -> String {
    format!("acme/tiny@{COMMIT}")
}

/// A cache as `hf_hub_download` leaves it: no listing.
#[cfg(unix)]
fn as_python_does(model: &Path) {
    let snapshot = model.join("snapshots").join(COMMIT);
    std::fs::create_dir_all(model.join("blobs")).unwrap();
    std::fs::create_dir_all(model.join("refs")).unwrap();
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::write(model.join("refs/main"), COMMIT).unwrap();
    let weights = weights();
    let files = [
        ("config.json", git(CONFIG), CONFIG),
        ("model.safetensors", sha256(&weights), &weights),
    ];
    for (name, hash, bytes) in files {
        std::fs::write(model.join("blobs").join(&hash), bytes).unwrap();
        std::os::unix::fs::symlink(format!("../../blobs/{hash}"), snapshot.join(name)).unwrap();
    }
}

#[test]
fn a_commit_that_is_there_needs_no_network() {
    let hub = FakeHub::new();
    check(&hub.fetch_with(&pinned(), hub.options()).unwrap());
    let asked = hub.hub.asked().len();
    check(&hub.fetch_with(&pinned(), hub.options()).unwrap());
    assert_eq!(hub.hub.asked().len(), asked);
    // A commit is no branch: nothing to note.
    assert!(!hub.model().join("refs").exists());
    assert!(matches!(
        hub.fetch_offline("acme/tiny"),
        Err(Error::Offline { .. })
    ));
}

#[test]
fn a_branch_is_looked_up_and_its_files_are_not_fetched_twice() {
    let hub = FakeHub::new();
    hub.fetch().unwrap();
    check(&hub.fetch().unwrap());
    let asked = hub.hub.asked();
    assert_eq!(
        asked.iter().filter(|asked| asked.path == LISTING).count(),
        2
    );
    assert_eq!(asked.len(), 4);
}

#[test]
fn offline_uses_what_is_there() {
    let hub = FakeHub::new();
    hub.fetch().unwrap();
    let asked = hub.hub.asked().len();
    check(&hub.fetch_offline("acme/tiny").unwrap());
    check(&hub.fetch_offline(&pinned()).unwrap());
    assert_eq!(hub.hub.asked().len(), asked);
}

#[test]
fn offline_says_what_is_missing() {
    let hub = FakeHub::new();
    let missing = |name: &str| match hub.fetch_offline(name).unwrap_err() {
        Error::Offline { missing, .. } => missing,
        error => panic!("{error}"),
    };
    assert!(missing("acme/tiny").is_empty());
    hub.fetch().unwrap();
    std::fs::remove_file(hub.blob(&sha256(&weights()))).unwrap();
    assert_eq!(missing("acme/tiny"), ["model.safetensors"]);
    assert_eq!(missing(&pinned()), ["model.safetensors"]);
    assert!(missing("acme/tiny@v2").is_empty());
    let error = hub.fetch_offline("acme/tiny").unwrap_err();
    assert!(
        error.to_string().contains("`model.safetensors` is missing"),
        "{error}"
    );
    assert!(error.hint().is_some());
    check(&hub.fetch().unwrap());
}

#[test]
fn a_hub_that_is_away_is_replaced_by_the_cache_and_said_so() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING && asked.before > 0).then(|| Reply::new(503, ""))
    });
    hub.fetch().unwrap();
    let mut away = Vec::new();
    let snapshot = fetch("acme/tiny", hub.options(), |event| {
        if let Event::Unreachable { because, commit } = event {
            away.push((because.to_string(), commit.to_owned()));
        }
        ControlFlow::Continue(())
    });
    check(&snapshot.unwrap());
    assert_eq!(away.len(), 1);
    assert!(away[0].0.contains("503") && away[0].1 == COMMIT, "{away:?}");
    // Asked once, since nobody had to wait for it.
    assert_eq!(hub.hub.asked().len(), 4);
    std::fs::remove_file(hub.blob(&git(CONFIG))).unwrap();
    assert!(matches!(hub.fetch(), Err(Error::Busy { .. })));
}

#[test]
fn a_refusal_is_not_replaced_by_the_cache() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING && asked.before > 0)
            .then(|| Reply::new(404, "").with("X-Error-Code", "RepoNotFound"))
    });
    hub.fetch().unwrap();
    assert!(matches!(hub.fetch(), Err(Error::UnknownRepository { .. })));
}

#[cfg(unix)]
#[test]
fn what_python_fetched_is_found() {
    let hub = FakeHub::new();
    as_python_does(&hub.model());
    check(&hub.fetch_offline("acme/tiny").unwrap());
    check(&hub.fetch_offline(&pinned()).unwrap());
    assert!(hub.hub.asked().is_empty());
    // With a network nothing but the listing is asked for, and for a commit only once.
    check(&hub.fetch().unwrap());
    check(&hub.fetch_with(&pinned(), hub.options()).unwrap());
    assert_eq!(hub.hub.asked().len(), 1);
    assert!(hub.storage.asked().is_empty());
}

#[cfg(unix)]
#[test]
fn a_name_whose_bytes_are_gone_is_missing() {
    let hub = FakeHub::new();
    as_python_does(&hub.model());
    std::fs::remove_file(hub.blob(&git(CONFIG))).unwrap();
    match hub.fetch_offline("acme/tiny").unwrap_err() {
        Error::Offline { missing, .. } => assert_eq!(missing, ["config.json"]),
        error => panic!("{error}"),
    }
    check(&hub.fetch().unwrap());
    assert!(hub.storage.asked().is_empty());
}

#[cfg(unix)]
#[test]
fn without_a_listing_what_every_model_has_must_be_there() {
    let hub = FakeHub::new();
    as_python_does(&hub.model());
    let snapshot = hub.model().join("snapshots").join(COMMIT);
    let missing = || match hub.fetch_offline("acme/tiny").unwrap_err() {
        Error::Offline { missing, .. } => missing,
        error => panic!("{error}"),
    };
    // Who asked Python for the configuration alone has this.
    std::fs::remove_file(snapshot.join("model.safetensors")).unwrap();
    assert_eq!(missing(), ["model.safetensors"]);
    let index = r#"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors", "c": "../x"}}"#;
    std::fs::write(snapshot.join("model.safetensors.index.json"), index).unwrap();
    assert_eq!(missing(), ["1.safetensors", "2.safetensors"]);
    std::fs::write(snapshot.join("1.safetensors"), "x").unwrap();
    assert_eq!(missing(), ["2.safetensors"]);
    std::fs::remove_file(snapshot.join("config.json")).unwrap();
    assert_eq!(missing(), ["2.safetensors", "config.json"]);
}

#[cfg(unix)]
#[test]
fn the_listing_that_python_keeps_is_read() {
    let hub = FakeHub::new();
    as_python_does(&hub.model());
    let weights = weights();
    let tree = serde_json::json!({"format_version": 1, "files": {
        "config.json": {"size": CONFIG.len(), "blob_id": git(CONFIG)},
        "generation_config.json": {"size": 1, "blob_id": git(b"x")},
        "model.safetensors": {"size": weights.len(), "blob_id": git(b"p"), "xet_hash": "0",
            "lfs_sha256": sha256(&weights), "lfs_size": weights.len()},
    }});
    std::fs::create_dir(hub.model().join("trees")).unwrap();
    let file = hub.model().join("trees").join(format!("{COMMIT}.json"));
    std::fs::write(file, tree.to_string()).unwrap();
    match hub.fetch_offline("acme/tiny").unwrap_err() {
        Error::Offline { missing, .. } => assert_eq!(missing, ["generation_config.json"]),
        error => panic!("{error}"),
    }
}

#[test]
fn damaged_notes_count_as_none() {
    let hub = FakeHub::new();
    hub.fetch().unwrap();
    std::fs::write(hub.model().join("refs/main"), "../../..").unwrap();
    std::fs::write(
        hub.model().join("palinode").join(format!("{COMMIT}.json")),
        "{",
    )
    .unwrap();
    assert!(matches!(
        hub.fetch_offline("acme/tiny"),
        Err(Error::Offline { .. })
    ));
    check(&hub.fetch().unwrap());
    check(&hub.fetch_offline("acme/tiny").unwrap());
}

#[test]
fn a_blob_of_another_size_is_fetched_again() {
    let hub = FakeHub::new();
    hub.fetch().unwrap();
    std::fs::write(hub.blob(&sha256(&weights())), "short").unwrap();
    check(&hub.fetch().unwrap());
}

#[test]
fn an_interrupted_fetch_leaves_the_branch_where_it_was() {
    let hub = FakeHub::with(|asked| {
        asked
            .path
            .starts_with("/stored")
            .then(|| Reply::new(200, weights()).sent(Manner::CutAfter(1000)))
    });
    assert!(matches!(hub.fetch(), Err(Error::Cut { .. })));
    assert!(!hub.model().join("refs/main").exists());
    match hub.fetch_offline(&pinned()).unwrap_err() {
        Error::Offline { missing, .. } => assert_eq!(missing, ["model.safetensors"]),
        error => panic!("{error}"),
    }
}
