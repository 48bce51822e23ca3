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
