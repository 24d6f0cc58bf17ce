import { assert, describe, it } from "@effect/vitest"
import { renderApplicationUser } from "../src/index.ts"

describe("a NATS user of an application's own", () => {
  it("hears its own answers only, and reads by any consumer but Roost's own", () => {
    const block = renderApplicationUser("billing")
    assert.include(block, "user: billing, password: $ROOST_NATS_PASSWORD_BILLING")
    assert.include(block, '"_INBOX.billing.>"')
    assert.notInclude(block, '"_INBOX.>"')
    assert.include(block, '"ROOST.API.CONSUMER.MSG.NEXT.UPLINK.*"')
    assert.match(block, /deny: \[[^\]]*"ROOST\.API\.CONSUMER\.MSG\.NEXT\.UPLINK\.registry-latest-points"/)
  })

  it("with consumers named reads and acknowledges by these only", () => {
    const block = renderApplicationUser("billing", ["billing-a", "billing-b"])
    for (const consumer of ["billing-a", "billing-b"]) {
      assert.include(block, `"ROOST.API.CONSUMER.MSG.NEXT.UPLINK.${consumer}"`)
      assert.include(block, `"$JS.ACK.UPLINK.${consumer}.>"`)
    }
    assert.notMatch(block, /\*"|"\$JS\.ACK\.\w+\.>"/)
    assert.include(block, '"roost.application.consumer"')
  })
})
