import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { Program } from "./program/Program.ts"

/** The image that ROOST_TEST_IMAGE names, if it does: every test that starts apps starts them in containers of podman then. */
export const appImage = (): string | undefined => process.env["ROOST_TEST_IMAGE"]

/**
 * One app in a container as operators are told to run it. Nothing of the image can be written, the network is the host's, and the
 * folder of the data is a volume.
 */
export class AppContainer {
  readonly #name: string
  readonly #image: string

  constructor(image: string, app: string) {
    this.#image = image
    this.#name = `roost-test-${app}-${randomBytes(4).toString("hex")}`
  }

  /** The client of podman, which shows what the app says and ends with its exit code. */
  start(app: string, env: Readonly<Record<string, string>>): Program {
    const data = env["ROOST_DATA_DIR"]
    const volume = data === undefined ? [] : ["--volume", `${data}:${data}:U`]
    // By name only: values of the environment are no arguments, which everybody on the machine may read.
    const variables = Object.keys(env).flatMap((name) => ["--env", name])
    const options = ["--rm", "--read-only", "--replace", "--network", "host", "--name", this.#name]
    return new Program({
      command: "podman",
      args: ["run", ...options, ...volume, ...variables, this.#image, app],
      env: { ...process.env, ...env },
      // A signal to the client of podman would leave the app alone.
      kill: (signal) => void spawnSync("podman", ["kill", "--signal", signal, this.#name], { stdio: "ignore" })
    })
  }
}
