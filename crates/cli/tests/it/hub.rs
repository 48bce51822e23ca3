//! Is a model of the hub fetched once, told about, and found again without the network?

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::model::GOLDEN;
use crate::{Ran, command};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What a hub holds: repositories with their files.
type Repositories = Vec<(&'static str, Vec<(String, Vec<u8>)>)>;

/// A hub on this machine, and a home for what comes from it.
struct Hub {
    address: SocketAddr,
    /// The paths asked for.
    asked: Arc<Mutex<Vec<String>>>,
    /// Whether weights stop in the middle.
    stalls: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    home: TempDir,
}

/// The files of the golden checkpoint that make a model.
const MODEL: [&str; 5] = [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// The golden checkpoint as a repository, one of GGUF files that hold nothing, and one without a model.
fn repositories() -> Repositories {
    let file = |name: &str| (name.to_owned(), b"no model".to_vec());
    let golden = |name: &str| {
        (
            name.to_owned(),
            fs::read(Path::new(GOLDEN).join(name)).unwrap(),
        )
    };
    let mut tiny = vec![file("README.md"), file("pytorch_model.bin")];
    tiny.extend(MODEL.map(golden));
    vec![
        ("acme/tiny", tiny),
        (
            "acme/gguf",
            vec![file("README.md"), file("m-Q4.gguf"), file("m-Q8.gguf")],
        ),
        (
            "acme/other",
            vec![file("config.json"), file("pytorch_model.bin")],
        ),
    ]
}

impl Hub {
    fn start() -> Hub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hub = Hub {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            stalls: Arc::default(),
            stop: Arc::default(),
            home: tempfile::tempdir().unwrap(),
        };
        let repositories = Arc::new(repositories());
        let (asked, stalls, stop) = (hub.asked.clone(), hub.stalls.clone(), hub.stop.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (repositories, asked) = (Arc::clone(&repositories), Arc::clone(&asked));
                let stalls = stalls.load(Ordering::SeqCst);
                // Who asks may leave in the middle.
                std::thread::spawn(move || serve(&stream?, &repositories, &asked, stalls));
            }
        });
        hub
    }

    /// The program with this hub and this home.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command
            .env("HF_ENDPOINT", format!("http://{}", self.address))
            .env("HF_HOME", self.home.path())
            .env("HF_HUB_OFFLINE", "0")
            .env("NO_PROXY", "*");
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "no_proxy",
        ] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments))
    }

    fn run_offline(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.env("HF_HUB_OFFLINE", "1");
        ran(command)
    }

    /// How often something was asked for whose path contains `text`.
    fn asked(&self, text: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|path| path.contains(text)).count()
    }

    /// Nobody answers any more.
    fn end(&self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.end();
    }
}

fn ran(mut command: Command) -> Ran {
    let output = command.output().expect("the program ends");
    Ran {
        code: output.status.code().expect("no signal ended it"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("messages are text"),
    }
}

/// Answers one question.
fn serve(
    mut stream: &TcpStream,
    repositories: &Repositories,
    asked: &Mutex<Vec<String>>,
    stalls: bool,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut from = 0;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        }
    }
    asked.lock().unwrap().push(path.clone());
    let Some(body) = answer(repositories, &path) else {
        let code = match path.starts_with("/api/") {
            true => "RepoNotFound",
            false => "EntryNotFound",
        };
        let head = format!("HTTP/1.1 404 No\r\nX-Error-Code: {code}\r\nContent-Length: 0\r\n");
        return stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
    };
    let (size, rest) = (body.len(), &body[from..]);
    let range = match from {
        0 => "200 OK".to_owned(),
        from => format!(
            "206 Rest\r\nContent-Range: bytes {from}-{}/{size}",
            size - 1
        ),
    };
    let head = format!(
        "HTTP/1.1 {range}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        rest.len()
    );
    stream.write_all(head.as_bytes())?;
    if stalls && path.ends_with("/model.safetensors") {
        stream.write_all(&rest[..rest.len() / 2])?;
        // Until the asker has had enough.
        return stream.read(&mut [0]).map(drop);
    }
    stream.write_all(rest)
}

fn answer(repositories: &Repositories, path: &str) -> Option<Vec<u8>> {
    for (id, files) in repositories {
        if path == format!("/api/models/{id}/revision/main?blobs=true") {
            return Some(listing(id, files).to_string().into_bytes());
        }
        let file = path.strip_prefix(&format!("/{id}/resolve/{COMMIT}/"));
        let found = file.and_then(|file| files.iter().find(|(name, _)| name == file));
        if let Some((_, bytes)) = found {
            return Some(bytes.clone());
        }
    }
    None
}

