import { assert, beforeEach, describe, it } from "@effect/vitest"
import { WatchedKeys } from "../src/internal/WatchedKeys.ts"

describe("keys of a bucket that is read again", () => {
  let keys: WatchedKeys
  beforeEach(() => {
    keys = new WatchedKeys()
    keys.begin()
    for (const key of ["kept", "replaced", "gone"]) keys.put(key)
    assert.deepStrictEqual(keys.caughtUp(), [], "none can be gone at first")
    keys.begin()
    keys.put("kept")
  })

  it("are in doubt where reading did not meet them, and gone once the bucket says so (trust F4)", () => {
    assert.deepStrictEqual(keys.caughtUp(), ["replaced", "gone"])
    assert.isFalse(keys.missing("kept"))
    assert.isTrue(keys.missing("gone"))
    assert.isFalse(keys.missing("gone"), "told once")
  })

  it("are not gone where their entry was replaced while they were read, and came behind (trust F4)", () => {
    keys.caughtUp()
    keys.put("replaced")
    assert.isFalse(keys.doubts("replaced"))
    assert.isFalse(keys.missing("replaced"), "the answer is from before")
  })

  it("are not told twice where the bucket told of their deletion", () => {
    keys.caughtUp()
    keys.deleted("gone")
    assert.isFalse(keys.missing("gone"))
    keys.begin()
    assert.deepStrictEqual(keys.caughtUp(), ["kept", "replaced"])
  })

  it("are in doubt too where others were deleted while the bucket was read", () => {
    keys.put("replaced")
    keys.deleted("kept")
    assert.deepStrictEqual(keys.caughtUp(), ["gone"])
  })

  it("wait for the next end of reading where that began again", () => {
    keys.caughtUp()
    keys.begin()
    assert.isFalse(keys.missing("gone"), "an answer about the reading before")
    keys.put("replaced")
    assert.deepStrictEqual(keys.caughtUp(), ["kept", "gone"])
    assert.isTrue(keys.missing("gone"))
  })
})
