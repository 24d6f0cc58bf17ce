import {
  blockOption,
  Code,
  encode,
  type Message,
  noBytes,
  type Option,
  OptionNumber,
  stringOption,
  uintOption
} from "@roost/coap"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { issue } from "./support/Commands.ts"
import { World } from "./support/World.ts"

const post = "topic/sys/pk1/dev1/thing/measurepoint/post"
  .split("/")
  .map((segment) => stringOption(OptionNumber.UriPath, segment))
const numbered = (number: number, value: Uint8Array): Option => ({ number, value })

/** A device with a session that says what it is told to, and what its operators hear. */
const online = () => {
  const world = new World()
  const device = world.device("dev1", 1000).connect()
  world.events.length = 0
  let nextId = 0x7000
  const say = (message: Partial<Message>) => {
    const whole = {
      type: "CON",
      code: Code.Post,
      messageId: nextId++,
      token: noBytes,
      options: [],
      payload: noBytes
    } as const
    device.transmit(Result.getOrThrow(device.client.send(encode({ ...whole, ...message }))))
  }
  return { world, device, say }
}

describe("a request that the message layer refuses", () => {
  for (const [name, code, options, payload, told] of [
    [
      "an unknown critical option",
      "4.02",
      [numbered(65_001, Uint8Array.of(1))],
      "{}",
      /option 65001 of 1 bytes, which is critical/
    ],
    [
      "If-Match",
      "4.02",
      [numbered(OptionNumber.IfMatch, Uint8Array.of(1, 2))],
      "{}",
      /option 1 \(If-Match\) of 2 bytes.*Leave/
    ],
    [
      "a path of dots",
      "4.02",
      [stringOption(OptionNumber.UriPath, "..")],
      "{}",
      /option 11 \(Uri-Path\) of 2 bytes can't be read/
    ],
    [
      "a path that is no UTF-8",
      "4.02",
      [numbered(OptionNumber.UriPath, Uint8Array.of(0xff))],
      "{}",
      /Uri-Path.*UTF-8 text/
    ],
    [
      "two Accept",
      "4.02",
      [uintOption(OptionNumber.Accept, 50), uintOption(OptionNumber.Accept, 50)],
      "{}",
      /17 \(Accept\).*one number/
    ],
    ["a proxy", "5.05", [stringOption(OptionNumber.ProxyScheme, "coap")], "{}", /Proxy-Scheme.*for this server/],
    ["a reserved block size", "4.00", [uintOption(OptionNumber.Block1, 7)], "{}", /size exponent 7: expected 0 to 6/],
    [
      "a block of another length",
      "4.00",
      [blockOption(OptionNumber.Block1, { num: 0, more: true, szx: 2 })],
      "{}",
      /has 2 bytes: expected 64/
    ],
    [
      "a block that is missing",
      "4.08",
      [blockOption(OptionNumber.Block1, { num: 3, more: false, szx: 2 })],
      "{}",
      /byte 192 came and 0 bytes/
    ],
    [
      "a block of no answer",
      "4.08",
      [blockOption(OptionNumber.Block2, { num: 3, more: false, szx: 2 })],
      "",
      /is not here any more/
    ],
    [
      "a body that is too large",
      "4.13",
      [uintOption(OptionNumber.Size1, 318_000), blockOption(OptionNumber.Block1, { num: 0, more: true, szx: 2 })],
      "x".repeat(64),
      /has 318000 bytes or is announced.* at most 65536/
    ]
  ] as const) {
    it(`${name}: ${code}, and an event says what came, what was expected, and the cure`, () => {
      const { say, world } = online()
      say({ code: Code.Post, options: [...post, ...options], payload: new TextEncoder().encode(payload) })
      assert.lengthOf(world.events, 1)
      assert.deepInclude(world.events[0], { kind: "request-refused", deviceKey: "dev1", address: "192.0.2.1:1000" })
      assert.match(world.events[0]!.reason, told)
      assert.isTrue(world.events[0]!.reason.startsWith(`${code}: `))
    })
  }

  it("by a NON meets silence and is told as well", () => {
    const { say, world } = online()
    say({ type: "NON", code: Code.Post, options: [...post, numbered(65_001, noBytes)] })
    assert.match(world.events[0]!.reason, /^4\.02, but silence for a NON: /)
  })

  it("is told once for its copies", () => {
    const { say, world } = online()
    for (let i = 0; i < 3; i++) say({ code: Code.Post, messageId: 7, options: [...post, numbered(65_001, noBytes)] })
    assert.lengthOf(world.events, 1)
  })

  it("since the device asks too much is told with the limit", () => {
    const world = new World({ requestsPerSecondMax: 1, requestsBurstMax: 1 })
    const device = world.device("dev1", 1000).connect()
    const get = { code: Code.Get, confirmable: true, options: post, payload: noBytes }
    for (let i = 0; i < 2; i++) device.request(get)
    assert.match(world.events.at(-1)!.reason, /^4\.29: the device sends more than 1 requests a second/)
  })
})

