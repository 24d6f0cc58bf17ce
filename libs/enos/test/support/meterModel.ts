import * as Schema from "effect/Schema"
import { compileThingModel, ThingModel } from "../../src/index.ts"

/** Every data type of enos-protocol §6 as a point, named after it. */
export const meterModel = Schema.decodeUnknownSync(ThingModel)({
  modelId: "meter",
  attributes: {
    serial: { isRequired: true, data: { dataType: "STRING", maxLength: 16 } },
    installed: { data: { dataType: "DATE" } }
  },
  measurepoints: {
    int: { data: { dataType: "INT" } },
    float: { data: { dataType: "FLOAT" } },
    double: { data: { dataType: "DOUBLE" } },
    bool: { data: { dataType: "BOOL" } },
    intEnum: { data: { dataType: "ENUM", enumType: "INT", values: { "1": "open", "-2": "shut" } } },
    textEnum: { data: { dataType: "ENUM", enumType: "STRING", values: { open: "", shut: "" } } },
    string: { data: { dataType: "STRING", maxLength: 8 } },
    longString: { data: { dataType: "STRING" } },
    timestamp: { data: { dataType: "TIMESTAMP" } },
    date: { data: { dataType: "DATE" } },
    file: { data: { dataType: "FILE" } },
    array: { data: { dataType: "ARRAY", itemType: "DOUBLE" } },
    struct: {
      data: {
        dataType: "STRUCT",
        items: { x: { required: true, data: { dataType: "INT" } }, label: { data: { dataType: "STRING" } } }
      }
    },
    quality: { hasQuality: true, data: { dataType: "DOUBLE" } }
  },
  services: {
    setValve: {
      inputData: {
        position: { required: true, data: { dataType: "INT" } },
        slowly: { data: { dataType: "BOOL" } }
      },
      outputData: { reached: { data: { dataType: "INT" } } }
    }
  },
  events: { overheat: { eventType: "WARN", outputData: { temp: { required: true, data: { dataType: "DOUBLE" } } } } }
})

export const meter = compileThingModel(meterModel)
