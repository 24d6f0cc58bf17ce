import { Effect } from "effect"
import type { Registry } from "../Registry.ts"

/** Devices that are looked at, of those whose key has the one that was named in it. */
const alikeMax = 200

/** Devices of all products whose key, name or tag has this key in it; none where the database can't be asked. */
export const devicesLike = (registry: Registry["Service"], deviceKey: string) =>
  Effect.map(
    registry.search({
      part: deviceKey,
      productKey: undefined,
      status: undefined,
      tag: undefined,
      seenBefore: undefined,
      sort: "deviceKey",
      after: undefined,
      limit: alikeMax
    }),
    ({ devices }) => devices
  ).pipe(Effect.orElseSucceed(() => []))
