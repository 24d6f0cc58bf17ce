import type { Placements } from "../Placement.ts"

/** Faults, and their causes. */
export const diagnosisPlacements: Placements = {
  whyDevice: { words: "why", byHand: true, examples: [] },
  whyAddress: { words: "why", byHand: true, examples: [] },
  supportBundle: {
    words: "devices support",
    examples: [
      ["demo/demo-meter --output json > support.json", "All that is known of it, without a secret, as one file"]
    ]
  },
  beginRecording: { words: "record", byHand: true, examples: [] },
  exportRecording: { words: "recordings export", byHand: true, examples: [] },
  listRecordings: {
    words: "recordings ls",
    list: {
      items: "recordings",
      key: ["id"],
      columns: ["id", "productKey", "deviceKey", "address", "from", "until", "secrets"]
    },
    examples: [["", "Those that run and those that are kept"]]
  },
  getRecording: { words: "recordings get", examples: [["RECORDING --output json", "Decoded, in order of time"]] },
  deleteRecording: { words: "recordings rm", examples: [["RECORDING", "End it, and forget it"]] },
  getSummary: { words: "summary", examples: [["", "Devices by state, rates, refusals, commands"]] },
  getCluster: {
    words: "cluster",
    examples: [
      ["", "Processes, streams, nats-servers, and what is wrong"],
      ["--output json | jq .problems", "What is wrong, for a program"]
    ]
  },
  listStrangers: {
    words: "strangers ls",
    list: { items: "strangers", key: ["id"], columns: ["at", "kind", "address", "identity", "reason"], usual: 50 },
    examples: [
      ["--address 192.0.2.7", "Who was refused from this address, newest first"],
      ["--identity meters,meter-1 --from 1h", "Who gave an identity with this text in the last hour"]
    ]
  }
}
