import { ContentType, readRecord } from "@roost/dtls"
import type { SimulatedDevice } from "./SimulatedDevice.ts"
import type { World } from "./World.ts"

/** Protected records that the host sent this device, by sequence number; the device has one connection of one key. */
export const sequencesTo = (device: SimulatedDevice): ReadonlyArray<number> => {
  const sequences: Array<number> = []
  for (const datagram of device.received) {
    for (let offset = 0; offset < datagram.length;) {
      const record = readRecord(datagram, offset, device.client.session?.readCid.length ?? 0)
      if (record === undefined) break
      if (record.epoch > 0) sequences.push(record.sequence)
      offset = record.next
    }
  }
  return sequences
}

/** How often a sequence number was used again: never may one be (F10). */
export const repeated = (sequences: ReadonlyArray<number>): number => sequences.length - new Set(sequences).size

/** Sends in new records what the CoAP client of the device retransmits by now. */
export const retransmit = (world: World, device: SimulatedDevice): void => {
  for (const output of device.exchanges.handleTimeout(world.now)) {
    if (output._tag !== "Transmit") continue
    const sealed = device.client.send(output.bytes)
    if (sealed._tag === "Success") device.transmit(sealed.success)
  }
}

/** The device sends each record of its handshake in a datagram of its own, as small stacks do. */
export const sendRecordsApart = (device: SimulatedDevice): void => {
  const transmit = device.transmit.bind(device)
  device.transmit = (datagram) => {
    let offset = 0
    for (let record = readRecord(datagram, 0, 0); record !== undefined; record = readRecord(datagram, offset, 0)) {
      // With a connection id, of whose length a record says nothing, it is the last one.
      if (record.contentType === ContentType.tls12_cid) break
      transmit(datagram.slice(offset, record.next))
      offset = record.next
    }
    if (offset < datagram.length) transmit(datagram.slice(offset))
  }
}
