import { defineProject, mergeConfig } from "vitest/config"
import { shared } from "../../vitest.shared.ts"

export default mergeConfig(
  shared,
  defineProject({
    // Most of these tests start processes; on a busy machine each takes its time.
    test: { name: "microcluster-adapter", include: ["test/**/*.test.ts"], testTimeout: 60_000 }
  })
)
