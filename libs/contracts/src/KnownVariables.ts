import { nearestName } from "@roost/enos"
import { Buckets, Streams } from "./Streams.ts"

/**
 * Every variable that something of Roost reads, whichever app: a file of variables often serves them all. A check in `tools/tidy`
 * compares it with what the sources read.
 */
const known: ReadonlySet<string> = new Set([
  "NATS_URL",
  ...["", "ROOST_NATS_ADMIN_", "ROOST_NATS_SYSTEM_"].flatMap((prefix) =>
    ["USER", "PASSWORD", "TOKEN", "CREDENTIALS"].map((part) => `${prefix === "" ? "NATS_" : prefix}${part}`)
  ),
  "NATS_TLS_CA",
  "NATS_TLS_CERT",
  "NATS_TLS_KEY",
  ...["ROOST_CLUSTER_KEY", "ROOST_REGISTRY_KEY", "ROOST_ROUTING_KEY", "ROOST_API_TOKEN"].flatMap((key) => [
    key,
    `${key}_PREVIOUS`
  ]),
  "ROOST_CONFIG",
  "ROOST_CONSOLE_DIR",
  "ROOST_CONSOLE_OUT",
  // Of `roost`, the command: shells that have them start apps, too.
  "ROOST_CONTEXT",
  "ROOST_URL",
  "ROOST_DATA_DIR",
  "ROOST_ENOS_API",
  "ROOST_HTTP_HOST",
  "ROOST_HTTP_TLS_CERT",
  "ROOST_HTTP_TLS_KEY",
  "ROOST_HTTP_TLS_CLIENT_CA",
  "ROOST_LATEST_VALUES",
  "ROOST_LOG_LEVEL",
  "ROOST_OTLP_ENDPOINT",
  "ROOST_OTLP_HEADERS",
  "ROOST_OTLP_METRICS_SECONDS",
  "ROOST_TRACE_DEVICES",
  "ROOST_TRACE_SAMPLING",
  "ROOST_NODE_ID",
  ...[
    "CLIENT_AUTH",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "ISSUER",
    "NAME",
    "ROLES",
    "ROLES_CLAIM",
    "SCOPES",
    "SESSION_SECONDS"
  ].map((what) => `ROOST_OIDC_${what}`),
  "ROOST_PUBLIC_URL",
  "ROOST_SECRET_LENGTH_MIN",
  "ROOST_WEBHOOK_PRIVATE",
  "ROOST_REGISTRY_PORT",
  "ROOST_DOWNLINK_PORT",
  "ROOST_EDGE_PORT",
  "ROOST_ACTORS_PORT",
  "ROOST_SINKS_PORT",
  "ROOST_NATS_PORT",
  "ROOST_UDP_HOST",
  "ROOST_UDP_PORT",
  "ROOST_UPLINK_COPIES",
  "ROOST_UDP_REUSE_PORT",
  "ROOST_EDGE_ROUTES",
  "ROOST_DEVICE_REQUESTS_PER_SECOND",
  "COAP_GET_SUCCESS",
  "DATABASE_URL",
  "ROOST_NATS_REPLICAS",
  "ROOST_NATS_FILE_STORE",
  ...[...Object.values(Streams), ...Object.values(Buckets)].flatMap(({ name }) =>
    ["MAX_BYTES", "MAX_AGE_SECONDS", "WHEN_FULL"].map((what) => `ROOST_STREAM_${name}_${what}`)
  ),
  // Of the nats-server (deploy/nats).
  "ROOST_NATS_NAME",
  "ROOST_NATS_STORE_DIR",
  "ROOST_NATS_CLUSTER_LISTEN",
  "ROOST_NATS_ROUTES",
  ...["ADMIN", "APPLICATION", "DOWNLINK_QUEUE", "REGISTRY", "SESSION_ACTORS", "SINKS", "SYSTEM", "UDP_EDGE"].map(
    (user) => `ROOST_NATS_PASSWORD_${user}`
  ),
  // Of tests and tools.
  "ROOST_INTEGRATION",
  "ROOST_INTEROP_CLIENTS",
  "ROOST_TEST_BUNDLES",
  "ROOST_TEST_IMAGE",
  "ROOST_TEST_CHROMIUM",
  "ROOST_TEST_COUNTS",
  "ROOST_TEST_PICTURES",
  "ROOST_NODE_KEYRING",
  "ROOST_NODE_RELEASES"
])

/** Variables that Kubernetes sets in every container for a service named `roost-…` or `nats`. */
const ofKubernetes = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP)(?:_|$)|^NATS_PORT$/

/** Of other owners, unless it is nearly one of Roost's. */
const shared = /^(?:NATS|COAP|DATABASE)_/

export const isKnownVariable = (name: string): boolean => known.has(name)

export interface UnknownVariable {
  readonly name: string
  /** The one that was probably meant. */
  readonly nearest: string | undefined
}

/** Variables that nothing reads, and that somebody may believe in: those with `ROOST_`, and those that nearly are one of Roost's. */
export const unknownVariables = (names: Iterable<string>): ReadonlyArray<UnknownVariable> =>
  [...names].flatMap((name) => {
    const own = /^ROOST_/i.test(name)
    if ((!own && !shared.test(name)) || known.has(name) || ofKubernetes.test(name)) return []
    const nearest = nearestName(name, known)
    return own || nearest !== undefined ? [{ name, nearest }] : []
  })
