//! What does a function do to numbers and texts, as far as its name says?
//!
//! Names of the C library and of the libraries that most programs use stand here, and the words that other people's
//! functions of the same kind are made of. No name of one project does.

/// The last part of a name: `memcpy` of `std::memcpy` and of `ops->memcpy`.
pub(super) fn last_part(name: &[u8]) -> &[u8] {
    let at = name
        .iter()
        .rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    &name[at.map_or(0, |at| at + 1)..]
}

/// Whether `name` holds one of these words, which are in lower case; its own case does not matter.
pub(super) fn has_word(name: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| {
        let word = word.as_bytes();
        name.windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    })
}

/// The words that a name is made of, where `_` or a capital begins one: `read`, `Next`, `byte` of `readNext_byte`.
fn parts(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins =
        |(before, byte): (u8, u8)| byte.is_ascii_uppercase() && !before.is_ascii_uppercase();
    name.split(|&byte| byte == b'_').flat_map(move |part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let pairs = rest.iter().copied().zip(rest.iter().copied().skip(1));
            let end = pairs.map(begins).position(|begins| begins);
            let (first, others) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = others;
            (!first.is_empty()).then_some(first)
        })
    })
}

/// Whether one of these is a word of the name, whole.
fn has_part(name: &[u8], words: &[&str]) -> bool {
    let is_one = |part: &[u8]| {
        words
            .iter()
            .any(|word| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    parts(name).any(is_one)
}

/// Whether `name` is one of these.
pub(super) fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| known.as_bytes() == name)
}

/// Whether `name` ends with one of these, whatever its case.
pub(super) fn ends_with(name: &[u8], ends: &[&str]) -> bool {
    ends.iter().any(|end| {
        let (end, length) = (end.as_bytes(), name.len());
        length >= end.len() && name[length - end.len()..].eq_ignore_ascii_case(end)
    })
}

/// Whether a call of `name` does not return.
pub(super) fn never_returns(name: &[u8]) -> bool {
    is_one_of(
        name,
        &[
            "exit",
            "_exit",
            "abort",
            "_Exit",
            "longjmp",
            "siglongjmp",
            "die",
            "panic",
            "BUG",
            "fatal",
            "err",
            "errx",
            "usage",
            "quick_exit",
            "terminate",
            "unreachable",
            "__builtin_unreachable",
        ],
    ) || parts(name).last().is_some_and(|last| {
        let ends = ["throw", "fatal", "die", "abort", "longjmp"];
        ends.iter()
            .any(|end| last.eq_ignore_ascii_case(end.as_bytes()))
    }) || parts(name).next().is_some_and(|first| {
        // Not `abort_…`, which often ends something else than the program.
        let begins = ["throw", "fatal"];
        begins
            .iter()
            .any(|begin| first.eq_ignore_ascii_case(begin.as_bytes()))
    })
}

/// Whether a call of `name` checks what it is given, or brings it into bounds.
pub(super) fn checks(name: &[u8]) -> bool {
    has_word(
        name,
        &[
            "assert", "check", "valid", "ensure", "verify", "require", "bound", "range", "expect",
            "limit", "clamp", "overflow", "bug_on", "warn_on", "overrun", "is_ok", "likely",
            "guard", "reserve",
        ],
    ) || has_part(
        name,
        &["min", "safe", "safely", "grow", "need", "needs", "fits"],
    )
}

/// Whether what `name` returns, or puts into a name it is given, is a number read from bytes: `read_u16`.
pub(super) fn reads_number(name: &[u8]) -> bool {
    let verbs = [
        "read", "get", "extract", "fetch", "next", "peek", "pull", "unpack", "decode",
    ];
    has_word(name, &verbs) && has_width(name)
}

/// Whether `name` reads a number from where a stream stands, and moves on: a name with `get` may as well ask a
/// structure for one of its members.
pub(super) fn reads_on(name: &[u8]) -> bool {
    has_word(name, &["read", "extract", "pull", "unpack", "decode"]) && has_width(name)
}

fn has_width(name: &[u8]) -> bool {
    let ends = [
        "8", "16", "24", "32", "64", "byte", "word", "short", "long", "varint", "leb128",
    ];
    let words = ["16", "32", "u8", "_8", "lsb", "msb", "short", "long"];
    ends_with(name, &ends) || has_word(name, &words)
}

/// Whether `name` turns a number from the order of bytes of a message into that of the machine.
pub(super) fn swaps(name: &[u8]) -> bool {
    has_word(
        name,
        &[
            "ntoh", "_to_cpu", "be16toh", "be32toh", "be64toh", "le16toh", "le32toh", "le64toh",
        ],
    )
}

/// Whether `name` fills what it is handed the address of with what came from outside.
pub(super) fn fills(name: &[u8]) -> bool {
    let verbs = [
        "read",
        "recv",
        "scanf",
        "copy_from_user",
        "get_user",
        "parse",
        "decode",
        "fetch",
        "unpack",
        "extract",
        "getint",
    ];
    has_word(name, &verbs)
}

/// Whether `name` reads the text that it is given up to its zero.
pub(super) fn reads_text(name: &[u8]) -> bool {
    let names = [
        "strlen",
        "strchr",
        "strrchr",
        "strstr",
        "atoi",
        "atol",
        "sscanf",
        "strtok",
        "strtol",
        "strtoul",
        "strcpy",
        "strcat",
        "strdup",
        "strcmp",
        "strcasecmp",
    ];
    is_one_of(name, &names)
}

/// Whether `name` says by a negative number that it failed, and else by a positive one how much it did.
pub(super) fn returns_negative(name: &[u8]) -> bool {
    is_one_of(
        name,
        &[
            "read",
            "recv",
            "recvfrom",
            "recvmsg",
            "pread",
            "readlink",
            "readlinkat",
        ],
    )
}

/// Whether what `name` returns is kept within what it was given.
pub(super) fn narrows(name: &[u8]) -> bool {
    has_part(name, &["min", "clamp"])
}

/// Whether this is how a null pointer is written.
pub(super) fn is_null(written: &[u8]) -> bool {
    is_one_of(written, &["NULL", "nullptr", "0"])
}

/// Whether what a function returns is how long something is, and no more than that.
pub(super) fn measures(name: &[u8]) -> bool {
    has_word(
        name,
        &[
            "strlen",
            "wcslen",
            "strnlen",
            "sizeof",
            "arraysize",
            "array_size",
            "nitems",
        ],
    )
}

/// Whether a parameter with this name says how much there is in the one before it.
pub(super) fn says_length(name: &[u8]) -> bool {
    has_word(
        name,
        &["len", "size", "length", "bytes", "avail", "remain", "limit"],
    ) || is_one_of(name, &["n", "sz", "cnt", "count", "num", "end"])
}

/// Whether a type is one of numbers with a sign.
pub(super) fn is_signed(written: &[u8]) -> bool {
    if has_word(
        written,
        &[
            "unsigned", "uint", "u_int", "size_t", "u8", "u16", "u32", "u64", "byte", "word",
            "bool", "ulong", "ushort",
        ],
    ) {
        return has_word(written, &["ssize_t"]);
    }
    has_word(
        written,
        &["int", "long", "short", "s32", "s64", "off_t", "ptrdiff"],
    )
}

/// Whether a type holds the product of two numbers of 32 bits.
pub(super) fn is_wide(written: &[u8]) -> bool {
    has_word(written, &["size_t", "64", "long long"]) && !written.contains(&b'*')
}
