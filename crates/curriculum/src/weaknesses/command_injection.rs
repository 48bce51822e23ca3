//! Can an argument smuggle in a command of its own?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Choice, Local, Name},
};
use crate::task::Language::{self, C, Cpp, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "command-injection",
    cwe: 78,
    doc: "A command line is put together from text and given to a shell. The careful program passes arguments as a list.",
    patterns: PATTERNS,
    finds,
};

const TOOL: &[&str] = &["gzip", "wc", "du", "file", "head", "stat", "cksum", "sort"];

const SAYS: &[&str] = &[
    "It runs $tool on $arg and returns what that returned",
    "$tool is run on $arg; its result is returned",
    "It calls the program $tool with $arg and gives back the result",
    "The outcome of running $tool with $arg is the answer",
];

const MORE: &[&str] = &[
    "Start the program $tool on $arg and hand back its result",
    "The function executes $tool with $arg as argument and passes on what comes back",
    "With $arg as its argument, $tool is executed, and the caller receives the result",
    "What it gives back is the result of calling $tool on $arg",
    "After $tool has been launched on $arg, its result goes to the caller",
];

const MORE_OUTPUT: &[&str] = &[
    "Return everything that $tool writes out when run on $arg",
    "The function executes $tool with $arg as argument and hands back the printed text",
    "With $arg as its argument, $tool is started, and the caller receives the output",
    "What it gives back is the text printed by $tool when called on $arg",
    "After $tool has finished its work on $arg, the text it printed is handed over",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("arg", Name),
            ("tool", Choice(TOOL)),
            ("cmd", Local(&["cmd", "command", "run"])),
        ],
        parameters: &["char *$arg"],
        top: &[
            "#include <stdio.h>",
            "#include <stdlib.h>",
            "#include <sys/wait.h>",
            "#include <unistd.h>",
        ],
        returns: "int",
        fail: "-1",
        setup: "int status = -1;",
        draft: "char $cmd[512];\nsnprintf($cmd, sizeof($cmd), \"$tool %s\", $arg);\nstatus = system($cmd);",
        fixed: "pid_t child = fork();\nif (child == 0) {\n    execlp(\"$tool\", \"$tool\", $arg, (char *)NULL);\n    _exit(127);\n}\nwaitpid(child, &status, 0);",
        after: "",
        value: "status",
        says: SAYS,
        more: MORE,
        needs: &["\"$tool\" || \"$tool %s\"", "( .. $arg", "return status"],
    },
    Pattern {
        language: Cpp,
        slots: &[
            ("arg", Name),
            ("tool", Choice(TOOL)),
            ("cmd", Local(&["cmd", "command", "run"])),
        ],
        parameters: &["const std::string &$arg"],
        top: &[
            "#include <cstdlib>",
            "#include <string>",
            "#include <sys/wait.h>",
            "#include <unistd.h>",
        ],
        returns: "int",
        fail: "-1",
        setup: "int status = -1;",
        draft: "std::string $cmd = \"$tool \" + $arg;\nstatus = std::system($cmd.c_str());",
        fixed: "pid_t child = fork();\nif (child == 0) {\n    execlp(\"$tool\", \"$tool\", $arg.c_str(), nullptr);\n    _exit(127);\n}\nwaitpid(child, &status, 0);",
        after: "",
        value: "status",
        says: SAYS,
        more: MORE,
        needs: &[
            "\"$tool\" || \"$tool \"",
            "( .. $arg || + $arg",
            "return status",
        ],
    },
    Pattern {
        language: Python,
        slots: &[
            ("arg", Name),
            ("tool", Choice(TOOL)),
            ("r", Local(&["result", "status", "done"])),
        ],
        parameters: &["$arg"],
        top: &["import subprocess"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$r = subprocess.call(\"$tool \" + $arg, shell=True)",
        fixed: "$r = subprocess.call([\"$tool\", $arg])",
        after: "",
        value: "$r",
        says: SAYS,
        more: MORE,
        needs: &["( .. $arg", "return _"],
    },
    Pattern {
        language: Python,
        slots: &[
            ("arg", Name),
            ("tool", Choice(TOOL)),
            ("r", Local(&["result", "done", "proc"])),
        ],
        parameters: &["$arg"],
        top: &["import subprocess"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$r = subprocess.run(f\"$tool {$arg}\", shell=True, capture_output=True, text=True)",
        fixed: "$r = subprocess.run([\"$tool\", $arg], capture_output=True, text=True)",
        after: "",
        value: "$r.stdout",
        says: &[
            "It runs $tool on $arg and returns the output",
            "$tool is run on $arg and its output returned",
            "It gives back what $tool prints about $arg",
            "The output of $tool for $arg is the answer",
        ],
        more: MORE_OUTPUT,
        needs: &["run ( || check_output (", "return .. stdout || return _"],
    },
    Pattern {
        language: JavaScript,
        slots: &[
            ("arg", Name),
            ("tool", Choice(TOOL)),
            ("r", Local(&["result", "out", "text"])),
        ],
        parameters: &["$arg"],
        top: &["const childProcess = require(\"child_process\");"],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $r = childProcess.execSync(`$tool ${$arg}`);",
        fixed: "const $r = childProcess.execFileSync(\"$tool\", [$arg]);",
        after: "",
        value: "$r.toString()",
        says: &[
            "It runs $tool on $arg and returns the output",
            "$tool is run on $arg and its output returned",
            "It gives back what $tool prints about $arg",
            "The output of $tool for $arg is the answer",
        ],
        more: MORE_OUTPUT,
        needs: &[
            "execSync ( || execFileSync ( || spawnSync (",
            "return .. toString",
        ],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let shell = tokens.contains(&["shell", "=", "True"]);
    let system = ["system", "popen", "execSync", "exec"]
        .into_iter()
        .any(|name| {
            tokens.calls(name).any(|call| {
                let Some(command) = call.arguments.first() else {
                    return false;
                };
                let literal = tokens.is_string(command.start) && command.len() == 1;
                !literal || tokens.text(command.start).contains("${")
            })
        });
    shell || system
}
