//! What do the tags of an XML report say? Enough of XML for reports whose contents stand in attributes.

/// A tag as it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// `<name …>`, and with `true` `<name …/>`.
    Open(String, Vec<(String, String)>, bool),
    /// `</name>`.
    Close(String),
}

impl Tag {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let Tag::Open(_, attributes, _) = self else {
            return None;
        };
        let found = attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// All tags, in order. Text between them, comments and declarations are passed over.
///
/// # Errors
/// What is wrong, where it is not well formed: also a tag that is not closed, which a cut report has.
pub(crate) fn tags(text: &str) -> Result<Vec<Tag>, String> {
    let mut tags = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(skipped) = passed_over(rest)? {
            rest = skipped;
            continue;
        }
        let (tag, behind) = tag(rest)?;
        match &tag {
            Tag::Open(_, _, true) => {}
            Tag::Open(name, _, false) => open.push(name.clone()),
            Tag::Close(name) if open.pop().as_ref() == Some(name) => {}
            Tag::Close(name) => return Err(format!("`</{name}>` closes nothing")),
        }
        tags.push(tag);
        rest = behind;
    }
    match open.last() {
        Some(name) => Err(format!("`<{name}>` is not closed")),
        None => Ok(tags),
    }
}

/// What follows a comment or declaration, where one stands here.
fn passed_over(text: &str) -> Result<Option<&str>, String> {
    for (start, end) in [("<!--", "-->"), ("<?", "?>"), ("<!", ">")] {
        if let Some(inside) = text.strip_prefix(start) {
            let at = inside
                .find(end)
                .ok_or("a comment or declaration is not closed")?;
            return Ok(Some(&inside[at + end.len()..]));
        }
    }
    Ok(None)
}

fn tag(text: &str) -> Result<(Tag, &str), String> {
    let cut_off = || "a tag is cut off".to_owned();
    if let Some(inside) = text.strip_prefix("</") {
        let end = inside.find('>').ok_or_else(cut_off)?;
        return Ok((
            Tag::Close(inside[..end].trim().to_owned()),
            &inside[end + 1..],
        ));
    }
    let inside = &text[1..];
    let is_end = |letter: char| letter.is_whitespace() || letter == '/' || letter == '>';
    let end = inside.find(is_end).ok_or_else(cut_off)?;
    let name = inside[..end].to_owned();
    let mut rest = &inside[end..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix("/>") {
            return Ok((Tag::Open(name, attributes, true), behind));
        }
        if let Some(behind) = rest.strip_prefix('>') {
            return Ok((Tag::Open(name, attributes, false), behind));
        }
        let (key, value) = rest.split_once('=').ok_or_else(cut_off)?;
        let value = value.trim_start();
        let quote = value.chars().next().filter(|quote| "'\"".contains(*quote));
        let quote = quote.ok_or("an attribute has no quotes")?;
        let (value, behind) = value[1..].split_once(quote).ok_or_else(cut_off)?;
        let key = key.trim();
        if key.is_empty() || key.contains(['<', '>', '"', '\'', ' ']) {
            return Err(format!("`{key}` is no name of an attribute"));
        }
        attributes.push((key.to_owned(), unescaped(value)));
        rest = behind;
    }
}

/// The text that an escaped one stands for; what is no escape stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let escape = after
            .split_once(';')
            .and_then(|(name, behind)| Some((character(name)?, behind)));
        match escape {
            Some((character, behind)) => {
                out.push(character);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_attributes_are_read() {
        let text = "<?xml version=\"1.0\"?><!-- <x> --><a b='1 &lt; &#50;' c=\"&quot;>\">t<d/></a>";
        let tags = tags(text).expect("it is well formed");
        assert_eq!(tags.len(), 3);
        assert_eq!(tags[0].attribute("b"), Some("1 < 2"));
        assert_eq!(tags[0].attribute("c"), Some("\">"));
        assert_eq!(tags[1], Tag::Open("d".to_owned(), Vec::new(), true));
        assert_eq!(tags[2], Tag::Close("a".to_owned()));
    }

    #[test]
    fn what_is_cut_is_refused() {
        let text = "<a b='1'><c d='&amp;'/></a>";
        for end in 1..text.len() {
            assert!(tags(&text[..end]).is_err(), "{}", &text[..end]);
        }
    }
}
