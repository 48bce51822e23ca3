//! How is a token kept from being shown?

use std::fmt;

use crate::Error;

/// The longest token that is believed to be one.
const LONGEST: usize = 4096;

/// A key that lets its holder act for the user; neither messages nor `Debug` ever show it.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(String);

impl Token {
    /// A token as a person or a file gives it: white space around it is dropped.
    ///
    /// # Errors
    /// [`Error::Token`] where it is empty, very long, or holds what no header may hold.
    pub fn new(text: &str) -> Result<Token, Error> {
        let text = text.trim();
        let problem = if text.is_empty() {
            "is empty"
        } else if text.len() > LONGEST {
            "is longer than any token"
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            "holds a character that no token has"
        } else {
            return Ok(Token(text.to_owned()));
        };
        Err(Error::Token { problem })
    }

    /// The value of the `Authorization` header.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        let token = Token::new(" hf_abc\r\n").unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.header(), "Bearer hf_abc");
    }

    #[test]
    fn what_no_header_may_hold_is_refused() {
        for text in ["", " \n", "a b", "a\r\nHost: x", "ä", &"x".repeat(5000)] {
            let error = Token::new(text).unwrap_err();
            assert!(matches!(error, Error::Token { .. }), "{text:?}");
            assert!(text.trim().is_empty() || !error.to_string().contains(text));
        }
    }
}
