/** Where an operation stands among the commands, and how its request is written on a command line. */
export interface Placement {
  /** The command, such as `products create`. */
  readonly words: string
  /** Fields that are given without a flag, in this order, behind those of the path. */
  readonly positional?: ReadonlyArray<string>
  /** Fields of the body that have a flag; all if absent. A body that reading gives has many that nobody can change. */
  readonly changes?: ReadonlyArray<string>
  /** The device is named as `PRODUCT/DEVICE`, although the path has its product only. */
  readonly namesDevice?: true
  /** All words that are left: names of a list, `NAME=VALUE` of an object, or of the body itself (`into` is empty). */
  readonly rest?: { readonly into: string; readonly form: "list" | "pairs" }
  /** `POINT=VALUE`, several times: a request each. */
  readonly points?: true
  /** A file: the body in JSON, or, with `into`, a text of it. */
  readonly file?: { readonly into?: string }
  /** Answers with a page of `items`. */
  readonly list?: List
  /** Issues a command to a device: `--wait` waits for its end. */
  readonly issues?: true
  /** Its command is written by hand, elsewhere. */
  readonly byHand?: true
  /** Of `--help`: what stands behind `roost {words}`, and what it does. */
  readonly examples: ReadonlyArray<readonly [args: string, description: string]>
}

export interface List {
  readonly items: string
  /** What names an item, in `--quiet`: several with a slash between. */
  readonly key: ReadonlyArray<string>
  /** Of the table. */
  readonly columns: ReadonlyArray<string>
  /** How many are listed unless `--limit` or `--all` says otherwise; absent: all. */
  readonly usual?: number
}

const event = ["at", "kind", "reason"]

