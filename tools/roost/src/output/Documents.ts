import { type ExactNumber, isExactNumber } from "@roost/enos"
import { type ScalarTag, stringify } from "yaml"

/** JSON for people and programs, numbers as they were written. */
export const jsonOf = (value: unknown): string => JSON.stringify(value ?? null, undefined, 2)

/** The same as YAML, without a line feed at its end. */
export const yamlOf = (value: unknown): string =>
  stringify(value ?? null, { schema: "core", lineWidth: 0, customTags: [exactNumber] }).trimEnd()

/** A number as it was written, which YAML's writer would write in its own way. */
const exactNumber: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  identify: isExactNumber,
  resolve: Number,
  stringify: ({ value }) => (value as ExactNumber).rawJSON
}
