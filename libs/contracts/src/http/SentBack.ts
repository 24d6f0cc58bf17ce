import * as Schema from "effect/Schema"

/**
 * A change to what reading gives as `read`. `changed` may be given anew, the rest may be there, too, so that an application can send back
 * what it read. Fields that nobody can change have to be as they are (`requireUnchanged` of `@roost/http`); times and states are passed
 * over.
 */
export const sentBack = <Changed extends Schema.Struct.Fields>(
  read: Schema.Struct.Fields,
  changed: Changed
): Schema.Struct<Changed> => {
  const rest = Object.entries(read)
    .filter(([name]) => !Object.hasOwn(changed, name))
    .map(([name, schema]) => [name, Schema.optionalKey(schema as Schema.Top)])
  return Schema.Struct({ ...(Object.fromEntries(rest) as object), ...changed })
}
