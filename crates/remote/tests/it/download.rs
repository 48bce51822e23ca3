//! Does a model arrive whole and right, whatever the line does?

use std::ops::ControlFlow;
use std::time::Duration;

use palinode_remote::Error;
use palinode_remote::hub::{Event, Options};

use crate::fake_hub::{
    COMMIT, CONFIG, CONFIG_PATH, FakeHub, LISTING, TOKEN, WEIGHTS, check, content, fetch, git,
    listing, names, sha256, weights,
};
use crate::server::{Manner, Reply};

const STORED: &str = "/stored?Signature=abc";

#[test]
fn a_model_arrives_in_the_layout_of_huggingface_hub() {
    let hub = FakeHub::new();
    let snapshot = hub.fetch().unwrap();
    check(&snapshot);
    assert_eq!(snapshot.folder, hub.model().join("snapshots").join(COMMIT));
    let mut hashes = [git(CONFIG), sha256(&weights())];
    hashes.sort();
    assert_eq!(names(&hub.model().join("blobs")), hashes);
    let main = std::fs::read_to_string(hub.model().join("refs/main")).unwrap();
    assert_eq!(main, COMMIT);
    let locks = names(&hub.cache().join(".locks/models--acme--tiny"));
    assert_eq!(locks, hashes.map(|hash| format!("{hash}.lock")));
    #[cfg(unix)]
    {
        let link = std::fs::read_link(snapshot.folder.join("config.json")).unwrap();
        assert_eq!(
            link.to_str().unwrap(),
            format!("../../blobs/{}", git(CONFIG))
        );
    }
    // What git itself says of these bytes.
    assert_eq!(git(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
}

#[test]
fn a_token_goes_to_the_hub_alone() {
    let hub = FakeHub::new();
    hub.fetch().unwrap();
    for asked in hub.hub.asked() {
        let sent = asked.headers.get("authorization");
        assert_eq!(sent, Some(&format!("Bearer {TOKEN}")), "{}", asked.path);
        assert_eq!(asked.headers["user-agent"], "palinode-test");
    }
    let stored = hub.storage.asked();
    assert_eq!(stored.len(), 1);
    assert!(!stored[0].headers.contains_key("authorization"));
    assert!(!format!("{:?}", hub.options()).contains(TOKEN));
}

#[test]
fn a_renamed_repository_is_followed_with_the_token() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING)
            .then(|| Reply::new(307, "").with("Location", "/api/models/acme/tiny/revision/other"))
    });
    check(&hub.fetch().unwrap());
    let asked = hub.hub.asked();
    assert!(asked[1].path.ends_with("/other") && asked[1].headers.contains_key("authorization"));
}

#[test]
fn a_line_that_is_cut_is_taken_up_where_it_broke() {
    let hub = FakeHub::with(|asked| {
        (asked.path == STORED && asked.before == 0)
            .then(|| content(asked, &weights()).sent(Manner::CutAfter(100_000)))
    });
    check(&hub.fetch().unwrap());
    let ranges = hub.ranges();
    assert_eq!(ranges, [None, Some("bytes=100000-".to_owned())]);
}

#[test]
fn silence_inside_an_answer_counts_as_a_cut() {
    let hub = FakeHub::with(|asked| {
        (asked.path == STORED && asked.before == 0)
            .then(|| content(asked, &weights()).sent(Manner::SilentAfter(70_000)))
    });
    let mut options = hub.options();
    options.policy.silence = Duration::from_secs(1);
    check(&hub.fetch_with("acme/tiny", options).unwrap());
    assert_eq!(hub.ranges()[1].as_deref(), Some("bytes=70000-"));
}

#[test]
fn what_an_earlier_download_left_is_used() {
    let hub = FakeHub::new();
    std::fs::create_dir_all(hub.model().join("blobs")).unwrap();
    std::fs::write(hub.incomplete(), &weights()[..123_456]).unwrap();
    check(&hub.fetch().unwrap());
    assert_eq!(hub.ranges(), [Some("bytes=123456-".to_owned())]);
    assert!(!hub.incomplete().exists());
}

#[test]
fn a_download_that_only_lacked_its_name_needs_no_byte() {
    let hub = FakeHub::new();
    std::fs::create_dir_all(hub.model().join("blobs")).unwrap();
    std::fs::write(hub.incomplete(), weights()).unwrap();
    check(&hub.fetch().unwrap());
    assert!(hub.ranges().is_empty());
}

#[test]
fn wrong_bytes_left_by_an_earlier_download_are_dropped() {
    for (left, asked) in [(1000, 2), (300_000, 1), (300_001, 1)] {
        let hub = FakeHub::new();
        std::fs::create_dir_all(hub.model().join("blobs")).unwrap();
        std::fs::write(hub.incomplete(), vec![0; left]).unwrap();
        check(&hub.fetch().unwrap());
        assert_eq!(hub.ranges().len(), asked, "{left}");
    }
}

#[test]
fn a_server_that_knows_no_ranges_is_read_from_the_start() {
    let hub = FakeHub::with(|asked| {
        let whole = Reply::new(200, weights());
        (asked.path == STORED).then(|| match asked.before {
            0 => whole.sent(Manner::CutAfter(1000)),
            _ => whole,
        })
    });
    check(&hub.fetch().unwrap());
    assert_eq!(hub.ranges().len(), 2);
}

