//! What does a function do to blocks of memory, as far as its name says?

use super::names::{ends_with, has_word, is_one_of};

/// How a function copies: which argument is the target, which the source, which the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) to: Option<usize>,
    pub(super) from: Option<usize>,
    pub(super) length: usize,
}

/// How `name` copies, where it is a function that does.
pub(super) fn copy_of(name: &[u8]) -> Option<Copy> {
    let copy = |to, from, length| Some(Copy { to, from, length });
    if is_one_of(name, &["bcopy"]) {
        return copy(Some(1), Some(0), 2);
    }
    if is_one_of(name, &["memset", "bzero", "wmemset"]) {
        let length = if name == b"bzero" { 1 } else { 2 };
        return copy(Some(0), None, length);
    }
    if is_one_of(
        name,
        &["strncpy", "wcsncpy", "stpncpy", "strncat", "memcmp"],
    ) {
        return match name {
            b"memcmp" => copy(None, Some(0), 2),
            _ => copy(Some(0), Some(1), 2),
        };
    }
    let copies = has_word(
        name,
        &[
            "memcpy",
            "memmove",
            "copymem",
            "copymemory",
            "movemem",
            "copy_from_user",
            "copy_to_user",
            "copy_from_iter",
            "mem_copy",
        ],
    );
    copies.then_some(Copy {
        to: Some(0),
        from: Some(1),
        length: 2,
    })
}

/// Whether what `name` returns is a block of memory of a size it is given.
pub(super) fn allocates(name: &[u8]) -> bool {
    let makes = has_word(name, &["alloc"])
        && !has_word(name, &["free", "dealloc", "allocated", "allocator"]);
    makes
        || is_one_of(
            name,
            &[
                "g_new", "g_new0", "mmap", "strdup", "strndup", "xstrdup", "g_strdup",
            ],
        )
}

/// Functions whose manual says that they return null, and which callers forget to ask.
const RETURN_NULL: &[&str] = &[
    "malloc",
    "calloc",
    "realloc",
    "strdup",
    "strndup",
    "fopen",
    "fdopen",
    "popen",
    "opendir",
    "getenv",
    "localtime",
    "gmtime",
    "getpwnam",
    "getpwuid",
    "getgrnam",
    "gethostbyname",
    "strchr",
    "strrchr",
    "strstr",
    "strpbrk",
    "memchr",
    "strtok",
    "strtok_r",
    "bsearch",
    "crypt",
    "setlocale",
    "tmpfile",
    "dlsym",
    "dlopen",
    "mmap",
    "kmalloc",
    "kzalloc",
    "kcalloc",
    "vmalloc",
    "kmemdup",
    "kstrdup",
    "platform_get_resource",
    "devm_kzalloc",
    "ioremap",
    "skb_clone",
    "alloc_workqueue",
    "create_workqueue",
];

/// Whether the manual of `name` says that it may return null.
pub(super) fn may_return_null(name: &[u8]) -> bool {
    is_one_of(name, RETURN_NULL)
}

/// Whether `name` gives the block in its first argument back.
pub(super) fn frees(name: &[u8]) -> bool {
    surely_frees(name)
        || is_one_of(
            name,
            &["put_page", "XFree", "kfree_skb", "fclose", "closedir"],
        )
        || ends_with(
            name,
            &["_free", "free_skb", "destroy", "_release", "_unref"],
        )
}

/// Whether `name` is a plain deallocator: the block is gone when it returns, whoever else held it.
pub(super) fn surely_frees(name: &[u8]) -> bool {
    is_one_of(
        name,
        &[
            "free",
            "cfree",
            "OPENSSL_free",
            "PyMem_Free",
            "PyObject_Free",
        ],
    ) || (ends_with(name, &["free"])
        && name.len() <= 8
        && !has_word(name, &["isfree", "is_free", "_sk", "skb"]))
}
