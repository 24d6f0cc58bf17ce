import { eventColumns, type Placements } from "../Placement.ts"

/** Devices: what they are, what they said, and what is written about them. */
export const devicesPlacements: Placements = {
  createDevice: {
    words: "devices create",
    namesDevice: true,
    examples: [["meters/meter-1 --name Cellar", "The answer has the device's secret, which is not told again"]]
  },
  importDevices: { words: "import", byHand: true, examples: [] },
  searchDevices: {
    words: "devices ls",
    positional: ["q"],
    list: {
      items: "devices",
      key: ["productKey", "deviceKey"],
      columns: ["productKey", "deviceKey", "status", "lastSeenAt", "address", "deviceName"]
    },
    examples: [
      ["", "All devices of all products"],
      [
        "meter --status offline --silent-for 24h --sort=-lastSeen",
        "Whose key, name or tag has meter, silent for a day"
      ],
      ["--product meters -q", "PRODUCT/DEVICE alone, one a line, for xargs"]
    ]
  },
  getDevice: { words: "devices get", examples: [["meters/meter-1", "As its actor knows it now"]] },
  changeDevice: {
    words: "devices set",
    changes: ["deviceName"],
    examples: [["meters/meter-1 --name Attic", "Rename a device"]]
  },
  deleteDevice: { words: "devices rm", examples: [["meters/meter-1", "Its session ends at once"]] },
  enableDevice: { words: "devices enable", examples: [["meters/meter-1", "It comes back with its next handshake"]] },
  disableDevice: { words: "devices disable", examples: [["meters/meter-1", "Its session ends at once"]] },
  rotateSecret: { words: "devices rotate-secret", examples: [["meters/meter-1", "A new secret, made up"]] },
  replaceDevice: { words: "devices replace", examples: [["meters/meter-1", "New hardware under the same key"]] },
  listUplinks: {
    words: "devices uplinks",
    list: { items: "uplinks", key: ["sequence"], columns: ["time", "kind", "topic", "payload"], usual: 50 },
    examples: [["demo/demo-meter --kind measurepoint --from 1h", "What it sent in the last hour, newest first"]]
  },
  latestValues: {
    words: "devices latest",
    examples: [["meters/meter-1 --ids temp,humidity", "The latest values of two points"]]
  },
  listEvents: {
    words: "devices events",
    list: { items: "events", key: ["id"], columns: eventColumns, usual: 50 },
    examples: [["meters/meter-1 --kind handshake-refused", "Why it was refused, newest first"]]
  },
  getAttributes: { words: "attributes get", examples: [["meters/meter-1", "By name, with the time of the change"]] },
  changeAttributes: {
    words: "attributes set",
    rest: { into: "", form: "pairs" },
    examples: [["meters/meter-1 site=A1 floor=3 old=null", "Set two, delete one"]]
  },
  getTags: { words: "tags get", examples: [["meters/meter-1", "All tags of a device"]] },
  changeTags: {
    words: "tags set",
    rest: { into: "", form: "pairs" },
    examples: [["meters/meter-1 owner=north batch=null", "Set one, delete one"]]
  }
}
