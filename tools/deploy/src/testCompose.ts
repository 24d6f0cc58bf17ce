import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { repository } from "./imageRoot.ts"
import { postThrough, variableOf } from "./postThrough.ts"
import { pythonTool } from "./Toolbox.ts"

/** Ports of the host that a Roost of `npm start` does not have. */
const ports = { registry: 18_080, downlink: 18_081, udp: 15_684 }

/** deploy/compose.yaml comes up under podman, and a device posts through it. `env`: where podman's configuration is. */
export const testCompose = async (folder: string, image: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const project = join(folder, "compose")
  mkdirSync(project)
  cpSync(join(repository, "deploy/nats"), join(project, "nats"), { recursive: true })
  const file = join(project, "compose.yaml")
  const compose = readFileSync(join(repository, "deploy/compose.yaml"), "utf8")
  writeFileSync(
    file,
    compose
      .replace("127.0.0.1:8080:8080", `127.0.0.1:${ports.registry}:8080`)
      .replace("127.0.0.1:8081:8081", `127.0.0.1:${ports.downlink}:8081`)
      .replace("5684:5684/udp", `127.0.0.1:${ports.udp}:5684/udp`)
  )
  execFileSync(join(repository, "deploy/newSecrets.sh"), [join(project, "secrets")], {
    env: { ...process.env, ROOST_NATS_STORE_DIR: project },
    stdio: "ignore"
  })
  const variables = { ...env, ROOST_IMAGE: image, ROOST_NATS_IMAGE: natsImage() }
  const run = (...args: ReadonlyArray<string>) =>
    execFileSync(pythonTool("podman-compose"), ["--file", file, ...args], { env: variables, stdio: "pipe" })
  try {
    run("up", "--detach")
    const token = variableOf(readFileSync(join(project, "secrets/registry.env"), "utf8"), "ROOST_API_TOKEN")
    await postThrough({ registryUrl: `http://127.0.0.1:${ports.registry}`, token, udpPort: ports.udp })
  } catch (error) {
    spawnSync(pythonTool("podman-compose"), ["--file", file, "logs"], { env: variables, stdio: "inherit" })
    throw error
  } finally {
    run("down", "--volumes", "--timeout", "30")
  }
}

/** No image of nats-server can be pulled everywhere: one of Debian 13's server, as all other tests have it. */
const natsImage = (): string => {
  const name = "localhost/roost-nats"
  const server = execFileSync(join(repository, "tools/dev/src/newerNatsServer.sh"), { encoding: "utf8" }).trim()
  const read = (...args: ReadonlyArray<string>) => execFileSync("buildah", [...args], { encoding: "utf8" }).trim()
  const container = read("from", "localhost/roost-base")
  read("copy", container, server, "/usr/bin/nats-server")
  read("config", "--entrypoint", '["/usr/bin/nats-server"]', container)
  read("commit", "--quiet", container, name)
  read("rm", container)
  return name
}
