// JSON as the two Python libraries write it. Pure.
// rolling_ops v1: `json.dumps(sort_keys=True, separators=(",", ":"))`, which writes ASCII only. charmlibs-rollingops:
// pydantic's `model_dump_json`, which writes UTF-8. Both sort by code point; they differ in how floats look.
import { canonicalJson } from "@rollcall/core"
import { type RawJson, rawJson } from "./RawJson.ts"

/** How a library writes JSON. */
export interface PythonStyle {
  readonly string: (value: string) => string
  readonly float: (value: number) => string
}

/** The standard library's `json`. */
export const dumpsStyle: PythonStyle = {
  string: (value) =>
    JSON.stringify(value).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
    ),
  float: (value) => exponential(value, { from: -4, below: 16, digits: 2 })
}

/** Pydantic's serializer. */
export const pydanticStyle: PythonStyle = {
  string: (value) => JSON.stringify(value),
  float: (value) => exponential(value, { from: -5, below: 16, digits: 1 })
}

/** What our own code calls the arguments of an operation, in a library's words; text that is not ours stays as it is. */
export const written = (argumentsText: string, style: PythonStyle): string => {
  const json = rawJson(argumentsText)
  if (json === undefined || canonical(argumentsText) !== argumentsText) return argumentsText
  return restyled(json, style)
}

/** The arguments in our own words where nothing is lost by it, so that equal requests are seen to be; otherwise as they are. */
export const readBack = (kwargs: string, style: PythonStyle): string => {
  const ours = canonical(kwargs)
  return ours !== undefined && written(ours, style) === kwargs ? ours : kwargs
}

const canonical = (text: string): string | undefined => {
  try {
    return canonicalJson(JSON.parse(text))
  } catch {
    return undefined
  }
}

const restyled = (json: RawJson, style: PythonStyle): string => {
  switch (json.kind) {
    case "string":
      return style.string(json.value)
    case "number":
      return /[.eE]/.test(json.text) ? style.float(Number(json.text)) : json.text
    case "word":
      return json.text
    case "array":
      return `[${json.items.map((item) => restyled(item, style)).join(",")}]`
    case "object": {
      const members = [...json.members].map(
        ([key, member]) => `${style.string(key)}:${restyled(member, style)}`
      )
      return `{${members.join(",")}}`
    }
  }
}

/** The shortest decimal digits, which both languages agree on; with an exponent outside of a range of magnitudes. */
const exponential = (
  value: number,
  {
    below,
    digits,
    from
  }: { readonly from: number; readonly below: number; readonly digits: number }
): string => {
  const [mantissa = "", power = "0"] = value.toExponential().split("e")
  const exponent = Number(power)
  if (exponent >= from && exponent < below) return `${value}`
  const size = `${Math.abs(exponent)}`.padStart(digits, "0")
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${size}`
}
