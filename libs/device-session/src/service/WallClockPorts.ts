import type { Ports } from "../state/Ports.ts"

/**
 * Ports that hand on what the host says with times of the wall clock: the host measures by a clock of its own process, and
 * whoever reads a stream or asks the registry compares with the times of others.
 */
export const withWallTimes = (ports: Ports, wallOf: (now: number) => number): Ports => ({
  ...ports,
  askProperties: (token, request) => ports.askProperties(token, { ...request, at: wallOf(request.at) }),
  storeUplink: (token, uplink) => ports.storeUplink(token, { ...uplink, at: wallOf(uplink.at) }),
  storeCommandEvent: (token, productKey, deviceKey, event) =>
    ports.storeCommandEvent(token, productKey, deviceKey, { ...event, at: wallOf(event.at) }),
  publishPresence: (presence) =>
    ports.publishPresence({ ...presence, at: wallOf(presence.at), lastSeenAt: wallOf(presence.lastSeenAt) }),
  publishStranger: (event) => ports.publishStranger({ ...event, at: wallOf(event.at) }),
  publishEvent: (event) => ports.publishEvent({ ...event, at: wallOf(event.at) })
})
