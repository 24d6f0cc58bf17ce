import { type Observed, unobserved } from "@roost/contracts"

/** The counts of a device host since it started: plain numbers, and times, rendered when metrics are asked for. */
export class Counters {
  framesIn = 0
  framesMalformed = 0
  datagramsIn = 0
  datagramsOut = 0
  datagramsUnrouted = 0
  handshakesStarted = 0
  handshakesEstablished = 0
  handshakesResumed = 0
  handshakesRefused = 0
  handshakesExpired = 0
  handshakesOverLimit = 0
  strangersRefused = 0
  eventsLeftOut = 0
  requests = 0
  uplinksStored = 0
  uplinksFailed = 0
  commandsFetched = 0
  commandsOverLimit = 0
  announcementsLeftOut = 0
  commandReplies = 0
  activations = 0
  wentOnline = 0
  wentOffline = 0
  sessionsSaved = 0
  savesRepeated = 0
  savesFailed = 0
  sessionsRestored = 0
  sessionsUnreadable = 0
  sessionsTakenUp = 0
  copiesAnswered = 0
  heldDropped = 0
  notOwned = 0
  partitionsLost = 0
  actorFaults = 0
  handshakeFaults = 0
  entryFaults = 0
  loadFaults = 0
  faultyDropped = 0
  /** From the hand-over of a handshake to a Finished that verifies; of a resumption, from its hello. */
  verified: Observed = unobserved
  /** From there until its session is stored and the device answered. */
  established: Observed = unobserved
  /** Records dropped by reason (RFC 6347 §4.1.2.7: in silence, but counted). */
  readonly recordsDropped = new Map<string, number>()
  /** CoAP messages that were ignored, by reason. */
  readonly messagesIgnored = new Map<string, number>()
  /** Responses of the application by CoAP code as it stands in a message: 0x44 is 2.04. */
  readonly responses = new Map<number, number>()

  dropped(reason: string): void {
    this.recordsDropped.set(reason, (this.recordsDropped.get(reason) ?? 0) + 1)
  }

  ignored(reason: string): void {
    this.messagesIgnored.set(reason, (this.messagesIgnored.get(reason) ?? 0) + 1)
  }

  responded(code: number): void {
    this.responses.set(code, (this.responses.get(code) ?? 0) + 1)
  }
}

/** Quantities of a device host that are measured and not counted. */
export type Gauge =
  | "devices"
  | "online"
  | "partitions"
  | "loading"
  | "saving"
  | "handshakes"
  | "commands"
  | "timers"
  | "inFlight"
