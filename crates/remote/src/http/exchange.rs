//! How is one question asked, so that its asker can leave at any moment?
//!
//! The connection is served by a thread of its own, which hands on what comes; the asker looks about every
//! tenth of a second. Where the asker leaves, the thread ends with its next step, at the latest after the
//! longest silence.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use ureq::http::{self, HeaderMap};

use super::Address;
use super::retry::TICK;
use crate::{Error, Token};

/// How often a server may send on to another address.
const REDIRECTS: usize = 5;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Pieces that lie ready, so that writing to a disk and waiting for a network overlap.
const AHEAD: usize = 16;
/// The most of an error's text that is read.
const LONGEST_MESSAGE: u64 = 4096;
/// The most of an error's text that is shown.
const SHOWN_MESSAGE: usize = 300;

/// What a question wants to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    /// The content.
    Get,
    /// What describes the content, also where the content lies elsewhere.
    Head,
}

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What is asked for.
    pub(crate) address: Address,
    /// What about it.
    pub(crate) method: Method,
    /// Shown to the server of `address`, and to no other that it sends on to.
    pub(crate) token: Option<Token>,
    /// The first byte wanted, where it is not the first of all.
    pub(crate) from: Option<u64>,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What the server said about an error.
    pub(crate) message: String,
    headers: HeaderMap,
}

impl Head {
    /// A header's value, if it is there and legible.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// A header's value as a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.parse().ok()
    }
}

/// An answer as it comes.
#[derive(Debug)]
pub(crate) struct Exchange {
    messages: Receiver<Message>,
}

enum Message {
    Head(Head),
    Bytes(Vec<u8>),
    End,
    Failed(Error),
}

impl Exchange {
    /// Asks, in a thread of its own.
    pub(super) fn start(agent: ureq::Agent, request: Request) -> Result<Exchange, Error> {
        let (sender, messages) = sync_channel(AHEAD);
        let server = request.address.host().to_owned();
        std::thread::Builder::new()
            .name("exchange".to_owned())
            .spawn(move || serve(&agent, &request, &sender))
            .map_err(|error| Error::NoConnection {
                server,
                problem: format!("no thread could be started: {error}"),
            })?;
        Ok(Exchange { messages })
    }

