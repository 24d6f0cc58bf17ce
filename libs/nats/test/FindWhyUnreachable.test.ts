import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { findWhyUnreachable } from "../src/internal/findWhyUnreachable.ts"
import type { NatsConfig } from "../src/index.ts"

/** Something that listens and says `greeting` to whoever connects. */
const listener = (greeting: string | undefined) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket.on("error", () => {}))
        if (greeting !== undefined) socket.write(greeting)
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const end = () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
      return { server: `127.0.0.1:${(server.address() as AddressInfo).port}`, end }
    }),
    ({ end }) => Effect.sync(end)
  )

const login = { user: undefined, password: undefined, token: undefined, credentials: undefined }
const info = (fields: object) => `INFO ${JSON.stringify({ server_id: "x", version: "2.10.27", ...fields })} \r\n`
const tls = { caFile: undefined, certFile: undefined, keyFile: undefined }

describe("a nats-server that can't be used is told with why and the cure:", () => {
  for (const [name, greeting, config, lastError, expected] of [
    ["one that says nothing", undefined, {}, undefined, /says nothing/],
    ["one that is something else", "SSH-2.0-OpenSSH_9.2\r\n", {}, undefined, /is no nats-server/],
    [
      "one that wants a login",
      info({ auth_required: true }),
      {},
      "Authorization Violation",
      /wants a login: NATS_USER/
    ],
    [
      "one that refuses the login",
      info({ auth_required: true }),
      { user: "edge" },
      "'Authorization Violation'",
      /refuses the login of the user "edge"/
    ],
    ["one without TLS", info({}), { tls }, undefined, /offers no TLS/],
    [
      "one that wants a certificate",
      info({ tls_required: true, tls_verify: true }),
      { tls },
      "closed",
      /NATS_TLS_CERT/
    ],
    [
      "one of another authority",
      info({ tls_required: true }),
      { tls },
      "unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca",
      /certificate is not taken \(unable to verify the first certificate\): NATS_TLS_CA/
    ],
    [
      "one whose certificate ended",
      info({ tls_required: true }),
      { tls },
      "certificate has expired",
      /not taken \(certificate has expired\): renew it/
    ],
    [
      "one whose certificate has another name",
      info({ tls_required: true }),
      { tls },
      "Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list: ",
      /: NATS_URL has to have a name or address that stands in it/
    ]
  ] as const) {
    it.live(name, () =>
      Effect.gen(function* () {
        const { server } = yield* listener(greeting)
        const asked: NatsConfig = { ...login, tls: undefined, servers: [server], ...config }
        const why = yield* Effect.promise(() => findWhyUnreachable(asked, lastError))
        assert.include(why, server)
        assert.match(why, expected)
      }).pipe(Effect.scoped)
    )
  }

  it.live("each of several by itself", () =>
    Effect.gen(function* () {
      const one = yield* listener(undefined)
      one.end()
      const servers = [one.server, "nohost.invalid:4222"]
      const why = yield* Effect.promise(() => findWhyUnreachable({ ...login, tls: undefined, servers }, undefined))
      assert.include(why, `${one.server}: nothing listens there`)
      assert.match(why, /nohost\.invalid:4222: (?:there is no host of this name|the name server does not answer)/)
    }).pipe(Effect.scoped)
  )
})
