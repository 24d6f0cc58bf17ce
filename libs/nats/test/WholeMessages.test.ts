import { assert, describe, it } from "@effect/vitest"
import { Kind, Parser, type ParserEvent } from "@nats-io/nats-core/internal"
import { Schema } from "effect"
import { readWholeMessages } from "../src/internal/WholeMessages.ts"

const clientsOwn = Parser.prototype.parse
readWholeMessages()
const ours = Parser.prototype.parse

/** The messages that a parser dispatches of the pieces, as text; the error that ended it last. */
const dispatched = (parse: Parser["parse"], pieces: ReadonlyArray<Uint8Array>): ReadonlyArray<string> => {
  const events: Array<string> = []
  const parser = new Parser({ push: (event) => void events.push(typeof event === "function" ? "" : textOf(event)) })
  try {
    // Copies, since the client's parser keeps views of what it waits for.
    for (const piece of pieces) parse.call(parser, piece.slice())
  } catch (error) {
    events.push(String(error).slice(0, 20))
  }
  return events
}

const textOf = ({ data, kind, msg }: ParserEvent): string =>
  [kind, latin1(data), msg?.sid, latin1(msg?.subject), latin1(msg?.reply), msg?.hdr, msg?.size].join("|")
const latin1 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1")

const Part = Schema.Struct({
  form: Schema.Literals(["message", "headers", "other"]),
  name: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 ** 9 })),
  reply: Schema.Boolean,
  body: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))
})
const Places = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 })))

const bytesOf = ({ body, form, name, reply }: typeof Part.Type): Uint8Array => {
  if (form === "other") return Buffer.from(others[name % others.length]!)
  const first = `s.${name.toString(36)} ${name % 100}${reply ? ` _INBOX.${name}` : ""}`
  const headers = form === "headers" ? `NATS/1.0\r\nName: ${name}\r\n\r\n` : ""
  const sizes = `${form === "headers" ? `${headers.length} ` : ""}${headers.length + body.length}`
  const line = `${form === "headers" ? "HMSG" : "MSG"} ${first} ${sizes}\r\n`
  return Buffer.concat([Buffer.from(line + headers), Uint8Array.from(body), Buffer.from("\r\n")])
}

const others = ["PING\r\n", "PONG\r\n", "+OK\r\n", "-ERR 'slow'\r\n", 'INFO {"a":1}\r\n']
const broken = [
  "MSG a\r\n",
  "MSG a 1 x\r\nabc\r\n",
  "MSG a -1 3\r\nabc\r\n",
  "HMSG a 1 9 3\r\nabc\r\n",
  "MSG a 1 r s 3\r\nabc\r\n",
  "MSG  a 1 3\r\nabc\r\n",
  "MSG a 1 3 \r\nabc\r\n",
  "MSG a 1\t3\r\nabc\r\n",
  "msg a 1 3\r\nabc\r\n",
  "MSG a 1 000000000000003\r\nabc\r\n",
  "HELLO\r\n"
]

/** The bytes in pieces that end at these places. */
const split = (bytes: Uint8Array, places: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...ends, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}

const sameAsClients = (parts: ReadonlyArray<Uint8Array>, places: ReadonlyArray<number>) => {
  const pieces = split(Buffer.concat(parts), places)
  assert.deepStrictEqual(dispatched(ours, pieces), dispatched(clientsOwn, pieces))
}

describe("reading whole messages", () => {
  it.prop(
    "dispatches what the client's own parser does, however the bytes are cut",
    [Schema.Array(Part), Places],
    ([parts, places]) => sameAsClients(parts.map(bytesOf), places)
  )

  it.prop(
    "leaves what is no plain message to the client's own parser, which says what is wrong with it",
    [Schema.Array(Part), Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: broken.length - 1 })), Places],
    ([parts, fault, places]) => sameAsClients([...parts.map(bytesOf), Buffer.from(broken[fault]!)], places)
  )

  it("dispatches a message as soon as its last byte is there", () => {
    const pieces = [Buffer.from("MSG s 1 r 3\r\nab"), Buffer.from("c\r\nMSG s 1 0\r\n\r\n")]
    assert.deepStrictEqual(dispatched(ours, pieces), [`${Kind.MSG}|abc|1|s|r|-1|3`, `${Kind.MSG}||1|s||-1|0`])
  })
})
