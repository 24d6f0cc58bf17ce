import { keyCheck, unknownVariables } from "@roost/contracts"
import type { Finding } from "./Finding.ts"

export const appNames = ["registry", "session-actors", "udp-edge", "downlink-queue", "sinks"] as const
export type AppName = (typeof appNames)[number]

/** The variables of one app, as its file or the environment has them. */
export interface AppVariables {
  readonly app: AppName
  /** Where they stand. */
  readonly from: string
  readonly values: Readonly<Record<string, string | undefined>>
}

/** Keys that an app needs. */
const keysOfApps: Readonly<Record<AppName, ReadonlyArray<string>>> = {
  registry: ["ROOST_CLUSTER_KEY"],
  "session-actors": ["ROOST_CLUSTER_KEY"],
  "udp-edge": ["ROOST_ROUTING_KEY"],
  "downlink-queue": [],
  sinks: ["ROOST_CLUSTER_KEY"]
}
const keyNames = ["ROOST_CLUSTER_KEY", "ROOST_REGISTRY_KEY", "ROOST_ROUTING_KEY"]
const keyPattern = /^[0-9a-fA-F]{64}$/
const newKey = "openssl rand -hex 32 makes one"
/** Characters of an API token, as the apps want them. */
const tokenLengthMin = 16
const ports: Readonly<Record<AppName, readonly [variable: string, usual: string]>> = {
  registry: ["ROOST_REGISTRY_PORT", "8080"],
  "downlink-queue": ["ROOST_DOWNLINK_PORT", "8081"],
  "udp-edge": ["ROOST_EDGE_PORT", "8082"],
  "session-actors": ["ROOST_ACTORS_PORT", "8083"],
  sinks: ["ROOST_SINKS_PORT", "8084"]
}

/** Finds what is wrong with the variables of the apps, each by itself and beside the others. */
export const judgeVariables = (apps: ReadonlyArray<AppVariables>): ReadonlyArray<Finding> => [
  ...apps.flatMap(unknown),
  ...apps.flatMap(keyFaults),
  ...apps.flatMap(tokenFaults),
  ...sharedKeys(apps),
  ...differing(apps, "ROOST_CLUSTER_KEY", ["registry", "session-actors", "sinks"], {
    fault: "cluster-keys-differ",
    cause: "session-actors with another key than the cluster's take no partition",
    cure: "give both the same key; the one before may stay as ROOST_CLUSTER_KEY_PREVIOUS"
  }),
  ...differing(apps, "ROOST_ROUTING_KEY", ["udp-edge", "session-actors"], {
    fault: "routing-keys-differ",
    cause: "an edge with another key could resume no session, and is not ready",
    cure: "give both the same key, or session-actors none"
  }),
  ...differing(apps, "ROOST_API_TOKEN", ["registry", "downlink-queue"], {
    fault: "tokens-differ",
    cause: "the token of one of them was exchanged alone",
    cure: "give both the same token; the one before may stay as ROOST_API_TOKEN_PREVIOUS"
  }),
  ...differing(apps, "NATS_URL", appNames, {
    fault: "nats-addresses-differ",
    cause: "apps of one Roost meet on one nats-server or cluster",
    cure: "give all the same NATS_URL"
  }),
  ...portFaults(apps)
]

const unknown = ({ from, values }: AppVariables): ReadonlyArray<Finding> =>
  unknownVariables(Object.keys(values)).map(({ name, nearest }) => ({
    fault: "variable-unknown",
    weight: "risky",
    what: `${from}: nothing reads ${name}`,
    expected: "a variable of docs/variables.md",
    cause: "a typing error, or a variable of another version",
    cure: nearest === undefined ? "remove it" : `${nearest} is meant?`
  }))

