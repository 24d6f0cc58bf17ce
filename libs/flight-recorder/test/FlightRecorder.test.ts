import { assert, describe, it } from "@effect/vitest"
import { parsePeerAddress, type Recorded, type RecordedEntry, type Tap } from "@roost/contracts"
import { FlightRecorder, tapAddress } from "../src/index.ts"

const start = 1_800_000_000_000
const peer = parsePeerAddress("192.0.2.7", 4000)!
const other = parsePeerAddress("192.0.2.8", 4000)!
const device: Tap = { id: "r1", productKey: "pk", deviceKey: "dk", until: start + 60_000, secrets: false }
const step = (text: string): Recorded => ({ _tag: "Handshake", step: "s", text })

class Recording {
  readonly told: Array<RecordedEntry> = []
  readonly recorder: FlightRecorder

  constructor(taps: ReadonlyArray<Tap>, bytesMax?: number) {
    this.recorder = new FlightRecorder({
      process: "edge0001",
      wallOf: (now) => now,
      publish: (_id, entries) => this.told.push(...entries),
      ...(bytesMax === undefined ? {} : { bytesMax })
    })
    this.recorder.setTaps(start, taps)
  }

  get texts(): ReadonlyArray<string> {
    this.recorder.flush()
    return this.told.map(({ what }) => (what._tag === "Handshake" ? what.text : what._tag))
  }
}

describe("a flight recorder", () => {
  it("records nothing while nobody asked for anything", () => {
    const { recorder } = new Recording([])
    assert.isFalse(recorder.active)
    assert.isUndefined(recorder.ofDevice("pk", "dk"))
    assert.isUndefined(recorder.ofPeer(peer))
  })

  it("records a device by its keys, and what comes from where it is", () => {
    const recording = new Recording([device])
    const { recorder } = recording
    const tapped = recorder.ofDevice("pk", "dk")!
    recorder.note(start, tapped, step("one"))
    assert.isUndefined(recorder.ofPeer(peer))
    recorder.bind(peer, tapped)
    recorder.note(start + 1, recorder.ofPeer(peer)!, step("two"))
    assert.deepStrictEqual(recording.texts, ["one", "two"])
    assert.deepStrictEqual(
      recording.told.map(({ at, number, process }) => [at - start, number, process]),
      [
        [0, 1, "edge0001"],
        [1, 2, "edge0001"]
      ]
    )
  })

  for (const address of ["192.0.2.7", "192.0.2.7:4000"]) {
    it(`records whoever is at ${address}`, () => {
      const { recorder } = new Recording([
        { id: "r2", address: tapAddress(address)!, until: start + 1000, secrets: false }
      ])
      assert.isDefined(recorder.ofPeer(peer))
      assert.isUndefined(recorder.ofPeer(other))
    })
  }

  it("keeps what a peer sends before it names a device, and drops it if it names another", () => {
    const recording = new Recording([device])
    const { recorder } = recording
    recorder.ofUnnamed(start, peer, step("hello"))
    recorder.ofUnnamed(start, other, step("another's hello"))
    recorder.named(other, "pk", "other")
    recorder.named(peer, "pk", "dk")
    assert.deepStrictEqual(recording.texts, ["hello"])
  })

  it("ends by itself, and when it is not among those that run any more", () => {
    const { recorder } = new Recording([device])
    recorder.note(device.until, recorder.ofDevice("pk", "dk")!, step("late"))
    assert.isFalse(recorder.active)
    recorder.setTaps(start, [device])
    assert.isTrue(recorder.active)
    recorder.setTaps(start, [])
    assert.isFalse(recorder.active)
    assert.isUndefined(recorder.ofDevice("pk", "dk"))
  })

  it("records a device for several at once, its secrets only for those that asked for them", () => {
    const recorder = new FlightRecorder({
      process: "node0001",
      wallOf: (now) => now,
      publish: (id, entries) => told.push(...entries.map(({ what }) => `${id} ${what._tag}`))
    })
    const told: Array<string> = []
    recorder.setTaps(start, [
      device,
      { ...device, id: "r2", secrets: true },
      { ...device, id: "r3", address: "192.0.2.7" }
    ])
    recorder.note(start, recorder.ofDevice("pk", "dk")!, { _tag: "Secret", peer: "192.0.2.7:4000", masterSecret: "aa" })
    recorder.bind(peer, recorder.ofDevice("pk", "dk")!)
    recorder.note(start, recorder.ofPeer(peer)!, step("all"))
    recorder.flush()
    assert.deepStrictEqual(told.toSorted(), ["r1 Handshake", "r2 Handshake", "r2 Secret", "r3 Handshake"])
    recorder.setTaps(start, [{ ...device, id: "r2", secrets: true }])
    assert.isTrue(recorder.active)
    assert.isDefined(recorder.ofDevice("pk", "dk"))
  })

  it("is bounded in bytes, and says that there was more", () => {
    const recording = new Recording([device], 1000)
    const tapped = recording.recorder.ofDevice("pk", "dk")!
    const datagram: Recorded = { _tag: "Datagram", direction: "in", peer: "192.0.2.7:4000", bytes: "A".repeat(300) }
    for (let i = 0; i < 10; i++) recording.recorder.note(start, tapped, datagram)
    assert.deepStrictEqual(recording.texts, ["Datagram", "Datagram", "Full"])
  })
})
