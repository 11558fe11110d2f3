// From the words of a configuration such as `microovn cluster`, `lxc cluster` or `/snap/bin/incus cluster` to the
// adapter that speaks that command.
import type { ClusterCli } from "@rollcall/core"
import type { Layer } from "effect"
import { LxdCli, type LxdOptions } from "./LxdCli.ts"
import { MicroclusterCli } from "./MicroclusterCli.ts"

/** How to run the command; `product` says what it is where its name does not, the rest of LXD's is for LXD and Incus. */
export interface ClusterCommandOptions extends Omit<LxdOptions, "product" | "client" | "init"> {
  readonly product?: "microcluster" | "lxd" | "incus"
}

/**
 * `ClusterCli` over the command in `words`. Its name decides: the last word but a closing `cluster`, without its folder;
 * `lxc` and `lxd` are LXD, `incus` is Incus, everything else has microcluster's shape. Words before the name are kept,
 * so that a command may be run by way of `nsenter` or `env`.
 */
export const clusterCliFor = (
  words: ReadonlyArray<string>,
  { product, ...options }: ClusterCommandOptions = {}
): Layer.Layer<ClusterCli> => {
  const client = words.at(-1) === "cluster" ? words.slice(0, -1) : words
  const [folder, name] = splitPath(client.at(-1) ?? "")
  const chosen = product ?? PRODUCTS.get(name) ?? "microcluster"
  if (chosen === "microcluster") return MicroclusterCli.layer({ ...options, command: words })
  const before = client.slice(0, -1)
  return chosen === "incus"
    ? LxdCli.layer({ ...options, product: "incus", client })
    : LxdCli.layer({
        ...options,
        product: "lxd",
        client: [...before, `${folder}lxc`],
        init: [...before, `${folder}lxd`, "init"]
      })
}

const PRODUCTS: ReadonlyMap<string, "lxd" | "incus"> = new Map([
  ["lxc", "lxd"],
  ["lxd", "lxd"],
  ["incus", "incus"]
])

const splitPath = (path: string): readonly [folder: string, name: string] => {
  const end = path.lastIndexOf("/") + 1
  return [path.slice(0, end), path.slice(end)]
}
