//! Can a value become part of the query's text?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Choice, Local, Name},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "sql-injection",
    cwe: 89,
    doc: "A query is put together from text. The careful program hands the value over beside the query.",
    patterns: PATTERNS,
    finds,
};

const TABLE: &[&str] = &[
    "users", "orders", "books", "rooms", "songs", "parts", "trees", "ships",
];
const COLUMN: &[&str] = &["name", "owner", "title", "city", "color", "email"];

const SAYS: &[&str] = &[
    "It returns the rows of $table in $db whose $column is $value",
    "From $db it fetches the rows of $table where $column equals $value",
    "The rows of $table with $column equal to $value are read from $db",
    "In $db it looks up $table by $column for $value",
];

const MORE: &[&str] = &[
    "Return every row of $table in $db that has $value as its $column",
    "The function queries $db for all entries of $table whose $column matches $value",
    "Where $column is $value, the rows of $table in $db are selected and handed back",
    "What it gives back is all rows that $table in $db has with $value for $column",
    "Select from $table, a table of $db, the records with $value in $column and return them",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[
            ("db", Name),
            ("value", Name),
            ("table", Choice(TABLE)),
            ("column", Choice(COLUMN)),
            ("c", Local(&["cursor", "cur", "rows"])),
        ],
        parameters: &["$db", "$value"],
        top: &["import sqlite3"],
        returns: "",
        fail: "[]",
        setup: "$c = $db.cursor()",
        draft: "$c.execute(f\"SELECT * FROM $table WHERE $column = '{$value}'\")",
        fixed: "$c.execute(\"SELECT * FROM $table WHERE $column = ?\", ($value,))",
        after: "",
        value: "$c.fetchall()",
        says: SAYS,
        more: MORE,
        needs: &[
            "$db . cursor || $db . execute",
            "execute (",
            "return .. fetchall",
        ],
    },
    Pattern {
        language: Python,
        slots: &[
            ("db", Name),
            ("value", Name),
            ("table", Choice(TABLE)),
            ("column", Choice(COLUMN)),
            ("q", Local(&["query", "sql", "text"])),
        ],
        parameters: &["$db", "$value"],
        top: &["import sqlite3"],
        returns: "",
        fail: "0",
        setup: "",
        draft: "$q = \"DELETE FROM $table WHERE $column = '\" + $value + \"'\"\n$db.execute($q)",
        fixed: "$q = \"DELETE FROM $table WHERE $column = ?\"\n$db.execute($q, ($value,))",
        after: "$db.commit()",
        value: "$db.total_changes",
        says: &[
            "It deletes the rows of $table in $db whose $column is $value and returns the changes",
            "From $table in $db the rows with $column equal to $value are deleted",
            "It removes from $table those whose $column is $value, in $db",
            "In $db it drops what $table holds under $column $value",
        ],
        more: &[
            "Delete every row of $table in $db that has $value as its $column; return the changes",
            "The function removes all entries of $table whose $column matches $value from $db",
            "Rows having $value for $column vanish from $table in $db; the changes are returned",
            "Where $column is $value, $table in $db loses its rows, and it gives back the changes",
            "Erase from $table, a table of $db, each record with $value in $column",
        ],
        needs: &["execute (", "$db . commit", "return .. total_changes"],
    },
    Pattern {
        language: JavaScript,
        slots: &[
            ("db", Name),
            ("value", Name),
            ("table", Choice(TABLE)),
            ("column", Choice(COLUMN)),
            ("r", Local(&["rows", "result", "found"])),
        ],
        parameters: &["$db", "$value"],
        top: &[],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $r = $db.query(`SELECT * FROM $table WHERE $column = '${$value}'`);",
        fixed: "const $r = $db.query(\"SELECT * FROM $table WHERE $column = ?\", [$value]);",
        after: "",
        value: "$r",
        says: SAYS,
        more: MORE,
        needs: &["$db . query (", "return _"],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let verbs = ["SELECT ", "DELETE ", "INSERT ", "UPDATE "];
    tokens.all.iter().enumerate().any(|(at, token)| {
        let text = token.text;
        let query = verbs.iter().any(|verb| text.contains(verb));
        let interpolated = text.contains("${") || (text.starts_with('f') && text.contains('{'));
        let joined =
            ["+", "%"].contains(&tokens.text(at + 1)) || tokens.stands(at + 1, &[".", "format"]);
        query && tokens.is_string(at) && (interpolated || joined)
    })
}