fn listing(id: &str, files: &[(String, Vec<u8>)]) -> Value {
    let siblings: Vec<Value> = files
        .iter()
        .map(|(name, bytes)| {
            let hash: String = Sha256::digest(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let size = bytes.len();
            json!({"rfilename": name, "size": size, "lfs": {"sha256": hash, "size": size}})
        })
        .collect();
    json!({"id": id, "sha": COMMIT, "siblings": siblings})
}

const WRITE: [&str; 8] = [
    "generate",
    "int main",
    "-m",
    "hf:acme/tiny",
    "--temperature",
    "0",
    "--max-tokens",
    "8",
];

#[test]
fn a_model_is_fetched_once_and_then_needs_no_network() {
    let hub = Hub::start();
    let first = hub.run(&WRITE);
    assert_eq!(first.code, 0, "{}", first.stderr);
    for line in [
        "fetching model.safetensors, 133 KiB\n",
        "fetched model.safetensors, 133 KiB\n",
    ] {
        assert!(first.stderr.contains(line), "{}", first.stderr);
    }
    // What a model does not need is left where it is.
    assert_eq!(hub.asked("/resolve/"), MODEL.len());

    let shown = hub.run(&["model", "show", "hf:acme/tiny", "--json"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    let card: Value = serde_json::from_str(shown.text()).unwrap();
    // Not after the commit, which its folder is called after.
    assert_eq!(card["name"], "acme/tiny");

    let same = |ran: Ran| {
        assert_eq!(
            (ran.code, &ran.stdout),
            (0, &first.stdout),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("fetching"), "{}", ran.stderr);
        ran.stderr
    };
    same(hub.run(&WRITE));
    assert_eq!(hub.asked("/resolve/"), MODEL.len());
    hub.end();
    same(hub.run_offline(&WRITE));
    // Away is not forbidden: what is here is used, and that is said.
    let told = same(hub.run(&WRITE));
    assert!(told.contains("what was fetched earlier is used"), "{told}");
}

#[test]
fn what_lies_in_the_cache_is_listed() {
    let hub = Hub::start();
    let shown = hub.run(&["model", "show", "hf:acme/tiny"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let table = hub.run_offline(&["list", "models"]);
    let last = table.text().lines().last().unwrap();
    assert!(last.starts_with("hf:acme/tiny "), "{last}");
    assert!(last.ends_with("in the cache, 144 KiB: qwen2"), "{last}");
    let json = hub.run_offline(&["list", "models", "--json"]);
    let last: Value = serde_json::from_str(json.text().lines().last().unwrap()).unwrap();
    assert_eq!(last["name"], "hf:acme/tiny");
    assert_eq!(
        (&last["architecture"], &last["known"]),
        (&"qwen2".into(), &true.into())
    );
    let size = |file| fs::metadata(Path::new(GOLDEN).join(file)).unwrap().len();
    assert_eq!(last["bytes"], MODEL.map(size).iter().sum::<u64>());
}

#[test]
fn what_cannot_be_fetched_is_refused() {
    let hub = Hub::start();
    let refused = |name: &str| {
        let ran = hub.run(&["model", "show", name]);
        assert_eq!((ran.code, ran.text()), (2, ""), "{}", ran.stderr);
        ran.stderr
    };
    insta::assert_snapshot!(refused("hf:acme/nothing"), @r"
    error: cannot fetch `hf:acme/nothing`
      cause: the hub has no repository `acme/nothing`
    hint: check the spelling; for a private repository set HF_TOKEN
    ");
    insta::assert_snapshot!(refused("hf:acme/gguf"), @r"
    error: `acme/gguf` holds GGUF files, and each is a model of its own
    hint: name one: `hf:acme/gguf#m-Q4.gguf`; it has `m-Q4.gguf`, `m-Q8.gguf`
    ");
    insta::assert_snapshot!(refused("hf:acme/gguf#m-Q2.gguf"), @r"
    error: `acme/gguf` has no file `m-Q2.gguf`
    hint: it has `m-Q4.gguf`, `m-Q8.gguf`
    ");
    insta::assert_snapshot!(refused("hf:acme/other"), @r"
    error: `acme/other` has no weights in safetensors
    hint: use a repository that has them, or one with GGUF files
    ");
    // Nothing was fetched for that.
    assert_eq!(hub.asked("/resolve/"), 0);
    let offline = hub.run_offline(&["model", "show", "hf:acme/tiny"]);
    assert_eq!(offline.code, 2);
    insta::assert_snapshot!(offline.stderr, @r"
    error: cannot fetch `hf:acme/tiny`
      cause: `acme/tiny` is not in the cache as a whole, and the network may not be used: nothing of `main` was fetched
    hint: fetch it once with the network: unset HF_HUB_OFFLINE, or copy the cache of another machine
    ");
}

#[test]
fn of_gguf_files_only_the_one_named_is_fetched() {
    let hub = Hub::start();
    let ran = hub.run(&["model", "show", "hf:acme/gguf#m-Q4.gguf"]);
    // It holds no model, but it came.
    assert_eq!(ran.code, 2);
    let (fetched, refused) = ran.stderr.split_once("error: ").unwrap();
    assert_eq!(fetched, "fetching m-Q4.gguf, 8 B\nfetched m-Q4.gguf, 8 B\n");
    assert!(
        refused.starts_with("cannot load `hf:acme/gguf#m-Q4.gguf`\n"),
        "{refused}"
    );
    assert_eq!(hub.asked("/resolve/"), 1);
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_what_was_fetched() {
    let hub = Hub::start();
    hub.stalls.store(true, Ordering::SeqCst);
    let mut child = hub.command(&WRITE).spawn().expect("the program starts");
    drop(child.stdin.take());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.ends_with("fetching model.safetensors, 133 KiB\n") {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
    }
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    told.clear();
    stderr.read_to_string(&mut told).unwrap();
    insta::assert_snapshot!(told, @"interrupted; what was fetched is kept, and the same command goes on from there");
    assert_eq!(child.wait().unwrap().code(), Some(130));

    hub.stalls.store(false, Ordering::SeqCst);
    let again = hub.run(&WRITE);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains(" are here\n"), "{}", again.stderr);
}
