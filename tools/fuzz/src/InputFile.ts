import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** Inputs as text, one in hexadecimal on each line, so that a change of them can be read; `#` begins a comment. */
export const readInputs = (file: string): ReadonlyArray<Uint8Array> => {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch {
    return []
  }
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => new Uint8Array(Buffer.from(line === emptyInput ? "" : line, "hex")))
}

export const writeInputs = (file: string, inputs: ReadonlyArray<Uint8Array>): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, inputs.map((input) => `${inputText(input)}\n`).join(""))
}

export const inputText = (input: Uint8Array): string =>
  input.length === 0 ? emptyInput : Buffer.from(input).toString("hex")

const emptyInput = "-"
