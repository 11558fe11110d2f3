/**
 * What one operation of a unit changed that others may hear of, found by comparing before and after.
 *
 * Only as much as a unit can write: its databags, its application's, leader settings and secrets. Used to wake exactly
 * the units concerned (a hundred and sixty peers would be too many to ask after every hook) and to log writes.
 */
import {
  applicationOf,
  type Databag,
  EMPTY_DATABAG,
  type Model,
  type Relation,
  type UnitName
} from "./Model.ts"

/** One relation as a unit left it. */
interface RelationPrint {
  readonly scope: string
  readonly life: string
  readonly unitBag: Databag
  readonly appBag: Databag
}

/** What a unit had written at one moment. */
export interface Footprint {
  readonly application: string
  readonly relations: ReadonlyMap<Relation, RelationPrint>
  readonly leaderSettings: number
  readonly leader: string
  readonly secrets: string
}

/** One databag that was written, and which of its keys. */
export interface Write {
  readonly relation: Relation
  readonly owner: string
  readonly keys: ReadonlyArray<string>
}

/** What changed between two footprints. */
export interface Changes {
  /** Relations in which anything that others see is new. */
  readonly relations: ReadonlyArray<Relation>
  readonly writes: ReadonlyArray<Write>
  /** Leadership or leader settings: concerns the unit's own application. */
  readonly application: boolean
  readonly secrets: boolean
}

/** The footprint of a unit now. */
export const footprintOf = (model: Model, unit: UnitName, application: string): Footprint => {
  const relations = new Map<Relation, RelationPrint>()
  for (const relation of model.relations.values()) {
    const appBag = relation.applications.get(application)
    if (appBag === undefined) continue
    const scope = relation.scopes.get(unit)
    relations.set(relation, {
      scope: scope?.state ?? "",
      life: relation.life,
      unitBag: scope?.settings ?? EMPTY_DATABAG,
      appBag
    })
  }
  const { leaderSettings, lease } = applicationOf(model, application)
  return {
    application,
    relations,
    leaderSettings: leaderSettings.version,
    leader: lease?.holder ?? "",
    secrets: secretsPrint(model)
  }
}

/** The difference between two footprints of one unit. */
export const changesOf = (before: Footprint, after: Footprint, unit: UnitName): Changes => {
  const relations: Array<Relation> = []
  const writes: Array<Write> = []
  for (const [relation, print] of after.relations) {
    const former = before.relations.get(relation) ?? NOTHING
    const unitKeys = changedKeys(former.unitBag, print.unitBag)
    const appKeys = changedKeys(former.appBag, print.appBag)
    if (unitKeys.length > 0) writes.push({ relation, owner: unit, keys: unitKeys })
    if (appKeys.length > 0) writes.push({ relation, owner: after.application, keys: appKeys })
    const moved = former.scope !== print.scope || former.life !== print.life
    if (moved || former.unitBag !== print.unitBag || former.appBag !== print.appBag) {
      relations.push(relation)
    }
  }
  return {
    relations,
    writes,
    application: before.leaderSettings !== after.leaderSettings || before.leader !== after.leader,
    secrets: before.secrets !== after.secrets
  }
}

const NOTHING: RelationPrint = {
  scope: "",
  life: "",
  unitBag: EMPTY_DATABAG,
  appBag: EMPTY_DATABAG
}

const secretsPrint = (model: Model): string => {
  if (model.secrets.size === 0) return ""
  let latest = 0
  let kept = 0
  for (const secret of model.secrets.values()) {
    latest += secret.latest
    kept += secret.revisions.length
    for (const consumer of secret.consumers.values()) kept += consumer.tracked
  }
  return `${model.secrets.size} ${latest} ${kept}`
}

const changedKeys = (before: Databag, after: Databag): ReadonlyArray<string> => {
  if (before === after) return []
  const keys = new Set([...before.content.keys(), ...after.content.keys()])
  return [...keys].filter((key) => before.content.get(key) !== after.content.get(key)).sort()
}
