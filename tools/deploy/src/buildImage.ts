import { execFileSync } from "node:child_process"
import { cpSync } from "node:fs"
import { join } from "node:path"
import { type Architecture, makeImageRoot, repository } from "./imageRoot.ts"

/** These take the same arguments, for the most part. */
export type Builder = "buildah" | "podman" | "docker"

export interface ImageOptions {
  readonly tag: string
  readonly architecture: Architecture
  /** The base image, with what Node needs of Debian: one that is there already, else deploy/image/base.sh makes it. */
  readonly base: string
  readonly builder: Builder
}

/** Where the files of the image are gathered; it stays, so that one can look into it. */
const context = join(repository, "dist/image")

/** Builds the image and answers its id: the same for the same bundles, Node and base. */
export const buildImage = ({ architecture, base, builder, tag }: ImageOptions): string => {
  makeImageRoot(context, architecture)
  cpSync(join(repository, "deploy/image/Containerfile"), join(context, "Containerfile"))
  if (imageId(builder, base) === undefined) {
    execFileSync(join(repository, "deploy/image/base.sh"), [architecture], { stdio: ["ignore", "inherit", "inherit"] })
  }
  const options = ["--build-arg", `BASE=${base}`, "--platform", `linux/${architecture}`, "--tag", tag]
  // Docker takes the time of the files from SOURCE_DATE_EPOCH.
  const reproducible = builder === "docker" ? [] : ["--timestamp", "0"]
  execFileSync(builder, ["build", "--quiet", ...options, ...reproducible, context], {
    env: { ...process.env, BUILDAH_ISOLATION: "chroot", SOURCE_DATE_EPOCH: "0" },
    stdio: ["ignore", "ignore", "inherit"]
  })
  const id = imageId(builder, tag)
  if (id === undefined) throw new Error(`${builder} built no ${tag}, and said nothing of it`)
  return id
}

/** Undefined: there is no image of this name. */
const imageId = (builder: Builder, name: string): string | undefined => {
  const [command, format] =
    builder === "buildah" ? [["inspect", "--type", "image"], "{{.FromImageID}}"] : [["image", "inspect"], "{{.Id}}"]
  try {
    const stdio = ["ignore", "pipe", "ignore"] as const
    return execFileSync(builder, [...command!, "--format", format as string, name], {
      encoding: "utf8",
      stdio: [...stdio]
    }).trim()
  } catch {
    return undefined
  }
}

/** Runs a program of the base image, and returns what it writes. */
export const runInBase = (
  { base, builder }: Pick<ImageOptions, "base" | "builder">,
  command: ReadonlyArray<string>
): string => {
  const read = (program: string, args: ReadonlyArray<string>) => execFileSync(program, [...args], { encoding: "utf8" })
  if (builder !== "buildah") return read(builder, ["run", "--rm", base, ...command])
  const container = read("buildah", ["from", base]).trim()
  try {
    return read("buildah", ["run", "--isolation", "chroot", container, "--", ...command])
  } finally {
    read("buildah", ["rm", container])
  }
}
