//! Do several who fetch the same model at once all get it, and once?

use std::fs::OpenOptions;
use std::ops::ControlFlow;

use palinode_remote::Error;
use palinode_remote::hub::Event;

use crate::fake_hub::{FakeHub, check, fetch, names, sha256, weights};

#[test]
fn many_fetch_at_once_and_each_byte_comes_once() {
    let hub = FakeHub::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| check(&hub.fetch().unwrap()));
        }
    });
    assert_eq!(hub.storage.asked().len(), 1);
    assert_eq!(names(&hub.model().join("blobs")).len(), 2);
}

#[test]
fn a_file_that_another_process_fetches_is_waited_for() {
    let hub = FakeHub::new();
    let locks = hub.cache().join(".locks/models--acme--tiny");
    std::fs::create_dir_all(&locks).unwrap();
    let lock = locks.join(format!("{}.lock", sha256(&weights())));
    // Another handle is to a lock what another process is.
    let other = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)
        .unwrap();
    other.lock().unwrap();
    let mut waited = 0;
    let stopped = fetch("acme/tiny", hub.options(), |event| match event {
        Event::Waiting {
            file: "model.safetensors",
        } => {
            waited += 1;
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert_eq!(waited, 1);
    assert!(hub.storage.asked().is_empty());
    let mut other = Some(other);
    let snapshot = fetch("acme/tiny", hub.options(), |event| {
        if matches!(event, Event::Waiting { .. }) {
            other = None;
        }
        ControlFlow::Continue(())
    });
    check(&snapshot.unwrap());
}
