//! What does an address say, and where does a redirect lead?

use std::fmt;

use ureq::http::Uri;

/// An absolute `http` or `https` address without a user in it; shown without its query.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Address {
    uri: Uri,
}

impl Address {
    /// Reads an address, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Address, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "is not an address")?;
        let Some(authority) = uri.authority() else {
            return Err("names no server");
        };
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err("is neither http nor https");
        }
        if authority.as_str().contains('@') {
            return Err("holds a user's name");
        }
        if authority.host().is_empty() {
            return Err("names no server");
        }
        Ok(Address { uri })
    }

    /// Where an answer of this address leads with `location`.
    pub(crate) fn join(&self, location: &str) -> Result<Address, &'static str> {
        let next = if location.contains("://") {
            Address::parse(location)?
        } else if location.starts_with("//") {
            Address::parse(&format!("{}:{location}", self.scheme()))?
        } else if location.starts_with('/') {
            Address::parse(&format!("{}{location}", self.origin()))?
        } else {
            let path = self.uri.path();
            let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
            Address::parse(&format!("{}{folder}{location}", self.origin()))?
        };
        if self.scheme() == "https" && next.scheme() != "https" {
            return Err("it is not encrypted");
        }
        Ok(next)
    }

    /// Whether both are served by one server: same scheme, host and port.
    pub(crate) fn same_origin(&self, other: &Address) -> bool {
        self.scheme() == other.scheme()
            && self.host().eq_ignore_ascii_case(other.host())
            && self.port() == other.port()
    }

    /// The server's name.
    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// The whole address, with its query; not for messages.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    fn scheme(&self) -> &str {
        self.uri.scheme_str().unwrap_or_default()
    }

    fn port(&self) -> u16 {
        let usual = if self.scheme() == "https" { 443 } else { 80 };
        self.uri.port_u16().unwrap_or(usual)
    }

    fn origin(&self) -> String {
        let authority = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        format!("{}://{authority}", self.scheme())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.origin(), self.uri.path())
    }
}

/// A text as one part of a path: everything is escaped but letters, digits and `-._~`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(from: &str, location: &str) -> String {
        match Address::parse(from).unwrap().join(location) {
            Ok(address) => address.uri().to_string(),
            Err(problem) => problem.to_owned(),
        }
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let from = "https://hub.example/a/b?x=1";
        assert_eq!(joined(from, "/c/d?y=2"), "https://hub.example/c/d?y=2");
        assert_eq!(joined(from, "c"), "https://hub.example/a/c");
        assert_eq!(joined(from, "//cdn.example/c"), "https://cdn.example/c");
        assert_eq!(
            joined(from, "https://cdn.example/c"),
            "https://cdn.example/c"
        );
        assert_eq!(joined("http://h:81", "c"), "http://h:81/c");
    }

    #[test]
    fn redirects_to_nowhere_good_are_refused() {
        let from = "https://hub.example/a";
        assert_eq!(joined(from, "http://hub.example/a"), "it is not encrypted");
        assert_eq!(joined(from, "file:///etc/passwd"), "is not an address");
        assert_eq!(joined(from, "ftp://x/y"), "is neither http nor https");
        assert_eq!(joined(from, "https://a@b/"), "holds a user's name");
        assert_eq!(joined(from, "https://"), "is not an address");
        assert_eq!(joined(from, "/a b"), "is not an address");
    }

    #[test]
    fn another_port_is_another_server() {
        let parse = |text| Address::parse(text).unwrap();
        let hub = parse("https://Hub.example/a");
        assert!(hub.same_origin(&parse("https://hub.example:443/b")));
        for other in [
            "https://hub.example:444",
            "http://hub.example",
            "https://hub.example.org",
        ] {
            assert!(!hub.same_origin(&parse(other)), "{other}");
        }
    }

    #[test]
    fn a_query_is_not_shown() {
        let address = Address::parse("https://cdn.example/a?Signature=secret").unwrap();
        assert_eq!(address.to_string(), "https://cdn.example/a");
    }

    #[test]
    fn a_part_of_a_path_stays_one() {
        assert_eq!(escape("refs/pr/1"), "refs%2Fpr%2F1");
        assert_eq!(escape("a b?#%é~"), "a%20b%3F%23%25%C3%A9~");
    }
}
