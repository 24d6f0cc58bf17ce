import { Bench } from "tinybench"
import { checkUplinkParams, compileThingModel, type ThingModel } from "../src/index.ts"

/** The cost of validation per uplink: a post of five points against a model of a hundred. */
const model: ThingModel = {
  modelId: "meter",
  attributes: {},
  measurepoints: {
    ...Object.fromEntries(Array.from({ length: 95 }, (_, i) => [`point${i}`, { data: { dataType: "INT" as const } }])),
    volume: { data: { dataType: "DOUBLE" } },
    temperature: { hasQuality: true, data: { dataType: "FLOAT" } },
    battery: { data: { dataType: "FLOAT" } },
    valve: { data: { dataType: "ENUM", enumType: "STRING", values: { open: "", shut: "" } } },
    currents: { data: { dataType: "ARRAY", itemType: "FLOAT" } }
  },
  services: {},
  events: {}
}
const params = {
  measurepoints: {
    volume: 1234.567,
    temperature: { value: 21.5, quality: 9 },
    battery: 3.61,
    valve: "open",
    currents: ["1.02", "2.02", "7.93"]
  },
  time: 1795476031270
}
const plain = { measurepoints: { volume: 1, point1: 2, point2: 3, point3: 4, battery: 3.5 }, time: 1795476031270 }
const context = { productKey: "pk1", deviceKey: "dev1", model: compileThingModel(model) }
const method = "thing.measurepoint.post"
for (const post of [params, plain]) {
  if (checkUplinkParams(method, post, context) !== undefined) throw new Error("the sample is refused")
}
const refused = { measurepoints: { ...plain.measurepoints, battery: "flat" } }
if (checkUplinkParams(method, refused, context) === undefined) throw new Error("the bad sample is accepted")

const bench = new Bench({ time: 1000 })
  .add("a post of five numbers", () => checkUplinkParams(method, plain, context))
  .add("a post of five points: quality, enum, array of numerals", () => checkUplinkParams(method, params, context))
  .add("a post that is refused at its fifth point", () => checkUplinkParams(method, refused, context))
  .add("compileThingModel, 100 points", () => compileThingModel(model))
await bench.run()
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`)
  console.log(`${(result.latency.p50 * 1_000_000).toFixed(0)} ns  ${name}`)
}
