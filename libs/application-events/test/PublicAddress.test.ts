import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { isPublicAddress, layerWebhookClient } from "../src/index.ts"
import { send } from "../src/WebhookRequests.ts"

const refused: Readonly<Record<string, ReadonlyArray<string>>> = {
  "private and local": [
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "0.0.0.0",
    "[::1]",
    "::",
    "fd00::1",
    "fec0::1"
  ],
  "link-local and metadata": [
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "168.63.129.16",
    "100.100.100.200"
  ],
  NAT64: ["64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::a00:1"],
  "6to4, Teredo, ISATAP": [
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2a00:1450::5efe:a00:1",
    "2a00:1450::200:5efe:a00:1"
  ],
  "IPv4 in IPv6": ["::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1"],
  "carriers, anycast relays and protocols": [
    "100.64.0.1",
    "192.0.0.192",
    "192.88.99.1",
    "192.31.196.1",
    "192.175.48.1",
    "2001:2::1"
  ],
  "documentation and benchmarks": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1", "3fff::1"],
  "multicast, broadcast, reserved": [
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "ff02::1",
    "100::1",
    "5f00::1",
    "4000::1"
  ],
  names: ["example.org", "10.0.0.1.example.org", "localhost"]
}

const receiver = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly paths: Array<string>; readonly close: () => void }>((resume) => {
    const paths: Array<string> = []
    const server = createServer((request, response) => {
      paths.push(request.url!)
      const { port } = server.address() as AddressInfo
      response.writeHead(307, { location: `http://127.0.0.1:${port}/elsewhere` }).end()
    }).listen({ port: 0, host: "::" }, () =>
      resume(Effect.succeed({ port: (server.address() as AddressInfo).port, paths, close: () => server.close() }))
    )
  }),
  ({ close }) => Effect.sync(close)
)

const post = (url: string, allowed: boolean) =>
  send({ url, webhookId: "wh", secret: "a secret, long enough", body: "{}", now: 0 }).pipe(
    Effect.provide(
      layerWebhookClient.pipe(
        Layer.provide(
          ConfigProvider.layer(ConfigProvider.fromUnknown(allowed ? { ROOST_WEBHOOK_PRIVATE: "true" } : {}))
        )
      )
    )
  )

describe("isPublicAddress", () => {
  for (const [kind, addresses] of Object.entries(refused)) {
    it(`is false of ${kind} (trust D3)`, () => {
      for (const address of addresses) assert.isFalse(isPublicAddress(address), address)
    })
  }

  it("is true of public unicast", () => {
    for (const address of ["8.8.8.8", "172.32.0.1", "168.63.129.17", "2001:4860:4860::8888", "[2a00:1450:4001::1]"]) {
      assert.isTrue(isPublicAddress(address), address)
    }
  })
})

describe("a delivery", () => {
  it.live("is refused where the connection is made, however the address is written (trust D3)", () =>
    Effect.gen(function* () {
      const { paths, port } = yield* receiver
      for (const host of [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]"
      ]) {
        assert.match((yield* post(`http://${host}:${port}/`, false)).error ?? "", /is private or special/, host)
        assert.match((yield* post(`https://${host}:${port}/`, false)).error ?? "", /is private or special/, host)
      }
      assert.isEmpty(paths)
    })
  )

  it.live("does not follow where a receiver redirects it (trust D3)", () =>
    Effect.gen(function* () {
      const { paths, port } = yield* receiver
      assert.deepStrictEqual(yield* post(`http://127.0.0.1:${port}/`, true), {
        status: 307,
        code: "webhook-status",
        error: "the receiver answered 307"
      })
      assert.deepStrictEqual(paths, ["/"])
    })
  )
})
