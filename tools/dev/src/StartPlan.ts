import type { DevConfig } from "./DevConfig.ts"
import type { Programs } from "./Programs.ts"

/** The findings of `main.ts`, as JSON in a variable of its own environment that it leaves to `start.ts`. */
export interface Found {
  /** The checkout. */
  readonly root: string
  readonly programs: Programs
}
export const foundVariable = "NPM_START_FOUND"

/** The sense of command line and variables, as `plan.ts` says it to `start.ts`. */
export interface StartPlan {
  readonly config: DevConfig
  /** Of the configuration file, those that the environment does not have: the apps are handed them. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly demo: boolean
  /** Whether the app that writes sinks is started, too. */
  readonly sinks?: boolean
  /** The beginning of the keys of devices that are shown, such as `demo/`; undefined: all are; null: none is. */
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
