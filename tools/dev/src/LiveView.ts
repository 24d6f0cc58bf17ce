/** What the bus carries, as one short line for a person. */
export interface Line {
  readonly at: Date
  readonly kind: "uplink" | "presence" | "event" | "command"
  readonly device: string
  readonly text: string
}

/** Reads a message of the streams UPLINK, PRESENCE, EVENT or COMMAND_EVENT; undefined for what is not worth a line. */
export const lineOf = (subject: string, payload: Uint8Array, at: Date): Line | undefined => {
  const [, kind, first, second, third] = subject.split(".")
  switch (kind) {
    case "uplink":
      return { at, kind, device: `${first}/${second}`, text: `${third}  ${shorten(textOf(payload))}` }
    case "presence": {
      const { state, cause, address, suite } = parse(payload)
      return { at, kind, device: `${first}/${second}`, text: `${state} (${cause})  ${address}  ${suite}` }
    }
    case "event": {
      const { kind: what, reason } = parse(payload)
      // Of Roost itself: the subject has no keys.
      if (third === undefined) return { at, kind, device: "roost", text: `${what ?? second}: ${reason ?? "?"}` }
      return { at, kind, device: `${first}/${second}`, text: `${what ?? third}: ${reason ?? "?"}` }
    }
    default:
      return undefined
  }
}

export const formatLine = (line: Line, color: boolean): string => {
  const time = line.at.toISOString().slice(11, 23)
  const paint = (code: number, text: string) => (color ? `\u001B[${code}m${text}\u001B[0m` : text)
  return `${paint(90, time)} ${paint(colors[line.kind], line.kind.padEnd(8))} ${line.device.padEnd(18)} ${line.text}`
}

const colors: Readonly<Record<Line["kind"], number>> = { uplink: 32, presence: 36, event: 33, command: 35 }

const parse = (payload: Uint8Array): Readonly<Record<string, string>> => {
  try {
    return JSON.parse(textOf(payload)) as Record<string, string>
  } catch {
    return {}
  }
}

/** One line of a terminal; bytes that are no text show as dots. */
const shorten = (text: string): string => {
  const line = text.replace(unprintable, "·")
  return line.length <= lineLengthMax ? line : `${line.slice(0, lineLengthMax)}…`
}

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString("utf8")
const lineLengthMax = 140
const unprintable = /[^\x20-\x7e\u00a0-\uffef]/g
