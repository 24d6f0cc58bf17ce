/** Bounds of the handshakes that wait for their turn, and of what is begun. */
export interface HandOffLimits {
  /** Handshakes that wait; one more, and the source with the most loses its oldest, which its device tries again. */
  readonly waitingMax: number
  /** Begun in one turn of the event loop: some 5 ms, so that everything else goes on between. */
  readonly perTurnMax: number
  /** Begun per second, and as many saved up. */
  readonly perSecondMax: number
}

/** Limits and choices of a device host; every number has its unit in its name. */
export interface DeviceSessionConfig {
  readonly nodeId: string
  /** 2.04 as contract §4.9 has it, or 2.05 for RFC-minded fleets (contract §7.2). */
  readonly getSuccess: "2.04" | "2.05"
  /** Devices with a session or pending commands on this node. */
  readonly devicesMax: number
  /** Handshakes handed over by edges that are not verified yet. */
  readonly handshakesMax: number
  /** Those of them that wait for their turn. */
  readonly handOffs: HandOffLimits
  /** How long a handed-over handshake may take until its Finished verifies. */
  readonly handshakeMillisMax: number
  /** A session without any record in this time is dropped; the device has to handshake again. */
  readonly sessionIdleMillisMax: number
  /** Requests of one device per second, and how many it may save up; more get 4.29 (RFC 8516, C20). */
  readonly requestsPerSecondMax: number
  readonly requestsBurstMax: number
  /** Records whose sequence numbers are reserved at once; the next block is asked for when half of one is used. */
  readonly writeBlockRecords: number
}

export const defaultDeviceSessionConfig: Omit<DeviceSessionConfig, "nodeId"> = {
  getSuccess: "2.04",
  devicesMax: 2_000_000,
  handshakesMax: 10_000,
  handOffs: { waitingMax: 8_192, perTurnMax: 64, perSecondMax: 5_000 },
  handshakeMillisMax: 180_000,
  sessionIdleMillisMax: 7 * 86_400_000,
  requestsPerSecondMax: 500,
  requestsBurstMax: 1000,
  writeBlockRecords: 1024
}
