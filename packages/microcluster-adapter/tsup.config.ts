import { lib } from "../../tsup.base.ts"

// Each entry by itself: the stand-in's executable has to load nothing but Node's own modules.
export default {
  ...lib,
  splitting: false,
  entry: ["src/index.ts", "src/stand-in/index.ts", "src/stand-in/main.ts", "src/testbed/index.ts"]
}
