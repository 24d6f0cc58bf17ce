import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isMap, parseAllDocuments } from "yaml"
import { chartFolder } from "./chart.ts"
import { repository } from "./imageRoot.ts"
import { postThrough, variableOf } from "./postThrough.ts"
import { goTool, pythonTool } from "./Toolbox.ts"

/** Values that people set, alone and together: each renders, and each object is one that Kubernetes takes. */
const matrix: Readonly<Record<string, ReadonlyArray<string>>> = {
  "NATS outside": ["nats.url=nats://a:4222\\,nats://b:4222\\,nats://c:4222"],
  "NATS by the chart": ["nats.server.enabled=true"],
  "one nats-server": ["nats.server.enabled=true", "nats.replicas=1"],
  PostgreSQL: ["nats.server.enabled=true", "registry.postgres=true", "registry.replicas=2"],
  "traces and metrics by OTLP": [
    "nats.server.enabled=true",
    "otlp.endpoint=http://collector.observability:4318",
    "otlp.traceSampling=1"
  ],
  "TLS to NATS": ["nats.url=tls://a:4222", "nats.tlsSecret=nats-tls"],
  everything: [
    "nats.server.enabled=true",
    "registry.postgres=true",
    "registry.autoscaling.enabled=true",
    "sessionActors.autoscaling.enabled=true",
    "udpEdge.autoscaling.enabled=true",
    "udpEdge.service.type=NodePort",
    "udpEdge.service.nodePort=30684",
    "downlinkQueue.autoscaling.enabled=true",
    "sinks.enabled=true",
    "sinks.autoscaling.enabled=true",
    "ingress.enabled=true",
    "ingress.commandsHost=commands.example.org",
    "oidc.issuer=https://id.example.org",
    "oidc.clientId=roost",
    "otlp.endpoint=https://collector.example.org",
    "otlp.traceSampling=0.01",
    "otlp.metricsSeconds=15",
    "oidc.roles=ops=operator;fw=firmware:meters viewer",
    "imagePullSecrets={pull}",
    "image.digest=sha256:" + "0".repeat(64),
    "serviceMonitor.enabled=true",
    "prometheusRule.enabled=true",
    "networkPolicy.httpFrom.team=ingress",
    "nodeSelector.disk=ssd"
  ]
}
/** Values that the chart refuses, and a word of why. */
const refused: Readonly<Record<string, readonly [setting: string, why: RegExp]>> = {
  "no NATS": ["image.pullPolicy=Always", /nats\.url is empty/],
  "SQLite twice": ["registry.replicas=2,nats.server.enabled=true", /SQLite serves one process/],
  "a misspelt value": ["udpEdge.replica=2,nats.server.enabled=true", /replica/],
  "a provider without roles": [
    "oidc.issuer=https://id.example.org,oidc.clientId=roost,nats.server.enabled=true",
    /oidc\.clientId and oidc\.roles are needed/
  ],
  "two copies": ["nats.replicas=2,nats.server.enabled=true", /replicas/]
}
/** A Helm that Go built knows an old Kubernetes only. */
const kubernetes = ["--kube-version", "1.33.0"]
/** Of kinds that only an operator's own resource definitions know. */
const custom = /^kind: (ServiceMonitor|PrometheusRule)$/m

const sets = (settings: ReadonlyArray<string>) => settings.flatMap((setting) => ["--set", setting])

const render = (settings: ReadonlyArray<string>, more: ReadonlyArray<string> = []): string =>
  execFileSync(goTool("helm"), ["template", "roost", chartFolder, ...kubernetes, ...sets(settings), ...more], {
    encoding: "utf8",
    stdio: "pipe"
  })

