// Names one relation of a unit: its endpoint and its number, written `db:7`. Pure.
import { Schema, SchemaTransformation } from "effect"

/** One relation as this unit sees it; `id` is unique in the model, `endpoint` is the name in the charm's metadata. */
export interface RelationId {
  readonly endpoint: string
  readonly id: number
}

/** Decodes `db:7`, as JUJU_RELATION_ID and relation-ids write it. */
export const RelationId: Schema.Codec<RelationId, string> = Schema.String.check(
  Schema.isPattern(/^[^:]+:\d+$/, { expected: "an endpoint and a number, such as db:7" })
).pipe(
  Schema.decodeTo(
    Schema.Struct({ endpoint: Schema.String, id: Schema.Int }),
    SchemaTransformation.transform({
      decode: (text) => {
        const colon = text.lastIndexOf(":")
        return { endpoint: text.slice(0, colon), id: Number(text.slice(colon + 1)) }
      },
      encode: ({ endpoint, id }) => `${endpoint}:${id}`
    })
  )
)

/** The relation as every hook command takes it, `db:7`. */
export const relationText = ({ endpoint, id }: RelationId): string => `${endpoint}:${id}`
