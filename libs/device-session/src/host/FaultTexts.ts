/** Reasons of `actor-fault`, for operators: what came, what it did, and what to do about it. The cause is last: it may be long. */

export const deviceFaultText = (cause: unknown, pauseMillis: number): string =>
  "an exception in session-actors ended the device's turn. It is a fault of Roost, not of the device: its session is read back " +
  `from the store in ${pauseMillis / 1000} s at the earliest, and no other device is concerned. ${reportText(cause)}`

export const handshakeFaultText = (cause: unknown): string =>
  "an exception in session-actors ended a handshake. It is a fault of Roost, not of the device: the device's next handshake " +
  `starts anew, and no other is concerned. ${reportText(cause)}`

export const entryFaultText = (cause: unknown): string =>
  "an exception in session-actors ended what a datagram from there was for. It is a fault of Roost, not of the device, which " +
  `sends again; nothing else is concerned. ${reportText(cause)}`

const reportText = (cause: unknown): string =>
  `Report it with this text: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`
