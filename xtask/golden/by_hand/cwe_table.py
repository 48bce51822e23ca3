"""How are MITRE's weaknesses related?

    python xtask/golden/by_hand/cwe_table.py 1000.csv crates/code/src/weaknesses/table.rs

reads the CSV export of CWE's view 1000, Research Concepts (https://cwe.mitre.org/data/csv/1000.csv.zip), and
writes each weakness's number, name, level of abstraction and parents in that view.
"""

import csv
import re
import sys

LEVELS = ("Pillar", "Class", "Base", "Variant", "Compound", "Category")


def main() -> None:
    source, target = sys.argv[1:]
    with open(source, newline="", encoding="utf-8") as file:
        # The export ends each line with a comma that the header lacks.
        rows = list(csv.reader(file))
    header = rows[0]
    entries = []
    for row in rows[1:]:
        entry = dict(zip(header, row))
        if entry["Status"] == "Deprecated":
            continue
        relations = entry["Related Weaknesses"]
        parents = re.findall(r"NATURE:ChildOf:CWE ID:(\d+):VIEW ID:1000:", relations)
        # Some exports hold the old categories that analysers still name.
        level = entry["Weakness Abstraction"] or "Category"
        assert level in LEVELS, level
        entries.append((int(entry["CWE-ID"]), entry["Name"], level, sorted(map(int, parents))))
    entries.sort()
    with open(target, "w", encoding="utf-8") as file:
        file.write(
            "//! Which weaknesses does MITRE know, and which is a kind of which?\n//!\n"
            "//! Written by `xtask/golden/by_hand/cwe_table.py` from CWE's view 1000 (Research Concepts).\n"
            "//! CWE is copyright The MITRE Corporation, used under its terms of use\n"
            "//! (<https://cwe.mitre.org/about/termsofuse.html>).\n\n"
            "use super::Abstraction::{Base, Category, Class, Compound, Pillar, Variant};\nuse super::Entry;\n\n"
            "/// Every weakness that is not deprecated, by number.\n#[rustfmt::skip]\npub(super) static TABLE: &[Entry] = &[\n"
        )
        for number, name, level, parents in entries:
            name = name.replace("\\", "\\\\").replace('"', '\\"')
            file.write(f'    Entry {{ number: {number}, name: "{name}", abstraction: {level}, parents: &{parents} }},\n')
        file.write("];\n")


if __name__ == "__main__":
    main()
