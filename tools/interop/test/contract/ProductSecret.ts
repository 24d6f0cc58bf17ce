import { pskFromSecret } from "@roost/enos"
import { assert, describe, it } from "vitest"
import { coapClient } from "../../src/CoapClient.ts"
import { createDevice, measurepointPost, secretFor } from "../../src/Fixtures.ts"
import type { RunningRoost } from "../../src/RunningRoost.ts"

/** A device that came with the secret of its product. */
export const productSecret = (running: RunningRoost): void => {
  describe("mode 3", () => {
    it("may do nothing but fetch its secret (C18)", async () => {
      await createDevice(running.roost, running.product, "mode3")
      const response = await coapClient({
        build: "gnutls",
        port: running.roost.udpPort,
        identity: `${running.product},mode3,3,300`,
        psk: pskFromSecret(secretFor(running.product)),
        method: "post",
        path: `/topic/sys/${running.product}/mode3/thing/measurepoint/post`,
        payload: measurepointPost("1")
      })
      assert.strictEqual(response.code, "4.01", response.log)
    })
  })
}
