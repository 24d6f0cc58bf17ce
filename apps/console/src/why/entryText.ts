import type { RecordingEntry } from "./whyQueries.ts"

type What = RecordingEntry["what"]

/** Lanes of a timeline: what goes over the wire, what Roost decides, what becomes of it elsewhere. */
export type Lane = "in" | "out" | "decision" | "store" | "plain" | "bad"

export const laneOf = (what: What): Lane => {
  switch (what._tag) {
    case "Datagram":
    case "Record":
    case "Message":
      return what.direction
    case "Decision":
      return what.code === undefined ? "decision" : "bad"
    case "Event":
      return what.code === undefined ? "plain" : "bad"
    case "Store":
    case "Command":
      return "store"
    case "Full":
      return "bad"
    default:
      return "plain"
  }
}

/** Datagrams and records carry what messages and handshake steps tell: in essence they are left out. */
export const isEssential = ({ what }: RecordingEntry): boolean => what._tag !== "Datagram" && what._tag !== "Record"

/** The entry in one line. */
export const entryText = ({ coap, what }: RecordingEntry): string => {
  switch (what._tag) {
    case "Datagram":
      return `${what.peer}  ${bytesOf(what.bytes)} B`
    case "Record":
      return `type ${what.contentType}  epoch ${what.epoch}  #${what.sequence}  ${what.outcome}`
    case "Message":
      return coap === undefined
        ? `${bytesOf(what.bytes)} B`
        : `${coap.type} ${methods[coap.code] ?? coap.code} ${uriOf(coap.options)} ${coap.payload}`.trim()
    case "Handshake":
      return `${what.step}  ${what.text}`
    case "Secret":
      return what.peer
    case "Decision":
      return [what.decision, what.code, what.row].filter(Boolean).join("  ·  ")
    case "Store":
      return `${what.what}: ${what.outcome}`
    case "Announced":
      return what.topic
    case "Command":
      return `${what.event}  ${what.commandId}`
    case "Presence":
      return `${what.state}  ${what.cause}`
    case "Owner":
      return what.text
    case "Event":
      return [what.kind, what.code, what.reason].filter(Boolean).join("  ·  ")
    case "Full":
      return `${what.bytesMax} B`
  }
}

/** RFC 7252 §12.1.1. */
const methods: Readonly<Record<string, string>> = { "0.01": "GET", "0.02": "POST", "0.03": "PUT", "0.04": "DELETE" }

/** Of base64. */
const bytesOf = (text: string): number => Math.floor((text.replace(/=+$/, "").length * 3) / 4)

type Options = NonNullable<RecordingEntry["coap"]>["options"]

const uriOf = (options: Options): string => {
  const path = options.filter(({ name }) => name === "Uri-Path").map(({ value }) => `/${value}`)
  return path.join("")
}
