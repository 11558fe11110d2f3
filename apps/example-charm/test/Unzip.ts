// Unpacks a zip, with the modes that stand in it, as Juju does with a charm. For archives of this repository's own making.
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { inflateRawSync } from "node:zlib"

/** Writes every file of the archive below `folder`. */
export const unzip = async (archive: string, folder: string): Promise<void> => {
  const zip = await readFile(archive)
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"))
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  for (let file = 0; file < count; file++) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)]
    const nameLength = zip.readUInt16LE(at + 28)
    const others = zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
    const mode = (zip.readUInt32LE(at + 38) >>> 16) & 0o777
    const header = zip.readUInt32LE(at + 42)
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength)
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
    const bytes = zip.subarray(start, start + packed)
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, method === 0 ? bytes : inflateRawSync(bytes), { mode })
    at += 46 + nameLength + others
  }
}
