import { lib } from "../../tsup.base.ts"

export default {
  ...lib,
  entry: ["src/index.ts", "src/stand-in/index.ts", "src/stand-in/main.ts", "src/testbed/index.ts"]
}
