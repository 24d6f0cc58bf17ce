import { formatCode } from "@roost/coap"
import type { DeviceEvent } from "@roost/device"
import { cipherSuiteName, type Session } from "@roost/dtls"
import { answerOf } from "./Answer.ts"
import { describeMessage, textOrHex } from "./CoapText.ts"
import { describeFlight } from "./Flight.ts"

/** A device's doings as lines for a firmware developer: sent, received, and the meaning of each. */
export class Transcript {
  /** Of connection ids in our records; the server's choice. */
  #serverCidBytes = 0
  readonly #server: string

  /** `server`: host and port, as they are shown. */
  constructor(server: string) {
    this.#server = server
  }

  /** The rest of an event where few lines are wanted; none of most. */
  essence(event: DeviceEvent): ReadonlyArray<string> {
    if (event._tag === "Sent") {
      const { flight, transmission } = event
      return transmission === 2 ? [`● no answer from ${this.#server} yet`, silenceOf(flight)] : []
    }
    const lines = this.describe(event)
    if (event._tag === "Retrying" || event._tag === "NetworkTrouble") return lines
    return essentialTags.has(event._tag) ? lines.slice(0, 1) : []
  }

  /** The first line, and those that belong to it. Never a secret. */
  describe(event: DeviceEvent): ReadonlyArray<string> {
    switch (event._tag) {
      case "Connecting": {
        const { identity, secureMode } = event
        const kind = secureMode === 2 ? "device" : "product"
        return [
          `● handshake as ${identity}`,
          "{ProductKey},{DeviceKey},{SecureMode},{Lifetime}: the PSK identity",
          `SecureMode ${secureMode}: the key is bytes 9–24 of SHA-256 of the ${kind} secret`
        ]
      }
      case "Sent": {
        const { datagram, flight, transmission } = event
        const { details, records } = describeFlight(datagram, this.#serverCidBytes)
        const reason = unusualFlights.get(flight)
        const head = `→ ${datagram.length} B  ${records}${reason === undefined ? "" : ` (${reason})`}`
        if (transmission === 1) return [head, ...details]
        const again = `${head}, transmission ${transmission}: no answer came in time`
        return transmission === 2 ? [again, silenceOf(flight)] : [again]
      }
      case "Received": {
        // Ours is empty, so that no record to us bears one.
        const { details, records, serverCidBytes } = describeFlight(event.datagram, 0)
        this.#serverCidBytes = serverCidBytes ?? this.#serverCidBytes
        return [`← ${event.datagram.length} B  ${records}`, ...details]
      }
      case "Connected":
        return [`● session ${event.resumed ? "resumed" : "established"}: ${describeSession(event.session)}`]
      case "MessageSent": {
        const [head, ...rest] = describeMessage(event.bytes)
        return [`→ ${head}${event.again ? "  (sent again: no ACK came in time)" : ""}`, ...rest]
      }
      case "MessageReceived": {
        const [head, ...rest] = describeMessage(event.bytes)
        return [`← ${head}`, ...rest]
      }
      case "NetworkTrouble":
        return [
          `● the network says ${event.reason} for ${this.#server}`,
          ...(event.reason.includes("ECONNREFUSED")
            ? ["nothing listens there: is the server up, is host:port right?"]
            : [])
        ]
      case "Closed":
        return [`● session over (${event.by}): ${event.reason}`]
      case "Activated":
        return [`● the platform issued a device secret for asset ${event.assetId}: SecureMode 2 from now on`]
      case "Reported":
        return [`● report ${event.count}: ${answerOf(event.code, event.payload).text}`]
      case "CommandAnnounced":
        return [`● Option 2100: a command waits at ${event.topic}`, "GET it, execute it, POST the result to …_reply"]
      case "CommandReceived": {
        const { id, method, params, payload } = event.command
        return [
          method === ""
            ? `● command, raw: ${textOrHex(payload)}`
            : `● command ${id}: ${method} ${JSON.stringify(params)}`
        ]
      }
      case "CommandAnswered":
        return [`● reply to ${event.id === "" ? "the raw command" : event.id}: ${formatCode(event.code)}`]
      case "Retrying":
        return [`✗ ${event.reason}; connecting again in ${event.afterMillis / 1000} s`, event.hint]
    }
  }
}

/** Events that `--quiet` leaves whole, beside that nobody answers. */
const essentialTags: ReadonlySet<DeviceEvent["_tag"]> = new Set([
  "Connected",
  "Closed",
  "Activated",
  "Reported",
  "CommandReceived",
  "CommandAnswered",
  "Retrying"
])

const describeSession = (session: Session): string =>
  [
    cipherSuiteName(session.suite),
    session.extendedMasterSecret ? "extended master secret" : "classic master secret",
    ...(session.encryptThenMac ? ["encrypt-then-MAC"] : []),
    session.writeCid.length === 0
      ? "no connection id: another address of ours is another handshake"
      : `connection id ${session.writeCid.toHex()}: the session survives another address of ours`
  ].join(", ")

/** Told at the first repetition, as giving up takes a minute. */
const silenceOf = (flight: string): string =>
  flight.startsWith("ClientHello")
    ? "if it goes on like this: is the server up, is host:port right, does a firewall drop UDP?"
    : "if it goes on like this: a server refuses in silence; wrong secret, SecureMode or Lifetime, a device that is not registered or disabled. " +
      "Roost says why in GET /v1/products/{pk}/devices/{dk}/why"

/** Flights whose records do not tell why they go out. */
const unusualFlights: ReadonlyMap<string, string> = new Map([
  ["close_notify", "close_notify: the session ends"],
  ["LastFlightRepeated", "the server repeated its Finished, so ours was lost"],
  ["RenegotiationRefused", "no renegotiation"]
])
