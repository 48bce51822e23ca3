//! Which names of Java's world bring values in, do harm, or take it away?

use super::Argument::{At, From, Receiver};
use super::Group;
use super::Meaning::{Asks, Carries, Cleans, Copies, Demands, Exits, Formats, Handler, Hides, Normalizes, Sink, Source};
use super::When::{Always, Shell};
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::Check;

/// What is known for Java: the JDK, servlets, Spring, JAX-RS, Hibernate, and what is often used with them.
pub(super) static GROUPS: &[Group] = &[
    Group {
        meaning: Source(SourceKind::Request),
        paths: &[
            ".getParameter", ".getParameterValues", ".getParameterMap", ".getQueryString", ".getHeader", ".getHeaders",
            ".getCookies", "request.getInputStream", "request.getReader", "req.getReader", "req.getInputStream",
            "HttpServletRequest.getInputStream", "HttpServletRequest.getReader", ".getPathInfo", ".getRequestURI",
            ".getRequestURL", ".getPart", ".getOriginalFilename", ".getSubmittedFileName", ".getRequestedSessionId",
            "Cookie.getValue", "exchange.getRequestURI", ".getPathParameters", ".getQueryParameters", ".queryParams", ".pathParam",
        ],
    },
    Group {
        meaning: Handler(SourceKind::Request),
        paths: &[
            "=RequestParam", "=PathVariable", "=RequestBody", "=RequestHeader", "=CookieValue", "=ModelAttribute",
            "=RequestPart", "=MatrixVariable", "=QueryParam", "=PathParam", "=FormParam", "=HeaderParam",
            "=CookieParam", "=BeanParam",
        ],
    },
    Group {
        meaning: Handler(SourceKind::Argument),
        paths: &["=main"],
    },
    Group {
        meaning: Source(SourceKind::Environment),
        paths: &["System.getenv", "System.getProperty"],
    },
    Group {
        meaning: Source(SourceKind::Input),
        paths: &["System.in", "Scanner.nextLine", "Scanner.next", "Console.readLine", "System.console().readLine", "scanner.nextLine"],
    },
    Group {
        meaning: Source(SourceKind::Network),
        paths: &["Socket.getInputStream", "socket.getInputStream", "URLConnection.getInputStream"],
    },
    Group {
        meaning: Sink(SinkKind::Sql, At(0), Always),
        paths: &[
            ".executeQuery", ".executeUpdate", ".prepareStatement", ".prepareCall", ".createQuery", ".createNativeQuery", ".createSQLQuery",
            ".addBatch", "Statement.execute", "stmt.execute", "statement.execute", ".executeLargeUpdate",
            "JdbcTemplate.query", "JdbcTemplate.queryForObject", "JdbcTemplate.queryForList", "JdbcTemplate.update",
            "JdbcTemplate.execute", "jdbcTemplate.query", "jdbcTemplate.queryForObject", "jdbcTemplate.queryForList",
            "jdbcTemplate.update", "jdbcTemplate.execute", "jdbcTemplate.queryForMap", ".newQuery", "createStatement().execute",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Shell("")),
        paths: &["Runtime.getRuntime().exec", "Runtime.exec", "runtime.exec", "rt.exec"],
    },
    Group {
        meaning: Sink(SinkKind::Command, From(0), super::When::AfterShell),
        paths: &["=ProcessBuilder", "ProcessBuilder.command", "ProcessBuilder().command"],
    },
    Group {
        meaning: Sink(SinkKind::Command, At(0), Shell("")),
        paths: &["=ProcessBuilder", "ProcessBuilder.command", "ProcessBuilder().command", "CommandLine.parse"],
    },
    Group {
        meaning: Sink(SinkKind::Code, At(0), Always),
        paths: &[
            "ScriptEngine.eval", "engine.eval", "scriptEngine.eval", "GroovyShell.evaluate", "GroovyShell().evaluate", "shell.evaluate",
            "ExpressionParser.parseExpression", "SpelExpressionParser.parseExpression", "parser.parseExpression", ".parseExpression",
            "Ognl.getValue", "Ognl.parseExpression", "Class.forName", "MVEL.eval", "Interpreter.eval",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), Always),
        paths: &[
            "=FileInputStream", "=FileOutputStream", "=FileReader", "=FileWriter", "=RandomAccessFile", "Files.newInputStream",
            "Files.newOutputStream", "Files.readAllBytes", "Files.readString", "Files.readAllLines", "Files.lines",
            "Files.write", "Files.writeString", "Files.delete", "Files.deleteIfExists", "Files.copy", "Files.move",
            "Files.createFile", "Files.createDirectory", "Files.createDirectories", "Files.newBufferedReader", "Files.newBufferedWriter", "Files.list", "Files.walk",
            "=PrintWriter", "=ZipFile", "FileUtils.readFileToString", "=FileSystemResource", "=UrlResource", ".getResourceAsStream",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Path, Receiver, Always),
        paths: &["File.delete", "File.mkdir", "File.mkdirs", "File.createNewFile", "File.listFiles", "File().delete"],
    },
    Group {
        meaning: Sink(SinkKind::Path, At(0), Always),
        paths: &[".transferTo"],
    },
    Group {
        meaning: Sink(SinkKind::Html, At(0), Always),
        paths: &[
            "getWriter().println", "getWriter().print", "getWriter().write", "getWriter().append", "out.println", "out.print",
            "out.write", "PrintWriter.println", "PrintWriter.print", "PrintWriter.write", "writer.println", "writer.write",
            "getOutputStream().print", "getOutputStream().println", "JspWriter.print",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Html, From(0), Always),
        paths: &["getWriter().printf", "getWriter().format", "PrintWriter.printf", "PrintWriter.format"],
    },
    Group {
        meaning: Sink(SinkKind::Template, At(1), Always),
        paths: &["=Template", "Velocity.evaluate", "velocityEngine.evaluate"],
    },
    Group {
        meaning: Sink(SinkKind::Url, At(0), Always),
        paths: &[
            "RestTemplate.getForObject", "restTemplate.getForObject", "restTemplate.getForEntity", "restTemplate.exchange",
            "restTemplate.postForObject", "RestTemplate.exchange", "=HttpGet", "=HttpPost", "HttpRequest.newBuilder",
            "HttpRequest.newBuilder().uri", "WebClient.create", "Jsoup.connect", "ImageIO.read",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Url, Receiver, Always),
        paths: &["URL.openConnection", "URL.openStream", "URL().openStream", "URL().openConnection", "url.openConnection", "url.openStream"],
    },
    Group {
        meaning: Sink(SinkKind::Redirect, At(0), Always),
        paths: &[".sendRedirect", "=RedirectView", "Response.seeOther", "Response.temporaryRedirect"],
    },
    Group {
        meaning: Sink(SinkKind::Deserialize, Receiver, Always),
        paths: &[".readObject", ".readUnshared"],
    },
    Group {
        meaning: Sink(SinkKind::Deserialize, At(0), Always),
        paths: &["XStream.fromXML", "xstream.fromXML", "SerializationUtils.deserialize", "Yaml.load", "yaml.load", "Yaml().load", "JSON.parseObject", "=XMLDecoder"],
    },
    Group {
        meaning: Sink(SinkKind::Xml, At(0), Always),
        paths: &[
            "DocumentBuilder.parse", "builder.parse", "SAXParser.parse", "saxParser.parse", "XMLReader.parse", "SAXBuilder.build", "SAXReader.read",
            "XMLInputFactory.createXMLStreamReader", "Unmarshaller.unmarshal",
        ],
    },
    Group {
        meaning: Sink(SinkKind::XPath, At(0), Always),
        paths: &["XPath.evaluate", "XPath.compile", "xpath.evaluate", "xpath.compile", "xPath.evaluate", "xPath.compile"],
    },
    Group {
        meaning: Sink(SinkKind::Ldap, From(0), Always),
        paths: &["DirContext.search", "ctx.search", "context.search", "InitialDirContext.search", "LdapTemplate.search", "dirContext.search"],
    },
    Group {
        meaning: Sink(SinkKind::Log, From(0), Always),
        paths: &[
            "logger.info", "logger.warn", "logger.error", "logger.debug", "log.info", "log.warn", "log.error", "log.debug",
            "LOGGER.info", "LOGGER.warn", "LOGGER.error", "Logger.info", "Logger.warning", "logger.warning", "logger.log", "logger.severe",
        ],
    },
    Group {
        meaning: Sink(SinkKind::Regex, At(0), Always),
        paths: &["Pattern.compile", "Pattern.matches"],
    },
    Group {
        meaning: Sink(SinkKind::Header, At(1), Always),
        paths: &[".setHeader", ".addHeader"],
    },
    Group {
        meaning: Cleans(Kinds::ALL),
        paths: &[
            "Integer.parseInt", "Integer.valueOf", "Long.parseLong", "Long.valueOf", "Double.parseDouble", "Float.parseFloat",
            "Boolean.parseBoolean", "UUID.fromString", "LocalDate.parse", "Short.parseShort", "Integer", ".length", ".hashCode", "InetAddress.getByName",
            "=BigInteger", "=BigDecimal", ".valueOf",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Html, SinkKind::Xml])),
        paths: &[
            "StringEscapeUtils.escapeHtml4", "StringEscapeUtils.escapeHtml", "StringEscapeUtils.escapeXml", "HtmlUtils.htmlEscape",
            "Encode.forHtml", "Encode.forHtmlAttribute", "Encode.forHtmlContent", "ESAPI.encoder().encodeForHTML", "encoder().encodeForHTML", ".encodeForHTML", "Jsoup.clean",
            "PolicyFactory.sanitize",
        ],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Path])),
        paths: &["FilenameUtils.getName", ".getFileName", "StringUtils.cleanPath"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Path])),
        paths: &["File().getName", "File.getName"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Url, SinkKind::Redirect, SinkKind::Html, SinkKind::Path, SinkKind::Header, SinkKind::Log])),
        paths: &["URLEncoder.encode", "UriUtils.encode", "Encode.forUriComponent"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Ldap])),
        paths: &["LdapEncoder.filterEncode", "encoder().encodeForLDAP", ".encodeForLDAP", "LdapEncoder.nameEncode"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Regex])),
        paths: &["Pattern.quote"],
    },
    Group {
        meaning: Cleans(Kinds::of(&[SinkKind::Sql])),
        paths: &[".encodeForSQL", "ESAPI.encoder().encodeForSQL"],
    },
    Group {
        meaning: Normalizes,
        paths: &[".getCanonicalPath", ".getCanonicalFile", ".normalize", ".toRealPath", ".getHost"],
    },
    Group {
        meaning: Asks(Check::Prefix),
        paths: &[".startsWith"],
    },
    Group {
        meaning: Asks(Check::Membership),
        paths: &[".contains", ".containsKey", ".indexOf", ".anyMatch"],
    },
    Group {
        meaning: Asks(Check::Equality),
        paths: &[".equals", ".equalsIgnoreCase"],
    },
    Group {
        meaning: Asks(Check::Pattern),
        paths: &[".matches", "Pattern.matches", ".find", ".endsWith"],
    },
    Group {
        meaning: Asks(Check::Presence),
        paths: &[".isEmpty", ".isBlank", "StringUtils.isEmpty", "StringUtils.isBlank", "StringUtils.hasText", ".exists", ".isFile", ".isDirectory", "Files.exists", "Objects.isNull", ".isPresent"],
    },
    Group {
        meaning: Demands,
        paths: &["Assert.isTrue", "Preconditions.checkArgument"],
    },
    Group {
        meaning: Copies { from: From(0), to: Receiver },
        paths: &[".append", ".add", ".put", ".addAll", ".insert"],
    },
    Group {
        meaning: Formats(0),
        paths: &["String.format", "MessageFormat.format"],
    },
    Group {
        meaning: Formats(0),
        paths: &[".formatted"],
    },
    Group {
        meaning: Hides,
        paths: &[".size", ".getClass"],
    },
    Group {
        meaning: Carries,
        paths: &[
            ".toString", ".trim", ".toLowerCase", ".toUpperCase", ".replace", ".replaceAll", ".split", ".substring", ".concat", ".get", ".getBytes",
            ".getName", ".getPath", ".getAbsolutePath", ".toPath", ".toFile", ".resolve", ".readLine", ".next", ".nextLine", ".nextElement",
            "String.valueOf", "String.join", "=String", "=File", "Paths.get", "Path.of", "=URL", "=URI", "URI.create", "URLDecoder.decode", "=StringBuilder", "=StringBuffer",
            "=BufferedReader", "=InputStreamReader", "=ByteArrayInputStream", "=ObjectInputStream", "=InputSource", "=StringReader", "Base64.getDecoder().decode", ".decode",
            "Arrays.asList", "List.of", "Optional.ofNullable", ".orElse", ".strip", "=Scanner", "=DataInputStream", ".toURL",
        ],
    },
    Group {
        meaning: Exits,
        paths: &["System.exit"],
    },
];
