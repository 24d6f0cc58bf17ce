import type { Session } from "../Session.ts"

export type ClientOutput =
  | Transmit
  /** The session is there; `send` works from now on. */
  | { readonly _tag: "Connected"; readonly session: Session; readonly resumed: boolean }
  | { readonly _tag: "Data"; readonly plaintext: Uint8Array }
  /** `peer`: an alert. `local`: `close` was called, or the server broke the protocol. `timeout`: no answer came. */
  | { readonly _tag: "Closed"; readonly by: "peer" | "local" | "timeout"; readonly reason: string }

/** To be sent to the server. */
export interface Transmit {
  readonly _tag: "Transmit"
  readonly datagram: Uint8Array
  /** Its content, for a reader. */
  readonly flight: string
  /** From 1; larger if the flight is sent again. */
  readonly transmission: number
}

export function transmits(
  datagrams: ReadonlyArray<Uint8Array>,
  flight: string,
  transmission = 1
): ReadonlyArray<Transmit> {
  return datagrams.map((datagram) => ({ _tag: "Transmit", datagram, flight, transmission }))
}
