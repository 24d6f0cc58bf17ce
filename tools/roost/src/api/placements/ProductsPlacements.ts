import { eventColumns, type Placements } from "../Placement.ts"

/** Products, their thing models and the scripts of raw ones. */
export const productsPlacements: Placements = {
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
    list: { items: "events", key: ["id"], columns: eventColumns, usual: 50 },
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
  listDevices: {
    words: "products devices",
    list: {
      items: "devices",
      key: ["productKey", "deviceKey"],
      columns: ["productKey", "deviceKey", "status", "lastSeenAt", "address"]
    },
    examples: [["meters --status offline", "Devices of one product, by key"]]
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
  unpublishScript: { words: "scripts unpublish", examples: [["raw-meters", "Bytes pass as they are again"]] }
}