/** By the id of the operation. One that is not here stands under its group, by its id. */
export const placements: Readonly<Record<string, Placement>> = {
  createProduct: {
    words: "products create",
    positional: ["productKey"],
    examples: [
      ["meters --name Meters", "A product whose devices speak JSON"],
      ["raw-meters --name 'Raw meters' --format Custom", "Bytes, which a script translates"]
    ]
  },
  listProducts: {
    words: "products ls",
    list: {
      items: "products",
      key: ["productKey"],
      columns: ["productKey", "productName", "dataFormat", "modelId", "createdAt"]
    },
    examples: [["", "All products"]]
  },
  getProduct: { words: "products get", examples: [["meters", "With its secret"]] },
  listProductEvents: {
    words: "products events",
    list: { items: "events", key: ["id"], columns: event, usual: 50 },
    examples: [["meters --from 24h", "What happened to a product in the last day, newest first"]]
  },
  changeProduct: {
    words: "products set",
    changes: ["productName", "dynamicActivateEnabled", "piggybackMillis", "closeNotify", "modelId"],
    examples: [
      ["meters --model meter", "Its devices say what the model allows from now on"],
      ["meters --no-model --dynamic-activate", "Any message again; devices may fetch their secret"]
    ]
  },
  deleteProduct: {
    words: "products rm",
    examples: [
      ["meters", "A product without devices"],
      ["meters --force", "With all its devices"]
    ]
  },
  rotateProductSecret: {
    words: "products rotate-secret",
    examples: [["meters --grace 7d", "The former secret activates devices for a week more"]]
  },
  createModel: {
    words: "models create",
    file: {},
    examples: [["examples/thing-model/meter.json", "A thing model of a file; - reads standard input"]]
  },
  listModels: {
    words: "models ls",
    list: { items: "models", key: ["modelId"], columns: ["modelId", "version", "updatedAt"] },
    examples: [["", "All thing models"]]
  },
  getModel: {
    words: "models get",
    examples: [["meter --output json > meter.json", "What comes can be replaced by again"]]
  },
  replaceModel: {
    words: "models replace",
    file: {},
    examples: [["meter examples/thing-model/meter.json", "The next version of a model"]]
  },
  deleteModel: { words: "models rm", examples: [["meter", "No product may refer to it any more"]] },
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
  listUplinks: {
    words: "devices uplinks",
    list: { items: "uplinks", key: ["sequence"], columns: ["time", "kind", "topic", "payload"], usual: 50 },
    examples: [["demo/demo-meter --kind measurepoint --from 1h", "What it sent in the last hour, newest first"]]
  },
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
  listDevices: {
    words: "products devices",
    list: {
      items: "devices",
      key: ["productKey", "deviceKey"],
      columns: ["productKey", "deviceKey", "status", "lastSeenAt", "address"]
    },
    examples: [["meters --status offline", "Devices of one product, by key"]]
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
  listEvents: {
    words: "devices events",
    list: { items: "events", key: ["id"], columns: event, usual: 50 },
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
  },
  latestValues: {
    words: "devices latest",
    examples: [["meters/meter-1 --ids temp,humidity", "The latest values of two points"]]
  },
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
  getScript: { words: "scripts get", examples: [["raw-meters", "Draft, published version and former ones"]] },
  saveScript: {
    words: "scripts save",
    file: { into: "source" },
    examples: [["raw-meters examples/raw-script/meter.js", "A draft: it runs in tests only"]]
  },
  testScript: {
    words: "scripts test",
    examples: [
      [`raw-meters --data '{"raw":"0100000014010004000025f5"}'`, "What the bytes of a device mean"],
      [`raw-meters --data '{"message":{"id":20,"code":200,"data":""}}'`, "What bytes a device would get"]
    ]
  },
  publishScript: {
    words: "scripts publish",
    examples: [
      ["raw-meters", "The draft, after a test that succeeded"],
      ["raw-meters --version-number 1", "An earlier version again"]
    ]
  },
  unpublishScript: { words: "scripts unpublish", examples: [["raw-meters", "Bytes pass as they are again"]] },
  listStrangers: {
    words: "strangers ls",
    list: { items: "strangers", key: ["id"], columns: ["at", "kind", "address", "identity", "reason"], usual: 50 },
    examples: [
      ["--address 192.0.2.7", "Who was refused from this address, newest first"],
      ["--identity meters,meter-1 --from 1h", "Who gave an identity with this text in the last hour"]
    ]
  },
  followEvents: { words: "watch", byHand: true, examples: [] },
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
  },
  whoAmI: { words: "whoami", examples: [["", "Whose credential this is, and what it may do"]] },
  createApiKey: {
    words: "keys create",
    positional: ["name"],
    examples: [
      ["dashboard --role viewer", "A key that reads; its secret is not told again"],
      ["billing --role developer:meters,water --expires 90d", "For the applications of two products, for 90 days"]
    ]
  },
  listApiKeys: {
    words: "keys ls",
    list: {
      items: "keys",
      key: ["keyId"],
      columns: ["keyId", "name", "grants", "createdAt", "expiresAt", "lastUsedAt", "lastUsedFrom"]
    },
    examples: [["", "All keys, without their secrets"]]
  },
  getApiKey: { words: "keys get", examples: [["0a1b2c3d4e5f", "With the prefixes of its secrets"]] },
  rotateApiKey: {
    words: "keys rotate",
    examples: [
      ["0a1b2c3d4e5f --grace 2d", "Another secret; the former one is good for two days more"],
      ["0a1b2c3d4e5f --grace 0", "The former one leaked"]
    ]
  },
  revokeApiKey: { words: "keys rm", examples: [["0a1b2c3d4e5f", "It is good for nothing from then on"]] },
  createAccount: {
    words: "accounts create",
    positional: ["name"],
    examples: [
      ["ada --role operator", "A person; the password that is made up is told once"],
      ["grace --role 'firmware:meters viewer'", "Two roles, one of them for one product"]
    ]
  },
  listAccounts: {
    words: "accounts ls",
    list: { items: "accounts", key: ["name"], columns: ["name", "displayName", "grants", "enabled", "passwordSetAt"] },
    examples: [["", "All accounts"]]
  },
  changeAccount: {
    words: "accounts set",
    examples: [
      ["ada --role admin", "Other roles, from the next request on"],
      ["ada --no-enabled", "Out at once"]
    ]
  },
  resetPassword: { words: "accounts reset-password", examples: [["ada", "A new one is made up, and sessions end"]] },
  deleteAccount: { words: "accounts rm", examples: [["ada", "Its sessions end"]] },
  changePassword: {
    words: "accounts change-password",
    examples: [["--current former-password --password another-longer-one", "One's own, of who has an account"]]
  },
  listAudit: {
    words: "audit",
    list: { items: "entries", key: ["id"], columns: ["at", "who", "operation", "target", "from"], usual: 50 },
    examples: [
      ["--from 24h", "Who changed what in the last day, newest first"],
      ["--product meters --operation rotateProductSecret --output json", "With what was before and after"]
    ]
  }
}

/** Names of flags where the field's own is long, or means another thing at a terminal. */
export const flagNames: Readonly<Record<string, string>> = {
  productKey: "product",
  deviceKey: "device",
  productName: "name",
  deviceName: "name",
  productSecret: "secret",
  deviceSecret: "secret",
  dataFormat: "format",
  dynamicActivateEnabled: "dynamic-activate",
  modelId: "model",
  pendingTtl: "ttl",
  graceSeconds: "grace",
  grants: "role",
  expiresAt: "expires"
}

/** Of one operation: what is a `version` there. `--version` is the program's. */
export const flagNamesOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  publishScript: { version: "version-number" },
  upgradeFirmware: { version: "firmware" },
  unpublishScript: { versions: "all-versions" }
}

/** Of groups: the word that stands first, and what they are about. */
export const groups: Readonly<Record<string, string>> = {
  products: "Kinds of devices, their secrets and options",
  devices: "Devices: register, look at, rename, disable, replace",
  commands: "Commands for devices, and what became of them",
  attributes: "Attributes of a device: its own and yours",
  tags: "Tags of a device: yours",
  models: "Thing models: what devices may say",
  scripts: "Scripts of raw products: bytes to messages and back",
  webhooks: "Events delivered to an address of yours",
  sinks: "Events written to a database or a broker of yours",
  strangers: "Who was refused without naming a registered device",
  recordings: "Flight recordings: every datagram of a device for some minutes",
  keys: "API keys: made, rotated, revoked",
  accounts: "People of Roost's own, and what they may do",
  audit: "Who changed what",
  whoami: "Who this is, and what they may do"
}
