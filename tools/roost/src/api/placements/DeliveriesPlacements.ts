import type { Placements } from "../Placement.ts"

/** Events that go to an address, a database or a broker. */
export const deliveriesPlacements: Placements = {
  createWebhook: {
    words: "webhooks create",
    positional: ["url"],
    examples: [
      ["https://app.example/roost --kinds command,presence --product meters", "The answer has the secret that signs"]
    ]
  },
  listWebhooks: {
    words: "webhooks ls",
    list: {
      items: "webhooks",
      key: ["webhookId"],
      columns: ["webhookId", "url", "kinds", "delivery.health", "waiting", "dead"]
    },
    examples: [["", "All webhooks, and how each does"]]
  },
  getWebhook: { words: "webhooks get", examples: [["wh_0123456789abcdef01234567", "How it does"]] },
  changeWebhook: {
    words: "webhooks set",
    positional: ["url"],
    changes: ["url", "secret"],
    examples: [["wh_0123456789abcdef01234567 https://app.example/repaired", "Also for what waits"]]
  },
  deleteWebhook: { words: "webhooks rm", examples: [["wh_0123456789abcdef01234567", "What waits is not delivered"]] },
  listDeadDeliveries: {
    words: "webhooks dead",
    list: {
      items: "dead",
      key: ["event.id"],
      columns: ["at", "event.type", "event.productKey", "event.deviceKey", "tries", "reason"]
    },
    examples: [["wh_0123456789abcdef01234567", "What it did not take, and why"]]
  },
  testWebhook: { words: "webhooks test", examples: [["wh_0123456789abcdef01234567", "One delivery, now"]] },
  replayDeadDeliveries: { words: "webhooks replay", examples: [["wh_0123456789abcdef01234567", "Deliver it again"]] },
  createSink: {
    words: "sinks create",
    file: {},
    examples: [["examples/sink/postgres.json", "Name, kinds and target of a file; - reads standard input"]]
  },
  listSinks: {
    words: "sinks ls",
    list: {
      items: "sinks",
      key: ["sinkId"],
      columns: ["sinkId", "name", "target.type", "kinds", "status.health", "paused", "waiting", "lagSeconds", "dead"]
    },
    examples: [["", "All sinks, and how each does"]]
  },
  getSink: {
    words: "sinks get",
    examples: [["sk_0123456789abcdef01234567", "How it does, and what to do where it fails"]]
  },
  replaceSink: {
    words: "sinks replace",
    file: {},
    examples: [["sk_0123456789abcdef01234567 examples/sink/mqtt.json", "Another target, other kinds or another script"]]
  },
  deleteSink: { words: "sinks rm", examples: [["sk_0123456789abcdef01234567", "What was written stays where it is"]] },
  pauseSink: {
    words: "sinks pause",
    examples: [["sk_0123456789abcdef01234567", "Events wait, 72 h of uplinks at most"]]
  },
  resumeSink: { words: "sinks resume", examples: [["sk_0123456789abcdef01234567", "It goes on where it was"]] },
  testSink: {
    words: "sinks test",
    examples: [["sk_0123456789abcdef01234567", "Whether its target can be reached and written to"]]
  },
  replaySink: {
    words: "sinks replay",
    examples: [["sk_0123456789abcdef01234567 --from 1d", "Write the last day again; a table has nothing twice"]]
  },
  listDeadEvents: {
    words: "sinks dead",
    list: {
      items: "dead",
      key: ["event.id"],
      columns: ["at", "event.productKey", "event.deviceKey", "code", "reason"]
    },
    examples: [["sk_0123456789abcdef01234567", "What could not be written, and why"]]
  },
  replayDeadEvents: { words: "sinks replay-dead", examples: [["sk_0123456789abcdef01234567", "Write it again"]] },
  followEvents: { words: "watch", byHand: true, examples: [] }
}
