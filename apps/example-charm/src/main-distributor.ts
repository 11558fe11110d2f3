// The token distributor's entry point: the environment and the tools that Juju gives a hook.
import { HookCommand } from "@rollcall/juju-adapter"
import { Effect } from "effect"
import { distributor } from "./distributor.ts"
import { exitWith } from "./exit.ts"

exitWith(Effect.runPromise(distributor(process.env, HookCommand.layer)))
