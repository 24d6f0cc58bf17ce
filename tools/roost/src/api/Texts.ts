import { parseJson, readJson } from "@roost/enos"
import { Effect, Result } from "effect"
import { readFile } from "node:fs/promises"
import { Failure } from "../Failure.ts"
import { faultOfText, unreadable } from "./GivenFile.ts"
import type { JsonSchema } from "./Operation.ts"

/** JSON if it is JSON, numbers as they were written; else the text itself: `30.5`, `true`, `{"a":1}`, `on`. */
export const jsonOrText = (text: string): unknown => {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

/** `NAME=VALUE`. A value that can only be a text, as of tags, is one whatever it looks like; `null` deletes. */
export const pairOf = (text: string, value: JsonSchema = {}): Effect.Effect<readonly [string, unknown], Failure> => {
  const at = text.indexOf("=")
  if (at > 0) {
    const [name, given] = [text.slice(0, at), text.slice(at + 1)]
    return Effect.succeed([name, isTextOnly(value) && given !== "null" ? given : jsonOrText(given)])
  }
  return new Failure({
    outcome: "unusable",
    what: `${JSON.stringify(text)} has no name and value`,
    expected: "NAME=VALUE, such as limit=30.5 or 'mode=\"auto\"'",
    cause: at === -1 ? "the equals sign is missing, or a space stands beside it" : "the name is missing"
  })
}

/** It takes a text, and no number: what looks like one is a text. */
const isTextOnly = ({ anyOf, type }: JsonSchema): boolean => {
  const types = anyOf === undefined ? [type] : anyOf.map((form) => form.type)
  return types.includes("string") && types.every((form) => form === "string" || form === "null" || form === "object")
}

/** Nesting of what is sent; what is deeper is refused by Roost as well. */
const depthMax = 64

/** A JSON text, `@FILE`, or `-` for standard input. */
export const givenJson = (text: string, by: string): Effect.Effect<unknown, Failure> =>
  text === "-" || text.startsWith("@")
    ? jsonOfFile(text === "-" ? text : text.slice(1), by)
    : jsonOf(new TextEncoder().encode(text), by)

export const jsonOfFile = (file: string, by: string): Effect.Effect<unknown, Failure> =>
  Effect.flatMap(bytesOf(file), (bytes) => jsonOf(bytes, file === "-" ? "standard input" : `${by} ${file}`.trimStart()))

const jsonOf = (bytes: Uint8Array, by: string): Effect.Effect<unknown, Failure> => {
  const fault = faultOfText(new TextDecoder().decode(bytes))
  if (fault !== undefined) return new Failure({ outcome: "unusable", what: `${by}: ${fault.what}`, cure: fault.cure })
  const read = readJson(bytes, depthMax)
  return Result.isSuccess(read)
    ? Effect.succeed(read.success)
    : new Failure({ outcome: "unusable", what: `${by}: ${read.failure.got}`, expected: read.failure.expected })
}

/** The text of a file, as scripts are. */
export const textOfFile = (file: string): Effect.Effect<string, Failure> =>
  Effect.flatMap(bytesOf(file), (bytes) => {
    const text = new TextDecoder().decode(bytes)
    const fault = faultOfText(text)
    return fault === undefined
      ? Effect.succeed(text)
      : new Failure({
          outcome: "unusable",
          what: `${file === "-" ? "standard input" : file}: ${fault.what}`,
          cure: fault.cure
        })
  })

/** Of a file, or of standard input (`-`). */
export const bytesOf = (file: string): Effect.Effect<Uint8Array, Failure> =>
  Effect.tryPromise({
    try: async () => {
      if (file !== "-") return await readFile(file)
      const chunks: Array<Uint8Array> = []
      for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
      return Buffer.concat(chunks)
    },
    catch: (error) => unreadable(file, error as NodeJS.ErrnoException, "the path of a file, or - for standard input")
  })

/** Bytes of a command line: hexadecimal with or without `0x`, `@FILE`, or `-`. */
export const givenBytes = (text: string): Effect.Effect<Uint8Array, Failure> => {
  if (text === "-" || text.startsWith("@")) return bytesOf(text === "-" ? text : text.slice(1))
  const digits = text.replace(/^0x/i, "")
  if (/^(?:[0-9a-f]{2})+$/i.test(digits)) return Effect.succeed(Buffer.from(digits, "hex"))
  return new Failure({
    outcome: "unusable",
    what: `${JSON.stringify(text)} are no bytes`,
    expected: "hexadecimal, two digits a byte, such as 0x01ff; @FILE; or - for standard input"
  })
}