describe("what is no request", () => {
  for (const [name, bytes, told] of [
    [
      "text without CoAP",
      new TextEncoder().encode('{"temp":21}'),
      /^silence: the message has a token length of 9 to 15.*JSON or raw bytes/
    ],
    [
      "a payload without its marker",
      Uint8Array.of(0x40, 2, 0, 1, 0xf0),
      /^RST: .*reserved. Likely the payload begins without its marker/
    ],
    ["three bytes", Uint8Array.of(0x40, 2, 0), /^silence: the message has fewer than the 4 bytes/],
    ["a marker without payload", Uint8Array.of(0x40, 2, 0, 1, 0xff), /^RST: nothing follows the payload's marker/],
    ["a code in decimal", Uint8Array.of(0x40, 0xc8, 0, 1), /^RST: the class of the message's code is 1, 3, 6 or 7/],
    ["a request as ACK", Uint8Array.of(0x60, 2, 0, 1), /^silence: a request came as ACK or RST/],
    ["a response", Uint8Array.of(0x40, 0x45, 0, 1), /^RST: a response came that answers no request/]
  ] as const) {
    it(`${name} is told`, () => {
      const { device, world } = online()
      device.transmit(Result.getOrThrow(device.client.send(bytes)))
      assert.lengthOf(world.events, 1)
      assert.strictEqual(world.events[0]!.kind, "message-refused")
      assert.match(world.events[0]!.reason, told)
    })
  }

  it("and is none of anybody's mistakes is not: a ping, a late ACK", () => {
    const { device, world } = online()
    for (const bytes of [Uint8Array.of(0x40, 0, 0, 1), Uint8Array.of(0x60, 0, 0, 1), Uint8Array.of(0x70, 0, 0, 1)]) {
      device.transmit(Result.getOrThrow(device.client.send(bytes)))
    }
    assert.isEmpty(world.events)
  })
})

describe("a GET of a command that is not there", () => {
  const get = (path: string) => ({
    code: Code.Get,
    options: path.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment))
  })

  it("is told apart from one of no topic, and says where commands wait", () => {
    const { say, world } = online()
    say(get("topic/sys/pk1/dev1/thing/service/reset"))
    say(get("topic/sys/pk1/dev1/thing/nonsense"))
    issue(world, "c1")
    say(get("topic/sys/pk1/dev1/thing/service/reset"))
    assert.deepStrictEqual(
      world.events.map(({ kind }) => kind),
      ["nothing-pending", "request-refused", "nothing-pending"]
    )
    const [none, , elsewhere] = world.events.map(({ reason }) => reason)
    assert.match(
      none!,
      /^4\.04: GET \/topic\/sys\/pk1\/dev1\/thing\/service\/reset: .*none waits for the device at all/
    )
    assert.include(elsewhere, "those that wait are on /topic/sys/pk1/dev1/thing/service/measurepoint/set")
  })
})