/** Lint, the matrix against Kubernetes' own schemas, and what checkov says. Rejects with what is wrong. */
export const checkChart = (folder: string): void => {
  execFileSync(goTool("helm"), ["lint", "--strict", ...kubernetes, chartFolder, "--set", "nats.server.enabled=true"], {
    stdio: "inherit"
  })
  for (const [name, settings] of Object.entries(matrix)) {
    const documents = render(settings)
      .split(/^---$/m)
      .filter((text) => text.trim() !== "" && !custom.test(text))
    const file = join(folder, "rendered.yaml")
    writeFileSync(file, documents.join("---\n"))
    execFileSync(pythonTool("kubernetes-validate"), ["--strict", "--quiet", file], { stdio: "inherit" })
    process.stdout.write(`${name}: ${documents.length} objects\n`)
  }
  for (const [name, [setting, why]] of Object.entries(refused)) {
    let said = ""
    try {
      render([setting])
    } catch (error) {
      said = String((error as { stderr?: Buffer }).stderr ?? error)
    }
    if (!why.test(said)) throw new Error(`${name} is not refused, or not by a reason: ${said}`)
    process.stdout.write(`${name}: refused\n`)
  }
  const rendered = join(folder, "checked.yaml")
  writeFileSync(rendered, render(matrix["everything"]!))
  const options = ["--framework", "kubernetes", "--compact", "--quiet", "--skip-download", "--config-file"]
  execFileSync(pythonTool("checkov"), [...options, join(repository, "deploy/helm/checkov.yaml"), "--file", rendered], {
    stdio: "inherit"
  })
}

/** The chart's Deployments come up under podman, and a device posts through them. */
export const playChart = async (folder: string, image: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const secrets = join(folder, "secrets")
  const store = join(folder, "nats")
  mkdirSync(store)
  execFileSync(join(repository, "deploy/newSecrets.sh"), [secrets], {
    env: { ...process.env, ROOST_NATS_STORE_DIR: store },
    stdio: "ignore"
  })
  const [repositoryName, tag] = [image.slice(0, image.lastIndexOf(":")), image.slice(image.lastIndexOf(":") + 1)]
  const values = join(repository, "deploy/helm/values-podman.yaml")
  const settings = [`image.repository=${repositoryName}`, `image.tag=${tag}`]
  const rendered = join(folder, "podman.yaml")
  writeFileSync(rendered, playable(render(settings, ["--values", values])))
  podmanSecret(execFileSync(join(repository, "deploy/helm/secret.sh"), [secrets], { encoding: "utf8" }), secrets, env)
  const nats = startNats(readFileSync(join(secrets, "nats-server.env"), "utf8"))
  const podman = (...args: ReadonlyArray<string>) => execFileSync("podman", [...args], { env, stdio: "pipe" })
  try {
    podman("kube", "play", rendered)
    const token = variableOf(readFileSync(join(secrets, "registry.env"), "utf8"), "ROOST_API_TOKEN")
    await postThrough({ registryUrl: "http://127.0.0.1:8080", token, udpPort: 5684 })
  } catch (error) {
    process.stdout.write(
      execFileSync("sh", ["-c", "for c in $(podman ps -aq); do podman logs --tail 20 $c 2>&1; done"], { env })
    )
    throw error
  } finally {
    // A pod that did not come up needs not go down.
    for (const args of [
      ["kube", "play", "--down", rendered],
      ["volume", "rm", "roost-registry"],
      ["secret", "rm", "roost"]
    ]) {
      spawnSync("podman", args, { env, stdio: "ignore" })
    }
    nats.kill()
    await once(nats, "exit")
  }
}

/** Podman knows these kinds, and has no order of its own among them. */
const playable = (rendered: string): string =>
  parseAllDocuments(rendered)
    .filter(
      ({ contents }) =>
        isMap(contents) && ["Deployment", "ConfigMap", "PersistentVolumeClaim"].includes(String(contents.get("kind")))
    )
    .map(String)
    .join("---\n")

/** Of a manifest, as podman wants it: JSON of values in base64. */
const podmanSecret = (manifest: string, folder: string, env: NodeJS.ProcessEnv): void => {
  const { metadata, stringData } = parseAllDocuments(manifest)[0]!.toJSON() as {
    readonly metadata: { readonly name: string }
    readonly stringData: Readonly<Record<string, string>>
  }
  const data = Object.fromEntries(
    Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString("base64")])
  )
  const file = join(folder, "podman.json")
  writeFileSync(file, JSON.stringify(data), { mode: 0o600 })
  execFileSync("podman", ["secret", "create", metadata.name, file], { env, stdio: "pipe" })
}

const startNats = (variables: string): ChildProcess => {
  const server = execFileSync(join(repository, "tools/dev/src/newerNatsServer.sh"), { encoding: "utf8" }).trim()
  const env = Object.fromEntries(
    variables.split("\n").flatMap((line) => (line.includes("=") ? [line.split(/=(.*)/s).slice(0, 2)] : []))
  )
  const options = ["-c", join(repository, "deploy/nats/single.conf"), "--addr", "127.0.0.1", "--port", "4222"]
  return spawn(server, options, { env: { ...process.env, ...env }, stdio: "ignore" })
}
