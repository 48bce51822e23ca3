//! Which names of Go's world bring values in, do harm, or take it away?

use super::Argument::{At, From, Receiver};
use super::Group;
use super::Meaning::{Asks, Carries, Cleans, Copies, Exits, Fills, Formats, Hides, Normalizes, Sink, Source};
use super::When::{AfterShell, Always};
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::Check;

/// What is known for Go: the standard library, Gin, Echo, Fiber, Chi, Gorilla, GORM, sqlx.
pub(super) static GROUPS: &[Group] = &[
    Group {
        meaning: Source(SourceKind::Request),
        paths: &[
            "Request.FormValue", "Request.PostFormValue", "Request.URL", "Request.Header", "Request.Body", "Request.Form", "Request.PostForm", "Request.Cookie", "Request.Cookies",
            "Request.RequestURI", "Request.Host", "Request.PathValue", "Request.UserAgent", "Request.Referer", "Request.MultipartForm", "Request.FormFile",
            "r.FormValue", "r.URL", "r.Header", "r.Body", "r.Form", "r.PostFormValue", "r.PathValue", "req.FormValue", "req.URL", "req.Body", "req.Header",
            "c.Query", "c.Param", "c.PostForm", "c.DefaultQuery", "c.GetHeader", "c.QueryParam", "c.FormValue", "c.Params", "c.Cookie", "c.GetRawData", "c.Cookies",
            "Context.Query", "Context.Param", "Context.PostForm", "Context.QueryParam", "Context.FormValue", "Context.GetHeader", "mux.Vars", "chi.URLParam", "Ctx.Params", "Ctx.Query",
            "ctx.Query", "ctx.Param",
        ],
    },
    Group {
        meaning: Fills(SourceKind::Request, At(0)),
        paths: &["c.ShouldBindJSON", "c.BindJSON", "c.Bind", "c.ShouldBind", "c.BodyParser", "Context.ShouldBindJSON", "Context.BindJSON", "Context.Bind"],
    },
    Group {
        meaning: Source(SourceKind::Argument),
        paths: &["os.Args", "flag.Arg", "flag.Args", "flag.String"],
    },
    Group {
        meaning: Source(SourceKind::Environment),
        paths: &["os.Getenv", "os.LookupEnv"],
    },
    Group {
        meaning: Source(SourceKind::Input),
        paths: &["os.Stdin", "Scanner.Text", "scanner.Text", "reader.ReadString"],
    },
    Group {
        meaning: Fills(SourceKind::Input, From(0)),
        paths: &["fmt.Scan", "fmt.Scanln"],
    },
    Group {
        meaning: Fills(SourceKind::Input, From(1)),
        paths: &["fmt.Scanf"],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(0), Always),
        paths: &[
            ".Query", ".QueryRow", ".Exec", ".Prepare", ".Queryx", ".QueryRowx", ".MustExec", ".Raw", ".NamedExec", "db.Where", "tx.Where", ".NamedQuery",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(1), Always),
        paths: &[".QueryContext", ".QueryRowContext", ".ExecContext", ".PrepareContext", ".Select", ".Get"],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Always),
        paths: &["exec.Command", "syscall.Exec", "os.StartProcess"],
    },
    Group {
        meaning: Sink(SinkKind::Command, From(1), AfterShell),
        paths: &["exec.Command"],
    },
    Group {
        meaning: Sink(SinkKind::Command, From(1), Always),
        paths: &["exec.CommandContext"],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), Always),
        paths: &[
            "os.Open", "os.OpenFile", "os.Create", "os.ReadFile", "os.WriteFile", "os.Remove", "os.RemoveAll", "os.Mkdir", "os.MkdirAll", "os.ReadDir", "os.Rename", "os.Stat", "os.Chmod",
            "ioutil.ReadFile", "ioutil.WriteFile", "ioutil.ReadDir", "c.File", "c.FileAttachment", "Context.File", "filepath.Walk",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(2), Always),
        paths: &["http.ServeFile"],
    },
    Group {
        meaning: Sink(SinkKind::Html, From(1), Always),
        paths: &["fmt.Fprintf", "fmt.Fprint", "fmt.Fprintln", "io.WriteString"],
    },
    Group {
        meaning: Sink(SinkKind::Html, At(0), Always),
        paths: &["w.Write", "ResponseWriter.Write", "template.HTML", "template.JS", "template.URL", "template.HTMLAttr"],
    },
    Group {
        meaning: Sink(SinkKind::Html, At(1), Always),
        paths: &["c.HTML", "Context.HTML"],
    },
    Group {
        meaning: Sink(SinkKind::Template, At(0), Always),
        paths: &["template.New().Parse", "Template.Parse", "tmpl.Parse", "t.Parse"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(0), Always),
        paths: &["http.Get", "http.Post", "http.Head", "http.PostForm", "client.Get", "client.Post", "Client.Get", "Client.Post", "httpClient.Get", "resty.New().R().Get"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(1), Always),
        paths: &["http.NewRequest", "net.Dial"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(2), Always),
        paths: &["http.NewRequestWithContext"],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(2), Always),
        paths: &["http.Redirect"],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(1), Always),
        paths: &["c.Redirect", "Context.Redirect"],
    },
    Group {
        meaning: Sink(SinkKind::XPath, At(0), Always),
        paths: &["xpath.Compile", "xmlpath.Compile", "xpath.MustCompile"],
    },
    Group {
        meaning: Sink(SinkKind::XPath, At(1), Always),
        paths: &["xmlquery.Find", "xmlquery.FindOne", "htmlquery.Find"],
    },
    Group {
        meaning: Sink(SinkKind::Ldap, From(0), Always),
        paths: &["ldap.NewSearchRequest"],
    },
    Group {
        meaning: Sink(SinkKind::Log, From(0), Always),
        paths: &["log.Print", "log.Println", "log.Printf", "logger.Info", "logger.Error", "logger.Printf", "slog.Info", "slog.Error", "logrus.Info", "logrus.Infof"],
    },
    Group {
        meaning: Sink(SinkKind::Regex, At(0), Always),
        paths: &["regexp.Compile", "regexp.MustCompile", "regexp.MatchString"],
    },
    Group {
        meaning: Sink(SinkKind::Header, At(1), Always),
        paths: &["Header().Set", "Header().Add"],
    },
    Group {
        meaning: Cleans(Kinds::ALL),
        paths: &["strconv.Atoi", "strconv.ParseInt", "strconv.ParseUint", "strconv.ParseFloat", "strconv.ParseBool", "uuid.Parse", "net.ParseIP", "=len", "=int", "=int64", "time.Parse", "=cap"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Html, SinkKind::Xml])),
        paths: &["html.EscapeString", "template.HTMLEscapeString", "template.HTMLEscaper", "json.Marshal", ".Sanitize", "template.JSEscapeString"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Url, SinkKind::Redirect, SinkKind::Html, SinkKind::Path, SinkKind::Header, SinkKind::Log])),
        paths: &["url.QueryEscape", "url.PathEscape"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Path])),
        paths: &["filepath.Base", "path.Base", "securejoin.SecureJoin"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Sql])),
        paths: &["pq.QuoteIdentifier", "pq.QuoteLiteral"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Regex])),
        paths: &["regexp.QuoteMeta"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Command])),
        paths: &["shellescape.Quote", "shellquote.Join"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Ldap])),
        paths: &["ldap.EscapeFilter", "ldap.EscapeDN"],
    },
    Group {
        meaning: Normalizes,
        paths: &["filepath.Clean", "path.Clean", "filepath.Abs", "filepath.EvalSymlinks", "filepath.Join"],
    },
    Group {
        meaning: Asks(Check::Prefix),
        paths: &["strings.HasPrefix", "filepath.IsLocal", "filepath.Rel"],
    },
    Group {
        meaning: Asks(Check::Membership),
        paths: &["slices.Contains"],
    },
    Group {
        meaning: Asks(Check::Contains),
        paths: &["strings.Contains", "strings.ContainsAny", "strings.Index"],
    },
    Group {
        meaning: Asks(Check::Pattern),
        paths: &[".MatchString", ".Match", "regexp.MatchString", "strings.HasSuffix"],
    },
    Group {
        meaning: Asks(Check::Presence),
        paths: &["=len", "os.IsNotExist", "errors.Is"],
    },
    Group {
        meaning: Copies { from: From(0), to: Receiver },
        paths: &[".WriteString", ".Add"],
    },
    Group {
        meaning: Copies { from: At(0), to: At(1) },
        paths: &["json.Unmarshal", "xml.Unmarshal", "yaml.Unmarshal"],
    },
    Group {
        meaning: Copies { from: Receiver, to: At(0) },
        paths: &["json.NewDecoder().Decode", "decoder.Decode", "Decoder.Decode", ".Scan"],
    },
    Group {
        meaning: Formats(0),
        paths: &["fmt.Sprintf"],
    },
    Group {
        meaning: Carries,
        paths: &[
            "fmt.Sprint", "fmt.Sprintln", "fmt.Errorf", "strings.TrimSpace", "strings.Trim", "strings.TrimPrefix", "strings.TrimSuffix", "strings.ToLower", "strings.ToUpper", "strings.Replace", "strings.ReplaceAll",
            "strings.Split", "strings.Fields", "strings.Join", "filepath.Join", "path.Join", "=string", "=append", "url.Parse", "url.QueryUnescape", "url.PathUnescape", "io.ReadAll", "ioutil.ReadAll", ".Get", ".String", ".Query",
            "bufio.NewScanner", "bufio.NewReader", "json.NewDecoder", "bytes.NewReader", "strings.NewReader", "base64.StdEncoding.DecodeString", "strings.Builder.String", "filepath.Clean", "filepath.Abs", "html.UnescapeString", ".ReadString", ".Text", ".Hostname",
        ],
    },
    Group {
        meaning: Hides,
        paths: &["reflect.TypeOf"],
    },
    Group {
        meaning: Exits,
        paths: &["os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "=panic", "log.Panic"],
    },
];
