import { formatCode } from "@roost/coap"
import { latencyBounds, metrics } from "@roost/observability"
import { Effect, type Scope } from "effect"
import type { Counters } from "../state/Counters.ts"
import type { DeviceHost } from "../host/DeviceHost.ts"
import type { FrameInbox } from "./FrameInbox.ts"

/** Makes the counters of a host readable at `/metrics` while its scope lives. */
export const exportHostMetrics = (host: DeviceHost, inbox: FrameInbox): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const stops: Array<() => void> = []
      host.counters.verified = handshakes("verify")
      host.counters.established = handshakes("store")
      for (const [field, name, help] of counters) {
        stops.push(metrics.counterFrom(name, help, () => host.counters[field]))
      }
      for (const [field, name, help] of gauges) stops.push(metrics.gaugeFrom(name, help, () => host.gauges[field]))
      const { messagesIgnored, recordsDropped, responses } = host.counters
      stops.push(
        metrics.counterFrom(
          "roost_actors_frames_discarded_total",
          "Frames that were not handled: too many waited, or the node did not serve. Their devices send again.",
          () => inbox.discarded
        ),
        metrics.gaugeFrom(
          "roost_actors_frames_waiting_bytes",
          "Bytes of frames that wait for their turn.",
          () => inbox.bytes
        ),
        metrics.gaugeFrom(
          "roost_actors_handshakes_waiting",
          "Handshakes that wait for their turn: more came than may begin.",
          () => host.waiting.handshakes
        ),
        metrics.gaugeFrom(
          "roost_actors_held_bytes",
          "Bytes of datagrams that wait for their partition to be loaded.",
          () => host.waiting.bytes
        ),
        metrics.countersFrom("roost_actors_records_dropped_total", "Records without effect.", "reason", recordsDropped),
        metrics.countersFrom(
          "roost_actors_messages_ignored_total",
          "CoAP messages ignored.",
          "reason",
          messagesIgnored
        ),
        metrics.countersFrom("roost_actors_responses_total", "Responses to devices.", "code", responses, formatCode)
      )
      return stops
    }),
    (stops) => Effect.sync(() => stops.forEach((stop) => stop()))
  ).pipe(Effect.asVoid)

const handshakes = (stage: string) =>
  metrics.histogram(
    "roost_actors_handshake_seconds",
    "Of a handshake. verify: from ClientKeyExchange to a Finished that verifies, its key asked for. store: until the session is stored and answered.",
    latencyBounds,
    { stage }
  )

type CounterField = { [K in keyof Counters]: Counters[K] extends number ? K : never }[keyof Counters]

