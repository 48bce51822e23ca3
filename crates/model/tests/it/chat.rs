//! Are prompts put as transformers puts them, and are bad templates refused?

use palinode_model::{Chat, ChatTemplate, Date, Error, Kernels, LocalModel, Source, load};
use serde_json::json;

use crate::golden::{VARIANTS, copy, model, options, values};

#[test]
fn chats_are_rendered_as_by_transformers() {
    for variant in VARIANTS {
        let model = model(variant, Kernels::Automatic);
        for chat in values(variant).chats {
            let found = model
                .prompt(&chat.content, chat.language.as_deref())
                .unwrap();
            assert_eq!(found, chat.rendered);
        }
    }
}

/// The tiny model with `tokenizer_config.json` of this content.
fn with_config(config: &str) -> Result<LocalModel, Error> {
    let folder = copy("tied");
    std::fs::write(folder.path().join("tokenizer_config.json"), config).unwrap();
    load(
        &Source::Folder(folder.path().to_owned()),
        &options(Kernels::Automatic),
    )
}

fn with_template(template: &str) -> Result<LocalModel, Error> {
    let config = json!({"chat_template": template, "eos_token": {"content": "END"}});
    with_config(&config.to_string())
}

#[test]
fn without_a_template_the_text_is_the_prompt() {
    let model = with_config("{}").unwrap();
    assert_eq!(model.prompt("{{ text }}", None).unwrap(), "{{ text }}");
}

#[test]
fn a_file_of_its_own_wins_and_named_templates_have_a_default() {
    let folder = copy("tied");
    std::fs::write(
        folder.path().join("chat_template.jinja"),
        "own {{ messages[0].content }}",
    )
    .unwrap();
    let source = Source::Folder(folder.path().to_owned());
    let model = load(&source, &options(Kernels::Automatic)).unwrap();
    assert_eq!(model.prompt("x", None).unwrap(), "own x");

    let config = r#"{"chat_template": [{"name": "tool_use", "template": "t"},
        {"name": "default", "template": "d {{ messages[0]['content'] }}"}]}"#;
    assert_eq!(
        with_config(config).unwrap().prompt("x", None).unwrap(),
        "d x"
    );
}

#[test]
fn what_published_templates_use_is_there() {
    for (template, expected) in [
        (
            "{% for m in messages %}\n  {% if loop.first %}\n[{{ m.role }}]\n  {% endif %}\n{% endfor %}",
            "[user]\n",
        ),
        (
            "{{ messages[0]['content'].split('</a>')[-1].lstrip('\\n') }}{{ eos_token }}",
            " Bc END",
        ),
        (
            "{{ messages[0].content | trim }}|{{ messages | length }}",
            "a</a> Bc|1",
        ),
        (
            "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
            "1",
        ),
        (
            "{{ messages[0].content.startswith('a') and not messages[0].content.strip().endswith('a') }}",
            "True",
        ),
        (
            "{% macro f(x) %}<{{ x.upper() }}>{% endmacro %}{{ f('q') }}",
            "<Q>",
        ),
        (
            "{{ messages[0].get('tool', 'none') }}{{ messages[0].get('role') }}",
            "noneuser",
        ),
        (
            "{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}",
            "a1",
        ),
        (
            "{% if tools is defined and tools %}t{% else %}n{% endif %}",
            "n",
        ),
        (
            r#"{{ ['\\u003c', "'", '"'] | tojson(ensure_ascii=false) }}"#,
            r#"["\\u003c", "'", "\""]"#,
        ),
        (
            "{{ messages[0] | tojson }}",
            r#"{"role": "user", "content": "a</a> Bc "}"#,
        ),
        (
            "{% generation %}a{%- endgeneration -%} b {{- 'generation' }}",
            "abgeneration",
        ),
        (
            "{{ none is iterable }}{{ none is sequence }}{{ 'x' is iterable }}{{ [1] is sequence }}",
            "FalseFalseTrueTrue",
        ),
        (
            "{{ 'a,b,c'.split(',', 1)[1] }}|{{ \"it's oK\".title() }}",
            "b,c|It'S Ok",
        ),
        (
            r#"{{ 'é🙂' | tojson(ensure_ascii=true) }}"#,
            r#""\u00e9\ud83d\ude42""#,
        ),
        ("{{ {'b': 1, 'a': [2]} | tojson }}", r#"{"b": 1, "a": [2]}"#),
        (
            "{{ strftime_now('%d %b %Y, %A %B %-d%%') }}",
            "26 Jul 2024, Friday July %-d%",
        ),
        ("a\r\n{% if true %}\r\nb{% endif %}", "a\nb"),
        ("{{ tools is none }}{{ (tools or []) | length }}", "True0"),
    ] {
        let found = with_template(template).unwrap().prompt("a</a> Bc ", None);
        assert_eq!(found.unwrap(), expected, "{template}");
    }
}

#[test]
fn bad_templates_are_refused_by_name() {
    let named = |error: &Error| {
        assert!(
            matches!(error, Error::Template { file, .. } if file.ends_with("tokenizer_config.json"))
        );
        assert!(error.hint().is_some());
        error.to_string()
    };
    named(&with_template("{% if %}").unwrap_err());
    let refuse = with_template("{{ raise_exception('only two roles') }}").unwrap();
    assert!(named(&refuse.prompt("x", None).unwrap_err()).contains("only two roles"));
    let endless =
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
    named(
        &with_template(endless)
            .unwrap()
            .prompt("x", None)
            .unwrap_err(),
    );
    for wide in [
        "{{ 'a' | indent(9223372036854775807) }}",
        "{{ 'a\\nb' | indent(1000000000000) }}",
        "{{ [1] | tojson(indent=1000000000000) }}",
        "{{ 'a' | center(1000000000000) }}",
        "{% set ns = namespace(s='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') %}{% for i in range(9) %}\
         {% set ns.s = ns.s.replace('x', ns.s) %}{% endfor %}{{ ns.s | length }}",
    ] {
        match with_template(wide) {
            Err(error) => named(&error),
            Ok(model) => named(&model.prompt("x", None).unwrap_err()),
        };
    }
    let recursive = "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}";
    named(
        &with_template(recursive)
            .unwrap()
            .prompt("x", None)
            .unwrap_err(),
    );
    assert!(matches!(with_config("{").unwrap_err(), Error::Json { .. }));
}

#[test]
fn conversations_and_tools_reach_the_template() {
    let template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}\
                    {% for t in tools or [] %}{{ t | tojson }}{% endfor %}{{ strftime_now('%Y-%m-%d %a') }}";
    let chat = ChatTemplate::new(template, "", "", "own".as_ref()).unwrap();
    let messages = [
        json!({"role": "system", "content": "Be brief."}),
        json!({"role": "user", "content": "Hi"}),
        json!({"role": "assistant", "content": "Yes?"}),
    ];
    let tools = [json!({"type": "function", "function": {"name": "read", "arguments": {}}})];
    let rendered = chat.render_chat(&Chat {
        messages: &messages,
        tools: &tools,
        language: None,
        date: Date {
            year: 2026,
            month: 11,
            day: 21,
        },
    });
    assert_eq!(
        rendered.unwrap(),
        "<system>Be brief.<user>Hi<assistant>Yes?\
         {\"type\": \"function\", \"function\": {\"name\": \"read\", \"arguments\": {}}}2026-11-21 Sat"
    );
}

