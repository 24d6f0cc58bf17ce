import { assert, describe, it } from "@effect/vitest"
import { CredentialChanges } from "../src/handshakes/CredentialChanges.ts"

describe("CredentialChanges", () => {
  it("knows keys from before a change, and forgets the change in time", () => {
    const changes = new CredentialChanges(1000)
    changes.note(0, "pk", "one", 5)
    changes.note(10, "pk", "two", 5)
    changes.note(500, "pk", "one", 3)
    assert.isTrue(changes.isOutdated("pk", "one", 4))
    assert.isFalse(changes.isOutdated("pk", "one", 5))
    assert.isFalse(changes.isOutdated("pk", "three", 0))
    changes.expire(1010)
    assert.isFalse(changes.isOutdated("pk", "two", 4))
    assert.isTrue(changes.isOutdated("pk", "one", 4))
    changes.expire(1500)
    assert.strictEqual(changes.size, 0)
  })
})
