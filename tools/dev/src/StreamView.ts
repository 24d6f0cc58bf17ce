import { connect, type NatsConnection } from "@nats-io/transport-node"
import { encodeToken, Streams } from "@roost/contracts"
import { type BusLine, lineOf } from "./BusLine.ts"
import type { Viewer } from "./StartPlan.ts"

/** How often the streams are looked at, and after a look that left something out: a message each would wake this process for each. */
const lookMillis = 500
const busyLookMillis = 1_000
/** Lines of one look at one stream; the rest is a number. */
export const linesPerLookMax = 8
/** Messages that one look reads for the lines of chosen devices. */
export const readPerLookMax = 100

/** A part of a stream, and which of its lines are shown. */
interface Followed {
  readonly stream: string
  /** Undefined: all that the stream has. */
  readonly subject: string | undefined
  readonly isShown: (line: BusLine) => boolean
  /** Sequence of the last message that was looked at. */
  seen: number | undefined
}

/** Shows lines, and how much was left out. Never ends. */
export const showStreams = async (
  { pass, servers, token, user }: Viewer,
  only: string | undefined | null,
  show: (line: BusLine | string) => void
): Promise<never> => {
  const client = await connect({
    servers: [...servers],
    maxReconnectAttempts: -1,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(token === undefined ? {} : { token })
  })
  const view = new StreamView(client, only)
  for (;;) {
    // A server that is away has nothing to show.
    const { leftOut, lines } = await view.look().catch(() => ({ lines: [], leftOut: "" }))
    lines.forEach(show)
    if (leftOut !== "") show(`  … ${leftOut} more (npm start -- --device KEY/ or --quiet shows less)`)
    await new Promise((resume) => setTimeout(resume, leftOut === "" ? lookMillis : busyLookMillis))
  }
}

/**
 * Messages that came into the streams since the last look: the last lines, and how many there were before them. It costs some messages each
 * look, whatever devices send: a reader of every message took a tenth of what an uplink costs.
 */
export class StreamView {
  readonly #client: NatsConnection
  readonly #followed: ReadonlyArray<Followed>

  constructor(client: NatsConnection, only: string | undefined | null) {
    this.#client = client
    this.#followed = followedOf(only)
  }

  /** The first look shows nothing: it finds where the streams end. */
  async look(): Promise<{ readonly lines: ReadonlyArray<BusLine>; readonly leftOut: string }> {
    const looks = await Promise.all(this.#followed.map((followed) => this.#lookAt(followed)))
    return {
      lines: looks.flatMap(({ lines }) => lines).sort((a, b) => a.at.getTime() - b.at.getTime()),
      leftOut: looks.flatMap(({ leftOut }) => (leftOut === "" ? [] : [leftOut])).join(", ")
    }
  }

  async #lookAt(followed: Followed): Promise<{ readonly lines: ReadonlyArray<BusLine>; readonly leftOut: string }> {
    const { isShown, stream, subject } = followed
    const last = await this.#lastOf(stream)
    const seen = followed.seen ?? last
    followed.seen = last
    // Also of a stream that was made anew, and begins with 1 again.
    if (last <= seen) return { lines: [], leftOut: "" }
    if (subject === undefined) {
      const first = Math.max(seen + 1, last - linesPerLookMax + 1)
      const sequences = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      const read = await Promise.all(sequences.map((seq) => this.#read(stream, { seq })))
      const before = first - seen - 1
      return {
        lines: read.flatMap((found) => (found === undefined || !isShown(found.line) ? [] : [found.line])),
        leftOut: before === 0 ? "" : `${before} ${stream.toLowerCase()}`
      }
    }
    const lines: Array<BusLine> = []
    let next = seen + 1
    for (let i = 0; i < readPerLookMax && lines.length < linesPerLookMax; i++) {
      const found = await this.#read(stream, { seq: next, next_by_subj: subject })
      if (found === undefined) return { lines, leftOut: "" }
      if (isShown(found.line)) lines.push(found.line)
      next = found.sequence + 1
    }
    followed.seen = Math.max(last, next - 1)
    return { lines, leftOut: next > last ? "" : `some ${stream.toLowerCase()}` }
  }

  async #lastOf(stream: string): Promise<number> {
    const { data } = await this.#client.request(`$JS.API.STREAM.INFO.${stream}`)
    const { state } = JSON.parse(utf8.decode(data)) as { readonly state?: { readonly last_seq: number } }
    return state?.last_seq ?? 0
  }

  /** Undefined for a message that is not there any more, or is not worth a line. */
  async #read(
    stream: string,
    which: object
  ): Promise<{ readonly line: BusLine; readonly sequence: number } | undefined> {
    const { data } = await this.#client.request(`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify(which))
    const { message } = JSON.parse(utf8.decode(data)) as { readonly message?: Stored }
    if (message === undefined) return undefined
    const line = lineOf(message.subject, Buffer.from(message.data ?? "", "base64"), new Date(message.time))
    return line && { line, sequence: message.seq }
  }
}

interface Stored {
  readonly subject: string
  readonly seq: number
  readonly data?: string
  readonly time: string
}

/** `only`: what devices begin with, such as `demo/meter`; undefined: all; null: what befell Roost itself alone. */
const followedOf = (only: string | undefined | null): ReadonlyArray<Followed> => {
  const follow = (stream: string, subject: string | undefined, isShown: Followed["isShown"]): Followed => ({
    stream,
    subject,
    isShown,
    seen: undefined
  })
  const { event, presence, stranger, uplink } = Streams
  const anyLine = () => true
  if (only === undefined) {
    return [uplink, presence, event, stranger].map(({ name }) => follow(name, undefined, anyLine))
  }
  const operator = follow(event.name, "roost.event.operator.*", ({ device }) => device === "roost")
  if (only === null) return [operator]
  // Without a stroke it may be the beginning of several product keys.
  const [product, rest] = only.split("/", 2)
  const token = rest === undefined ? "*" : encodeToken(product!)
  const isChosen = ({ device }: BusLine) => device.startsWith(only)
  return [
    operator,
    ...[uplink, presence, event].map(({ name, subjects }) =>
      follow(name, subjects[0]!.replace(">", `${token}.>`), isChosen)
    )
  ]
}

const utf8 = new TextDecoder()
