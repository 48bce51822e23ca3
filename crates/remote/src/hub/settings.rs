//! Which hub, which cache and which token, by the variables that Python's `huggingface_hub` reads?

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::{Error, Policy, Proxy, Token};

/// The hub that is meant where none is named.
const ENDPOINT: &str = "https://huggingface.co";
/// The longest file that is read as a token's.
const LARGEST_TOKEN_FILE: u64 = 64 << 10;

/// What a hub is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The hub's address, such as `https://huggingface.co`.
    pub endpoint: String,
    /// The folder that holds `models--org--name` folders.
    pub cache: PathBuf,
    /// Where the user's token is.
    pub credential: Credential,
    /// Never connect: use what is in the cache, or say what is missing.
    pub offline: bool,
    /// How patient to be.
    pub policy: Policy,
}

/// Where a token comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Credential {
    /// The user is nobody in particular.
    None,
    /// This one.
    Token(Token),
    /// The one in a file, if there is such a file.
    File(PathBuf),
}

impl Options {
    /// Reads the options from the variables of the environment, which `value` looks up.
    ///
    /// The names and their precedence are those of `huggingface_hub`. The cache: `HF_HUB_CACHE`, `HF_HOME/hub`,
    /// `XDG_CACHE_HOME/huggingface/hub`, `~/.cache/huggingface/hub`. The token: `HF_TOKEN`, then the file that
    /// `HF_TOKEN_PATH` names, or `token` beside the cache; with `HF_HUB_DISABLE_IMPLICIT_TOKEN` none. The hub:
    /// `HF_ENDPOINT`. No network: `HF_HUB_OFFLINE` is 1, on, yes or true. A proxy: `HTTPS_PROXY` (`HTTP_PROXY` for
    /// an unencrypted hub), `ALL_PROXY`, and `NO_PROXY`. An empty variable counts as absent; a `~` at the start of
    /// a path is the user's home, other variables inside a path are not expanded.
    ///
    /// # Errors
    /// [`Error::NoCache`] where nothing says where the cache is, [`Error::Token`] for what cannot be a token.
    pub fn from_values(
        value: &dyn Fn(&str) -> Option<OsString>,
        user_agent: &str,
    ) -> Result<Options, Error> {
        let values = Values { value };
        let home = values.hub_home();
        let cache = values
            .path("HF_HUB_CACHE")
            .or_else(|| values.path("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| home.as_ref().map(|home| home.join("hub")))
            .ok_or(Error::NoCache)?;
        let endpoint = values.text("HF_ENDPOINT").unwrap_or(ENDPOINT.to_owned());
        let offline = match values.text("HF_HUB_OFFLINE") {
            Some(text) => is_true(&text),
            None => values.is_true("TRANSFORMERS_OFFLINE"),
        };
        let credential = if offline || values.is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
            Credential::None
        } else {
            values.credential(home.as_deref())?
        };
        let mut policy = Policy::usual(user_agent);
        policy.proxy = values.proxy(&endpoint);
        Ok(Options {
            endpoint,
            cache,
            credential,
            offline,
            policy,
        })
    }
}

impl Credential {
    /// The token, where there is one.
    pub(super) fn token(&self) -> Result<Option<Token>, Error> {
        let path = match self {
            Credential::None => return Ok(None),
            Credential::Token(token) => return Ok(Some(token.clone())),
            Credential::File(path) => path,
        };
        let mut text = String::new();
        let read = File::open(path)
            .and_then(|file| file.take(LARGEST_TOKEN_FILE).read_to_string(&mut text));
        match read {
            Ok(_) if text.trim().is_empty() => Ok(None),
            Ok(_) => Token::new(&text).map(Some),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(source) => Err(Error::File {
                file: path.clone(),
                doing: "read",
                source,
            }),
        }
    }
}

struct Values<'v> {
    value: &'v dyn Fn(&str) -> Option<OsString>,
}

impl Values<'_> {
    fn os(&self, name: &str) -> Option<OsString> {
        (self.value)(name).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.os(name)?.into_string().ok()
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.os(name)?);
        match path.strip_prefix("~") {
            Ok(rest) => Some(self.home()?.join(rest)),
            Err(_) => Some(path),
        }
    }

    fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| is_true(&text))
    }

    fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.os(name).map(PathBuf::from)
    }

    fn hub_home(&self) -> Option<PathBuf> {
        self.path("HF_HOME").or_else(|| {
            let cache = self.path("XDG_CACHE_HOME");
            let cache = cache.or_else(|| Some(self.home()?.join(".cache")));
            Some(cache?.join("huggingface"))
        })
    }

    fn credential(&self, home: Option<&Path>) -> Result<Credential, Error> {
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let Some(value) = self.os(name) {
                let text = value.to_string_lossy();
                if !text.trim().is_empty() {
                    return Token::new(&text).map(Credential::Token);
                }
            }
        }
        let file = self.path("HF_TOKEN_PATH");
        let file = file.or_else(|| Some(home?.join("token")));
        Ok(file.map_or(Credential::None, Credential::File))
    }

    fn proxy(&self, endpoint: &str) -> Option<Proxy> {
        let (small, large) = if endpoint.starts_with("http://") {
            ("http_proxy", "HTTP_PROXY")
        } else {
            ("https_proxy", "HTTPS_PROXY")
        };
        let address = [small, large, "all_proxy", "ALL_PROXY"]
            .iter()
            .find_map(|name| self.text(name))?;
        let except = self.text("no_proxy").or_else(|| self.text("NO_PROXY"));
        Some(Proxy {
            address,
            except: except.unwrap_or_default(),
        })
    }
}

