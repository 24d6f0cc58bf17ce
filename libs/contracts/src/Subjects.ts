import { encodeToken } from "./SubjectToken.ts"

/** Every NATS subject of Roost. docs/architecture.md §2–§4 says who publishes and who listens. */
export const Subjects = {
  frameToNode: (nodeId: string) => `roost.frame.node.${nodeId}`,
  frameToNodes: "roost.frame.nodes",
  frameToEdge: (edgeId: string) => `roost.frame.edge.${edgeId}`,
  frameToEdges: "roost.frame.edges",
  placementAnnounce: "roost.placement.announce",
  placementAsk: "roost.placement.ask",
  registryPsk: "roost.registry.psk",
  registryActivate: "roost.registry.activate",
  registryDevice: "roost.registry.device",
  /** Questions to downlink-queue on the bus. */
  downlink: "roost.downlink",
  registryProperties: "roost.registry.properties",
  /** How an application gets a durable consumer: it may create none itself. */
  applicationConsumer: "roost.application.consumer",
  /** Each process's summary of itself once a second; nobody stores it. */
  summary: (app: string) => `roost.summary.${app}`,
  device: (partition: number) => `roost.device.${partition}`,
  uplink: (productKey: string, deviceKey: string, kind: string) =>
    `roost.uplink.${encodeToken(productKey)}.${encodeToken(deviceKey)}.${kind}`,
  presence: (productKey: string, deviceKey: string) =>
    `roost.presence.${encodeToken(productKey)}.${encodeToken(deviceKey)}`,
  event: (productKey: string, deviceKey: string, kind: string) =>
    `roost.event.${encodeToken(productKey)}.${encodeToken(deviceKey)}.${encodeToken(kind)}`,
  /** Events of Roost itself: a token fewer than those of devices. */
  operatorEvent: (kind: string) => `roost.event.operator.${kind}`,
  /** Of everybody who names no registered device: one subject, so that made-up identities make up no subjects. */
  stranger: "roost.stranger",
  credential: (productKey: string, deviceKey: string) =>
    `roost.credential.${encodeToken(productKey)}.${encodeToken(deviceKey)}`,
  /** A dead delivery that is to be tried again. */
  webhookReplay: (webhookId: string) => `roost.webhook.replay.${webhookId}`,
  webhookDead: (webhookId: string) => `roost.webhook.dead.${webhookId}`,
  sinkReplay: (sinkId: string) => `roost.sink.replay.${sinkId}`,
  sinkDead: (sinkId: string) => `roost.sink.dead.${sinkId}`,
  /** Asks whoever writes sinks to try the way to one's target. */
  sinkTest: "roost.try.sink",
  /** A message that a durable consumer could not handle. */
  setAside: (durable: string) => `roost.aside.${durable}`,
  /** Which flight recordings run: edges and session-actors listen. */
  recordings: "roost.recordings",
  /** Questions to the registries about API keys. */
  access: "roost.access",
  /** Once a second, which API keys made requests at one process; all that take keys listen. */
  keyUse: "roost.key-use",
  /** Tries of passwords, sealed: the registries count them together. */
  passwordTries: "roost.password-tries",
  /** Changes that somebody made by an app's API. */
  audit: (app: string) => `roost.audit.${app}`,
  /** Entries that a process recorded; a registry stores them. */
  recorded: "roost.recorded",
  command: (kind: "hinted" | "fetched" | "replied" | "overtaken", productKey: string, deviceKey: string) =>
    `roost.command.${kind}.${encodeToken(productKey)}.${encodeToken(deviceKey)}`
} as const
