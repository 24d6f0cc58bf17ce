import { isExactNumber } from "@roost/enos"

/** Milliseconds since 1970 from 2001 on: what a number under such a name is. */
const millisMin = 1_000_000_000_000
const nameOfTime = /(?:At|Until|Since|Seen|^at|^since|^time|^from|^until|^oldest)$/

/** A value of an answer as people read it: times in their zone, objects in one line. Printable: what devices say may be anything. */
export const cellOf = (name: string, value: unknown): string => {
  if (value === undefined || value === null) return ""
  if (typeof value === "number" && isTimeCell(name, value)) return localTime(value)
  if (typeof value === "string") return isIsoTime(value) ? localTime(Date.parse(value)) : printable(value)
  if (isExactNumber(value)) return value.rawJSON
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return printable(value.join(","))
  return printable(typeof value === "object" ? JSON.stringify(value) : String(value))
}

/** Whether a number under this name is a time, milliseconds since 1970. */
export const isTimeCell = (name: string, value: number): boolean => value >= millisMin && nameOfTime.test(name)

/** `2026-11-30 11:25:52+08`, in the zone of the terminal, which is named as PostgreSQL does: a line may be read elsewhere. */
export const localTime = (millis: number): string => {
  const date = new Date(millis)
  if (Number.isNaN(date.getTime())) return String(millis)
  const two = (number: number) => String(number).padStart(2, "0")
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${zoneOf(-date.getTimezoneOffset())}`
  )
}

/** `+08`, `-03:30`, by minutes east of UTC. */
export const zoneOf = (minutes: number): string => {
  const two = (number: number) => String(Math.trunc(Math.abs(number))).padStart(2, "0")
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}${minutes % 60 === 0 ? "" : `:${two(minutes % 60)}`}`
}

const isIsoTime = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text)

/** Control characters of a terminal escaped: an identity or a reply may hold any. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character]
    return known ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  })

/** A field of an object; `delivery.health` is one of an inner object. */
export const fieldOf = (item: unknown, path: string): unknown => {
  let value = item
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || isExactNumber(value)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value
}

/** `productKey` is `PRODUCT KEY`. */
export const headingOf = (path: string): string =>
  path
    .split(".")
    .at(-1)!
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .toUpperCase()
