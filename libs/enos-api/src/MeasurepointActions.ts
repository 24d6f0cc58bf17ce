import { Effect, Schema } from "effect"
import { type Action, decode } from "./EnosAnswer.ts"
import { deviceNamed, known } from "./Naming.ts"
import { Provisioning } from "./Provisioning.ts"

const Points = Schema.Struct({ measurepointIds: Schema.optionalKey(Schema.Array(Schema.String)) })

/** By id, ascending; a point that was never reported is left out. */
const queryLatest: Action<Provisioning> = Effect.fnUntraced(function* (call) {
  const id = yield* deviceNamed(call)
  const { measurepointIds } = yield* decode(Points, call.body)
  const values = yield* known((yield* Provisioning).latestValues(id, measurepointIds))
  const ids = Object.keys(values).sort()
  return { data: ids.map((point) => ({ id: point, time: values[point]!.time, value: values[point]!.value })) }
})

export const measurepointActions = { "POST queryLatest": queryLatest }
