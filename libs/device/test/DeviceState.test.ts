import * as Result from "effect/Result"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, it } from "vitest"
import { readDeviceState, writeDeviceState } from "../src/index.ts"

const state = { productKey: "pk", deviceKey: "dk", assetId: "a1", deviceSecret: "s3cret" }
let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "device-state-"))
  path = join(directory, "kept", "state.json")
})
afterEach(() => rmSync(directory, { recursive: true }))

const read = () => readDeviceState(path, "pk", "dk")

it("gives back what was written, to its owner only, with nothing beside it", () => {
  writeDeviceState(path, state)
  assert.deepStrictEqual(Result.getOrThrow(read()), state)
  assert.strictEqual(statSync(path).mode & 0o777, 0o600)
  assert.deepStrictEqual(readdirSync(join(directory, "kept")), ["state.json"])
})

it("replaces what was there, also after a crash that left a half-written file open to others", () => {
  writeDeviceState(path, state)
  writeFileSync(`${path}.next`, "{")
  chmodSync(`${path}.next`, 0o666)
  writeDeviceState(path, { ...state, deviceSecret: "another" })
  assert.strictEqual(Result.getOrThrow(read())?.deviceSecret, "another")
  assert.strictEqual(statSync(path).mode & 0o777, 0o600)
})

it("is undefined where there is no file", () => {
  assert.isUndefined(Result.getOrThrow(read()))
})

it("a file that cannot be used is an error, not a missing one: activating again would void the secret in it", () => {
  mkdirSync(path, { recursive: true })
  assert.containSubset(read(), { failure: { reason: "Unreadable", path } })
  rmSync(path, { recursive: true })
  for (const text of ["", "{", "null", "[]", `{"productKey":"pk","deviceKey":"dk"}`]) {
    writeFileSync(path, text)
    assert.containSubset(read(), { failure: { reason: "Malformed" } }, text)
  }
  writeDeviceState(path, { ...state, deviceKey: "other" })
  assert.containSubset(read(), { failure: { reason: "OtherDevice", detail: "it is of pk,other" } })
})
