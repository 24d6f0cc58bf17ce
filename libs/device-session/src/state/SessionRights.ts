import type { Topic } from "@roost/enos"

/** The facts of a session that its rights depend on. */
export interface SessionRights {
  readonly productKey: string
  readonly deviceKey: string
  readonly secureMode: 2 | 3
  /** The credential changed since the handshake, or the device was disabled or deleted. */
  readonly revoked: boolean
}

/** A request's path and what it means. A device that posts to the same topic again needs it only once. */
export interface NamedTopic {
  readonly path: ReadonlyArray<string>
  readonly topic: Topic
  /** Without `/topic`. Segments of known topics hold no slash, so joining is safe. */
  readonly text: string
}
