//! Is everything that a server may do wrong refused, by name and with advice, and without a trace in the cache?

use palinode_remote::Error;
use palinode_remote::hub::{Credential, Hub, Options, model_files};
use serde_json::json;

use crate::fake_hub::{CONFIG_PATH, FakeHub, LISTING, TOKEN, WEIGHTS, git, listing, weights};
use crate::server::{Manner, Reply};

const STORED: &str = "/stored?Signature=abc";

/// What a hub that answers one path in its own way leads to; nothing may have got its name.
fn refused(path: &'static str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    refused_as(Credential::None, path, reply)
}

fn refused_as(
    credential: Credential,
    path: &'static str,
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> Error {
    let hub = FakeHub::with(move |asked| (asked.path == path).then(&reply));
    let options = Options {
        credential,
        ..hub.options()
    };
    let error = hub.fetch_with("acme/tiny", options).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    assert!(!error.to_string().contains("Signature"), "{error}");
    let snapshot = hub.model().join("snapshots").join(crate::fake_hub::COMMIT);
    assert!(!snapshot.join("model.safetensors").exists());
    assert!(!hub.model().join("refs/main").exists());
    error
}

fn code(status: u16, code: &str) -> Reply {
    Reply::new(status, "").with("X-Error-Code", code)
}

#[test]
fn a_gated_repository_says_what_to_do() {
    let gated = || code(403, "GatedRepo").with("X-Error-Message", "Access to it is restricted.");
    let error = refused(LISTING, gated);
    assert!(
        matches!(
            error,
            Error::Gated {
                with_token: false,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("restricted"));
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("huggingface.co/acme/tiny") && hint.contains("HF_TOKEN"),
        "{hint}"
    );
    // The listing may be open where the files are not.
    let error = refused(WEIGHTS, || code(401, "GatedRepo"));
    assert!(matches!(error, Error::Gated { .. }), "{error}");
}

#[test]
fn a_refusal_says_whether_a_token_was_sent() {
    let token = Credential::Token(palinode_remote::Token::new(TOKEN).unwrap());
    for status in [401, 403] {
        let error = refused_as(token.clone(), LISTING, move || Reply::new(status, ""));
        assert!(
            matches!(
                error,
                Error::Denied {
                    with_token: true,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("another HF_TOKEN"));
        let error = refused(LISTING, move || Reply::new(status, ""));
        assert!(
            matches!(
                error,
                Error::Denied {
                    with_token: false,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn what_the_hub_does_not_have_is_named() {
    for reply in [
        || code(401, "RepoNotFound"),
        || code(404, "RepoNotFound"),
        || Reply::new(404, ""),
    ] {
        let error = refused(LISTING, reply);
        assert!(matches!(error, Error::UnknownRepository { .. }), "{error}");
    }
    let error = refused(LISTING, || code(404, "RevisionNotFound"));
    assert!(matches!(error, Error::UnknownRevision { .. }), "{error}");
    let error = refused(CONFIG_PATH, || code(404, "EntryNotFound"));
    assert!(
        matches!(&error, Error::FileGone { file, .. } if file == "config.json"),
        "{error}"
    );
}

#[test]
fn a_listing_that_is_none_is_refused() {
    let pages: [fn() -> Reply; 3] = [
        || Reply::new(200, "<html>please log in</html>"),
        || Reply::new(200, r#"{"sha": "main", "siblings": []}"#),
        || Reply::new(200, " ".repeat(1 << 20)).sent(Manner::Endless),
    ];
    for page in pages {
        let error = refused(LISTING, page);
        assert!(matches!(error, Error::Answer { .. }), "{error}");
    }
    let error = refused(LISTING, || Reply::new(418, "<html>"));
    assert!(
        matches!(error, Error::Status { status: 418, .. }),
        "{error}"
    );
}

#[test]
fn a_repository_without_a_model_is_refused() {
    let error = refused(LISTING, || {
        let siblings = json!([{"rfilename": "model.gguf", "size": 1, "blobId": git(b"x")}]);
        Reply::new(
            200,
            json!({"sha": crate::fake_hub::COMMIT, "siblings": siblings}).to_string(),
        )
    });
    assert!(matches!(error, Error::NothingWanted { .. }), "{error}");
}

#[test]
fn names_that_lead_out_of_the_cache_are_refused() {
    for name in [
        "../x",
        "/etc/x",
        "",
        "a/../../x",
        "a//x",
        "a\\..\\x",
        "C:x",
        "x\n",
        ".",
    ] {
        let hub = FakeHub::with(move |asked| {
            (asked.path == LISTING).then(|| {
                let mut listing = listing();
                listing["siblings"][1]["rfilename"] = json!(name);
                Reply::new(200, listing.to_string())
            })
        });
        let client = Hub::new(hub.options()).unwrap();
        let repository = "acme/tiny".parse().unwrap();
        let mut watch = |_: palinode_remote::hub::Event<'_>| std::ops::ControlFlow::Continue(());
        let error = client
            .fetch(&repository, &|_| true, &mut watch)
            .unwrap_err();
        assert!(
            matches!(error, Error::HostileName { .. }),
            "{name:?}: {error}"
        );
        assert_eq!(hub.hub.asked().len(), 1);
        assert!(!hub.cache().exists());
        // Who does not want it is not bothered.
        assert!(
            client
                .fetch(&repository, &|name| name == "model.safetensors", &mut watch)
                .is_ok()
        );
    }
}

#[test]
fn other_bytes_than_listed_are_refused() {
    let flipped = || {
        let mut bytes = weights();
        bytes[200_000] ^= 1;
        Reply::new(200, bytes)
    };
    let error = refused(STORED, flipped);
    assert!(
        matches!(&error, Error::Mismatch { file, .. } if file == "model.safetensors"),
        "{error}"
    );
    let error = refused(CONFIG_PATH, || {
        Reply::new(200, "{\"model_type\": \"qwen3\"}\n")
    });
    assert!(
        matches!(&error, Error::Mismatch { file, .. } if file == "config.json"),
        "{error}"
    );
}

#[test]
fn more_or_fewer_bytes_than_listed_are_refused() {
    let endless = || Reply::new(200, weights()).sent(Manner::Endless);
    let error = refused(STORED, endless);
    assert!(
        matches!(&error, Error::Answer { problem, .. } if problem.contains("more")),
        "{error}"
    );
    for length in [10, 300_001] {
        let error = refused(STORED, move || Reply::new(200, vec![0; length]));
        assert!(matches!(error, Error::Answer { .. }), "{error}");
    }
    let error = refused(STORED, || {
        Reply::new(200, weights()).with("Content-Encoding", "gzip")
    });
    assert!(matches!(error, Error::Answer { .. }), "{error}");
}

#[test]
fn redirects_end() {
    let error = refused(WEIGHTS, || Reply::new(302, "").with("Location", WEIGHTS));
    assert!(matches!(error, Error::Redirect { .. }), "{error}");
    let error = refused(WEIGHTS, || {
        Reply::new(302, "").with("Location", "ftp://127.0.0.1/x")
    });
    assert!(matches!(error, Error::Redirect { .. }), "{error}");
}

#[test]
fn a_line_that_is_always_cut_is_given_up() {
    let error = refused(STORED, || {
        Reply::new(200, weights()).sent(Manner::CutAfter(0))
    });
    assert!(matches!(error, Error::Cut { received: 0, .. }), "{error}");
}

#[test]
fn a_hub_without_an_address_is_refused() {
    let hub = FakeHub::new();
    for endpoint in [
        "",
        "huggingface.co",
        "ftp://x",
        "https://me:key@x",
        "file:///x",
    ] {
        let options = Options {
            endpoint: endpoint.to_owned(),
            ..hub.options()
        };
        assert!(
            matches!(Hub::new(options), Err(Error::Setting { .. })),
            "{endpoint}"
        );
    }
}

#[test]
fn usual_files_of_a_model_are_told_from_the_others() {
    for name in [
        "config.json",
        "tokenizer.json",
        "model-00001-of-00002.safetensors",
        "model.safetensors.index.json",
    ] {
        assert!(model_files(name), "{name}");
    }
    for name in [
        "README.md",
        "pytorch_model.bin",
        "onnx/model.safetensors",
        "consolidated.safetensors",
        "x.py",
    ] {
        assert!(!model_files(name), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let hub = FakeHub::new();
    std::fs::write(hub.cache(), "a file where a folder belongs").unwrap();
    let error = hub.fetch().unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
    assert!(error.hint().is_some());
}
