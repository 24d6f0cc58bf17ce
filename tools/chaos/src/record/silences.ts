import { endsTheEdgeOf, forgets } from "./allowances.ts"
import type { InjectedFault, Recording } from "./Recording.ts"

/** The cost of one fault, in milliseconds. */
export interface FaultSilence {
  readonly kind: string
  readonly target: string
  readonly atMillis: number
  readonly causeMillis: number
  /** Requests that were under way or began during the fault and took longer than `promptMillisMax`. */
  readonly exchangesDelayed: number
  /**
   * Fault to the last datagram, of a request or a handshake, that stayed without a prompt answer. Then the service was back, but for
   * the devices' own pace. Without what nobody can answer: under a session that the fault took, or of a handshake that ended with its edge.
   */
  readonly serviceMillis: number
  /** First transmission to response of the slowest of those requests: the service's silence and the device's back-off. */
  readonly deviceMillis: number
}

export interface Silences {
  /** Of any device in the whole run: first transmission of a request to its response, or to the end. */
  readonly longestMillis: number
  readonly longestOf: string
  readonly faults: ReadonlyArray<FaultSilence>
}

/** An answer within it was not held up by a fault; two busy cores may take as long. */
export const promptMillisMax = 1_000

/**
 * A flight is sent again after a second (RFC 6347 §4.2.4.1), by a timer that may be early by some milliseconds. An answered one
 * is followed sooner.
 */
const flightMillisMax = 950

/** The fault may have lost a request that was under way then. */
const lostBeforeMillis = 500

export const silencesOf = (recording: Recording): Silences => {
  let longestMillis = 0
  let longestOf = ""
  for (const { device, endedAt, sentAt } of recording.exchanges) {
    const millis = (endedAt ?? recording.endedAt) - sentAt[0]!
    if (millis <= longestMillis) continue
    longestMillis = millis
    longestOf = recording.devices[device]!.deviceKey
  }
  const faults = recording.faults.map((fault, i) => silenceOf(recording, fault, recording.faults[i + 1]))
  return { longestMillis, longestOf, faults }
}

/** Delays are put down to the last fault before the transmission that stayed unanswered. */
const silenceOf = (recording: Recording, fault: InjectedFault, next: InjectedFault | undefined): FaultSilence => {
  const until = next === undefined ? recording.endedAt : next.at - lostBeforeMillis
  let exchangesDelayed = 0
  let serviceMillis = 0
  let deviceMillis = 0
  for (const { device, endedAt, sentAt } of recording.exchanges) {
    const answeredAt = endedAt ?? recording.endedAt
    const lost = sentAt.filter(
      (at) => at > fault.at - lostBeforeMillis && at < until && answeredAt - at > promptMillisMax
    )
    if (lost.length === 0) continue
    exchangesDelayed++
    deviceMillis = Math.max(deviceMillis, answeredAt - sentAt[0]!)
    const session = recording.handshakes.findLast((one) => one.device === device && one.at <= sentAt[0]!)
    if (session !== undefined && forgets(fault, session.at)) continue
    serviceMillis = Math.max(serviceMillis, lost.at(-1)! - fault.at)
  }
  for (const attempt of recording.attempts) {
    const { endedAt, sentAt } = attempt
    const lost = sentAt.filter((at, i) => {
      const next = sentAt[i + 1] ?? endedAt ?? recording.endedAt
      return at > fault.at && at < until && next - at > flightMillisMax
    })
    if (lost.length === 0 || endsTheEdgeOf(fault, attempt)) continue
    serviceMillis = Math.max(serviceMillis, lost.at(-1)! - fault.at)
  }
  const { at, endedAt, kind, target } = fault
  return {
    kind,
    target,
    atMillis: at - recording.startedAt,
    causeMillis: endedAt - at,
    exchangesDelayed,
    serviceMillis,
    deviceMillis
  }
}
