// Tests and go-to-definition read the sources of workspace packages: no build is needed before a test.
import { defineConfig } from "vitest/config"

const conditions = ["@rollcall/source", "module", "node", "development|production"]
export const shared = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // a guard against what hangs, far above what anything takes: test machines are busy
  test: { testTimeout: 60_000, hookTimeout: 60_000 }
})
