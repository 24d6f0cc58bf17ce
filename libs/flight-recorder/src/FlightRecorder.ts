import { BoundedMap } from "@roost/bounded"
import {
  formatPeerAddress,
  parseHostPort,
  type PeerAddress,
  peerHost,
  type Recorded,
  type RecordedEntry,
  recordingBytesPerProcessMax,
  type Tap
} from "@roost/contracts"

export interface FlightRecorderOptions {
  /** Id of this edge or node. */
  readonly process: string
  /** The wall clock's time for a moment of the clock that `now` is read from. */
  readonly wallOf: (now: number) => number
  /** Tells what was recorded: `entries` as JSON. */
  readonly publish: (id: string, entries: ReadonlyArray<RecordedEntry>) => void
  readonly bytesMax?: number
}

/** A device or an address that is recorded, by one recording or several. */
export interface Tapped {
  readonly running: ReadonlyArray<Running>
}

interface Running {
  readonly tap: Tap
  entries: Array<RecordedEntry>
  bytes: number
  isFull: boolean
}

/** Whether some recording of it is to have the secrets of handshakes. */
export const wantsSecrets = ({ running }: Tapped): boolean => running.some(({ tap }) => tap.secrets)

/** Bytes that wait for the end of the turn at most. */
const batchBytesMax = 64 * 1024
/** Addresses that are known to be those of recorded devices. */
const boundMax = 1_000
/** Addresses that have named nobody yet, and their first datagrams, that are kept while a device is recorded. */
const unnamedMax = 256
const unnamedEntriesMax = 12

/**
 * Records what is asked for, and nothing else: whoever has something to tell asks `active` first, which is one look at a field. Plain
 * and synchronous. Its entries are bounded in bytes, and each recording ends by itself.
 */
