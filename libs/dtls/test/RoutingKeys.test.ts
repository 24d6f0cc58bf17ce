import { assert, describe, it } from "vitest"
import { connect, greet, lastFlight, makeServer, now, peer, resume } from "./support/handshake.ts"
import { ScriptedClient } from "./support/ScriptedClient.ts"
import type { Server } from "./support/Server.ts"

const [old, next, third] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array
]
type Keys = readonly [current: Uint8Array, previous?: Uint8Array]
/** The stages of an exchange (docs/operations.md): any two of them that follow each other serve the same devices at once. */
const stages: ReadonlyArray<readonly [name: string, keys: Keys]> = [
  ["the old key", [old]],
  ["the old key and the new one as previous", [old, next]],
  ["the new key and the old one as previous", [next, old]],
  ["the new key", [next]]
]
const neighbours = stages
  .slice(1)
  .flatMap(([name, keys], i) => [
    [stages[i]![0], name, stages[i]![1], keys] as const,
    [name, stages[i]![0], keys, stages[i]![1]] as const
  ])
const shared = (a: Keys, b: Keys) => b.includes(a[0])

/** Whether `second` goes on with a handshake whose cookie `first` made. */
const takesCookie = (first: Server, second: Server): boolean => {
  const client = new ScriptedClient()
  const [request] = first.receive(now, peer, client.hello())
  client.takeHelloVerifyRequest(request!)
  try {
    client.takeServerFlight(second.receive(now, peer, client.hello()))
  } catch {
    return false
  }
  client.takeServerFinished(second.receive(now, peer, lastFlight(client)))
  return true
}

/** Whether `second` resumes a session that `first` made. */
const resumes = (first: Server, second: Server): boolean => {
  const session = connect(first).session!
  for (const [id, kept] of first.resumable) second.resumable.set(id, kept)
  const client = new ScriptedClient({ session })
  greet(second, client)
  return second.events.some(({ _tag }) => _tag === "Resume")
}

describe("edges in neighbouring stages of an exchange of the routing key", () => {
  it.each(neighbours)("take each other's cookies: %s, then %s (trust D2)", (_first, _second, one, other) => {
    const [first, second] = [makeServer({ routingKeys: one }), makeServer({ routingKeys: other })]
    // Without the middle stages the two ends have nothing in common.
    assert.strictEqual(takesCookie(first, second), shared(one, other))
    assert.isTrue(shared(one, other))
  })

  it.each(neighbours)("know each other's session ids: %s, then %s (trust D2)", (_first, _second, one, other) => {
    const [first, second] = [makeServer({ routingKeys: one }), makeServer({ routingKeys: other })]
    assert.isTrue(resumes(first, second))
  })
})

it("cookies and session ids under a key that an edge does not have are none (trust D2)", () => {
  const first = makeServer({ routingKeys: [third] })
  for (const [, keys] of stages) {
    assert.isFalse(takesCookie(first, makeServer({ routingKeys: keys })))
    assert.isFalse(resumes(first, makeServer({ routingKeys: keys })))
  }
})

it("a session of the previous key's id is resumed under that id, and data flows (trust D2)", () => {
  const first = makeServer({ routingKeys: [old] })
  const second = makeServer({ routingKeys: [next, old], echo: true })
  const session = connect(first).session!
  for (const [id, kept] of first.resumable) second.resumable.set(id, kept)
  const client = resume(second, { session })
  second.receive(now, peer, client.data("on"))
  assert.deepStrictEqual(second.received, ["on"])
})
