//! Which names of JavaScript's world bring values in, do harm, or take it away?

use super::Argument::{At, From, Receiver};
use super::Group;
use super::Meaning::{
    Asks, Assigned, Carries, Cleans, Copies, Exits, Handler, Hides, Normalizes, Sink, Source,
};
use super::When::{Always, Shell, With};
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::Check;

/// What is known for JavaScript and TypeScript: browsers, Node, Express, Koa, Fastify, Nest, Next, and what is often
/// used with them.
pub(super) static GROUPS: &[Group] = &[
    Group {
        meaning: Source(SourceKind::Request),
        paths: &[
            "req.query", "req.params", "req.body", "req.headers", "req.cookies", "req.url", "req.originalUrl",
            "req.path", "req.files", "req.file", "req.param", "req.get", "req.header", "req.hostname", "req.signedCookies",
            "request.query", "request.params", "request.body", "request.headers", "request.cookies", "request.url",
            "request.originalUrl", "request.payload", "request.files", "request.param",
            "Request.query", "Request.params", "Request.body", "Request.headers", "Request.cookies", "Request.url",
            "ctx.query", "ctx.params", "ctx.request.body", "ctx.request.query", "ctx.headers", "ctx.request.url",
            "context.query", "context.params", "c.req.query", "c.req.param", "event.queryStringParameters",
            "event.pathParameters", "event.body", "event.headers", "location.search", "location.hash",
            "location.href", "document.URL", "document.documentURI", "document.location", "document.referrer",
            "document.cookie", "window.name", "URLSearchParams().get", "searchParams.get", "router.query",
            "useSearchParams", "useParams",
        ],
    },
    Group {
        meaning: Handler(SourceKind::Request),
        paths: &["=Body", "=Query", "=Param", "=Headers"],
    },
    Group {
        meaning: Source(SourceKind::Argument),
        paths: &["process.argv", "yargs.argv", "minimist"],
    },
    Group {
        meaning: Source(SourceKind::Environment),
        paths: &["process.env"],
    },
    Group {
        meaning: Source(SourceKind::Input),
        paths: &["process.stdin", "=prompt", "window.prompt", "prompt-sync()", ".questionSync"],
    },
    Group {
        meaning: Source(SourceKind::Network),
        paths: &["event.data", "message.data"],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(0), Always),
        paths: &[
            ".query", ".execute", ".raw", "sequelize.query", "sequelize.literal", "knex.raw", ".$queryRawUnsafe",
            ".$executeRawUnsafe", "db.all", "db.get", "db.run", "db.each", "db.exec", "db.prepare", ".whereRaw", ".orderByRaw", ".havingRaw",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Always),
        paths: &[
            "child_process.exec", "child_process.execSync", "=exec", "=execSync", "cp.exec", "cp.execSync",
            "shell.exec", "shelljs.exec", "execa.command", "execaCommand", "=execAsync", "=execPromise",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Always),
        paths: &[
            "child_process.spawn", "child_process.spawnSync", "child_process.execFile", "child_process.execFileSync",
            "child_process.fork", "=spawn", "=spawnSync", "=execFile", "=execFileSync", "cp.spawn", "cp.spawnSync",
            "cp.execFile",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(1), With("shell", "true")),
        paths: &[
            "child_process.spawn", "child_process.spawnSync", "child_process.execFile", "=spawn", "=spawnSync",
            "cp.spawn",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(1), super::When::AfterShell),
        paths: &["child_process.spawn", "child_process.spawnSync", "child_process.execFile", "=spawn", "=spawnSync", "=execFile"],
    },
    Group {
        meaning: Sink(SinkKind::Code, At(0), Always),
        paths: &[
            "=eval", "window.eval", "global.eval", "vm.runInContext", "vm.runInNewContext", "vm.runInThisContext",
            "vm.Script", "=setTimeout", "=setInterval", "require",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Code, From(0), Always),
        paths: &["=Function"],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), Always),
        paths: &[
            "fs.readFile", "fs.readFileSync", "fs.writeFile", "fs.writeFileSync", "fs.appendFile",
            "fs.appendFileSync", "fs.createReadStream", "fs.createWriteStream", "fs.unlink", "fs.unlinkSync",
            "fs.readdir", "fs.readdirSync", "fs.rmdir", "fs.rm", "fs.rmSync", "fs.mkdir", "fs.mkdirSync", "fs.open",
            "fs.openSync", "fs.stat", "fs.statSync", "fs.access", "fs.rename", "fs.renameSync", "fs.copyFile",
            "fs.exists", "fs.existsSync", "fs.promises.readFile", "fs.promises.writeFile", "fs.promises.unlink",
            "fs.promises.readdir", "fs/promises.readFile", "fs/promises.writeFile", "fsPromises.readFile",
            "fsPromises.writeFile", "fs.lstat", "fs.chmod", "fs-extra.remove", "fs-extra.readFile", "res.download",
            "Deno.readTextFile", "Bun.file",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), super::When::Unless("root", "")),
        paths: &["res.sendFile", "response.sendFile", "Response.sendFile", "reply.sendFile"],
    },
    Group {
        meaning: Sink(SinkKind::Html, At(0), Always),
        paths: &[
            "res.send", "res.write", "res.end", "response.send", "response.write", "response.end", "Response.send",
            "document.write", "document.writeln", "=$", "=jQuery", ".insertAdjacentHTML", "reply.send", "c.html",
            "DOMParser().parseFromString", ".createContextualFragment", ".bypassSecurityTrustHtml",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Html, At(0), Always),
        paths: &["$().html", "$().append", "$().prepend", "$().after", "$().before", "jQuery().html", "jQuery().append"],
    },
    Group {
        meaning: Sink(SinkKind::Html, At(1), Always),
        paths: &[".insertAdjacentHTML"],
    },
    Group {
        meaning: Assigned(SinkKind::Html),
        paths: &[".innerHTML", ".outerHTML", ".srcdoc", "=__html", "ctx.body", "ctx.response.body"],
    },
    Group {
        meaning: Sink(SinkKind::Template, At(0), Always),
        paths: &[
            "ejs.render", "ejs.compile", "pug.compile", "pug.render", "jade.compile", "Handlebars.compile", "handlebars.compile", "nunjucks.renderString",
            "_.template", "lodash.template", "mustache.render", "doT.template",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(0), Always),
        paths: &[
            "=fetch", "window.fetch", "node-fetch", "axios", "axios.get", "axios.post", "axios.put", "axios.delete",
            "axios.request", "axios.head", "http.get", "http.request", "https.get", "https.request", "=got",
            "got.get", "got.post", "superagent.get", "needle.get", "needle", "request.get", "request.post", "=request",
            "urllib.request", "undici.fetch", "undici.request", "page.goto", "$.get", "$.ajax", "net.connect",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(0), Always),
        paths: &[
            "res.redirect", "response.redirect", "Response.redirect", "ctx.redirect", "reply.redirect",
            "window.open", "location.replace", "location.assign", "NextResponse.redirect",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(1), Always),
        paths: &["res.redirect", "response.redirect", "Response.redirect"],
    },
    Group {
        meaning: Assigned(SinkKind::Redirect),
        paths: &["location.href", "window.location", "document.location", "=location"],
    },
    Group {
        meaning: Sink(SinkKind::Deserialize, At(0), Always),
        paths: &["node-serialize.unserialize", "serialize.unserialize", ".unserialize", "=unserialize", "funcster.deepDeserialize"],
    },
    Group {
        meaning: Sink(SinkKind::Xml, At(0), With("noent", "true")),
        paths: &["libxmljs.parseXml", "libxmljs.parseXmlString", ".parseXml", ".parseXmlString"],
    },
    Group {
        meaning: Sink(SinkKind::XPath, At(0), Always),
        paths: &["xpath.select", "xpath.select1", "xpath.evaluate", "xpath.parse", "document.evaluate"],
    },
    Group {
        meaning: Sink(SinkKind::Ldap, From(0), Always),
        paths: &["client.search", "ldapClient.search", "ldap.search"],
    },
    Group {
        meaning: Sink(SinkKind::Log, From(0), Always),
        paths: &[
            "console.log", "console.error", "console.warn", "console.info", "console.debug", "logger.info",
            "logger.error", "logger.warn", "logger.debug", "log.info", "log.error", "winston.info",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Regex, At(0), Always),
        paths: &["=RegExp"],
    },
    Group {
        meaning: Sink(SinkKind::Header, At(1), Always),
        paths: &["res.setHeader", "res.set", "res.header", "response.setHeader", "Response.setHeader"],
    },
    Group {
        meaning: Cleans(Kinds::ALL),
        paths: &[
            "=parseInt", "=parseFloat", "=Number", "=Boolean", "Number.parseInt", "Number.parseFloat", "=BigInt",
            "Math.floor", "Math.round", "Math.max", "Math.min", "Math.abs", ".getTime", ".digest", "mongoose.Types.ObjectId",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Html, SinkKind::Xml])),
        paths: &[
            "DOMPurify.sanitize", "dompurify.sanitize", "sanitizeHtml", "sanitize-html", "escape-html", "=escapeHtml", "=escapeHTML", "he.encode", "he.escape",
            "_.escape", "lodash.escape", "validator.escape", "xss", "=escape", "JSON.stringify", "res.json",
            "createTextNode", "Handlebars.escapeExpression", "html-escaper.escape", "entities.encode",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[
            SinkKind::Html, SinkKind::Url, SinkKind::Redirect, SinkKind::Path, SinkKind::Header, SinkKind::Log,
        ])),
        paths: &["=encodeURIComponent", "window.encodeURIComponent", "querystring.escape", "qs.stringify"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Path])),
        paths: &["path.basename", "sanitize-filename", "sanitizeFilename"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Sql])),
        paths: &[
            "mysql.escape", "mysql2.escape", "connection.escape", "pool.escape", "db.escape", "mysql.escapeId",
            "sqlstring.escape", "SqlString.escape", "pg-format", "pgFormat",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Command])),
        paths: &["shell-quote.quote", "shellQuote.quote", "shell-escape", "shellescape", "shescape.quote"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Regex])),
        paths: &["_.escapeRegExp", "lodash.escapeRegExp", "=escapeRegExp", "escape-string-regexp", "escapeStringRegexp"],
    },
    Group {
        meaning: Normalizes,
        paths: &["path.resolve", "path.normalize", "fs.realpathSync", "fs.realpath", "fs.promises.realpath"],
    },
    Group {
        meaning: Asks(Check::Prefix),
        paths: &[".startsWith", "path.relative"],
    },
    Group {
        meaning: Asks(Check::Membership),
        paths: &[".includes", ".has", ".indexOf", ".hasOwnProperty", "Object.hasOwn", ".some"],
    },
    Group {
        meaning: Asks(Check::Pattern),
        paths: &[".test", ".match", ".endsWith", ".search", "validator.isURL", "validator.matches"],
    },
    Group {
        meaning: Asks(Check::Type),
        paths: &[
            "=isNaN", "Number.isInteger", "Number.isNaN", "Number.isSafeInteger", "validator.isInt", "validator.isUUID",
            "validator.isAlphanumeric", "validator.isNumeric", "validator.isIP", "net.isIP", "net.isIPv4",
        ],
    },
    Group {
        meaning: Asks(Check::Presence),
        paths: &["fs.existsSync", "Array.isArray", "=isEmpty", "_.isEmpty", ".isFile", ".isDirectory", "=Boolean"],
    },
    Group {
        meaning: Copies {
            from: From(0),
            to: Receiver,
        },
        paths: &[".push", ".unshift", ".append", ".set", ".add"],
    },
    Group {
        meaning: Hides,
        paths: &["=typeof", "Object.keys"],
    },
    Group {
        meaning: Carries,
        paths: &[
            ".toString", ".trim", ".toLowerCase", ".toUpperCase", ".replace", ".replaceAll", ".split", ".join",
            ".slice", ".substring", ".substr", ".concat", ".get", ".map", ".filter", ".pop", ".shift", ".padStart", ".at", ".charAt",
            ".then", "=String", "=decodeURIComponent", "=decodeURI", "=unescape", "=atob", "Buffer.from", "JSON.parse",
            "path.join", "path.resolve", "path.normalize", "url.parse", "=URL", "=URLSearchParams", "Object.assign",
            "Array.from", "Object.values", "Object.entries", "util.format", "=encodeURI", "querystring.parse", "Promise.resolve",
            "util.promisify", ".json", ".text", ".flat", ".reverse", ".sort",
        ],
    },
    Group {
        meaning: Exits,
        paths: &["process.exit", "process.abort", "ctx.throw", "=notFound"],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Shell("shell")),
        paths: &["=execa", "execa.execa", "execa.sync", "Bun.spawn"],
    },
];
