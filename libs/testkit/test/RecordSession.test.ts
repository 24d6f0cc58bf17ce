import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { recordSession } from "../src/index.ts"

/** Answers a message when its bytes come for the second time: ACK, 2.04, its message id and its token. */
const deafToTheFirst = `
process.stderr.write("ready\\n")
const seen = new Set()
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (seen.has(line)) process.stdout.write("6244" + line.slice(4, 12) + "\\n")
  seen.add(line)
})`

const program = {
  name: "deaf",
  command: process.execPath,
  args: ["-e", deafToTheFirst],
  connected: /^ready$/m,
  line: (bytes: Uint8Array) => `${Buffer.from(bytes).toString("hex")}\n`,
  datagrams: (datagram: (bytes: Uint8Array) => void) => (chunk: Uint8Array) =>
    datagram(new Uint8Array(Buffer.from(Buffer.from(chunk).toString().trim(), "hex")))
}
const options = { port: 1, identity: "", psk: new Uint8Array(16), suite: "CCM_8" } as const

it.live("a CON that was not answered goes out again, byte for byte (RFC 7252 §4.2)", () =>
  Effect.gen(function* () {
    const session = yield* recordSession(program, options)
    const response = yield* session.request({ method: "POST", path: "/a", payload: Uint8Array.of(1, 2) })
    assert.strictEqual(response.code, "2.04")
  })
)

it.live("a NON goes out once", () =>
  Effect.gen(function* () {
    const session = yield* recordSession(program, { ...options, withinMillis: 3_000 })
    const failed = yield* Effect.flip(session.request({ method: "POST", path: "/a", confirmable: false }))
    assert.strictEqual(failed.reason, "NoResponse")
  })
)