#[test]
fn a_server_that_sends_another_range_is_not_believed() {
    let wrong: [fn(&[u8]) -> Reply; 3] = [
        |all| Reply::new(206, &all[5..]).with("Content-Range", "bytes 5-299999/300000"),
        |all| Reply::new(206, &all[1000..]).with("Content-Range", "bytes 1000-299999/300001"),
        |_| Reply::new(416, "").with("Content-Range", "bytes */300000"),
    ];
    for reply in wrong {
        let hub = FakeHub::with(move |asked| {
            (asked.path == STORED).then(|| match asked.before {
                0 => Reply::new(200, weights()).sent(Manner::CutAfter(1000)),
                1 => reply(&weights()),
                _ => content(asked, &weights()),
            })
        });
        check(&hub.fetch().unwrap());
        let ranges = hub.ranges();
        assert_eq!(ranges, [None, Some("bytes=1000-".to_owned()), None]);
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    for path in [LISTING, CONFIG_PATH, WEIGHTS, STORED] {
        for status in [429, 500, 503] {
            let hub = FakeHub::with(move |asked| {
                (asked.path == path && asked.before == 0)
                    .then(|| Reply::new(status, "").with("Retry-After", "0"))
            });
            check(&hub.fetch().unwrap());
        }
    }
}

#[test]
fn a_server_that_stays_away_is_given_up() {
    let hub = FakeHub::with(|asked| {
        (asked.path == WEIGHTS).then(|| Reply::new(503, r#"{"error": "too\u001b[31m many"}"#))
    });
    let error = hub.fetch().unwrap_err();
    let Error::Busy {
        status, message, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*status, message.as_str()), (503, "too [31m many"));
    let asked = hub.hub.asked();
    assert_eq!(
        asked.iter().filter(|asked| asked.path == WEIGHTS).count(),
        3
    );
}

#[test]
fn a_server_that_asks_for_an_hour_is_not_waited_for() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING).then(|| Reply::new(429, "").with("Retry-After", "3600"))
    });
    let error = hub.fetch().unwrap_err();
    assert!(matches!(error, Error::Busy { status: 429, .. }), "{error}");
    assert!(error.hint().unwrap().contains("3600 s"));
    assert_eq!(hub.hub.asked().len(), 1);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING).then(|| Reply::new(200, "").sent(Manner::Silent))
    });
    let mut options = hub.options();
    options.policy.silence = Duration::from_millis(100);
    let error = hub.fetch_with("acme/tiny", options).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn nobody_there_is_said_so() {
    let mut hub = FakeHub::new();
    let mut options = hub.options();
    options.endpoint = "http://127.0.0.1:1".to_owned();
    let error = hub.fetch_with("acme/tiny", options).unwrap_err();
    assert!(matches!(&error, Error::NoConnection { .. }), "{error}");
    assert!(error.hint().is_some());
    hub.folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        hub.fetch_offline("acme/tiny"),
        Err(Error::Offline { .. })
    ));
}

#[test]
fn a_mirror_that_lists_no_hashes_is_asked_for_each() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING).then(|| {
            let mut listing = listing();
            for sibling in listing["siblings"].as_array_mut().unwrap() {
                let name = sibling["rfilename"].clone();
                *sibling = serde_json::json!({ "rfilename": name });
            }
            Reply::new(200, listing.to_string())
        })
    });
    check(&hub.fetch().unwrap());
    let heads: Vec<_> = hub
        .hub
        .asked()
        .into_iter()
        .filter(|asked| asked.method == "HEAD")
        .collect();
    assert_eq!(heads.len(), 2);
    assert!(
        hub.storage
            .asked()
            .iter()
            .all(|asked| asked.method == "GET")
    );
}

#[test]
fn a_caller_who_leaves_keeps_what_came() {
    let hub = FakeHub::new();
    let mut seen = 0;
    let stopped = fetch("acme/tiny", hub.options(), |event| match event {
        Event::Fetching {
            file: "model.safetensors",
            done,
            size: 300_000,
        } => {
            seen = done;
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert!(seen > 0);
    assert_eq!(std::fs::metadata(hub.incomplete()).unwrap().len(), seen);
    check(&hub.fetch().unwrap());
    if seen < 300_000 {
        assert_eq!(
            hub.ranges().last().unwrap().as_ref(),
            Some(&format!("bytes={seen}-"))
        );
    }
}

#[test]
fn a_caller_may_leave_while_nothing_happens() {
    let hub = FakeHub::with(|asked| {
        (asked.path == LISTING).then(|| Reply::new(200, "").sent(Manner::Silent))
    });
    let stopped = fetch("acme/tiny", hub.options(), |event| match event {
        Event::Idle => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(Error::Interrupted)));
}

#[test]
fn progress_tells_what_happens() {
    let hub = FakeHub::new();
    let told = |options: Options| {
        let mut told = Vec::new();
        fetch("acme/tiny", options, |event| {
            match event {
                Event::Begin { files, bytes, .. } => told.push(format!("begin {files} {bytes}")),
                Event::Fetched { file, size } => told.push(format!("fetched {file} {size}")),
                Event::Here { file, size } => told.push(format!("here {file} {size}")),
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        told
    };
    let begin = "begin 2 300024";
    let first = told(hub.options());
    assert_eq!(
        first,
        [
            begin,
            "fetched config.json 24",
            "fetched model.safetensors 300000"
        ]
    );
    let second = told(hub.options());
    assert_eq!(
        second,
        [
            begin,
            "here config.json 24",
            "here model.safetensors 300000"
        ]
    );
}
