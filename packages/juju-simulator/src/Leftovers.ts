/**
 * Ends processes that hooks left behind.
 *
 * A background worker may have left its hook's process group, but it inherited the hook's environment, and that names
 * a folder which belongs to this simulation alone. Linux only (/proc); elsewhere workers end with their own patience.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"

/** Kills every process whose environment names `agentDir`, and waits a moment until they are gone. */
export const endLeftovers = async (agentDir: string): Promise<void> => {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const pids = leftovers(agentDir)
    if (pids.length === 0) return
    for (const pid of pids) end(pid)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS))
  }
}

const ROUNDS_MAX = 20
const PAUSE_MILLIS = 10

const leftovers = (agentDir: string): ReadonlyArray<number> =>
  existsSync("/proc/self/environ")
    ? readdirSync("/proc")
        .map(Number)
        .filter((pid) => Number.isInteger(pid) && pid !== process.pid && names(pid, agentDir))
    : []

const names = (pid: number, agentDir: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`JUJU_CHARM_DIR=${agentDir}/`)
  } catch {
    return false
  }
}

const end = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It ended by itself meanwhile.
  }
}
