import { ContentType, readRecord } from "@roost/dtls"
import type {
  Exchange,
  Handshake,
  HandshakeAttempt,
  InjectedFault,
  IssuedCommand,
  RecordedDevice,
  Recording,
  RecordSeen,
  StoreWait
} from "./Recording.ts"

/** Roost's server sends this before the epoch's keys are in use; plaintext has no nonce to repeat. */
const epochOfPlaintext = 0
/** Of the ids that Roost hands out. */
const serverCidLength = 8

/** Collects a run in memory; hundreds of devices for ten minutes are some 200 MB. */
export class Recorder {
  startedAt = Date.now()
  readonly devices: Array<RecordedDevice> = []
  readonly records: Array<RecordSeen> = []
  readonly exchanges: Array<Exchange> = []
  readonly handshakes: Array<Handshake> = []
  readonly attempts: Array<HandshakeAttempt> = []
  readonly commands: Array<IssuedCommand> = []
  readonly faults: Array<InjectedFault> = []
  readonly storeWaits: Array<StoreWait> = []
  /** Responses so far, for whoever watches. */
  answered = 0
  #keys = 0

  /** A device's number. */
  addDevice(device: RecordedDevice): number {
    return this.devices.push(device) - 1
  }

  datagram(device: number, key: number, direction: "up" | "down", datagram: Uint8Array): void {
    const at = Date.now()
    const cidLength = direction === "up" ? serverCidLength : 0
    for (let offset = 0; offset < datagram.length;) {
      const record = readRecord(datagram, offset, cidLength)
      if (record === undefined) return
      offset = record.next
      const { contentType, epoch, sequence } = record
      if (epoch === epochOfPlaintext && contentType !== ContentType.tls12_cid) continue
      this.records.push({ device, key, direction, epoch, sequence, at })
    }
  }

  begin(device: number, kind: Exchange["kind"], id: string): Exchange {
    const exchange: Exchange = { device, kind, id, sentAt: [], endedAt: undefined, code: "" }
    this.exchanges.push(exchange)
    return exchange
  }

  beginHandshake(device: number): HandshakeAttempt {
    const attempt: HandshakeAttempt = {
      device,
      key: this.#keys++,
      sentAt: [],
      serverHelloAt: undefined,
      endedAt: undefined,
      completed: false
    }
    this.attempts.push(attempt)
    return attempt
  }

  end(exchange: Exchange, code: string): void {
    exchange.endedAt = Date.now()
    exchange.code = code
    this.answered++
  }

  recording(endedAt: number, stored: Recording["stored"]): Recording {
    const { attempts, commands, devices, exchanges, faults, handshakes, records, startedAt, storeWaits } = this
    return {
      startedAt,
      endedAt,
      devices,
      records,
      exchanges,
      handshakes,
      attempts,
      commands,
      faults,
      storeWaits,
      stored
    }
  }
}
