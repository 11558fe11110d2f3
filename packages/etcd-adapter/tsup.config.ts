import { lib } from "../../tsup.base.ts"

export default { ...lib, entry: ["src/index.ts", "src/testbed/index.ts"] }
