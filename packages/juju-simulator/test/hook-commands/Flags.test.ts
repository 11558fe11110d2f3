import { describe, expect, it } from "vitest"
import { dbHook, failure, makeCluster, open } from "../Cluster.ts"

const run = (...args: ReadonlyArray<string>) => {
  const [command = "", ...rest] = args
  return open(makeCluster(), "app/0").call(command, ...rest)
}

describe("flag grammar (M1)", () => {
  it.each([
    [["-r", "1"]],
    [["-r1"]],
    [["-r", "db:1"]],
    [["-r=db:1"]],
    [["-r", "anything:1"]],
    [["--relation", "1"]],
    [["--relation=1"]],
    [["--relation=db:1"]]
  ])("relation-list takes %j", (args) => {
    expect(run("relation-list", ...args)).toEqual({ code: 0, stdout: "mysql/0\n", stderr: "" })
  })

  it.each([
    ['ERROR invalid value "=1" for option -r: invalid relation id\n', ["-r=1"]],
    ['ERROR invalid value "99" for option -r: relation not found\n', ["-r", "99"]],
    ['ERROR invalid value "abc" for option -r: invalid relation id\n', ["-r", "abc"]],
    ['ERROR invalid value "x:" for option --relation: invalid relation id\n', ["--relation=x:"]],
    ["ERROR option provided but not defined: --foo\n", ["--foo"]],
    ["ERROR option provided but not defined: --foo\n", ["--foo=1"]],
    ["ERROR option provided but not defined: -x\n", ["-x"]],
    ["ERROR option needs an argument: -r\n", ["-r"]],
    ["ERROR option needs an argument: --relation\n", ["--relation"]],
    ['ERROR empty option in argument "--=1"\n', ["--=1"]],
    ['ERROR invalid value "xml" for option --format: unknown format "xml"\n', ["--format", "xml"]],
    [
      'ERROR invalid value "x" for option --app: strconv.ParseBool: parsing "x": invalid syntax\n',
      ["--app=x", "-r1"]
    ],
    ['ERROR unrecognized args: ["x" "y\\n"]\n', ["-r1", "x", "y\n"]]
  ])("%j", (stderr, args) => {
    expect(failure(run("relation-list", ...args))).toEqual([2, stderr])
  })

  it("mixes flags and arguments, and ends flags at --", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    expect(hook.out("relation-get", "private-address", "--format=json", "mysql/0")).toBe(
      hook.out("relation-get", "--format", "json", "--", "private-address", "mysql/0")
    )
    hook.out("juju-log", "--log-level", "DEBUG", "--", "--not-a-flag", "-r", "99")
    expect(hook.model.logs.at(-1)).toMatchObject({
      level: "DEBUG",
      message: "db:1: --not-a-flag -r 99"
    })
  })

  it.each(["1", "t", "T", "TRUE", "true", "True"])("reads --app=%s as on", (value) => {
    expect(run("relation-list", "-r1", `--app=${value}`).stdout).toBe("mysql\n")
  })

  it.each(["0", "f", "F", "FALSE", "false", "False"])("reads --app=%s as off", (value) => {
    expect(run("relation-list", "-r1", `--app=${value}`).stdout).toBe("mysql/0\n")
  })

  it("takes a value flag's value from the next word whatever it looks like", () => {
    expect(failure(run("relation-list", "-r", "--app"))).toEqual([
      2,
      'ERROR invalid value "--app" for option -r: invalid relation id\n'
    ])
  })

  it("prints --help and -h to stdout with exit code 0", () => {
    for (const flag of ["--help", "-h"]) {
      const { code, stdout, stderr } = run("relation-ids", flag)
      expect([code, stderr]).toEqual([0, ""])
      expect(stdout).toMatch(/^Usage: relation-ids \[options\] \[<endpoint>\]\n\nSummary:\n/)
      expect(stdout).toContain("--format")
    }
  })

  it("does not know other commands", () => {
    expect(failure(run("relation-frobnicate"))).toEqual([
      1,
      "ERROR bad request: unknown command: relation-frobnicate\n"
    ])
    const later = open(makeCluster(1, { profile: "4.0" }), "app/0")
    expect(failure(later.call("foo"))).toEqual([
      1,
      "ERROR bad request: unknown hook command: foo\n"
    ])
  })

  it("answers a call after the end like a socket that is gone", () => {
    const hook = open(makeCluster(), "app/0")
    hook.commit()
    expect(failure(hook.call("is-leader"))).toEqual([
      1,
      "ERROR dial unix agent.socket: connect: no such file or directory\n"
    ])
  })
})
