import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { formatValue } from "../../src/hook-commands/Format.ts"
import { compareNaturally, formatYaml } from "../../src/hook-commands/GoYaml.ts"
import { AnyList } from "../../src/hook-commands/Printable.ts"
import { parseStringMap } from "../../src/Yaml.ts"
import { dbHook, makeCluster, open } from "../Cluster.ts"

const row = (value: Parameters<typeof formatValue>[0]) =>
  ["smart", "yaml", "json"].map((format) => formatValue(value, format))

describe("formats (M2)", () => {
  it.each([
    ["nil", null, ["", "", "null\n"]],
    ["an empty string", "", ["", '""\n', '""\n']],
    ["a string", "v", ["v\n", "v\n", '"v"\n']],
    ["a string that reads as a number", "12345", ["12345\n", '"12345"\n', '"12345"\n']],
    ["true", true, ["True\n", "true\n", "true\n"]],
    ["false", false, ["False\n", "false\n", "false\n"]],
    ["a number", 5, ["5\n", "5\n", "5\n"]],
    ["a list", ["a", "b"], ["a\nb\n", "- a\n- b\n", '["a","b"]\n']],
    ["an empty list", [], ["", "[]\n", "[]\n"]],
    ["an empty map", new Map(), ["{}\n", "{}\n", "{}\n"]],
    ["a list of anything", new AnyList(["a", 1]), ["- a\n- 1\n", "- a\n- 1\n", '["a",1]\n']]
  ])("%s", (_, value, expected) => {
    expect(row(value)).toEqual(expected)
  })

  it("escapes in JSON what encoding/json escapes, and sorts keys by bytes", () => {
    expect(formatValue("<a&b>\u2028", "json")).toBe('"\\u003ca\\u0026b\\u003e\\u2028"\n')
    const map = new Map([
      ["k10", "1"],
      ["k2", "2"],
      ["A", "3"]
    ])
    expect(formatValue(map, "json")).toBe('{"A":"3","k10":"1","k2":"2"}\n')
    expect(formatValue(map, "yaml")).toBe('A: "3"\nk2: "2"\nk10: "1"\n')
  })

  it("keeps the order of a struct and leaves out what it does not have", () => {
    expect(formatValue({ z: 1, a: undefined, b: null }, "json")).toBe('{"z":1,"b":null}\n')
    expect(formatValue({ z: 1, a: undefined, b: "x" }, "yaml")).toBe("z: 1\nb: x\n")
  })

  it("prints nested YAML in block style with lists at their key's column", () => {
    const value = new Map<string, unknown>([
      ["list", ["a", "b"]],
      [
        "map",
        new Map([
          [
            "x",
            new AnyList([
              new Map([
                ["k", "v"],
                ["l", "w"]
              ]),
              new AnyList([])
            ])
          ]
        ])
      ],
      ["none", new Map()]
    ])
    expect(formatYaml(value)).toBe(
      "list:\n- a\n- b\nmap:\n  x:\n  - k: v\n    l: w\n  - []\nnone: {}"
    )
  })

  it.each([
    ["~", '"~"'],
    ["yes", '"yes"'],
    ["y", '"y"'],
    ["1e3", "1e3"],
    ["1e+3", '"1e+3"'],
    ["0x1f", '"0x1f"'],
    ["1:30", '"1:30"'],
    ["2026-01-04", '"2026-01-04"'],
    ["2026-01-04 06:29:46Z", "2026-01-04 06:29:46Z"],
    ["10.0.0.2/32", "10.0.0.2/32"],
    ["a: b", "'a: b'"],
    ["a #b", "'a #b'"],
    ["#b", "'#b'"],
    ["- a", "'- a'"],
    ["it's: so", "'it''s: so'"],
    ["{}", "'{}'"],
    [" lead", "' lead'"],
    ["tab\there", '"tab\\there"'],
    ["bell\u0007", '"bell\\x07"'],
    ["one\ntwo", "|-\n  one\n  two"],
    ["one\ntwo\n", "|\n  one\n  two"],
    ["grüße", "grüße"]
  ])("prints %j in YAML as go-yaml does", (text, expected) => {
    expect(formatYaml(text)).toBe(expected)
  })

  it("prints YAML that reads back as the same strings", () => {
    const alphabet = [
      "a",
      "1",
      "0",
      "-",
      ":",
      " ",
      "#",
      "\n",
      "'",
      '"',
      ".",
      "~",
      "y",
      "[",
      "\t",
      "é",
      "_"
    ]
    let seed = 42
    const next = (bound: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return (seed >>> 8) % bound
    }
    for (let round = 0; round < 4000; round += 1) {
      const text = Array.from({ length: next(7) }, () => alphabet[next(alphabet.length)]).join("")
      const map = new Map([
        ["key", text],
        ["last", "x"]
      ])
      expect(parseStringMap(formatYaml(map)), JSON.stringify(text)).toEqual({ ok: true, map })
    }
  })

  it("sorts keys naturally", () => {
    const keys = ["b", "a10", "a2", "a", "-x", "10", "9", "a-b", "ab"]
    expect(keys.sort(compareNaturally)).toEqual([
      "-x",
      "9",
      "10",
      "a",
      "a-b",
      "a2",
      "a10",
      "ab",
      "b"
    ])
  })

  it("prints a databag value raw, escaped and typed", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    hook.out("relation-set", "k=<a&b>", "n=5")
    expect(hook.out("relation-get", "k", "app/0", "--format=json")).toBe(
      '"\\u003ca\\u0026b\\u003e"\n'
    )
    expect(hook.out("relation-get", "k", "app/0")).toBe("<a&b>\n")
    expect(hook.out("relation-get", "n", "app/0", "--format=yaml")).toBe('"5"\n')
    expect(hook.out("relation-get", "gone", "app/0", "--format=json")).toBe("null\n")
    expect(hook.out("relation-get", "gone", "app/0")).toBe("")
    expect(hook.out("is-leader")).toBe("True\n")
    expect(hook.out("is-leader", "--format=json")).toBe("true\n")
  })

  it("writes to the file of --output, relative to the caller's folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "format-"))
    const hook = open(makeCluster(), "app/0")
    const request = { command: "is-leader", args: ["-o", "out.txt"], cwd: folder }
    expect(hook.run(request)).toEqual({ code: 0, stdout: "", stderr: "" })
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("True\n")
    rmSync(folder, { recursive: true })
  })
})
