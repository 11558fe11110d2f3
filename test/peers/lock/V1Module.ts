// The text of the deployed library rolling_ops v1, as far as a folder of texts has it: a page that was saved as plain text
// has lost the spaces at the beginnings of lines, and with them what is in what. How far each line was indented is kept
// here, as numbers; of the text itself there is only a hash, to be sure that the numbers are those of these lines.
import { createHash } from "node:crypto"

/** Where the library begins in a text, and what it can be told by. */
export const V1_LIBRARY = {
  id: 'LIBID = "20b7777f58fe421e9a223aefc2b4d3a4"',
  start: "# Copyright 2026"
} as const

/** The module in `text`, indented; or why there is none. */
export const v1Module = (text: string): { readonly module: string } | { readonly why: string } => {
  const module = text.slice(Math.max(0, text.indexOf(V1_LIBRARY.start)))
  if (/^ +def /m.test(module)) return { module }
  const lines = module
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  const hash = createHash("sha256").update(lines.join("\n")).digest("hex")
  if (hash !== HASH) return { why: "its lines are not indented, and are not those of LIBPATCH 0" }
  const indented = lines.map(
    (line, i) => `${" ".repeat(Number.parseInt(DEPTHS[i] ?? "0", 36))}${line}`
  )
  return { module: `${indented.join("\n")}\n` }
}

const HASH = "720cda98d22834d5eb386d8a6131c56c336fab55815f38902a754867cd922083"

/** The spaces before each line that is not empty, in base 36. */
const DEPTHS = `
0000000000000000000000000000000000000000200000000020000000000002400000000488cccgggc848848848c8800048
ccc40000000000000000000000000444000000000004404404484804040400444444488c8c8c8c8c8cgcg8c8c448888488cc
ccc8488ccccc8488488488c84488c88ccgggggc8cc488488c848804484884488488488488488c8484888cg848884488c88c8
c8cgccgc8cc880444440444404444668448cc88844844844844848488aaa88888cggcc8c88488888ccc8cc84884884888888
8ccc8488488cc848884884884884884888c8488488488488c848888488c8488c848888c8044888888488c0444488c8cc4044
4488c8cc4040448488ccc888888888c88c8888448848888c888cc48888c8ccgg488cc88c488c888488c8c88cggcc488888c8
cgg888cc8488888888888888cggcgcg88c8c8cc8488cc8c8888cggcc48888488888cggcggcgg8cgc88c8cgcc8cc8cc8c4888
8c888cc8ccc8cggcc8c88c8cc8cgkggcggcgg044888844884488488c88888ccggggggccgg88cgggggggggccccc888488c8c8
8cc8c80444444444844404
`.replaceAll("\n", "")
