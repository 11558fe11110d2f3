// What only Effect's own diagnostics see: an effect that is made and never run, a requirement that leaks, and the like.
// Without its plugin in the tsconfig the tool checks 0 files and succeeds, so each project's count is compared.
import { type Check, type ToolRun, tool } from "./Check.ts"
import { projectsIn } from "./Workspace.ts"

/** `effect-tsgo diagnostics` for every package and for the tests. */
export const effect: Check = {
  name: "effect",
  guards: "Effect's diagnostics find an error or a warning, or leave out a file of a project",
  run: async (root) => {
    const projects = projectsIn(root).map((folder) => `${folder}/tsconfig.json`)
    const outcomes = []
    for (const project of [...projects, "tsconfig.test.json"]) {
      const args = ["diagnostics", "--project", project, "--strict", "--format", "text"]
      const severity = ["--severity", "error,warning"]
      outcomes.push(outcomeOf(project, await tool(root, "effect-tsgo", [...args, ...severity])))
    }
    return {
      looked: outcomes.reduce((sum, { checked }) => sum + checked, 0),
      things: "files",
      // A source is in its own project and in those that import it; one mention is enough.
      problems: [...new Set(outcomes.flatMap(({ problems }) => problems))]
    }
  }
}

const outcomeOf = (project: string, { ok, output }: ToolRun) => {
  const [, checked, all] = /Checked (\d+) files out of (\d+) files/.exec(output) ?? []
  const complete = Number(checked) > 0 && checked === all
  const findings = output.split("\n").filter((line) => / effect\(\w+\): /.test(line))
  const problems = [
    ...(complete ? [] : [`${project}: checked ${checked ?? 0} of ${all ?? "?"} files`]),
    ...(ok || findings.length > 0 ? findings : [output])
  ]
  return { checked: Number(checked ?? 0), problems }
}
