// The cluster's command as the library calls it: no deadline, stderr thrown away, JSON believed (B30).
import type { Outcome } from "./CharmHook.ts"

/** Runs the cluster's command on the host `hostname`; `argv` starts behind the command's name. */
export type ClusterCommand = (
  argv: ReadonlyArray<string>,
  hostname: string
) => Outcome | Promise<Outcome>

/** One row of `list -f json`, of which the library reads three fields. */
export interface ListedMember {
  readonly name: string
  readonly role: string
  readonly status: string
}

/** Reads the list. **Throws** on what Python would: no JSON, no list, a missing role. */
export const parseMembers = (stdout: string): ReadonlyArray<ListedMember> => {
  const members = JSON.parse(stdout) as ReadonlyArray<ListedMember>
  for (const member of members)
    if (typeof member.role !== "string") throw new Error("KeyError: 'role'")
  return members
}

/** Who mints: the ONLINE member with the least name whose role is a substring of "voter", `""` included (B13, B24). */
export const communicatorOf = (members: ReadonlyArray<ListedMember>): string | undefined =>
  members
    .filter(({ role, status }) => "voter".includes(role) && status === "ONLINE")
    .map(({ name }) => name)
    .sort()[0]
