import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import {
  countingNonces,
  type ExplicitNonce,
  randomNonces,
  reversedNonces,
  withExplicitNonces
} from "@roost/dtls-crypto/testing"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import {
  Client,
  type ClientOptions,
  type ClientOutput,
  deserializeSession,
  serializeSession,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { makeServer, now, peer } from "./support/handshake.ts"
import { defaultIdentity, defaultPsk } from "./support/ScriptedClient.ts"
import type { Server } from "./support/Server.ts"

/**
 * RFC 6655 §3 has a DTLS sender put epoch ‖ sequence into the explicit part of its nonce. Six widely used stacks send
 * something else, and could not shake hands with a receiver that compared.
 */
const senders: ReadonlyArray<readonly [string, () => ExplicitNonce]> = [
  ["a counter of its own", () => countingNonces()],
  ["random octets", () => randomNonces(crypto)],
  ["epoch and sequence reversed", () => reversedNonces],
  ["a counter that begins at its last value", () => countingNonces(2n ** 64n - 1n)],
  ["always the same octets", () => () => new Uint8Array(8)]
]
const connectionIds: ReadonlyArray<readonly [string, Uint8Array | undefined]> = [
  ["no connection id", undefined],
  ["an empty connection id", new Uint8Array(0)],
  ["a connection id of 5 bytes", new Uint8Array(5).fill(7)]
]

const cases = senders.flatMap(([sender, nonces]) =>
  connectionIds.map(([id, connectionId]) => [sender, id, nonces, connectionId] as const)
)

describe.each(cases)("a client that sends %s as explicit nonce, with %s", (_, __, nonces, connectionId) => {
  const start = (options: Partial<ClientOptions> = {}) => {
    const server = makeServer({ echo: true })
    const choosing = withExplicitNonces(crypto, nonces())
    const connect = (more: Partial<ClientOptions> = {}) => {
      const client = new Client({
        crypto: choosing,
        identity: new TextEncoder().encode(defaultIdentity),
        psk: defaultPsk,
        suites: [TLS_PSK_WITH_AES_128_CCM_8],
        connectionId,
        ...options,
        ...more
      })
      return { client, session: connected(carry(server, client, client.start(now))) }
    }
    return { server, connect }
  }

  it("shakes hands, sends and receives (trust G1)", () => {
    const { connect, server } = start()
    const { client } = connect()
    for (const text of ["one", "two", "three"]) assert.strictEqual(echoOf(server, client, text), text)
    assert.deepStrictEqual(server.received, ["one", "two", "three"])
  })

  it("resumes (trust G1)", () => {
    const { connect, server } = start()
    const { client, session } = connect({ resume: connect().session.session })
    assert.isTrue(session.resumed)
    assert.strictEqual(echoOf(server, client, "resumed"), "resumed")
  })

  it("goes on with a session that was written down and read back, as after a takeover (trust G1)", () => {
    const { connect, server } = start()
    const { client } = connect()
    assert.strictEqual(echoOf(server, client, "before"), "before")
    const stored = serializeSession(server.sessions.get(peer.key)!)
    server.sessions.set(peer.key, Result.getOrThrow(deserializeSession(stored)))
    assert.strictEqual(echoOf(server, client, "after"), "after")
  })

  it("has each record taken once: replay goes by the header's numbers (trust G1)", () => {
    const { connect, server } = start()
    const { client } = connect()
    const record = Result.getOrThrow(client.send(new TextEncoder().encode("once")))
    for (let copies = 0; copies < 3; copies++) server.receive(now, peer, record)
    assert.deepStrictEqual(server.received, ["once"])
    assert.containSubset(server.lastEvent, { _tag: "Dropped", reason: "Replay" })
  })
})

type Connected = Extract<ClientOutput, { readonly _tag: "Connected" }>

/** Everything both sides have to say to each other. */
const carry = (server: Server, client: Client, outputs: ReadonlyArray<ClientOutput>): ReadonlyArray<ClientOutput> => {
  const seen = [...outputs]
  for (let i = 0; i < seen.length; i++) {
    const output = seen[i]!
    if (output._tag !== "Transmit") continue
    for (const reply of server.receive(now, peer, output.datagram)) seen.push(...client.handleDatagram(now, reply))
  }
  return seen
}

const connected = (outputs: ReadonlyArray<ClientOutput>): Connected => {
  const output = outputs.find(({ _tag }) => _tag === "Connected")
  if (output?._tag !== "Connected") throw new Error("the handshake did not complete")
  return output
}

const echoOf = (server: Server, client: Client, text: string): string | undefined => {
  const record = Result.getOrThrow(client.send(new TextEncoder().encode(text)))
  const outputs = server.receive(now, peer, record).flatMap((reply) => client.handleDatagram(now, reply))
  const data = outputs.find(({ _tag }) => _tag === "Data")
  return data?._tag === "Data" ? new TextDecoder().decode(data.plaintext) : undefined
}
