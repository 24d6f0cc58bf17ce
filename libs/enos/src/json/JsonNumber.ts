import * as Schema from "effect/Schema"
import { isExactNumber } from "./ExactNumber.ts"

/** A number of a JSON text as a Schema. */
export const JsonNumber = Schema.Union([
  Schema.Finite,
  Schema.declare(isExactNumber, { expected: "a number", toCodecJson: () => undefined })
])
