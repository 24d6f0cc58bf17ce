import { assert, describe, it } from "@effect/vitest"
import { entryOf, type Evidence, explain, reasonOf, type SeenCommand } from "../src/index.ts"

const now = 1_800_000_000_000
const device = { status: "offline", createdAt: now - 100_000_000 } as const
const nothing: Evidence = { now, device, events: [], strangers: [], commands: [] }
const refused = (code: string, at = now - 1000, kind = "handshake-refused") => ({
  at,
  kind,
  code,
  reason: `told ${code}`
})
const command = (more: Partial<SeenCommand>): SeenCommand => ({
  commandId: "c1",
  topic: "/sys/pk/dk/thing/service/measurepoint/set",
  state: "created",
  createdAt: now - 60_000,
  expiresAt: now + 60_000,
  ...more
})
const codesOf = (evidence: Partial<Evidence>): ReadonlyArray<string> =>
  explain({ ...nothing, ...evidence }).findings.map(({ code, over }) => (over ? `${code}, over` : code))

describe("the causes of what a device meets", () => {
  it("are its registration before all else", () => {
    const unknown = { device: undefined, strangers: [refused("unknown-product")] }
    assert.deepStrictEqual(codesOf({ ...unknown, unregistered: "product" }), ["unknown-product"])
    assert.deepStrictEqual(
      codesOf({
        device: undefined,
        unregistered: "device",
        sameKeyIn: ["pkB"],
        strangers: [refused("unknown-device")]
      }),
      ["wrong-product", "unknown-device"]
    )
    assert.deepStrictEqual(codesOf({ device: { ...device, status: "disabled" }, events: [refused("wrong-key")] }), [
      "device-disabled",
      "wrong-key"
    ])
  })

  it("claim no handshake where none named the device that is not there", () => {
    for (const unregistered of ["product", "device"] as const) {
      const asked = { ...nothing, device: undefined, unregistered }
      assert.match(
        explain(asked).verdict,
        /^The(re)? .*no (product|device) of this key, and no handshake has named it\.$/
      )
      const came = explain({ ...asked, strangers: [refused(`unknown-${unregistered}`)] })
      assert.strictEqual(came.findings[0]!.sentence, entryOf(`unknown-${unregistered}`).sentence)
    }
  })

  it("are a wrong key by the mistake that it comes of, where one that came later was looked into", () => {
    assert.deepStrictEqual(
      codesOf({ events: [refused("wrong-key-counted-from-zero", now - 10), refused("wrong-key", now - 20)] }),
      ["wrong-key-counted-from-zero"]
    )
    assert.deepStrictEqual(
      codesOf({ events: [refused("wrong-key", now - 10), refused("wrong-key-counted-from-zero", now - 20)] }),
      ["wrong-key", "wrong-key-counted-from-zero"]
    )
  })

  it("are in the order in which a device meets them, the newest of each, counted", () => {
    const { findings } = explain({
      ...nothing,
      device: { ...device, status: "online" },
      events: [
        refused("unknown-point", now - 1, "uplink-refused"),
        { ...refused("wrong-key", now - 10), times: 5 },
        refused("wrong-key", now - 20)
      ]
    })
    assert.deepStrictEqual(
      findings.map(({ at, code, times }) => [code, now - at, times]),
      [
        ["wrong-key", 10, 6],
        ["unknown-point", 1, 1]
      ]
    )
  })

  it("are over once the device came in after them", () => {
    const online = { at: now - 500, kind: "online", reason: "" }
    assert.deepStrictEqual(
      codesOf({ device: { ...device, status: "online" }, events: [online, refused("wrong-key")] }),
      ["wrong-key, over"]
    )
  })

  it("name the former secret where what verified before its change fails since", () => {
    const before = { at: now - 9000, kind: "online", reason: "" }
    const changed = { at: now - 5000, kind: "credential-secret", reason: "" }
    assert.include(codesOf({ events: [refused("wrong-key"), changed, before] }), "old-secret")
    assert.include(codesOf({ events: [refused("wrong-key"), changed] }), "wrong-key")
    // It came in once more before the actors heard.
    const late = { at: now - 4900, kind: "online", reason: "" }
    const ended = { at: now - 4800, kind: "offline", reason: "the device's credential changed" }
    assert.include(codesOf({ events: [refused("wrong-key"), ended, late, changed, before] }), "old-secret")
    assert.include(codesOf({ events: [refused("wrong-key"), late, changed, before] }), "wrong-key")
  })

  it("name the device that was meant by keys in the wrong order or in other capitals, and nothing beside it", () => {
    for (const [fault, code] of [
      ["swapped", "keys-swapped"],
      ["capitals", "keys-capitals"]
    ] as const) {
      const meant = { productKey: "pkA", deviceKey: "dk", fault }
      assert.deepStrictEqual(codesOf({ device: undefined, unregistered: "product", meant }), [code])
      const stranger = { ...refused("unknown-product"), identity: "dk,pkA,2,60", meant }
      assert.deepStrictEqual(codesOf({ strangers: [stranger] }), [code])
    }
  })

  it("name the wrong product where a stranger has the device's key in another one", () => {
    assert.include(codesOf({ strangers: [{ ...refused("unknown-device"), identity: "pkB,dk,2,60" }] }), "wrong-product")
  })

  for (const [name, more, code] of [
    ["expired while its device slept", { state: "expired", finishedAt: now }, "command-expired"],
    ["waits for a device that sleeps", {}, "command-asleep"],
    ["was announced and not fetched", { hintedAt: now - 1 }, "command-not-taken-up"],
    ["was never replied to", { state: "timedOut", code: 11_915 }, "command-unanswered"],
    ["was overtaken", { state: "timedOut", code: 11_915, overtakenBy: "c2" }, "command-overtaken"],
    ["was for a device that was offline", { state: "failed", code: 11_900 }, "command-device-offline"],
    ["was instant and not fetched", { state: "failed", code: 11_904 }, "command-not-fetched"],
    ["the device refused", { state: "failed", code: 2001, message: "no" }, "command-refused-by-device"]
  ] as const) {
    it(`name a command that ${name}`, () => assert.include(codesOf({ commands: [command(more)] }), code))
  }

  it("say why a device is offline that nothing refused", () => {
    assert.deepStrictEqual(codesOf({}), ["never-heard"])
    const lastSeenAt = now - 10_000
    const offline = { at: now - 1, kind: "offline", reason: "nothing was heard of the device for its Lifetime" }
    assert.deepStrictEqual(codesOf({ device: { ...device, lastSeenAt }, events: [offline] }), ["silent-for-lifetime"])
  })

  it("name a device that came in and was not heard since, online or no more", () => {
    const at = now - 90_000
    const cameIn = { at, kind: "online", reason: "the device's handshake verified" }
    const online = { ...device, status: "online", lastSeenAt: at, pendingCommands: 0 } as const
    assert.deepStrictEqual(codesOf({ device: online, events: [cameIn] }), ["silent-since-handshake"])
    const offline = { at: now - 1, kind: "offline", reason: "nothing was heard of the device for its Lifetime" }
    const gone = { ...device, lastSeenAt: at }
    assert.deepStrictEqual(codesOf({ device: gone, events: [offline, cameIn] }), ["silent-since-handshake"])
  })

  it("do not name one that is early, was heard by a record, or whose session was not asked", () => {
    const at = now - 90_000
    const cameIn = { at, kind: "online", reason: "the device's handshake verified" }
    const online = { ...device, status: "online", lastSeenAt: at, pendingCommands: 0 } as const
    for (const [seen, event] of [
      [
        { ...online, lastSeenAt: now - 5_000 },
        { ...cameIn, at: now - 5_000 }
      ],
      [{ ...online, lastSeenAt: at + 20 }, cameIn],
      [online, { ...cameIn, reason: "the device was heard of again after its Lifetime had passed" }],
      [{ ...online, pendingCommands: undefined }, cameIn]
    ] as const) {
      assert.deepStrictEqual(codesOf({ device: seen, events: [event] }), [])
    }
  })

  it("say once what came, beside the entry's own words", () => {
    const reasonOfFirst = (reason: string | undefined) =>
      explain({ ...nothing, events: [{ ...refused("wrong-key"), reason: reason! }] }).findings[0]!.reason
    assert.isUndefined(reasonOfFirst(reasonOf("wrong-key")))
    assert.strictEqual(reasonOfFirst(`${reasonOf("wrong-key")} No known mistake fits.`), "No known mistake fits.")
    assert.strictEqual(reasonOfFirst(reasonOf("wrong-key", "The key of 7 bytes came.")), "The key of 7 bytes came.")
    assert.strictEqual(reasonOfFirst("as an older node says it"), "as an older node says it")
  })

  it("have the cause of this very message where its reason names one", () => {
    const causeOf = (code: string, reason: string) =>
      explain({ ...nothing, events: [{ ...refused(code), reason }] }).findings[0]!.cause
    for (const [code, reason, cause] of [
      [
        "payload-not-json",
        "4.00: got byte 9: got 0x00; likely cause: a trailing NUL: off by one",
        "a trailing NUL: off by one"
      ],
      ["unknown-topic", "4.04: no such topic: /a; likely sys is missing. The nearest topic is /b", "sys is missing"],
      [
        "time-in-local-time",
        "8 hours ahead; likely cause: EnOS wants UTC; it is stored as it was written",
        "EnOS wants UTC"
      ],
      [
        "coap-option-unknown",
        "4.02: option 9 (Oscore). Likely OSCORE, which is not needed. Leave it out",
        "OSCORE, which is not needed"
      ]
    ] as const) {
      assert.strictEqual(causeOf(code, reason), `Likely ${cause}.`)
    }
    // Each of these codes is one cause.
    const unquoted = causeOf("identity-quoted", 'got "x"; likely the quotes of a shell are part of it. Send')
    assert.strictEqual(unquoted, entryOf("identity-quoted").cause)
    assert.strictEqual(causeOf("wrong-key", "as an older node says it"), entryOf("wrong-key").cause)
  })

  it("are none of a device that does well", () => {
    const { findings, verdict } = explain({ ...nothing, device: { ...device, status: "online", lastSeenAt: now } })
    assert.deepStrictEqual(findings, [])
    assert.match(verdict, /online, and nothing was refused/)
    assert.match(verdict, /It was heard 0 s ago\.$/)
  })
})
