import { assert } from "vitest"
import type { Peer } from "../../src/index.ts"
import { concatBytes } from "../../src/internal/bytes.ts"
import { ScriptedClient, type ScriptedClientOptions, defaultIdentity, defaultPsk } from "./ScriptedClient.ts"
import { Server, type ServerOptions } from "./Server.ts"

export const now = 1_700_000_000_000

export function peerOf(name: string): Peer {
  return { key: name, address: new TextEncoder().encode(name) }
}

export const peer = peerOf("192.0.2.1:50000")

export function makeServer(options: Partial<ServerOptions> = {}): Server {
  return new Server({ pskOf: (identity) => (identity === defaultIdentity ? defaultPsk : undefined), ...options })
}

/** Up to and with the server's flight: the client's next is ClientKeyExchange. */
export function greet(server: Server, client: ScriptedClient, from: Peer = peer): ReadonlyArray<Uint8Array> {
  const [request] = server.receive(now, from, client.hello())
  client.takeHelloVerifyRequest(request!)
  const flight = server.receive(now, from, client.hello())
  return flight
}

/** A whole handshake; the client's last flight in one datagram. */
export function connect(server: Server, options: ScriptedClientOptions = {}, from: Peer = peer): ScriptedClient {
  const client = new ScriptedClient(options)
  client.takeServerFlight(greet(server, client, from))
  client.takeServerFinished(server.receive(now, from, lastFlight(client)))
  return client
}

export function resume(server: Server, options: ScriptedClientOptions, from: Peer = peer): ScriptedClient {
  const client = new ScriptedClient(options)
  client.takeResumption(greet(server, client, from))
  server.receive(now, from, concatBytes([client.changeCipherSpec(), client.finished()]))
  return client
}

export function lastFlight(client: ScriptedClient): Uint8Array {
  return concatBytes([client.keyExchange(), client.changeCipherSpec(), client.finished()])
}

/** A client whose next message is ClientKeyExchange. */
export function greeted(server: Server, ...options: ConstructorParameters<typeof ScriptedClient>): ScriptedClient {
  const client = new ScriptedClient(...options)
  client.takeServerFlight(greet(server, client))
  return client
}

/** The honest end of a handshake, by retransmission: proves that what went before did no harm. */
export function completes(server: Server, client: ScriptedClient): void {
  client.takeServerFinished(server.receive(now, peer, lastFlight(client)))
  server.receive(now, peer, client.data("proof"))
  assert.deepStrictEqual(server.received, ["proof"])
  assert.strictEqual(server.front.size, 0)
  assert.strictEqual(server.pending.size, 0)
}
