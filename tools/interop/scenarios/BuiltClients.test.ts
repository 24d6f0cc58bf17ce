import { assert, describe, it } from "@effect/vitest"
import { ContentType } from "@roost/dtls"
import { RoostProcesses, udpNat } from "@roost/testkit"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { BuiltClient } from "../src/clients/BuiltClient.ts"
import { builtClients } from "../src/clients/BuiltClients.ts"
import type { LineSessionOptions } from "../src/clients/LineClient.ts"
import { createProduct } from "../src/Fixtures.ts"
import { deviceFor, obeyCommand, report } from "./clientScenarios.ts"

const productKey = "interop"
const names = (process.env["ROOST_INTEROP_CLIENTS"] ?? "").split(",")

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start()
  await createProduct(roost, productKey)
})
afterAll(() => roost?.[Symbol.asyncDispose]())

/** Each suite, without and, where it has them, with connection ids. */
const ways = ({ suites, connectionIdSuites }: BuiltClient): ReadonlyArray<Way> => [
  ...suites.map((suite) => ({ suite, records: ContentType.application_data })),
  ...connectionIdSuites.map((suite) => ({ suite, connectionIdBytes: 5, records: ContentType.tls12_cid }))
]

interface Way extends Pick<LineSessionOptions, "suite" | "connectionIdBytes"> {
  /** The content type of all that has to pass once the session is there. */
  readonly records: number
}

describe.each(builtClients.filter(({ name }) => names.includes(name)))("$name", (client) => {
  it.live.each(client.suites)("handshakes with %s, posts twice, is answered (S110–S112, trust G1)", (suite) =>
    Effect.gen(function* () {
      const meter = yield* deviceFor(roost, productKey, `${client.name} ${suite}`)
      const { identity, psk } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite })
      yield* report(session, meter, "1")
      yield* report(session, meter, "2")
    })
  )

  it.live("is told of a command, fetches it and replies (S113–S116)", () =>
    Effect.gen(function* () {
      const meter = yield* deviceFor(roost, productKey, `${client.name} command`)
      const { identity, psk } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite: "CCM_8" })
      yield* obeyCommand(roost, session, meter)
    })
  )

  it.live.each(client.connectionIdSuites)(
    "goes on behind a NAT that moved it, by its connection id, with %s (R6)",
    (suite) =>
      Effect.gen(function* () {
        const meter = yield* deviceFor(roost, productKey, `${client.name} nat ${suite}`)
        const nat = yield* udpNat({ port: roost.udpPort })
        const { identity, psk } = meter
        const session = yield* client.connect({ port: nat.port, identity, psk, suite, connectionIdBytes: 5 })
        yield* report(session, meter, "0")
        const before = nat.passed.length
        for (const id of ["1", "2", "3"]) {
          yield* nat.rebind
          yield* report(session, meter, id)
        }
        assert.isTrue(nat.passed.slice(before).every(([, contentType]) => contentType === ContentType.tls12_cid))
      })
  )

  it.live(
    "goes on when session-actors was killed, in every suite, with connection ids and without (R1, trust G1)",
    () =>
      Effect.gen(function* () {
        const sessions = yield* Effect.forEach(ways(client), ({ records, ...options }, i) =>
          Effect.gen(function* () {
            const meter = yield* deviceFor(roost, productKey, `${client.name} killed ${i}`)
            const nat = yield* udpNat({ port: roost.udpPort })
            const { identity, psk } = meter
            const session = yield* client.connect({ port: nat.port, identity, psk, withinMillis: 60_000, ...options })
            yield* report(session, meter, "1")
            return { meter, session, nat, records, before: nat.passed.length }
          })
        )
        yield* Effect.promise(() => roost.restart("session-actors", "SIGKILL"))
        for (const { meter, session, nat, records, before } of sessions) {
          yield* report(session, meter, "2")
          yield* report(session, meter, "3")
          assert.deepStrictEqual(
            [...new Set(nat.passed.slice(before).map(([, contentType]) => contentType))],
            [records]
          )
        }
      }),
    // On two cores with eighteen times their work it took 41 s.
    300_000
  )

  it.live.each(client.resumes ? client.suites : [])("resumes its session with %s (trust G1)", (suite) =>
    Effect.gen(function* () {
      const meter = yield* deviceFor(roost, productKey, `${client.name} resumes ${suite}`)
      const { identity, psk } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite, args: ["-resume", "1"] })
      assert.match(session.output(), /^resumed$/m)
      yield* report(session, meter, "1")
      yield* report(session, meter, "2")
    })
  )

  it.live.each(client.blockwise ? [256] : [])("sends a body of 5 kB in blocks of %i bytes (S95)", (blockBytes) =>
    Effect.gen(function* () {
      const meter = yield* deviceFor(roost, productKey, `${client.name} blocks`)
      const { identity, psk } = meter
      const session = yield* client.connect({ port: roost.udpPort, identity, psk, suite: "CCM_8", blockBytes })
      yield* report(session, meter, "1", "x".repeat(5_000))
    })
  )

  it.live("gets no session with a wrong key (F21)", () =>
    Effect.gen(function* () {
      const { identity, path } = yield* deviceFor(roost, productKey, `${client.name} wrong`)
      const psk = new Uint8Array(16).fill(1)
      const options = { port: roost.udpPort, identity, psk, suite: "CCM_8", withinMillis: 3_000 } as const
      const error = yield* client.connect(options).pipe(
        Effect.flatMap((session) => session.request({ method: "GET", path: path("thing/model/down_raw") })),
        Effect.flip
      )
      assert.strictEqual(error.reason, "NoSession")
    })
  )
})
