"""Which samples is detection judged by?

    python xtask/studies/peers/detection_samples.py DATA SPLIT OUT

reads public sets of code from DATA (gzipped JSON Lines: SALLM's measured outputs and insecure code, SecCodePLT's
vulnerable and patched code, SVEN and SafeCoder before and after, CyberSecEval's rows, SecurityEval's insecure code)
and writes OUT/tune.jsonl and OUT/report.jsonl: {dataset, group, id, language, label, cwe, pair, code}, where label is
bad or good, and the two of a pair have the same `pair`. SPLIT (xtask/studies/detection_split.json) says which groups
rules may be tuned on; a group that it does not know goes by the first byte of its SHA-256, even or odd. A group is a
repository where there is one, a weakness in SecCodePLT, and else a task.
"""

import collections
import gzip
import hashlib
import json
import os
import re
import sys

LANGUAGES = {
    ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".cxx": "cpp", ".py": "python",
    ".js": "javascript", ".jsx": "javascript", ".ts": "typescript", ".tsx": "tsx", ".go": "go", ".java": "java",
}


def main() -> None:
    data, split, out = sys.argv[1:]
    with open(split, encoding="utf-8") as file:
        known = json.load(file)
    halves = {(name, group): half for name, both in known.items() for half, groups in both.items() for group in groups}

    def half(name: str, group: str) -> str:
        byte = hashlib.sha256(f"{name}\0{group}".encode()).digest()[0]
        return halves.get((name, group), "tune" if byte % 2 == 0 else "report")

    os.makedirs(out, exist_ok=True)
    files = {name: open(os.path.join(out, f"{name}.jsonl"), "w", encoding="utf-8") for name in ("tune", "report")}
    counts: collections.Counter = collections.Counter()
    for name, group, identity, language, label, cwe, pair, code in samples(data):
        where = half(name, group)
        sample = {"dataset": name, "group": group, "id": identity, "language": language, "label": label, "cwe": cwe,
                  "pair": pair, "code": code}
        files[where].write(json.dumps(sample) + "\n")
        counts[where, name, language, label] += 1
    for key, count in sorted(counts.items()):
        print(*key, count)


def rows(data: str, name: str):
    with gzip.open(os.path.join(data, f"{name}.jsonl.gz"), "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def number(text: str):
    found = re.search(r"cwe-?(\d+)", text, re.IGNORECASE)
    return int(found.group(1)) if found else None


def samples(data: str):
    seen = set()
    for row in rows(data, "outputs/sallm_codegen_starcoder"):
        # What does not do its task says nothing about detection.
        if not row["compilable"] or row["test_success"] != "success":
            continue
        label = {"failure": "bad", "success": "good"}.get(row["test_vulnerability"])
        if label is None or (row["id"], row["code"]) in seen:
            continue
        seen.add((row["id"], row["code"]))
        identity = f"{row['id']}/{row['model']}/{row['temp']}/{row['n']}"
        yield "sallm", row["id"], identity, "python", label, number(row["id"]), None, row["code"]
    for row in rows(data, "tasks/sallm"):
        identity = f"{row['id']}/insecure"
        yield "sallm", row["id"], identity, "python", "bad", number(row["id"]), None, row["insecure_code"]
    for row in rows(data, "tasks/seccodeplt"):
        truth = row["ground_truth"]
        for label, key in (("bad", "vulnerable_code"), ("good", "patched_code")):
            before = [row["unittest"]["setup"] or "", truth.get("code_before") or ""]
            code = "\n".join(before) + "\n" + (truth[key] or "") + (truth.get("code_after") or "")
            group = f"CWE-{row['CWE_ID']}"
            yield "seccodeplt", group, f"{row['id']}/{label}", "python", label, int(row["CWE_ID"]), row["id"], code
    for name in ("sven", "safecoder"):
        for index, row in enumerate(rows(data, f"fixes/{name}")):
            language = LANGUAGES.get(os.path.splitext(row["file_name"])[1])
            if language is None:
                continue
            group = "/".join(row["commit_link"].split("/")[1:3])
            for label, key in (("bad", "func_src_before"), ("good", "func_src_after")):
                cwe = number(row["vul_type"])
                yield name, group, f"{index}/{label}", language, label, cwe, str(index), row[key]
    for name in ("instruct", "autocomplete", "instruct-v2"):
        for row in rows(data, f"cyberseceval/{name}"):
            if row["origin_code"] in seen:
                continue
            seen.add(row["origin_code"])
            group, cwe = row.get("repo") or "?", number(row["cwe_identifier"])
            identity = f"{name}/{row['prompt_id']}"
            yield "cyberseceval", group, identity, row["language"], "bad", cwe, None, row["origin_code"]
    for row in rows(data, "tasks/securityeval"):
        yield "securityeval", row["ID"], row["ID"], "python", "bad", number(row["ID"]), None, row["Insecure_code"]


if __name__ == "__main__":
    main()
