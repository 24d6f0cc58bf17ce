import * as Schema from "effect/Schema"
import { parseHostPort } from "../AddressText.ts"

/** A text of `min` to `max` characters as JSON Schema counts them: code points, where JavaScript's `length` counts halves of some. */
export const textOf = (min: number, max: number) =>
  Schema.String.check(
    Schema.makeFilter(
      (text: string) => {
        // A code point has two halves at most.
        const length = text.length > 2 * max ? text.length : [...text].length
        return (length >= min && length <= max) || `expected ${min}–${max} characters`
      },
      { toJsonSchema: () => ({ minLength: min, maxLength: max }) }
    )
  )

/** `192.0.2.7`, `192.0.2.7:5684`, `2001:db8::7` or `[2001:db8::7]:5684`. */
export const AddressQuery = Schema.String.check(
  Schema.makeFilter(
    (text: string) => parseHostPort(text) !== undefined || "expected an IP address, with or without :port",
    { toJsonSchema: () => ({ anyOf: [{ format: "ipv4" }, { format: "ipv6" }, { pattern: withPort }] }) }
  )
)

const octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
const group = "[0-9A-Fa-f]{1,4}"
const withPort = `^(${octet}(\\.${octet}){3}|\\[(${group}:){7}${group}\\]):[1-9][0-9]{0,3}$`

/** An id that Roost made up, in an address: of which form it is may change. */
export const MadeUpId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/u, { message: "expected 1–64 of A–Z a–z 0–9 _ -" })
)
