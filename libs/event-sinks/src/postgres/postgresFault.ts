import { type TargetFault, targetFault } from "../delivery/TargetFault.ts"

/** The fault of what the client (`pg` 8.23.1) threw: by SQLSTATE, or by Node's and its own codes. */
export const postgresFault = (error: unknown, place: string): TargetFault => {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  const message = error instanceof Error ? error.message : String(error)
  const detail = `PostgreSQL at ${place}: ${words[code] ?? message}${code === "" ? "" : ` (${code})`}`
  // By the client itself, where the server asks for a password and there is none.
  if (/^SASL: .*password/.test(message))
    return targetFault("target", "sink-login", `PostgreSQL at ${place} asks for a password`)
  const found = byCode[code] ?? byClass[code.length === 5 ? code.slice(0, 2) : ""]
  if (found === "sink-event-refused") return targetFault("events", found, detail)
  return targetFault("target", found ?? "sink-unreachable", detail)
}

type Code = Parameters<typeof targetFault>[1]

const byCode: Readonly<Record<string, Code>> = {
  "28P01": "sink-login",
  "28000": "sink-login",
  "3D000": "sink-login",
  "42501": "sink-denied",
  "25006": "sink-denied",
  "3F000": "sink-table",
  "53100": "sink-full",
  "53200": "sink-full",
  // Additions of a table's owner: a check or a NOT NULL of its own concerns one row.
  "23502": "sink-event-refused",
  "23514": "sink-event-refused",
  "54000": "sink-event-refused"
}

/** By SQLSTATE's class: data exceptions concern a row, syntax errors and missing columns the table. */
const byClass: Readonly<Record<string, Code>> = { "22": "sink-event-refused", "42": "sink-table", "23": "sink-table" }

const closed = "the connection was closed: the server ended, or something on the way did"
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name server does not answer",
  ETIMEDOUT: "no answer: the address is wrong, or something on the way drops it",
  ECONNRESET: closed,
  EPIPE: closed
}