fn is_true(text: &str) -> bool {
    ["1", "on", "yes", "true"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(values: &[(&str, &str)]) -> Result<Options, Error> {
        let value = |name: &str| {
            let found = values.iter().find(|(known, _)| *known == name)?;
            Some(OsString::from(found.1))
        };
        Options::from_values(&value, "test")
    }

    fn cache(values: &[(&str, &str)]) -> PathBuf {
        options(values).unwrap().cache
    }

    #[test]
    #[cfg(unix)]
    fn the_cache_is_found_in_the_order_of_huggingface_hub() {
        let mut values = vec![("HOME", "/h")];
        assert_eq!(cache(&values), Path::new("/h/.cache/huggingface/hub"));
        values.push(("XDG_CACHE_HOME", "/x"));
        assert_eq!(cache(&values), Path::new("/x/huggingface/hub"));
        values.push(("HF_HOME", "~/hf"));
        assert_eq!(cache(&values), Path::new("/h/hf/hub"));
        values.push(("HF_HUB_CACHE", "/c"));
        assert_eq!(cache(&values), Path::new("/c"));
        assert_eq!(
            cache(&[("HOME", "/h"), ("HF_HOME", "")]),
            Path::new("/h/.cache/huggingface/hub")
        );
        assert!(matches!(options(&[]), Err(Error::NoCache)));
    }

    #[test]
    fn the_token_is_found_in_the_order_of_huggingface_hub() {
        let credential = |values: &[(&str, &str)]| options(values).unwrap().credential;
        let mut values = vec![("HF_HOME", "hf")];
        assert_eq!(
            credential(&values),
            Credential::File(Path::new("hf").join("token"))
        );
        values.push(("HF_TOKEN_PATH", "t"));
        assert_eq!(credential(&values), Credential::File("t".into()));
        values.push(("HF_TOKEN", "hf_a\n"));
        assert_eq!(
            credential(&values),
            Credential::Token(Token::new("hf_a").unwrap())
        );
        values.push(("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"));
        assert_eq!(credential(&values), Credential::None);
        let error = options(&[("HF_HOME", "hf"), ("HF_TOKEN", "a b")]).unwrap_err();
        assert!(matches!(error, Error::Token { .. }), "{error}");
    }

    #[test]
    fn a_token_is_read_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let credential = Credential::File(path.clone());
        assert_eq!(credential.token().unwrap(), None);
        std::fs::write(&path, "hf_b\n").unwrap();
        assert_eq!(
            credential.token().unwrap(),
            Some(Token::new("hf_b").unwrap())
        );
        std::fs::write(&path, " \n").unwrap();
        assert_eq!(credential.token().unwrap(), None);
        std::fs::write(&path, b"\xff").unwrap();
        assert!(credential.token().is_err());
    }

    #[test]
    fn the_rest_is_read() {
        let plain = options(&[("HF_HOME", "hf")]).unwrap();
        assert_eq!((plain.endpoint.as_str(), plain.offline), (ENDPOINT, false));
        assert_eq!(plain.policy.proxy, None);
        for (text, offline) in [("1", true), ("True", true), ("0", false), ("", false)] {
            let values = [("HF_HOME", "hf"), ("HF_HUB_OFFLINE", text)];
            assert_eq!(options(&values).unwrap().offline, offline, "{text}");
        }
        let values = [
            ("HF_HOME", "hf"),
            ("HF_HUB_OFFLINE", "0"),
            ("TRANSFORMERS_OFFLINE", "1"),
        ];
        assert!(!options(&values).unwrap().offline);
        let values = [
            ("HF_HOME", "hf"),
            ("HF_ENDPOINT", "http://mirror.example"),
            ("HTTPS_PROXY", "http://a"),
            ("ALL_PROXY", "http://b"),
            ("NO_PROXY", "localhost"),
        ];
        let mirror = options(&values).unwrap();
        assert_eq!(mirror.endpoint, "http://mirror.example");
        let proxy = mirror.policy.proxy.unwrap();
        assert_eq!(
            (proxy.address.as_str(), proxy.except.as_str()),
            ("http://b", "localhost")
        );
    }
}