    /// Waits for the head, asking `tick` now and then whether to go on.
    pub(crate) fn head(&self, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Head, Error> {
        match self.next(tick)? {
            Message::Head(head) => Ok(head),
            Message::Failed(error) => Err(error),
            Message::Bytes(_) | Message::End => Err(lost()),
        }
    }

    /// Waits for the next piece of the body; none at its end.
    pub(crate) fn bytes(
        &self,
        tick: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Vec<u8>>, Error> {
        match self.next(tick)? {
            Message::Bytes(bytes) => Ok(Some(bytes)),
            Message::End => Ok(None),
            Message::Failed(error) => Err(error),
            Message::Head(_) => Err(lost()),
        }
    }

    fn next(&self, tick: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Message, Error> {
        loop {
            match self.messages.recv_timeout(TICK) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Disconnected) => return Err(lost()),
                Err(RecvTimeoutError::Timeout) => {
                    if tick().is_break() {
                        return Err(Error::Interrupted);
                    }
                }
            }
        }
    }
}

/// The thread ended without a word: it panicked, or more was asked for than it had.
fn lost() -> Error {
    Error::NoConnection {
        server: "the other end".to_owned(),
        problem: "the exchange ended without an answer".to_owned(),
    }
}

/// What the thread does. A failed `send` means that the asker has left.
fn serve(agent: &ureq::Agent, request: &Request, sender: &SyncSender<Message>) {
    let (head, body, address) = match follow(agent, request) {
        Ok(answer) => answer,
        Err(error) => {
            let _ = sender.send(Message::Failed(error));
            return;
        }
    };
    if sender.send(Message::Head(head)).is_err() {
        return;
    }
    let mut reader = body.into_reader();
    let mut received = 0;
    loop {
        let mut bytes = vec![0; CHUNK];
        let message = match reader.read(&mut bytes) {
            Ok(0) => Message::End,
            Ok(count) => {
                bytes.truncate(count);
                received += count as u64;
                Message::Bytes(bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Message::Failed(cut(error, &address, received)),
        };
        let last = !matches!(message, Message::Bytes(_));
        if sender.send(message).is_err() || last {
            return;
        }
    }
}

type Answer = (Head, ureq::Body, Address);

fn follow(agent: &ureq::Agent, request: &Request) -> Result<Answer, Error> {
    let mut address = request.address.clone();
    for _ in 0..=REDIRECTS {
        let (mut head, mut body) = send(agent, request, &address)?;
        let describes = request.method == Method::Head && head.header("x-linked-etag").is_some();
        let location = match head.status {
            301 | 302 | 303 | 307 | 308 if !describes => head.header("location"),
            _ => None,
        };
        let Some(location) = location else {
            if head.status >= 400 {
                head.message = message(&head, &mut body);
            }
            return Ok((head, body, address));
        };
        address = address.join(location).map_err(|problem| Error::Redirect {
            address: address.to_string(),
            problem: problem.to_owned(),
        })?;
    }
    Err(Error::Redirect {
        address: request.address.to_string(),
        problem: format!("and so on, more than {REDIRECTS} times"),
    })
}

fn send(
    agent: &ureq::Agent,
    request: &Request,
    address: &Address,
) -> Result<(Head, ureq::Body), Error> {
    let mut builder =
        http::Request::builder()
            .uri(address.uri().clone())
            .method(match request.method {
                Method::Get => http::Method::GET,
                Method::Head => http::Method::HEAD,
            });
    if let Some(token) = &request.token
        && address.same_origin(&request.address)
    {
        builder = builder.header("authorization", token.header());
    }
    if let Some(from) = request.from {
        builder = builder.header("range", format!("bytes={from}-"));
    }
    let question = builder.body(()).map_err(|error| Error::Answer {
        address: address.to_string(),
        problem: error.to_string(),
    })?;
    let response = agent
        .run(question)
        .map_err(|error| unanswered(error, address))?;
    let (parts, body) = response.into_parts();
    let head = Head {
        status: parts.status.as_u16(),
        message: String::new(),
        headers: parts.headers,
    };
    Ok((head, body))
}

/// What the server says about an error, in one short line.
fn message(head: &Head, body: &mut ureq::Body) -> String {
    if let Some(message) = head.header("x-error-message") {
        return line(message);
    }
    let mut bytes = Vec::new();
    let read = body
        .as_reader()
        .take(LONGEST_MESSAGE)
        .read_to_end(&mut bytes);
    let json = serde_json::from_slice::<serde_json::Value>(&bytes);
    match (read, json) {
        (Ok(_), Ok(json)) => {
            let error = &json["error"];
            line(error.as_str().or(error["message"].as_str()).unwrap_or(""))
        }
        // A page for a browser says nothing in one line.
        _ => String::new(),
    }
}

/// A foreign text without what could trick a terminal.
fn line(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean
        .take(SHOWN_MESSAGE)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// What it means that no head came.
fn unanswered(error: ureq::Error, address: &Address) -> Error {
    let server = address.host().to_owned();
    let no_connection = |problem: String| Error::NoConnection {
        server: server.clone(),
        problem,
    };
    match error {
        ureq::Error::Timeout(what) => timed_out(what, address),
        ureq::Error::HostNotFound => no_connection("there is no host of this name".to_owned()),
        ureq::Error::Rustls(error) => untrusted(server, &error),
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => untrusted(server, error),
            None if error.kind() == io::ErrorKind::TimedOut => Error::TimedOut {
                address: address.to_string(),
                doing: "connecting".to_owned(),
            },
            None => no_connection(error.to_string()),
        },
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => {
            no_connection(error.to_string())
        }
        other => Error::Answer {
            address: address.to_string(),
            problem: other.to_string(),
        },
    }
}

fn untrusted(server: String, error: &rustls::Error) -> Error {
    Error::Untrusted {
        server,
        problem: error.to_string(),
    }
}

fn timed_out(what: ureq::Timeout, address: &Address) -> Error {
    let doing = match what {
        ureq::Timeout::Resolve => "looking up its name",
        ureq::Timeout::Connect => "connecting",
        ureq::Timeout::RecvBody => "inside its answer",
        _ => "before its answer",
    };
    Error::TimedOut {
        address: address.to_string(),
        doing: doing.to_owned(),
    }
}

/// What it means that a body broke off.
fn cut(error: io::Error, address: &Address, received: u64) -> Error {
    let error = ureq::Error::from(error);
    if matches!(error, ureq::Error::Timeout(_)) {
        return Error::TimedOut {
            address: address.to_string(),
            doing: format!("after {received} bytes of its answer"),
        };
    }
    Error::Cut {
        address: address.to_string(),
        received,
        problem: error.to_string(),
    }
}

/// How long the server asked to be left alone; only in seconds, since a date would need a clock that is right.
fn retry_after(head: &Head) -> Option<Duration> {
    head.number("retry-after").map(Duration::from_secs)
}

impl Head {
    /// What a status that is no success means, for any server.
    pub(crate) fn failure(&self, address: &Address) -> Error {
        let (address, message) = (address.to_string(), self.message.clone());
        match self.status {
            408 | 429 | 500..=599 => Error::Busy {
                address,
                status: self.status,
                retry_after: retry_after(self),
                message,
            },
            status => Error::Status {
                address,
                status,
                message,
            },
        }
    }
}