export class FlightRecorder {
  /** Whether anything is recorded. */
  active = false
  readonly #options: FlightRecorderOptions
  readonly #bytesMax: number
  readonly #running = new Map<string, Running>()
  readonly #byDevice = new Map<string, Tapped>()
  readonly #byAddress = new Map<string, Tapped>()
  readonly #bound = new BoundedMap<number | string, Tapped>(boundMax)
  readonly #unnamed = new BoundedMap<number | string, Array<{ readonly now: number; readonly what: Recorded }>>(
    unnamedMax
  )
  #number = 0

  constructor(options: FlightRecorderOptions) {
    this.#options = options
    this.#bytesMax = options.bytesMax ?? recordingBytesPerProcessMax
  }

  /** All recordings that are to run; those that are not named end. */
  setTaps(now: number, taps: ReadonlyArray<Tap>): void {
    for (const [id, running] of this.#running) if (!taps.some((tap) => tap.id === id)) this.#end(running)
    for (const tap of taps) {
      if (this.#running.has(tap.id) || this.#options.wallOf(now) >= tap.until) continue
      const running: Running = { tap, entries: [], bytes: 0, isFull: false }
      this.#running.set(tap.id, running)
      const [table, key] = this.#placeOf(tap)
      table.set(key, joined(table.get(key), { running: [running] })!)
    }
    this.#look()
  }

  ofDevice(productKey: string, deviceKey: string): Tapped | undefined {
    return this.#byDevice.get(`${productKey},${deviceKey}`)
  }

  /** By its address, and as that of a recorded device. */
  ofPeer(peer: PeerAddress): Tapped | undefined {
    const bound = this.#bound.get(peer.key)
    if (this.#byAddress.size === 0) return bound
    const [whole, host] = [formatPeerAddress(peer), peerHost(peer)]
    return joined(bound, joined(this.#byAddress.get(whole), this.#byAddress.get(host)))
  }

  /** The recorded device is at this address. */
  bind(peer: PeerAddress, tapped: Tapped): void {
    this.#bound.set(peer.key, tapped)
  }

  /** Of a peer that may turn out to be a recorded device: kept until it names one. */
  ofUnnamed(now: number, peer: PeerAddress, what: Recorded): void {
    const tapped = this.ofPeer(peer)
    if (tapped !== undefined) return this.note(now, tapped, what)
    if (this.#byDevice.size === 0) return
    let kept = this.#unnamed.get(peer.key)
    if (kept === undefined) this.#unnamed.set(peer.key, (kept = []))
    if (kept.length === unnamedEntriesMax) kept.shift()
    kept.push({ now, what })
  }

  /** The peer named a device, rightly or not: what it sent before belongs to the recording. */
  named(peer: PeerAddress, productKey: string, deviceKey: string): void {
    const tapped = this.ofDevice(productKey, deviceKey)
    const kept = this.#unnamed.get(peer.key)
    this.#unnamed.delete(peer.key)
    if (tapped === undefined) return
    this.bind(peer, tapped)
    for (const { now, what } of kept ?? []) this.note(now, tapped, what)
  }

  /** A secret goes only where it was asked for. */
  note(now: number, tapped: Tapped, what: Recorded): void {
    const at = this.#options.wallOf(now)
    this.#number++
    for (const running of tapped.running) {
      if (this.#running.get(running.tap.id) !== running || (what._tag === "Secret" && !running.tap.secrets)) continue
      if (at >= running.tap.until) this.#end(running)
      else this.#add(at, running, what)
    }
    this.#look()
  }

  /** Tells what was recorded since. */
  flush(): void {
    for (const running of this.#running.values()) this.#publish(running)
  }

  #add(at: number, running: Running, what: Recorded): void {
    if (running.isFull) return
    const bytes = sizeOf(what)
    const isFull = running.bytes + bytes > this.#bytesMax
    running.isFull = isFull
    running.bytes += bytes
    const told: Recorded = isFull ? { _tag: "Full", bytesMax: this.#bytesMax } : what
    running.entries.push({ at, process: this.#options.process, number: this.#number, what: told })
    if (running.entries.length * entryBytes + bytes >= batchBytesMax) this.#publish(running)
  }

  #publish(running: Running): void {
    if (running.entries.length === 0) return
    const { entries } = running
    running.entries = []
    this.#options.publish(running.tap.id, entries)
  }

  #end(running: Running): void {
    this.#publish(running)
    this.#running.delete(running.tap.id)
    const [table, key] = this.#placeOf(running.tap)
    const left = (table.get(key)?.running ?? []).filter((other) => other !== running)
    if (left.length === 0) table.delete(key)
    else table.set(key, { running: left })
    for (const [peer, known] of this.#bound) {
      if (known.running.every(({ tap }) => !this.#running.has(tap.id))) this.#bound.delete(peer)
    }
  }

  #placeOf({ address, deviceKey, productKey }: Tap): readonly [table: Map<string, Tapped>, key: string] {
    return address === undefined ? [this.#byDevice, `${productKey},${deviceKey}`] : [this.#byAddress, address]
  }

  #look(): void {
    this.active = this.#running.size > 0
    if (this.#byDevice.size === 0) for (const [key] of this.#unnamed) this.#unnamed.delete(key)
  }
}

/** The address of a tap as peers are looked up by it; undefined if it is none. */
export const tapAddress = (text: string): string | undefined => {
  const peer = parseHostPort(text)
  if (peer === undefined) return undefined
  return hasPort(text) ? formatPeerAddress(peer) : peerHost(peer)
}

const hasPort = (text: string): boolean => /^\[.*\]:\d+$/.test(text) || /^[^:]+:\d+$/.test(text)

/** The recordings of either. */
export const joined = (one: Tapped | undefined, other: Tapped | undefined): Tapped | undefined => {
  if (one === undefined || one === other) return other
  if (other === undefined) return one
  return { running: [...new Set([...one.running, ...other.running])] }
}

/** Bytes that an entry takes beside its own, roughly. */
const entryBytes = 200
const sizeOf = (what: Recorded): number => entryBytes + ("bytes" in what ? what.bytes.length : 0)