/// What would fill memory, never end or run off the stack is refused, when the template is read or when it is used.
#[test]
fn what_a_template_makes_and_compares_is_bounded() {
    let times = |part: &str, count: usize| part.repeat(count);
    let wide = "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'";
    for template in [
        // Texts that double: in a namespace, one statement after another, by other operators.
        format!("{{% set ns = namespace(s={wide}) %}}{{% for i in range(60) %}}{{% set ns.s = ns.s ~ ns.s %}}{{% endfor %}}"),
        format!("{{% set ns = namespace(s={wide}) %}}{{% for i in range(60) %}}{{% set ns.s = ns.s + ns.s %}}{{% endfor %}}"),
        format!("{{% set s = {wide} %}}{}", times("{% set s = s ~ s %}", 60)),
        format!("{{% set ns = namespace(s={wide}) %}}{{% for i in range(60) %}}{{% set ns.s = ns.s * 64 %}}{{% endfor %}}"),
        format!("{{% set s = {wide} %}}{}", times("{% set s %}{{ s }}{{ s }}{% endset %}", 60)),
        format!("{{% set s = {wide} %}}{}", times("{% set s = [s, s] | join(s) %}", 60)),
        format!("{{% set s = {wide} %}}{}", times("{% set s = s | replace('x', s) %}", 60)),
        // A constant that would be computed when the template is read.
        format!("{{{{ 'x' * 99000000{} }}}}", times(" ~ 'x' * 99000000", 400)),
        // Lists that hold themselves twice: small in memory, endless to look at.
        format!("{{% set l = [1] %}}{}{{{{ l }}}}", times("{% set l = [l, l] %}", 31)),
        format!("{{% set l = [1] %}}{}{{{{ l == l }}}}", times("{% set l = [l, l] %}", 31)),
        format!("{{% set l = [1] %}}{}{{{{ 2 in l }}}}", times("{% set l = l + l %}", 60)),
        format!("{{% set l = [1] %}}{}{{{{ l | tojson }}}}", times("{% set l = [l, l] %}", 31)),
        "{{ range(100000) | list | tojson(indent=256) }}".to_owned(),
        // A text of which a filter makes a list of letters.
        "{{ ('x' * 3000000) | sort | length }}".to_owned(),
        "{% for x in 'x' * 3000000 %}{% break %}{% endfor %}".to_owned(),
        // Text between tags, a thousand times.
        format!("{{% for i in range(99999) %}}{}{{% endfor %}}", times("x", 5000)),
        format!("{{% set s %}}{{% for i in range(99999) %}}{}{{% endfor %}}{{% endset %}}", times("x", 5000)),
        // Lists so deep that letting go of them would run off the stack.
        "{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}".to_owned(),
        "{% set ns = namespace(l={}) %}{% for i in range(90000) %}{% set ns.l = {'a': ns.l} %}{% endfor %}".to_owned(),
        "{% set ns = namespace(l=none) %}{% for i in range(90000) %}{% set ns.l = namespace(l=ns.l) %}{% endfor %}".to_owned(),
        "{% set ns = namespace() %}{% set ns.own = ns %}{{ ns }}".to_owned(),
        // Expressions and conditions so long that compiling them would.
        format!("{{{{ 1{} }}}}", times(" ~ 1", 90_000)),
        format!("{{{{ none{} }}}}", times(".a", 90_000)),
        format!("{{{{ 1{} }}}}", times(" | string", 60_000)),
        format!("{{% if false %}}{}{{% endif %}}", times("{% elif false %}", 60_000)),
        format!("{}{}", times("{% if true %}", 40_000), times("{% endif %}", 40_000)),
        times(" ", 2 << 20),
        "{% include 'x' %}".to_owned(),
        "{% block x %}{% endblock %}".to_owned(),
    ] {
        let file = "own/chat_template.jinja".as_ref();
        let rendered = ChatTemplate::new(&template, "", "", file).and_then(|chat| chat.render("x", None));
        let error = rendered.map(|text| text.len()).expect_err(&template[..template.len().min(200)]);
        assert!(matches!(error, Error::Template { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("own/chat_template.jinja"), "{error}");
        let reasons = ["too much", "too deep", "too long", "too many", "too wide", "recursion", "one file"];
        assert!(reasons.iter().any(|reason| text.contains(reason)), "{error}");
    }
}

/// The budget is for templates, not for people who have much to say.
#[test]
fn long_conversations_are_put_into_words() {
    let template = "{% for m in messages %}{% if loop.index0 == messages | length - 1 %}{{ '<last>' }}{% endif %}\
        {{ '<' + m['role'] + '>' + (m.content | trim) ~ '\n' }}\
        {% if m.content is string and '</think>' in m.content %}{{ m.content.split('</think>')[-1] }}{% endif %}\
        {% endfor %}{% for t in tools %}{{ t | tojson(indent=4) }}{% endfor %}{{ messages[1:] | length }}{{ messages[::-1][0].role }}";
    let chat = ChatTemplate::new(template, "", "", "own".as_ref()).unwrap();
    let content =
        "A line of a program that someone wants to be mended, and that goes on.\n".repeat(500);
    let message = |role: &str| json!({"role": role, "content": content});
    let messages: Vec<_> = (0..300)
        .map(|at| message(["user", "assistant"][at % 2]))
        .collect();
    let tools: Vec<_> = (0..100)
        .map(|at| json!({"name": format!("tool_{at}"), "parameters": {"a": [1, 2, 3]}}))
        .collect();
    let rendered = chat.render_chat(&Chat {
        messages: &messages,
        tools: &tools,
        ..Chat::default()
    });
    let rendered = rendered.unwrap();
    assert!(rendered.len() > 300 * 500 * 70);
    assert!(rendered.ends_with("299assistant"));
}

#[test]
fn parts_of_lists_and_texts_are_pythons() {
    for (expression, expected) in [
        ("'abcdef'[1:4]", "bcd"),
        ("'abcdef'[::-1]", "fedcba"),
        ("'abcdef'[:5:-1]", ""),
        ("'abcdef'[4:1:-2]", "ec"),
        ("'abcdef'[-3:]", "def"),
        ("'abcdef'[-99:99:2]", "ace"),
        ("'é漢🙂'[1:]", "漢🙂"),
        ("[1, 2, 3][::-1]", "[3, 2, 1]"),
        ("[1, 2, 3][5:]", "[]"),
        ("[1, 2, 3][-1:-3:-1]", "[3, 2]"),
        ("([1, 2] + [3])[1:]", "[2, 3]"),
        ("[{'a': 1}, {'a': 2}] | join('-', attribute='a')", "1-2"),
        ("['x', 'y'] | join", "xy"),
        ("'a-b' | replace('-', '+') | upper", "A+B"),
        ("dict(a=1, b=[2]) | tojson", "{\"a\": 1, \"b\": [2]}"),
        ("namespace(a=3).a", "3"),
        ("2 * 3 ~ 'a' * 2 ~ 1.5 * 2", "6aa3.0"),
    ] {
        let template = format!("{{{{ {expression} }}}}");
        let chat = ChatTemplate::new(&template, "", "", "own".as_ref()).unwrap();
        assert_eq!(chat.render("x", None).unwrap(), expected, "{expression}");
    }
}
