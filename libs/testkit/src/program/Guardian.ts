import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"

/**
 * Ends the programs of a process that was killed and so could not end them itself. It is a shell that reads which
 * groups of processes live from a pipe of that process; the pipe's end is its death. Linux could send a signal at the
 * parent's death (prctl), but neither Node nor nats-server asks for one.
 */
export class Guardian {
  readonly #shell: ChildProcess

  /** `graceMillis`: how long each half, the first and then the last, may take to end by SIGTERM before it is killed. */
  constructor(graceMillis: number) {
    // A group of its own: Ctrl-C reaches the guarded process, whose way to stop is the better one.
    this.#shell = spawn("sh", ["-c", script, "roost-guardian", String(Math.ceil(graceMillis / 100))], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true
    })
    this.#shell.on("error", () => {})
    this.#shell.stdin!.on("error", () => {})
    // The guarded process ends where it has nothing left to do, although this is there.
    this.#shell.unref()
    ;(this.#shell.stdin as Socket).unref()
  }

  /** `last`: ends after the others have ended, since they drain over it. */
  watch(group: number, last: boolean): void {
    this.#tell(`${last ? "last" : "first"} ${group}`)
  }

  forget(group: number): void {
    this.#tell(`gone ${group}`)
  }

  /** Nothing is left to watch. */
  close(): void {
    this.#shell.stdin!.end()
  }

  #tell(line: string): void {
    this.#shell.stdin!.write(`${line}\n`)
  }
}

const script = `
trap '' INT TERM HUP
grace=$1
first=' ' last=' '
while read -r word group; do
  case $word in
    first) first="$first$group " ;;
    last) last="$last$group " ;;
    gone)
      case $first in *" $group "*) first="\${first%% $group *} \${first#* $group }" ;; esac
      case $last in *" $group "*) last="\${last%% $group *} \${last#* $group }" ;; esac ;;
  esac
done
finish() {
  for group in "$@"; do kill -TERM "-$group" 2>/dev/null; done
  left=$grace
  while [ $left -gt 0 ]; do
    alive=
    for group in "$@"; do kill -0 "-$group" 2>/dev/null && alive=1; done
    [ -z "$alive" ] && return
    sleep 0.1
    left=$((left - 1))
  done
  for group in "$@"; do kill -KILL "-$group" 2>/dev/null; done
}
finish $first
finish $last
`
