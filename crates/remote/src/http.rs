//! How is any server asked, and how much patience is it given?

mod address;
mod exchange;
mod retry;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};

pub(crate) use self::address::{Address, escape};
pub(crate) use self::exchange::{Exchange, Head, Method, Request};
pub(crate) use self::retry::{TICK, Tries, pause};
use crate::Error;

/// How long a server is waited for, and how often it is asked again.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How this program names itself to servers.
    pub user_agent: String,
    /// The longest wait for a connection, encryption included.
    pub connect: Duration,
    /// The longest silence before an answer, or inside it.
    pub silence: Duration,
    /// How often a question is asked before it is given up; an answer that brings much counts as none.
    pub attempts: u32,
    /// The pause before the second attempt; each following one is twice as long.
    pub first_pause: Duration,
    /// The longest pause. A server that asks for a longer one is given up.
    pub longest_pause: Duration,
    /// The longest time spent pausing, all pauses of one question together.
    pub pauses: Duration,
    /// The proxy that connections go through.
    pub proxy: Option<Proxy>,
}

impl Policy {
    /// What suits a person who waits for a download.
    #[must_use]
    pub fn usual(user_agent: &str) -> Policy {
        Policy {
            user_agent: user_agent.to_owned(),
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            attempts: 5,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            pauses: Duration::from_secs(300),
            proxy: None,
        }
    }
}

/// A proxy; `Debug` does not show its address, which may hold a password.
#[derive(Clone, Eq, PartialEq)]
pub struct Proxy {
    /// Its address, such as `http://proxy.example:3128`.
    pub address: String,
    /// Hosts that are asked directly, as in `NO_PROXY`: separated by commas, `.example.org` for a whole domain.
    pub except: String,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Proxy")
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}

/// What connects, by one policy.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: ureq::Agent,
    policy: Policy,
}

impl Client {
    /// Connects to nobody yet.
    pub(crate) fn new(policy: Policy) -> Result<Client, Error> {
        let proxy = policy.proxy.as_ref().map(proxy).transpose()?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = ureq::Agent::config_builder()
            .user_agent(policy.user_agent.as_str())
            // What is checked is what was stored: no form of it that a server may prefer.
            .accept_encoding("identity")
            .tls_config(tls)
            // Always said, or the library would read the environment.
            .proxy(proxy)
            .timeout_resolve(Some(policy.connect))
            .timeout_connect(Some(policy.connect))
            .timeout_send_request(Some(policy.silence))
            .timeout_recv_response(Some(policy.silence))
            .timeout_per_read(Some(policy.silence))
            // Followed here, since a token must not go to another server.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build();
        Ok(Client {
            agent: config.new_agent(),
            policy,
        })
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Asks once. Nothing is waited for here; the exchange tells what comes.
    pub(crate) fn ask(&self, request: Request) -> Result<Exchange, Error> {
        Exchange::start(self.agent.clone(), request)
    }
}

fn proxy(proxy: &Proxy) -> Result<ureq::Proxy, Error> {
    let problem = |problem: String| Error::Setting {
        setting: "the proxy's address",
        problem,
    };
    let parsed = ureq::Proxy::new(&proxy.address)
        .map_err(|_| problem("is not like http://proxy.example:3128".to_owned()))?;
    let mut builder = ureq::Proxy::builder(parsed.protocol())
        .host(parsed.host())
        .port(parsed.port());
    if let Some(name) = parsed.username() {
        builder = builder.username(name);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    for host in proxy.except.split(',').map(str::trim) {
        builder = builder.no_proxy(host);
        // A bare domain means its hosts too, as other programs read it.
        if !host.is_empty() && !host.starts_with(['.', '*']) {
            builder = builder.no_proxy(&format!(".{host}"));
        }
    }
    builder
        .build()
        .map_err(|_| problem("cannot be used".to_owned()))
}
