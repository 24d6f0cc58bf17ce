import type { Placements } from "../Placement.ts"

/** Commands for devices. */
export const commandsPlacements: Placements = {
  setMeasurepoint: {
    words: "commands set",
    points: true,
    issues: true,
    examples: [
      ["demo/demo-meter limit=30.5 --ttl 10m --wait", "Wait for the device; the exit code says how it went"],
      ["demo/demo-meter serial=9223372036854775808 --unchecked", "Numbers are sent as they are written"]
    ]
  },
  getMeasurepoints: {
    words: "commands read",
    rest: { into: "ids", form: "list" },
    issues: true,
    examples: [["demo/demo-meter temp limit --ttl 1h", "Ask the device for two values"]]
  },
  invokeService: {
    words: "commands invoke",
    rest: { into: "inputData", form: "pairs" },
    issues: true,
    examples: [["demo/demo-meter reset hard=true --ttl 10m --wait", "Call a service with one input"]]
  },
  upgradeFirmware: {
    words: "commands upgrade",
    issues: true,
    examples: [
      [
        "demo/demo-meter --firmware 2.0 --file-url https://firmware.example/2.0.bin --file-size 1024 --sign 0a1b --ttl 1d",
        "The device fetches the file by itself"
      ]
    ]
  },
  sendRaw: {
    words: "commands raw",
    issues: true,
    examples: [["demo/demo-meter 0x01ff --ttl 1h", "Bytes in hexadecimal; @FILE and - are bytes of a file"]]
  },
  getCommand: { words: "commands get", examples: [["k3v9m2ac01j8z5t0q7x4", "What became of a command"]] },
  cancelCommand: { words: "commands cancel", examples: [["k3v9m2ac01j8z5t0q7x4", "Before its device fetched it"]] },
  cancelCommands: { words: "commands cancel-all", examples: [["demo/demo-meter", "All that it has not fetched yet"]] },
  listCommands: {
    words: "commands ls",
    list: {
      items: "commands",
      key: ["commandId"],
      columns: ["commandId", "kind", "identifier", "value", "state", "deliveries", "createdAt", "message"],
      usual: 50
    },
    examples: [["demo/demo-meter --state created", "Commands that wait for a device, newest first"]]
  }
}