const counters: ReadonlyArray<readonly [CounterField, name: string, help: string]> = [
  ["framesIn", "roost_actors_frames_received_total", "Frames from edges."],
  ["framesMalformed", "roost_actors_frames_malformed_total", "Frames that were not well-formed: our bug."],
  ["datagramsIn", "roost_actors_datagrams_received_total", "Datagrams of devices."],
  ["datagramsOut", "roost_actors_datagrams_sent_total", "Datagrams to devices."],
  ["datagramsUnrouted", "roost_actors_datagrams_unknown_total", "Datagrams of no session on this node."],
  ["handshakesStarted", "roost_actors_handshakes_started_total", "Handshakes that an edge handed over."],
  ["handshakesEstablished", "roost_actors_handshakes_established_total", "Handshakes whose Finished verified."],
  ["handshakesResumed", "roost_actors_handshakes_resumed_total", "Of these, resumptions."],
  ["handshakesRefused", "roost_actors_handshakes_refused_total", "Datagrams of handshakes that did not verify."],
  ["handshakesExpired", "roost_actors_handshakes_expired_total", "Handshakes without a Finished in time."],
  ["handshakesOverLimit", "roost_actors_handshakes_over_limit_total", "Handshakes given up for a limit."],
  ["strangersRefused", "roost_actors_strangers_refused_total", "Refusals that name no registered device."],
  ["eventsLeftOut", "roost_actors_events_left_out_total", "Events of devices not told: repetitions, or too many."],
  ["requests", "roost_actors_requests_total", "CoAP requests."],
  ["uplinksStored", "roost_actors_uplinks_stored_total", "Uplinks that the stream acknowledged."],
  ["uplinksFailed", "roost_actors_stores_failed_total", "Uplinks and replies that it did not; the device heard 5.00."],
  ["commandsFetched", "roost_actors_commands_fetched_total", "Commands handed to devices."],
  ["commandsOverLimit", "roost_actors_commands_over_limit_total", "Commands not mirrored for a limit."],
  [
    "announcementsLeftOut",
    "roost_actors_announcements_left_out_total",
    "Responses without Option 2100, for which the device's records have no room."
  ],
  ["commandReplies", "roost_actors_command_replies_total", "Replies to commands."],
  ["activations", "roost_actors_activations_total", "Device secrets fetched."],
  ["wentOnline", "roost_actors_online_total", "Times that a device went online."],
  ["wentOffline", "roost_actors_offline_total", "Times that a device went offline."],
  ["sessionsSaved", "roost_actors_sessions_saved_total", "Writes to the bucket SESSIONS that were stored."],
  [
    "savesRepeated",
    "roost_actors_session_saves_repeated_total",
    "Writes that lost a race or got no answer: read, repeated."
  ],
  [
    "savesFailed",
    "roost_actors_session_saves_failed_total",
    "Writes that could not be sent; the next tick tries again."
  ],
  ["sessionsRestored", "roost_actors_sessions_restored_total", "Sessions that came from the bucket with a partition."],
  [
    "sessionsUnreadable",
    "roost_actors_sessions_unreadable_total",
    "Entries of another version or another cluster key."
  ],
  ["sessionsTakenUp", "roost_actors_sessions_taken_up_total", "Restored sessions whose device was heard again."],
  ["copiesAnswered", "roost_actors_uplink_copies_answered_total", "Copies of what a former owner stored."],
  ["heldDropped", "roost_actors_held_dropped_total", "Datagrams dropped while sessions were loaded."],
  ["notOwned", "roost_actors_not_owned_total", "Handshakes and datagrams of partitions of another node."],
  [
    "actorFaults",
    "roost_actors_faults_total",
    "Exceptions in a device's code: our bug. It is read back from the store."
  ],
  [
    "handshakeFaults",
    "roost_actors_handshake_faults_total",
    "Exceptions in a handshake's code: our bug. The device's next one starts anew."
  ],
  [
    "entryFaults",
    "roost_actors_entry_faults_total",
    "Exceptions outside of devices and handshakes: our bug. Each cost a datagram or a stored entry."
  ],
  [
    "loadFaults",
    "roost_actors_load_faults_total",
    "Exceptions while partitions were loaded: our bug. It is tried again."
  ],
  [
    "faultyDropped",
    "roost_actors_faulty_dropped_total",
    "Datagrams and handshakes of such devices during their pause."
  ],
  ["partitionsLost", "roost_actors_partitions_lost_total", "Times that a newer owner's entry was met."]
]

const gauges: ReadonlyArray<readonly [keyof DeviceHost["gauges"], name: string, help: string]> = [
  ["devices", "roost_actors_devices", "Devices with a session or pending commands."],
  ["online", "roost_actors_devices_online", "Devices online."],
  ["partitions", "roost_actors_partitions", "Partitions of this node."],
  ["loading", "roost_actors_partitions_loading", "Partitions whose sessions are still read."],
  ["saving", "roost_actors_session_saves_in_flight", "Writes to the bucket SESSIONS without an answer."],
  ["handshakes", "roost_actors_handshakes", "Handshakes in progress."],
  ["commands", "roost_actors_commands_pending", "Pending commands mirrored here."],
  ["timers", "roost_actors_timers", "Timers set."],
  ["inFlight", "roost_actors_requests_in_flight", "Requests that wait for the store or the registry."]
]
