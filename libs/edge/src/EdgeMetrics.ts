import type { PlacementMap } from "@roost/cluster"
import { metrics } from "@roost/observability"
import { Effect, type Scope } from "effect"
import type { EdgeCore } from "./EdgeCore.ts"
import type { EdgeCounters } from "./EdgeCounters.ts"
import { kernelDrops } from "./KernelDrops.ts"
import type { UdpSocket } from "./UdpSocket.ts"

/** Has exemplars of the uplinks that are traced. */
export const uplinkSeconds = () =>
  metrics.histogram(
    "roost_uplink_seconds",
    "From the datagram of an uplink to its 2.04, both at the edge: frames, session-actors and the store are in it."
  )

/** Makes the counters of an edge readable at `/metrics` while its scope lives. */
export const exportEdgeMetrics = (
  core: EdgeCore,
  placement: PlacementMap,
  socket: UdpSocket
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const stops: Array<() => void> = []
      core.counters.uplink = uplinkSeconds()
      core.counters.keyExchange = metrics.histogram(
        "roost_edge_key_exchange_seconds",
        "Of a handshake, from ServerHello to ClientKeyExchange: the device and the network."
      )
      for (const [field, name, help] of counters) {
        stops.push(metrics.counterFrom(name, help, () => core.counters[field]))
      }
      for (const [field, name, help] of gauges) stops.push(metrics.gaugeFrom(name, help, () => core.gauges[field]))
      stops.push(
        metrics.gaugeFrom(
          "roost_edge_batched",
          "1 if one call of the kernel reads or sends many datagrams, 0 if every datagram takes one (slower).",
          () => (socket.batched ? 1 : 0)
        ),
        metrics.gaugeFrom("roost_edge_partitions_unowned", "Partitions that no node owns.", () => placement.unowned),
        metrics.counterFrom(
          "roost_edge_kernel_dropped_total",
          "Datagrams that came faster than the edge read them, of all edges on this port.",
          () => kernelDrops(socket.port)
        ),
        metrics.counterFrom(
          "roost_edge_announcements_malformed_total",
          "Announcements of nodes that could not be read: a node of another version.",
          () => placement.malformed
        ),
        metrics.countersFrom(
          "roost_edge_dropped_total",
          "Datagrams that went nowhere.",
          "reason",
          core.counters.dropped
        )
      )
      return stops
    }),
    (stops) => Effect.sync(() => stops.forEach((stop) => stop()))
  ).pipe(Effect.asVoid)

type CounterField = { [K in keyof EdgeCounters]: EdgeCounters[K] extends number ? K : never }[keyof EdgeCounters]

const counters: ReadonlyArray<readonly [CounterField, name: string, help: string]> = [
  ["datagramsIn", "roost_edge_datagrams_received_total", "Datagrams from devices."],
  ["bytesIn", "roost_edge_received_bytes_total", "Bytes of datagrams from devices."],
  ["datagramsOut", "roost_edge_datagrams_sent_total", "Datagrams to devices."],
  ["bytesOut", "roost_edge_sent_bytes_total", "Bytes of datagrams to devices."],
  ["framesIn", "roost_edge_frames_received_total", "Frames from session-actors."],
  ["framesOut", "roost_edge_frames_sent_total", "Frames to session-actors."],
  ["entriesOut", "roost_edge_frame_entries_sent_total", "Datagrams and handshakes in frames to session-actors."],
  ["framesMalformed", "roost_edge_frames_malformed_total", "Frames that were not well-formed: our bug."],
  ["handedOff", "roost_edge_handshakes_handed_off_total", "Handshakes whose ClientKeyExchange named a device."],
  ["handshakesExpired", "roost_edge_handshakes_expired_total", "Handshakes that got no ClientKeyExchange in time."],
  ["resumesAsked", "roost_edge_resumptions_asked_total", "Session ids that the actors were asked for."],
  ["resumesTaken", "roost_edge_resumptions_taken_total", "Session ids that an actor had."],
  ["resumesMissed", "roost_edge_resumptions_missed_total", "Session ids that nobody had in time."],
  ["routedByCid", "roost_edge_routed_by_cid_total", "Datagrams routed by their connection id."],
  ["routedByAddress", "roost_edge_routed_by_address_total", "Datagrams routed by the address they came from."],
  ["handshakeDatagrams", "roost_edge_handshake_datagrams_total", "Datagrams of handshakes before and without a route."],
  ["unrouted", "roost_edge_unrouted_total", "Datagrams that every node was asked about."],
  [
    "straysTold",
    "roost_edge_strays_told_total",
    "Datagrams of handshakes that other edges were told of: they may have the half."
  ],
  ["straysTaken", "roost_edge_strays_taken_total", "Datagrams that another edge heard, of handshakes that began here."],
  ["straysOverRate", "roost_edge_strays_over_rate_total", "Datagrams of handshakes that no other edge was told of."]
]

const gauges: ReadonlyArray<readonly [keyof EdgeCore["gauges"], name: string, help: string]> = [
  ["routesByCid", "roost_edge_routes_by_cid", "Connection ids with a known partition."],
  ["routesByPeer", "roost_edge_routes_by_address", "Addresses with a known partition."],
  ["handedOff", "roost_edge_handshakes_at_actors", "Handshakes that an actor completes."],
  ["handshakes", "roost_edge_handshakes", "Handshakes that wait for ClientKeyExchange."],
  ["resumes", "roost_edge_resumptions", "Resumptions that wait for an actor."]
]
