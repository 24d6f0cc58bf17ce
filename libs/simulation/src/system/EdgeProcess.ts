import { calmMillisMax, tickMillis } from "@roost/actors"
import { BoundedMap } from "@roost/bounded"
import { PlacementMap } from "@roost/cluster"
import { type PeerAddress, type PlacementAnnouncement, Subjects } from "@roost/contracts"
import { CookieSecrets, FrontHalf, SessionIds } from "@roost/dtls"
import { defaultEdgeLimits, drainLookMillis, EdgeCore, handshakesDrainMillisMax } from "@roost/edge"
import { epochMillis, routingKey, type Surroundings } from "./Surroundings.ts"
import { Ticks } from "../Ticks.ts"

/** Nodes say the same every second until something changes. */
const announcementsMax = 16

/** A udp-edge process: the real `EdgeCore`, joined as `EdgeService` joins it. It is killed and begun again under its name. */
export class EdgeProcess {
  readonly name: string
  readonly #around: Surroundings
  readonly #send: (peer: PeerAddress, datagram: Uint8Array) => void
  #core: EdgeCore | undefined
  #starts = 0

  /** `send`: a datagram into the network that devices are in. It runs once it was started. */
  constructor(around: Surroundings, name: string, send: (peer: PeerAddress, datagram: Uint8Array) => void) {
    this.name = name
    this.#around = around
    this.#send = send
  }

  start(): void {
    const { bus, crypto, now, trace } = this.#around
    const incarnation = ++this.#starts
    const placement = new PlacementMap()
    const core = new EdgeCore({
      edgeId: this.name,
      limits: defaultEdgeLimits,
      front: new FrontHalf({
        crypto,
        cookieSecrets: new CookieSecrets(routingKey),
        sessionIds: new SessionIds(routingKey)
      }),
      placement,
      now: now(),
      ports: {
        tell: (event) => trace.note(now() - epochMillis, "stranger", () => `${this.name} ${JSON.stringify(event)}`),
        send: (peer, view) => this.#send(peer, new Uint8Array(view)),
        publish: (subject, frame) => {
          bus.publish(this.name, subject, frame)
          return true
        }
      }
    })
    this.#core = core
    const alive = (run: () => void) => {
      if (this.#starts === incarnation && this.#core !== undefined) run()
    }
    const ticks: Ticks = new Ticks(this.#around, alive, () => {
      core.handleTimeout(now())
      placement.expire(now())
      endTurn()
    })
    const endTurn = () => {
      core.flush()
      ticks.within(core.quietMillis(now(), calmMillisMax))
    }
    this.#endTurn = endTurn
    bus.subscribe(this.name, Subjects.frameToEdge(this.name), (frame) => {
      core.handleFrame(now(), frame)
      endTurn()
    })
    if (this.#around.planted.losesStrays !== true) {
      bus.subscribe(this.name, Subjects.frameToEdges, (frame) => {
        if (core.handleStrays(now(), frame)) endTurn()
      })
    }
    const read = new BoundedMap<string, PlacementAnnouncement>(announcementsMax)
    bus.subscribe(this.name, Subjects.placementAnnounce, (bytes) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
      const announcement = read.get(text) ?? (JSON.parse(text) as PlacementAnnouncement)
      read.set(text, announcement)
      placement.handle(now(), announcement)
    })
    bus.publish(this.name, Subjects.placementAsk, new Uint8Array(0))
    ticks.within(tickMillis)
  }

  /** Begins no handshake any more and finishes those that it has, `handshakesDrainMillisMax` long at most; then it is gone, and `left` is called. */
  leave(left: () => void): void {
    const core = this.#core
    if (core === undefined) return left()
    const { now, plan } = this.#around
    const until = now() + handshakesDrainMillisMax
    core.drain()
    const look = () => {
      if (core.gauges.handshakes > 0 && now() < until) return plan(drainLookMillis, look)
      this.kill()
      left()
    }
    look()
  }

  kill(): void {
    this.#core = undefined
    this.#around.bus.leave(this.name)
  }

  /** A datagram arrives at its socket. */
  receive(peer: PeerAddress, datagram: Uint8Array): void {
    if (this.#core === undefined) return
    this.#core.handleDatagram(this.#around.now(), peer, datagram)
    this.#endTurn()
  }

  #endTurn: () => void = () => undefined
}
