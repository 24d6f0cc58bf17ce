import { assert, describe, it } from "@effect/vitest"
import type { Stranger } from "@roost/contracts"
import { Effect } from "effect"
import { StrangerLog } from "../src/index.ts"
import { send, served } from "./support/RegistryHttp.ts"

describe("strangers", () => {
  const refused = (id: number, address: string, identity: string): Stranger => ({
    id,
    at: id,
    node: "node1",
    kind: "handshake-refused",
    address,
    proven: true,
    identity,
    reason: "unknown device"
  })
  const log = new StrangerLog()
  log.add(refused(1, "192.0.2.1:1000", "pk1,dev1,2,60"))
  log.add(refused(2, "[2001:db8::1]:1000", "pk1,dev2,2,60"))
  log.add(refused(3, "192.0.2.1:2000", '\\"pk1,dev1,2,60\\"'))
  const busiest = [{ address: "198.51.100.1:9", times: 4000, identity: "pk9,x,2,60" }]
  log.add({ id: 4, at: 4, node: "edge1", kind: "not-told", address: "", proven: true, reason: "4000 …", busiest })

  it.live("are found by address and by identity, newest first, page by page (trust A7)", () =>
    Effect.gen(function* () {
      const ids = Effect.fnUntraced(function* (query: string) {
        const { body, status } = yield* send("GET", `/v1/strangers${query}`)
        assert.strictEqual(status, 200)
        return body.strangers.map(({ id }: Stranger) => id)
      })
      assert.deepStrictEqual(yield* ids(""), [4, 3, 2, 1])
      assert.deepStrictEqual(yield* ids("?address=192.0.2.1"), [3, 1])
      assert.deepStrictEqual(yield* ids("?address=192.0.2.1:2000"), [3])
      assert.deepStrictEqual(yield* ids("?address=2001:DB8:0:0::1"), [2])
      assert.deepStrictEqual(yield* ids("?address=%5B2001:db8::1%5D:1000"), [2])
      assert.deepStrictEqual(yield* ids("?identity=pk1,dev1"), [3, 1])
      assert.deepStrictEqual(yield* ids("?identity=pk1,dev1&address=192.0.2.1:1000"), [1])
      assert.deepStrictEqual(yield* ids("?address=198.51.100.1"), [4], "a summary names it")
      const first = yield* send("GET", "/v1/strangers?limit=3")
      assert.deepStrictEqual(yield* ids(`?limit=3&cursor=${first.body.nextCursor}`), [1])
      assert.deepStrictEqual(yield* ids("?kind=not-told"), [4])
      assert.deepStrictEqual(yield* ids("?from=2&to=4"), [3, 2])
      assert.strictEqual((yield* send("GET", "/v1/strangers?kind=online")).status, 400)
      assert.strictEqual((yield* send("GET", "/v1/strangers?address=meter")).status, 400)
      assert.strictEqual((yield* send("GET", "/v1/strangers?limit=100000")).status, 400)
      const missing = yield* send("GET", "/v1/products/pk1/devices/dev1/events")
      assert.include(missing.body.detail, "/v1/strangers?identity=pk1,dev1")
    }).pipe(Effect.provide(served(undefined, log)))
  )

  it("of a flood displace themselves, and who forges addresses nobody who proved one (trust A7)", () => {
    const flooded = new StrangerLog()
    flooded.add(refused(1, "192.0.2.1:1000", "pk1,dev1,2,60"))
    for (let id = 2; id < 30_000; id++) flooded.add(refused(id, `192.0.2.2:${id}`, `flood ${id}`))
    for (let id = 30_000; id < 60_000; id++) {
      flooded.add({
        ...refused(id, `10.${id >> 8}.${id & 255}.1:1`, ""),
        address: `10.1.${id >> 8}.${id & 255}:1`,
        proven: false
      })
    }
    assert.isAtMost(flooded.size, 7_500)
    const query = { identity: undefined, limit: 10 }
    assert.lengthOf(flooded.list({ ...query, address: "192.0.2.1" }), 1)
    assert.lengthOf(flooded.list({ ...query, address: "192.0.2.2" }), 10)
  })
})
