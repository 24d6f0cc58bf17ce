/** A fault, or how well something is. */
export interface Finding {
  /** Its name, for scripts and docs. */
  readonly fault: Fault
  /** `wrong`: something does not work, or will lose data. `risky`: it works today. */
  readonly weight: "wrong" | "risky"
  /** The value, answer or state that came. */
  readonly what: string
  readonly expected: string
  readonly cause?: string
  readonly cure: string
}

/** Every fault that the doctor names, and what it means. */
export const faults = {
  "address-silent": "nothing answers at the registry's address",
  "address-not-roost": "what answers at the address is no Roost",
  "token-refused": "the registry refuses the token",
  "not-ready": "a process of Roost is not ready; it says why itself",
  "app-missing": "no process of an app tells of itself",
  "partitions-unserved": "devices of some partitions are served by nobody",
  "versions-differ": "processes of one app have different versions",
  "clock-apart": "this machine's clock and the registry's differ",
  "variable-unknown": "a variable that nothing reads",
  "key-missing": "a key that an app needs is not set",
  "key-malformed": "a key has another form than 64 hexadecimal digits",
  "key-weak": "a key was not made by chance",
  "key-shared": "two keys are the same",
  "cluster-keys-differ": "registry and session-actors have different cluster keys",
  "routing-keys-differ": "udp-edge and session-actors have different routing keys",
  "token-weak": "the API token is too short",
  "tokens-differ": "registry and downlink-queue have different tokens",
  "nats-addresses-differ": "apps are told different nats-servers",
  "file-open": "others on the machine may read a file of secrets",
  "port-taken": "two apps of one machine are told one port",
  "receive-buffer-small": "the kernel gives the socket of devices less room than it asks for",
  "datagrams-dropped": "the kernel dropped datagrams of devices",
  "files-few": "a process may open few files",
  "disk-nearly-full": "a disk with data has little room left",
  "file-store-too-large": "streams may take more than the disk has",
  "nats-silent": "no nats-server answers",
  "nats-login-refused": "nats-server refuses a login",
  "nats-open": "nats-server lets everybody in",
  "nats-old": "nats-server is older than 2.10.23",
  "nats-payload-small": "nats-server takes smaller messages than Roost sends",
  "nats-clock-apart": "this machine's clock and nats-server's differ",
  "jetstream-off": "nats-server has no JetStream, or not for this account",
  "permission-missing": "nats-server does not let an app subscribe to what it needs",
  "stream-missing": "a stream or bucket is not there",
  "stream-nearly-full": "a stream holds most of what it may",
  "stream-replicas": "a stream has fewer copies than it should",
  "stream-behind": "a copy of a stream is behind, or not reached"
} as const

export type Fault = keyof typeof faults
