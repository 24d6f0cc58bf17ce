import type { DevConfig } from "./DevConfig.ts"

/** What command line and variables come to, as `plan.ts` says it to `start.ts`. */
export interface StartPlan {
  readonly config: DevConfig
  readonly demo: boolean
  /** What the devices begin with that are shown, such as `demo/`; undefined: all are; null: none is. */
  readonly only?: string | null | undefined
  /** Of a nats-server that was given. */
  readonly viewer?: Viewer | undefined
}

/** How to read the streams of a nats-server. */
export interface Viewer {
  readonly servers: ReadonlyArray<string>
  readonly user?: string | undefined
  readonly pass?: string | undefined
  readonly token?: string | undefined
}

/** Of the pipe that the plan is written to. */
export const planDescriptor = 3
