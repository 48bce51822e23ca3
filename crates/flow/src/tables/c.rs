//! Which names of C's and C++'s world bring values in, do harm, or take it away?

use super::Argument::{At, From, Receiver};
use super::Group;
use super::Meaning::{
    Asks, Carries, Cleans, Copies, Exits, Fills, Formats, Handler, Hides, Normalizes, Sink, Source,
};
use super::When::{Always, TextConversion};
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::Check;

/// What is known for both languages, in the order in which it is looked up.
pub(super) fn groups() -> Vec<&'static [Group]> {
    vec![GROUPS]
}

/// The C library, POSIX, SQLite, MySQL, libcurl, and C++'s standard library as far as it deals in text and files.
static GROUPS: &[Group] = &[
    Group {
        meaning: Handler(SourceKind::Argument),
        paths: &["=main", "=wmain"],
    },
    Group {
        meaning: Source(SourceKind::Environment),
        paths: &["=getenv", "=secure_getenv", "std.getenv"],
    },
    Group {
        meaning: Source(SourceKind::Input),
        paths: &[
            "=gets",
            "=getchar",
            "=fgetc",
            "=getc",
            "=readline",
            "std.cin",
            "=cin",
        ],
    },
    Group {
        meaning: Fills(SourceKind::Input, At(0)),
        paths: &["=gets", "=fgets", "=fread", "=getline", "=fgetws"],
    },
    Group {
        meaning: Fills(SourceKind::Input, From(1)),
        paths: &["=scanf", "=wscanf"],
    },
    Group {
        meaning: Fills(SourceKind::Input, From(2)),
        paths: &["=fscanf"],
    },
    Group {
        meaning: Fills(SourceKind::Input, At(1)),
        paths: &["std.getline"],
    },
    Group {
        meaning: Fills(SourceKind::File, At(1)),
        paths: &["=read", "=pread"],
    },
    Group {
        meaning: Fills(SourceKind::Network, At(1)),
        paths: &["=recv", "=recvfrom", "=recvmsg", "=SSL_read", "=BIO_read"],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Always),
        paths: &[
            "=system",
            "=popen",
            "=_popen",
            "=wordexp",
            "std.system",
            "=execl",
            "=execlp",
            "=execle",
            "=execv",
            "=execvp",
            "=execve",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Command, From(1), super::When::AfterShell),
        paths: &["=execl", "=execlp", "=execle"],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(1), Always),
        paths: &[
            "=sqlite3_exec",
            "=sqlite3_prepare",
            "=sqlite3_prepare_v2",
            "=mysql_query",
            "=mysql_real_query",
            "=PQexec",
            "=PQprepare",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), Always),
        paths: &[
            "=fopen",
            "=open",
            "=freopen",
            "=creat",
            "=unlink",
            "=remove",
            "=rmdir",
            "=mkdir",
            "=opendir",
            "=chmod",
            "=chown",
            "=rename",
            "=truncate",
            "=symlink",
            "std.ifstream",
            "std.ofstream",
            "std.fstream",
            "=ifstream",
            "=ofstream",
            "=fstream",
            "std.filesystem.remove",
            "fs.remove",
            "std.remove",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Code, At(0), Always),
        paths: &["=dlopen", "=LoadLibrary", "=LoadLibraryA"],
    },
    Group {
        meaning: Sink(SinkKind::Format, At(0), Always),
        paths: &["=printf", "=vprintf", "=wprintf", "std.printf", "=printk"],
    },
    Group {
        meaning: Sink(SinkKind::Format, At(1), Always),
        paths: &[
            "=fprintf",
            "=sprintf",
            "=syslog",
            "=vfprintf",
            "=vsprintf",
            "=dprintf",
            "=asprintf",
            "=vsyslog",
            "=err",
            "=warn",
            "std.fprintf",
            "std.sprintf",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Format, At(2), Always),
        paths: &["=snprintf", "=vsnprintf", "std.snprintf"],
    },
    Group {
        meaning: Sink(SinkKind::Length, At(1), Always),
        paths: &[
            "=strcpy",
            "=strcat",
            "=stpcpy",
            "=wcscpy",
            "=wcscat",
            "=lstrcpy",
            "=_mbscpy",
            "std.strcpy",
            "std.strcat",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Length, From(2), TextConversion),
        paths: &["=sprintf", "=vsprintf", "std.sprintf"],
    },
    Group {
        meaning: Sink(SinkKind::Length, At(2), Always),
        paths: &[
            "=memcpy",
            "=memmove",
            "=memset",
            "=strncpy",
            "=strncat",
            "=bcopy",
            "=read",
            "=recv",
            "std.memcpy",
            "std.memmove",
            "=copy_from_user",
            "=copy_to_user",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Allocation, At(0), Always),
        paths: &[
            "=malloc",
            "=alloca",
            "=valloc",
            "=kmalloc",
            "=kzalloc",
            "=vmalloc",
            "=g_malloc",
            "std.malloc",
            "=xmalloc",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Allocation, At(1), Always),
        paths: &["=realloc", "=calloc", "std.realloc", "=av_realloc"],
    },
    Group {
        meaning: Sink(SinkKind::Index, At(0), Always),
        paths: &["[]"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(2), Always),
        paths: &["=curl_easy_setopt"],
    },
    Group {
        meaning: Sink(SinkKind::Regex, At(1), Always),
        paths: &["=regcomp"],
    },
    Group {
        meaning: Sink(SinkKind::XPath, At(0), Always),
        paths: &[
            "=xmlXPathEvalExpression",
            "=xmlXPathEval",
            "=xmlXPathCompile",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Ldap, At(3), Always),
        paths: &["=ldap_search_ext", "=ldap_search_ext_s", "=ldap_search_s"],
    },
    Group {
        meaning: Cleans(Kinds(
            Kinds::ALL.0 & !Kinds::of(&[SinkKind::Allocation, SinkKind::Length, SinkKind::Index]).0,
        )),
        paths: &[
            "=atoi",
            "=atol",
            "=atoll",
            "=atof",
            "=strtol",
            "=strtoul",
            "=strtoll",
            "=strtoull",
            "std.stoi",
            "std.stol",
            "std.stoul",
            "=strtod",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Sql])),
        paths: &[
            "=mysql_real_escape_string",
            "=sqlite3_mprintf",
            "=PQescapeLiteral",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Path])),
        paths: &["=basename"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[
            SinkKind::Allocation,
            SinkKind::Length,
            SinkKind::Index,
        ])),
        paths: &[
            "=min",
            "=MIN",
            "std.min",
            "=FFMIN",
            "=min_t",
            "=strlen",
            "=strnlen",
            "=sizeof",
            "=clamp_t",
            "std.clamp",
        ],
    },
    Group {
        meaning: Normalizes,
        paths: &[
            "=realpath",
            "=canonicalize_file_name",
            "std.filesystem.canonical",
            "std.filesystem.weakly_canonical",
            "fs.canonical",
            "fs.weakly_canonical",
        ],
    },
    Group {
        meaning: Asks(Check::Prefix),
        paths: &["=strncmp", ".starts_with", ".rfind"],
    },
    Group {
        meaning: Asks(Check::Equality),
        paths: &["=strcmp", "=strcasecmp", "=memcmp"],
    },
    Group {
        meaning: Asks(Check::Contains),
        paths: &[
            "=strstr", "=strchr", "=strpbrk", ".find", "=strcspn", "=strspn",
        ],
    },
    Group {
        meaning: Asks(Check::Pattern),
        paths: &["=regexec", "std.regex_match", "=regex_match", "=fnmatch"],
    },
    Group {
        meaning: Asks(Check::Bounds),
        paths: &["=strlen", "=strnlen", ".size", ".length"],
    },
    Group {
        meaning: Asks(Check::Type),
        paths: &["=isdigit", "=isalnum", "=isalpha"],
    },
    Group {
        meaning: Asks(Check::Presence),
        paths: &["=access", "=stat", "=feof", "=ferror", ".empty", ".is_open"],
    },
    Group {
        meaning: Copies {
            from: At(1),
            to: At(0),
        },
        paths: &[
            "=strcpy",
            "=strcat",
            "=strncpy",
            "=strncat",
            "=memcpy",
            "=memmove",
            "=stpcpy",
            "=strlcpy",
            "=strlcat",
            "std.strcpy",
            "std.memcpy",
        ],
    },
    Group {
        meaning: Copies {
            from: From(1),
            to: At(0),
        },
        paths: &["=sprintf", "=asprintf"],
    },
    Group {
        meaning: Copies {
            from: From(2),
            to: At(0),
        },
        paths: &["=snprintf", "=vsnprintf"],
    },
    Group {
        meaning: Copies {
            from: At(0),
            to: From(2),
        },
        paths: &["=sscanf"],
    },
    Group {
        meaning: Copies {
            from: From(0),
            to: Receiver,
        },
        paths: &[
            ".append",
            ".push_back",
            ".insert",
            ".assign",
            ".emplace_back",
        ],
    },
    Group {
        meaning: Formats(0),
        paths: &["std.format", "fmt.format", "=g_strdup_printf"],
    },
    Group {
        meaning: Carries,
        paths: &[
            "=strdup",
            "=strndup",
            "=strtok",
            "=strtok_r",
            "=strchr",
            "=strrchr",
            ".c_str",
            ".substr",
            ".str",
            ".data",
            ".at",
            ".get",
            "std.string",
            "=string",
            "std.to_string",
            "std.move",
            "=ntohl",
            "=ntohs",
            "=htonl",
            "=atoi",
            "=realpath",
            "=basename",
            "=dirname",
            "std.filesystem.path",
            "fs.path",
        ],
    },
    Group {
        meaning: Hides,
        paths: &["=fclose", "=close", "=free", "=fputs", "=puts"],
    },
    Group {
        meaning: Exits,
        paths: &[
            "=exit",
            "=_exit",
            "=abort",
            "std.exit",
            "std.abort",
            "=errx",
            "=die",
            "=__assert_fail",
        ],
    },
];
