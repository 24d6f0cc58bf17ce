import {
  Client,
  type ClientOptions,
  type ClientOutput,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import type { DeviceBook } from "./DeviceBook.ts"
import type { FleetSettings } from "./FleetSettings.ts"
import { cidOf, type Links } from "./Links.ts"
import { Activity, type LoadDevice } from "./LoadDevice.ts"
import { type Meter, recordLatency } from "./Meter.ts"
import { ReadyQueue } from "./ReadyQueue.ts"

export interface HandshakeEvents {
  readonly onConnected: (device: LoadDevice, now: number) => void
  /** The device is offline and its timer is not set. */
  readonly onFailed: (device: LoadDevice, now: number) => void
  /** Application data that came with the server's last flight. */
  readonly onData: (device: LoadDevice, plaintext: Uint8Array, now: number) => void
  readonly setTimer: (device: LoadDevice, deadline: number) => void
  /** The run makes no sense any more. */
  readonly onFatal: (message: string) => void
}

/** Brings devices online, so many at a time. */
export class Handshakes {
  readonly #settings: FleetSettings
  readonly #book: DeviceBook
  readonly #links: Links
  readonly #meter: Meter
  readonly #events: HandshakeEvents
  readonly #queue = new ReadyQueue<LoadDevice>()
  #inFlight = 0
  #isPumping = false

  constructor(settings: FleetSettings, book: DeviceBook, links: Links, meter: Meter, events: HandshakeEvents) {
    this.#settings = settings
    this.#book = book
    this.#links = links
    this.#meter = meter
    this.#events = events
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Drops the session, keeps it for a resumption, and gets in line for another. */
  request(device: LoadDevice, resume: boolean): void {
    if (device.activity === Activity.Queued || device.activity === Activity.Handshaking) return
    device.lastSession = resume ? (device.session ?? device.lastSession) : undefined
    device.session = undefined
    device.activity = Activity.Queued
    this.#queue.push(device)
  }

  /** Offline without a word; the session can be resumed. */
  keepForResumption(device: LoadDevice): void {
    device.lastSession = device.session
    device.session = undefined
    device.activity = Activity.Offline
  }

  /** Begins as many as are allowed to be on their way. */
  pump(now: number, inFlightMax: number): void {
    // Without DTLS a device is connected as soon as it begins, and asks for the next one.
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#queue.size > 0 && this.#inFlight < inFlightMax) {
      const device = this.#queue.shift()!
      this.#inFlight++
      this.#links.own(device)
      this.#begin(device, now)
    }
    this.#isPumping = false
  }

  handleDatagram(device: LoadDevice, datagram: Uint8Array, now: number): void {
    const { client } = device
    if (client === undefined) return
    this.#carryOut(device, client.handleDatagram(now, datagram), now)
    this.#arm(device)
  }

  handleTimeout(device: LoadDevice, now: number): void {
    const { client } = device
    if (client === undefined) return
    if (now >= device.handshakeFrom + this.#settings.handshakeMillisMax) {
      this.#fail(device, "handshakeTimeout", now)
      return
    }
    const outputs = client.handleTimeout(now)
    if (outputs.some(({ _tag }) => _tag === "Transmit")) this.#meter.counters.retransmissions++
    this.#carryOut(device, outputs, now)
    this.#arm(device)
  }

  #begin(device: LoadDevice, now: number): void {
    device.activity = Activity.Handshaking
    device.handshakeFrom = now
    if (this.#settings.suite === "plain") {
      this.#connected(device, now)
      return
    }
    const client = new Client(this.#optionsFor(device))
    device.client = client
    this.#carryOut(device, client.start(now), now)
    this.#arm(device)
  }

  #optionsFor(device: LoadDevice): ClientOptions {
    const { cid, encryptThenMac, extendedMasterSecret, handshakeTiming, suite } = this.#settings
    return {
      crypto: dtlsCrypto,
      identity: this.#book.identity(device.index),
      psk: this.#book.psk(device.index),
      suites: [suite === "cbc" ? TLS_PSK_WITH_AES_128_CBC_SHA256 : TLS_PSK_WITH_AES_128_CCM_8],
      connectionId: cid ? cidOf(device.index) : undefined,
      extendedMasterSecret,
      encryptThenMac,
      resume: device.lastSession,
      ...(handshakeTiming === undefined ? {} : { timing: handshakeTiming })
    }
  }

  #carryOut(device: LoadDevice, outputs: ReadonlyArray<ClientOutput>, now: number): void {
    let isConnected = false
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit":
          this.#links.send(device, output.datagram, now)
          break
        case "Connected":
          device.session = output.session
          if (output.resumed) this.#meter.counters.resumedHandshakes++
          else this.#meter.counters.fullHandshakes++
          recordLatency(this.#meter.handshakeLatency, now - device.handshakeFrom)
          if (this.#settings.cid && output.session.readCidLength === 0) this.#events.onFatal(noCids)
          else isConnected = true
          break
        case "Data":
          this.#events.onData(device, output.plaintext, now)
          break
        case "Closed":
          this.#fail(device, output.by === "timeout" ? "handshakeTimeout" : "handshakeRefused", now)
          return
      }
    }
    // After the loop: the last flight of a resumption goes out behind `Connected`, from the socket of the handshake.
    if (isConnected) this.#connected(device, now)
  }

  #connected(device: LoadDevice, now: number): void {
    device.client = undefined
    device.lastSession = undefined
    device.failures = 0
    device.activity = Activity.Ready
    device.sessions++
    this.#inFlight--
    this.#links.connected(device)
    this.#events.onConnected(device, now)
  }

  #fail(device: LoadDevice, kind: "handshakeTimeout" | "handshakeRefused", now: number): void {
    device.client = undefined
    device.session = undefined
    device.lastSession = undefined
    device.failures++
    device.activity = Activity.Offline
    this.#meter.counters.failedHandshakes++
    this.#meter.errors[kind]++
    this.#inFlight--
    this.#events.onFailed(device, now)
  }

  #arm(device: LoadDevice): void {
    const { client } = device
    if (client === undefined) return
    const latest = device.handshakeFrom + this.#settings.handshakeMillisMax
    this.#events.setTimer(device, Math.min(client.deadline ?? latest, latest))
  }
}

const noCids =
  "the server did not take up connection ids (RFC 9146), and devices cannot share sockets without: run without --cid"
