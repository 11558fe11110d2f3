import { describe, expect, it } from "vitest"
import { HookCommandError } from "../src/HookCommandError.ts"
import { detailOf, HookCommandReason, reasonOf } from "../src/HookCommandReason.ts"

// Every line is what a tool of Juju 2.9 to 4.0 prints, with its exit code.
const GOLDEN: ReadonlyArray<readonly [number, string, HookCommandReason]> = [
  [1, "ERROR JUJU_CONTEXT_ID not set\n", "not-in-hook"],
  [1, "ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n", "not-in-hook"],
  [1, "ERROR JUJU_AGENT_SOCKET_NETWORK not set\n", "not-in-hook"],
  [
    1,
    "ERROR dial unix /var/lib/juju/agents/unit-app-0/agent.socket: connect: no such file or directory\n",
    "not-in-hook"
  ],
  [1, "ERROR dial unix @/run/agent.socket: connect: connection refused\n", "not-in-hook"],
  [1, 'ERROR bad request: expected context id "a", got "b"\n', "not-in-hook"],
  [1, "ERROR not running an action\n", "not-in-hook"],
  [1, "ERROR bad request: unknown action command: action-get\n", "not-in-hook"],
  [1, "ERROR bad request: unknown hook command: action-get\n", "not-in-hook"],
  [1, "ERROR bad request: unknown command: relation-model-get\n", "tool-missing"],
  [1, "ERROR bad request: unknown hook command: leader-get\n", "tool-missing"],
  [2, 'ERROR invalid value "99" for option -r: relation not found\n', "relation-not-found"],
  [1, "ERROR relation not found\n", "relation-not-found"],
  [2, "ERROR unknown relation id: 9\n", "relation-not-found"],
  [1, "ERROR cannot write relation settings\n", "not-leader"],
  [
    1,
    '--format flag deprecated for command "relation-set"\nERROR cannot write relation settings\n',
    "not-leader"
  ],
  [1, "ERROR this unit is not the leader\n", "not-leader"],
  [1, "ERROR finding application status: this unit is not the leader\n", "not-leader"],
  [
    1,
    "ERROR cannot write leadership settings: cannot write settings: not the leader\n",
    "not-leader"
  ],
  [1, 'ERROR checking leadership: "app/1" is not leader of "app"\n', "not-leader"],
  [1, "ERROR permission denied\n", "permission-denied"],
  [1, "ERROR cannot read relation settings: permission denied\n", "permission-denied"],
  [1, 'ERROR secret "9m4e2mr0ui3e8a215n4g" not found\n', "secret-not-found"],
  [1, 'ERROR consumer label "join" not found\n', "secret-not-found"],
  [
    1,
    'ERROR cannot read settings for unit "mysql/99" in relation "app:db mysql:server": unit "mysql/99": settings not found\n',
    "not-found"
  ],
  [1, 'ERROR "k" not found\n', "not-found"],
  [1, "ERROR public address not found\n", "not-found"],
  [1, 'ERROR no network config found for binding "x"\n', "not-found"],
  [2, "ERROR option provided but not defined: --foo\n", "invalid-arguments"],
  [2, 'ERROR invalid value "abc" for option -r: invalid relation id\n', "invalid-arguments"],
  [2, "ERROR no relation id specified\n", "invalid-arguments"],
  [
    2,
    'ERROR invalid status "x", expected one of [maintenance blocked waiting active]\n',
    "invalid-arguments"
  ],
  [2, 'ERROR secret URI "x" not valid\n', "invalid-arguments"],
  [1, "ERROR max allowed key length (256) exceeded\n", "invalid-arguments"],
  [
    1,
    "ERROR yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string\n",
    "invalid-arguments"
  ],
  [1, "ERROR leadership status unknown: connection is shut down\n", "failed"],
  [1, "ERROR cannot determine leadership status: lease manager stopped\n", "failed"],
  [3, "", "failed"]
]

describe("reasonOf", () => {
  it.each(GOLDEN)("exit code %i, %j is %s", (exitCode, stderr, reason) => {
    expect(reasonOf(exitCode, stderr)).toBe(reason)
  })

  it("names every reason that a tool's text can give", () => {
    const byOtherMeans = ["timed-out"]
    const seen = new Set([...GOLDEN.map(([, , reason]) => reason), ...byOtherMeans])
    expect(seen).toEqual(new Set(HookCommandReason.literals))
  })

  it("does not take a leader's failure to write for a lost leadership", () => {
    expect(reasonOf(1, "ERROR cannot write relation settings: connection is shut down\n")).toBe(
      "failed"
    )
  })
})

describe("detailOf", () => {
  it("strips Juju's prefix, the warnings before it and the end of the line", () => {
    expect(detailOf("--format flag deprecated\nERROR yaml: bad\n  line 1: x\n")).toBe(
      "yaml: bad\n  line 1: x"
    )
  })

  it("keeps text without the prefix, and is bounded", () => {
    expect(detailOf("bash: line 1: oops\n")).toBe("bash: line 1: oops")
    expect(detailOf("x".repeat(5000))).toHaveLength(2000)
  })
})

describe("HookCommandError", () => {
  it.each(HookCommandReason.literals)("says what to do about %s on one line", (reason) => {
    const error = new HookCommandError({
      tool: "relation-get",
      reason,
      exitCode: 1,
      detail: "line 1\n  line 2"
    })
    expect(error.message).toMatch(/^relation-get: [a-z-]+: .{30,} \(line 1 line 2\)$/)
    expect(error.message).not.toContain("undefined")
  })
})
