import { parseJson } from "@roost/contracts/lossless-json"

/**
 * A number that JavaScript would write in another way than it was written, such as `30.0` or `9007199254740993`. An instance, since
 * TanStack Query copies plain objects and `JSON.rawJSON` with them.
 */
export class Numeral {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.text)
  }
}

/** Older browsers don't tell how a number was written (`JSON.rawJSON` is of 2023 to 2025): they show JavaScript's own. */
const tellsSource = typeof JSON.rawJSON === "function"

/** The JSON of a text, its numbers as they were written. Throws as `JSON.parse` does. */
export const parseWritten = (text: string): unknown =>
  tellsSource ? parseJson(text, (numeral) => new Numeral(numeral)) : JSON.parse(text)

/** The nearest number of JavaScript, to draw and to compare. Undefined for what is no number. */
export const nearestNumber = (value: unknown): number | undefined =>
  typeof value === "number" ? value : value instanceof Numeral ? Number(value.text) : undefined
