import { Effect } from "effect"
import { assert, it } from "vitest"
import { checkFlags } from "../src/checkFlags.ts"
import { type DeviceFailure, exitCodes } from "../src/DeviceFailure.ts"
import { runDevice } from "../src/RunDevice.ts"
import type { RunDeviceOptions } from "../src/RunDeviceOptions.ts"
import { serverAddress } from "../src/ServerAddress.ts"

const options: RunDeviceOptions = {
  server: undefined,
  productKey: "pk",
  deviceKey: "dk",
  deviceSecret: "x",
  productSecret: undefined,
  state: undefined,
  lifetime: 300,
  interval: 10,
  count: 0,
  payload: undefined,
  raw: undefined,
  answer: "apply",
  suites: undefined,
  narrowband: false,
  noCid: false,
  noResume: false,
  quiet: false
}

it.each<[string, Partial<RunDeviceOptions>, RegExp]>([
  ["two secrets", { productSecret: "y" }, /--device-secret and --product-secret contradict/],
  ["a secret and a file for one", { state: "f" }, /--device-secret and --state contradict/],
  ["points and bytes", { raw: "a", payload: "{}" }, /--raw and --payload contradict/],
  ["a negative count", { count: -1 }, /--count -1: expected 0/],
  ["a negative interval", { interval: -1 }, /--interval -1: expected 0 seconds or more/]
])("%s: refused before anything is sent", async (_, given, expected) => {
  const failure = await Effect.runPromise(Effect.flip(checkFlags({ ...options, ...given })))
  assert.match(failure.reason, expected)
  assert.notStrictEqual(failure.hint, "")
})

it.each<[string, Partial<RunDeviceOptions>, RegExp]>([
  ["a server that is none", { server: "a:b:c" }, /--server a:b:c is not host:port/],
  ["two contradictions", { raw: "a", payload: "{}" }, /contradict/],
  ["a lifetime out of 30–86400", { lifetime: 29 }, /wrong lifetime: expected 30–86400/],
  ["points that are no object", { payload: "[1]" }, /--payload is no JSON object/],
  ["raw bytes that are none", { raw: "0x0" }, /--raw is no hexadecimal/]
])("%s: the command fails by it", async (_, given, expected) => {
  const failure = (await Effect.runPromise(Effect.flip(runDevice({ ...options, ...given })))) as DeviceFailure
  assert.match(failure.reason, expected)
  assert.strictEqual(failure.exitCode ?? exitCodes.unusable, 1)
})

it.each([
  [undefined, {}, "127.0.0.1:5684 (no --server: this machine, and the port is the default, 5684)"],
  [
    undefined,
    { ROOST_UDP_PORT: "15684" },
    "127.0.0.1:15684 (no --server: this machine, and the port is ROOST_UDP_PORT's)"
  ],
  ["meter.example", {}, "meter.example:5684 (no port given: the default, 5684)"],
  ["127.0.0.1", { ROOST_UDP_PORT: "15684" }, "127.0.0.1:15684 (no port given: ROOST_UDP_PORT's)"],
  ["[::1]", {}, "[::1]:5684 (no port given: the default, 5684)"],
  ["[::1]:9", { ROOST_UDP_PORT: "15684" }, "[::1]:9"],
  ["h:1", { ROOST_UDP_PORT: "none" }, "h:1"]
])("--server %s with %j is %s", async (given, env, expected) => {
  const { shown } = await Effect.runPromise(serverAddress(given, env))
  assert.strictEqual(shown, expected)
})

it.each([
  ["coaps://h:5684", {}, /is not host:port/],
  ["h:70000", {}, /is not host:port/],
  ["h:0", {}, /is not host:port/],
  ["", {}, /is not host:port/],
  ["h", { ROOST_UDP_PORT: "abc" }, /ROOST_UDP_PORT: expected a port, 1–65535, got "abc"/]
])("--server %s with %j is refused", async (given, env, expected) => {
  const failure = await Effect.runPromise(Effect.flip(serverAddress(given, env)))
  assert.match(failure.reason, expected)
})
