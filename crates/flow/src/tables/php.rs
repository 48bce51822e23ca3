//! Which names of PHP's world bring values in, do harm, or take it away?

use super::Argument::{At, From, Receiver};
use super::Group;
use super::Meaning::{Asks, Carries, Cleans, Copies, Exits, Formats, Handler, Hides, Normalizes, Sink, Source};
use super::When::Always;
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::Check;

/// What is known for PHP: its own functions, PDO, mysqli, Laravel, Symfony, WordPress.
pub(super) static GROUPS: &[Group] = &[
    Group {
        meaning: Source(SourceKind::Request),
        paths: &[
            "=$_GET", "=$_POST", "=$_REQUEST", "=$_COOKIE", "=$_FILES", "=$_SERVER", "=$HTTP_RAW_POST_DATA", "=getallheaders", "=apache_request_headers",
            "$request.input", "$request.get", "$request.query", "$request.post", "$request.all", "$request.header", "$request.cookie", "$request.file",
            "$request.getContent", "Request.input", "Request.get", "$_GET", "$request.getParameter", "$request.getQueryParams", "$request.getParsedBody",
        ],
    },
    Group {
        meaning: Handler(SourceKind::Request),
        paths: &["=Route"],
    },
    Group {
        meaning: Source(SourceKind::Argument),
        paths: &["=$argv"],
    },
    Group {
        meaning: Source(SourceKind::Environment),
        paths: &["=getenv", "=$_ENV"],
    },
    Group {
        meaning: Source(SourceKind::Input),
        paths: &["=readline", "=STDIN"],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(0), Always),
        paths: &[
            "=mysql_query", "=mysql_unbuffered_query", "=sqlite_query", ".query", ".multi_query", ".real_query", ".exec", ".prepare", ".get_results", ".get_row", ".get_var",
            "DB.select", "DB.raw", "DB.statement", "DB.unprepared", ".whereRaw", ".selectRaw", ".orderByRaw", ".createQuery", ".executeQuery",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(1), Always),
        paths: &["=mysqli_query", "=mysqli_multi_query", "=mysqli_real_query", "=mysqli_prepare", "=pg_query", "=pg_prepare", "=sqlsrv_query", "=odbc_exec"],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(0), Always),
        paths: &["=pg_query"],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Always),
        paths: &["=system", "=exec", "=shell_exec", "=passthru", "=popen", "=proc_open", "=pcntl_exec"],
    },
    Group {
        meaning: Sink(SinkKind::Code, At(0), Always),
        paths: &["=eval", "=assert", "=create_function", "=call_user_func", "=call_user_func_array", "=include", "=include_once", "=require", "=require_once"],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), Always),
        paths: &[
            "=include", "=include_once", "=require", "=require_once", "=fopen", "=file_get_contents", "=file_put_contents", "=readfile", "=file", "=unlink", "=rmdir", "=mkdir",
            "=opendir", "=scandir", "=copy", "=rename", "=touch", "=chmod", "=show_source", "=highlight_file", "=parse_ini_file", "=SplFileObject", "=simplexml_load_file",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(1), Always),
        paths: &["=move_uploaded_file", "=copy", "=rename"],
    },
    Group {
        meaning: Sink(SinkKind::Html, From(0), Always),
        paths: &["=echo", "=print", "=print_r", "=printf", "=vprintf", "=die", "=exit"],
    },
    Group {
        meaning: Sink(SinkKind::Template, At(0), Always),
        paths: &[".createTemplate", "Blade.compileString", ".renderString"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(0), Always),
        paths: &["=curl_init", "=file_get_contents", "=fsockopen", "=get_headers", "Http.get", "Http.post", "$client.get", "$httpClient.get", "wp_remote_get", "wp_remote_post"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(1), Always),
        paths: &["$client.request", "$httpClient.request"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(2), Always),
        paths: &["=curl_setopt"],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(0), super::When::Built),
        paths: &["=redirect"],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(0), Always),
        paths: &["=redirect", "wp_redirect", "=RedirectResponse"],
    },
    Group {
        meaning: Sink(SinkKind::Header, At(0), Always),
        paths: &["=header", "=setcookie"],
    },
    Group {
        meaning: Sink(SinkKind::Header, At(1), Always),
        paths: &["=mail"],
    },
    Group {
        meaning: Sink(SinkKind::Deserialize, At(0), Always),
        paths: &["=unserialize", "=yaml_parse"],
    },
    Group {
        meaning: Sink(SinkKind::Xml, At(0), Always),
        paths: &["=simplexml_load_string", ".loadXML", "=xml_parse"],
    },
    Group {
        meaning: Sink(SinkKind::XPath, At(0), Always),
        paths: &["$xpath.query", "$xpath.evaluate", "DOMXPath().query", ".xpath"],
    },
    Group {
        meaning: Sink(SinkKind::Ldap, At(2), Always),
        paths: &["=ldap_search", "=ldap_list", "=ldap_read"],
    },
    Group {
        meaning: Sink(SinkKind::Log, At(0), Always),
        paths: &["=error_log", "=syslog"],
    },
    Group {
        meaning: Sink(SinkKind::Regex, At(0), Always),
        paths: &["=preg_match", "=preg_replace", "=preg_match_all", "=preg_split"],
    },
    Group {
        meaning: Cleans(Kinds::ALL),
        paths: &["=intval", "=floatval", "=boolval", "=(int)", "=(integer)", "=(float)", "=(bool)", "=(boolean)", "=(double)", "=abs", "=count", "=strlen", "=md5", "=sha1", "=hash", "=password_hash", "=ctype_digit", "=filter_var", "=bin2hex", "=floor", "=round", "=min", "=max"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Html, SinkKind::Xml])),
        paths: &["=htmlspecialchars", "=htmlentities", "=strip_tags", "=esc_html", "=esc_attr", "=e", "=json_encode", "=wp_kses", "=wp_kses_post", "=sanitize_text_field", "=h", ".escapeHtml"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Command])),
        paths: &["=escapeshellarg", "=escapeshellcmd"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Sql])),
        paths: &["=mysqli_real_escape_string", "=mysql_real_escape_string", ".real_escape_string", ".escape_string", "=pg_escape_string", "=pg_escape_literal", "=addslashes", ".quote", ".escape", "$wpdb.prepare", "=esc_sql"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Path, SinkKind::Header])),
        paths: &["=basename", "=sanitize_file_name"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Url, SinkKind::Redirect, SinkKind::Html, SinkKind::Path, SinkKind::Header, SinkKind::Log])),
        paths: &["=urlencode", "=rawurlencode", "=http_build_query"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Ldap])),
        paths: &["=ldap_escape"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Regex])),
        paths: &["=preg_quote"],
    },
    Group {
        meaning: Normalizes,
        paths: &["=realpath", "=parse_url"],
    },
    Group {
        meaning: Asks(Check::Prefix),
        paths: &["=str_starts_with", "=strpos", "=strncmp", "=stripos"],
    },
    Group {
        meaning: Asks(Check::Contains),
        paths: &["=str_contains", "=strstr"],
    },
    Group {
        meaning: Asks(Check::Membership),
        paths: &["=in_array", "=array_key_exists", "=array_search"],
    },
    Group {
        meaning: Asks(Check::Pattern),
        paths: &["=preg_match", "=str_ends_with", "=fnmatch"],
    },
    Group {
        meaning: Asks(Check::Type),
        paths: &["=is_numeric", "=ctype_digit", "=ctype_alnum", "=ctype_alpha", "=is_int", "=filter_var"],
    },
    Group {
        meaning: Asks(Check::Presence),
        paths: &["=isset", "=empty", "=file_exists", "=is_file", "=is_dir", "=is_string", "=is_array", "=strlen", "=count", "=is_readable", "=is_null"],
    },
    Group {
        meaning: Copies { from: From(0), to: Receiver },
        paths: &[".push", ".add", ".append"],
    },
    Group {
        meaning: Formats(0),
        paths: &["=sprintf", "=vsprintf"],
    },
    Group {
        meaning: Hides,
        paths: &[".fetch", ".fetchAll", ".rowCount", ".num_rows", "=gettype"],
    },
    Group {
        meaning: Carries,
        paths: &[
            "=trim", "=ltrim", "=rtrim", "=strtolower", "=strtoupper", "=str_replace", "=substr", "=explode", "=implode", "=join", "=ucfirst", "=stripslashes", "=urldecode", "=rawurldecode",
            "=base64_decode", "=json_decode", "=array_map", "=array_filter", "=array_merge", "=array_values", "=strval", "=html_entity_decode", "=nl2br", "=strrev", "=preg_replace", "=dirname", "=pathinfo",
            "=file_get_contents", "=stream_get_contents", "=realpath", "=(string)", "=(array)", "=array_shift", "=array_pop", "=current", "=reset", "=end",
        ],
    },
    Group {
        meaning: Exits,
        paths: &["=exit", "=die", "=abort", "=wp_die"],
    },
];
