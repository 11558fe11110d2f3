import { lib } from "../../tsup.base.ts"

export default { ...lib, entry: ["src/main.ts"] }