const keyFaults = ({ app, from, values }: AppVariables): ReadonlyArray<Finding> => {
  const missing = keysOfApps[app].filter((name) => !values[name])
  const given = keyNames.flatMap((name) => [name, `${name}_PREVIOUS`]).filter((name) => values[name])
  const malformed = given.filter((name) => !keyPattern.test(values[name]!))
  const weak = given.filter((name) => keyPattern.test(values[name]!) && isWeak(values[name]!))
  return [
    ...missing.map((name): Finding => ({
      fault: "key-missing",
      weight: "wrong",
      what: `${from}: ${name} is not set`,
      expected: `64 hexadecimal digits for ${app}`,
      cure: `${newKey}, where no other app has it yet; deploy/newSecrets.sh writes all files`
    })),
    ...malformed.map((name): Finding => ({
      fault: "key-malformed",
      weight: "wrong",
      what: `${from}: ${name} has ${values[name]!.length} characters${/[^0-9a-fA-F]/.test(values[name]!) ? ", some of them no hexadecimal digits" : ""}`,
      expected: "64 hexadecimal digits",
      cause: "it was cut, is in base64, or has quotes around it",
      cure: newKey
    })),
    ...weak.map((name): Finding => ({
      fault: "key-weak",
      weight: "wrong",
      what: `${from}: ${name} repeats itself`,
      expected: "32 bytes by chance",
      cause: "an example was taken for a key",
      cure: newKey
    }))
  ]
}

/** 32 bytes by chance have fewer than 10 values about once in 10^27 keys. */
const isWeak = (hex: string): boolean => new Set(Buffer.from(hex, "hex")).size < 10

const tokenFaults = ({ from, values: { ROOST_API_TOKEN: token } }: AppVariables): ReadonlyArray<Finding> =>
  token === undefined || token.length >= tokenLengthMin
    ? []
    : [
        {
          fault: "token-weak",
          weight: "wrong",
          what: `${from}: ROOST_API_TOKEN has ${token.length} characters`,
          expected: `at least ${tokenLengthMin}`,
          cure: "openssl rand -base64 24 makes one"
        }
      ]

const sharedKeys = (apps: ReadonlyArray<AppVariables>): ReadonlyArray<Finding> => {
  const places = new Map<string, string>()
  for (const { values } of apps) {
    for (const name of keyNames) if (values[name]) places.set(`${name} ${values[name]}`, name)
  }
  const byValue = Map.groupBy(places, ([place]) => place.split(" ")[1]!)
  return [...byValue.values()]
    .filter((same) => same.length > 1)
    .map((same) => ({
      fault: "key-shared",
      weight: "risky",
      what: `${same.map(([, name]) => name).join(" and ")} are the same`,
      expected: "a key of its own for each purpose",
      cause: "whoever reads one process's memory has the keys of the others",
      cure: "exchange one: docs/operations.md, Keys"
    }))
}

const differing = (
  apps: ReadonlyArray<AppVariables>,
  variable: string,
  of: ReadonlyArray<AppName>,
  told: Pick<Finding, "fault" | "cause" | "cure">
): ReadonlyArray<Finding> => {
  const given = apps.filter(({ app, values }) => of.includes(app) && values[variable])
  const current = [...new Set(given.map(({ values }) => values[variable]))]
  // While one is exchanged, each app takes what the others have.
  if (given.every(({ values }) => current.every((each) => takes(values, variable, each)))) return []
  const shown = given.map(({ from, values }) => `${from} ${shownValue(variable, values[variable]!)}`)
  const expected = `one ${variable} for ${of.join(", ")}`
  return [{ ...told, weight: "wrong", what: `${variable} differs: ${shown.join(", ")}`, expected } as Finding]
}

const takes = (values: AppVariables["values"], variable: string, each: string | undefined): boolean =>
  values[variable] === each || values[`${variable}_PREVIOUS`] === each

/** Never a secret: of keys and tokens a check of 16 digits, of addresses no login. */
const shownValue = (variable: string, value: string): string =>
  variable === "NATS_URL"
    ? value.replaceAll(/\/\/[^@/,]*@/g, "//")
    : `(check ${keyCheck(Buffer.from(value), variable === "ROOST_ROUTING_KEY" ? "routing" : "cluster").slice(0, 8)})`

const portFaults = (apps: ReadonlyArray<AppVariables>): ReadonlyArray<Finding> => {
  const used = apps.map(({ app, from, values }) => {
    const [variable, usual] = ports[app]
    return { app, from, variable, port: values[variable] ?? usual }
  })
  return [...Map.groupBy(used, ({ port }) => port).values()]
    .map((same) => Array.from(new Map(same.map((entry) => [entry.app, entry])).values()))
    .filter((same) => same.length > 1)
    .map((same) => ({
      fault: "port-taken",
      weight: "wrong",
      what: `${same.map(({ app }) => app).join(" and ")} are told port ${same[0]!.port}`,
      expected: "a port for each app of one machine",
      cure: `set ${same.map(({ variable }) => variable).join(" or ")} to another one`
    }))
}
