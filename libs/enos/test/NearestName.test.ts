import { assert, it } from "@effect/vitest"
import { nearestName } from "../src/index.ts"

it("a mistyped name finds the one that was meant, and a foreign one none", () => {
  const known = ["ROOST_UDP_PORT", "ROOST_UDP_HOST", "ROOST_EDGE_PORT", "ROOST_LOG_LEVEL"]
  assert.strictEqual(nearestName("ROOST_UDP_PROT", known), "ROOST_UDP_PORT")
  assert.strictEqual(nearestName("ROOST_UPD_HOST", known), "ROOST_UDP_HOST")
  assert.strictEqual(nearestName("roost_log_level", known), "ROOST_LOG_LEVEL")
  assert.strictEqual(nearestName("ROOST_EGDE_PORTS", known), "ROOST_EDGE_PORT")
  assert.strictEqual(nearestName("ROOST_UDP_PORT", known), undefined)
  assert.strictEqual(nearestName("DATABASE_URL", known), undefined)
  assert.strictEqual(nearestName("", known), undefined)
  assert.strictEqual(nearestName("x".repeat(100_000), known), undefined)
})

it("a part of a name finds the name, unless another one is nearer", () => {
  const known = ["productKey", "pendingTtl", "timeout", "dynamicActivateEnabled"]
  assert.strictEqual(nearestName("product", known), "productKey")
  assert.strictEqual(nearestName("ttl", known), "pendingTtl")
  assert.strictEqual(nearestName("dynamicActivate", known), "dynamicActivateEnabled")
  assert.strictEqual(nearestName("time", ["timeouts", "tine"]), "tine")
  assert.strictEqual(nearestName("t", known), undefined)
})
